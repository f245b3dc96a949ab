//! Reading the full-text index: candidates by BM25, and the parts of the score of any passage.

use std::ops::Bound;
use std::path::Path;

use rustc_hash::FxHashMap;
use tantivy::collector::TopDocs;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EnableScoring, Occur as TantivyOccur, Query, RangeQuery,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, Term};

use super::directory::ReadOnlyDirectory;
use super::query::{Clause, MAX_TERMS, Occur, ParsedQuery};
use super::schema::{Fields, schema, tokenizers};
use crate::hybrid::Filters;
use crate::words::Alternative;

/// Weight of the title field beside the combined field, measured (ADR 2).
const TITLE_WEIGHT: f32 = 0.25;

/// Weight of an exact identifier beside the combined field, which has its pieces too.
const IDENTIFIER_WEIGHT: f32 = 0.25;

/// The parts of a lexical score, weights applied.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LexicalParts {
    pub(crate) text: f32,
    pub(crate) title: f32,
    pub(crate) identifiers: f32,
    /// Which words of the question are there, themselves or as what they may mean: a bit for each, see
    /// [`LexicalReader::rarities`].
    pub(crate) matched: u64,
}

impl LexicalParts {
    pub(crate) fn total(self) -> f32 {
        self.text + self.title + self.identifiers
    }

    fn part(&mut self, part: Part) -> &mut f32 {
        match part {
            Part::Text => &mut self.text,
            Part::Title => &mut self.title,
            Part::Identifiers => &mut self.identifiers,
        }
    }
}

/// One scored term of a query.
struct Scored {
    term: Term,
    part: Part,
    weight: f32,
}

#[derive(Clone, Copy)]
enum Part {
    Text,
    Title,
    Identifiers,
}

/// What has been read of the postings of a question's terms.
type Known = FxHashMap<Term, Vec<(usize, f32)>>;

/// The full-text index of one generation.
pub(crate) struct LexicalReader {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    /// Passage id to its place, sorted by id.
    addresses: Vec<(u64, DocAddress)>,
}

impl LexicalReader {
    /// Maps the index in `dir`.
    pub(crate) fn open(dir: &Path) -> tantivy::Result<Self> {
        let (_, fields) = schema();
        let mut index = tantivy::Index::open(ReadOnlyDirectory::open(dir)?)?;
        index.set_tokenizers(tokenizers());
        // A generation never changes: there is nothing to watch for.
        let reader = index.reader_builder().reload_policy(tantivy::ReloadPolicy::Manual).try_into()?;
        let searcher = reader.searcher();
        let mut addresses = Vec::with_capacity(searcher.num_docs() as usize);
        for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
            let passages = segment.fast_fields().u64("passage")?;
            for doc in segment.doc_ids_alive() {
                if let Some(passage) = passages.first(doc) {
                    addresses.push((passage, DocAddress::new(ordinal as u32, doc)));
                }
            }
        }
        addresses.sort_unstable_by_key(|(passage, _)| *passage);
        Ok(Self { searcher, fields, addresses })
    }

    /// Passages there are.
    pub(crate) fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Files whose content does not match the checksum they were written with.
    pub(crate) fn damaged_files(&self) -> tantivy::Result<Vec<std::path::PathBuf>> {
        Ok(self.searcher.index().validate_checksum()?.into_iter().collect())
    }

    /// Ids of all passages, ascending.
    pub(crate) fn passages(&self) -> impl Iterator<Item = u64> + '_ {
        self.addresses.iter().map(|(passage, _)| *passage)
    }

    /// A question taken literally, with what the words of this index make of it.
    pub(crate) fn literal(&self, text: &str) -> tantivy::Result<ParsedQuery> {
        ParsedQuery::literal(text, self)
    }

    /// The best `limit` passages by words, best first.
    pub(crate) fn candidates(
        &self,
        parsed: &ParsedQuery,
        filters: &Filters,
        limit: usize,
    ) -> tantivy::Result<Vec<(u64, f32)>> {
        let mut scored = self.scored(parsed)?;
        // All alternatives instead of the best: more passages are found, and [`Self::scores`] weighs them exactly.
        for alternative in parsed.expansions.iter().flat_map(|expansion| &expansion.alternatives) {
            scored.extend(self.scored_alternative(alternative));
        }
        if scored.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let any: Vec<Box<dyn Query>> = scored
            .iter()
            .map(|scored| {
                let query = TermQuery::new(scored.term.clone(), IndexRecordOption::WithFreqs);
                Box::new(BoostQuery::new(Box::new(query), scored.weight)) as Box<dyn Query>
            })
            .collect();
        let any: Box<dyn Query> = Box::new(BooleanQuery::union(any));
        let mut conditions = self.conditions(&parsed.clauses);
        if let Some(filter) = self.filter(filters) {
            conditions.push((TantivyOccur::Must, filter));
        }
        let query: Box<dyn Query> = if conditions.is_empty() {
            any
        } else {
            conditions.push((TantivyOccur::Must, any));
            Box::new(BooleanQuery::new(conditions))
        };
        let top = self.searcher.search(&query, &TopDocs::with_limit(limit).order_by_score())?;
        let mut columns = Vec::new();
        for segment in self.searcher.segment_readers() {
            columns.push(segment.fast_fields().u64("passage")?);
        }
        Ok(top
            .into_iter()
            .filter_map(|(score, address)| {
                columns[address.segment_ord as usize].first(address.doc_id).map(|passage| (passage, score))
            })
            .collect())
    }

    /// The lexical scores of given passages, whether they match or not. Costs one seek per term and passage.
    pub(crate) fn scores(&self, parsed: &ParsedQuery, passages: &[u64]) -> tantivy::Result<Vec<LexicalParts>> {
        let mut parts = vec![LexicalParts::default(); passages.len()];
        let mut wanted: Vec<(DocAddress, usize)> = passages
            .iter()
            .enumerate()
            .filter_map(|(at, passage)| {
                let found = self.addresses.binary_search_by_key(passage, |(id, _)| *id).ok()?;
                Some((self.addresses[found].1, at))
            })
            .collect();
        wanted.sort_unstable();
        let bits = bits(parsed);
        let mut known = Known::default();
        for scored in self.scored(parsed)? {
            let bit = if matches!(scored.part, Part::Text) { bits.of_term(&scored.term) } else { 0 };
            for (at, score) in self.found(&mut known, &scored.term, &wanted)? {
                *parts[*at].part(scored.part) += score * scored.weight;
                parts[*at].matched |= bit;
            }
        }
        let none = vec![LexicalParts::default(); passages.len()];
        let (mut own, mut best, mut sums) = (none.clone(), none.clone(), none.clone());
        for expansion in &parsed.expansions {
            own.copy_from_slice(&none);
            for scored in expansion.of.iter().flat_map(|term| self.scored_term(term, 1.0)) {
                for (at, score) in self.found(&mut known, &scored.term, &wanted)? {
                    *own[*at].part(scored.part) += score * scored.weight;
                }
            }
            best.copy_from_slice(&own);
            for alternative in &expansion.alternatives {
                sums.copy_from_slice(&none);
                for scored in self.scored_alternative(alternative) {
                    for (at, score) in self.found(&mut known, &scored.term, &wanted)? {
                        *sums[*at].part(scored.part) += score * scored.weight;
                    }
                }
                for (best, sums) in best.iter_mut().zip(&sums) {
                    best.text = best.text.max(sums.text);
                    best.title = best.title.max(sums.title);
                }
            }
            // The words themselves are counted already; what is better than they are takes their place.
            let meant = expansion.of.iter().fold(0, |meant, term| meant | bits.of(term));
            for ((parts, best), own) in parts.iter_mut().zip(&best).zip(&own) {
                if best.text > 0.0 {
                    parts.matched |= meant;
                }
                parts.text += best.text - own.text;
                parts.title += best.title - own.title;
            }
        }
        Ok(parts)
    }

    /// How rare each word of the question is (its inverse document frequency as in BM25), by the bits of
    /// [`LexicalParts::matched`].
    pub(crate) fn rarities(&self, parsed: &ParsedQuery) -> tantivy::Result<Vec<f32>> {
        let passages = self.addresses.len() as f32;
        bits(parsed)
            .0
            .iter()
            .map(|term| {
                let frequency = self.searcher.doc_freq(&Term::from_field_text(self.fields.text, term))? as f32;
                Ok(((passages - frequency + 0.5) / (frequency + 0.5)).ln_1p())
            })
            .collect()
    }

    /// The passages among `wanted` that have a term, each with its score at weight 1. Reads the postings of a term once
    /// per question: expansions of one question have many words in common.
    fn found<'a>(
        &self,
        known: &'a mut Known,
        term: &Term,
        wanted: &[(DocAddress, usize)],
    ) -> tantivy::Result<&'a [(usize, f32)]> {
        if !known.contains_key(term) {
            known.insert(term.clone(), self.score_term(term, wanted)?);
        }
        Ok(&known[term])
    }

    fn score_term(&self, term: &Term, wanted: &[(DocAddress, usize)]) -> tantivy::Result<Vec<(usize, f32)>> {
        let mut found = Vec::new();
        let query = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        for group in wanted.chunk_by(|(a, _), (b, _)| a.segment_ord == b.segment_ord) {
            let segment = self.searcher.segment_reader(group[0].0.segment_ord);
            let mut scorer = weight.scorer(segment, 1.0)?;
            for (address, at) in group {
                if scorer.doc() == TERMINATED {
                    break;
                }
                if scorer.doc() <= address.doc_id && scorer.seek(address.doc_id) == address.doc_id {
                    found.push((*at, scorer.score()));
                }
            }
        }
        Ok(found)
    }

    /// Passages that satisfy the filters and the demands of the query's syntax, ascending; `None` when all do.
    pub(crate) fn allowed(&self, parsed: &ParsedQuery, filters: &Filters) -> tantivy::Result<Option<Vec<u64>>> {
        let mut conditions = self.conditions(&parsed.clauses);
        if let Some(filter) = self.filter(filters) {
            conditions.push((TantivyOccur::Must, filter));
        }
        if conditions.is_empty() {
            return Ok(None);
        }
        conditions.push((TantivyOccur::Must, Box::new(AllQuery)));
        let query = BooleanQuery::new(conditions);
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        let mut allowed = Vec::new();
        for segment in self.searcher.segment_readers() {
            let column = segment.fast_fields().u64("passage")?;
            weight.for_each_no_score(segment, &mut |docs| {
                allowed
                    .extend(docs.iter().filter(|doc| !segment.is_deleted(**doc)).filter_map(|doc| column.first(*doc)));
            })?;
        }
        allowed.sort_unstable();
        Ok(Some(allowed))
    }

    /// The terms that score, the rarest first where there are too many.
    fn scored(&self, parsed: &ParsedQuery) -> tantivy::Result<Vec<Scored>> {
        let mut scored = Vec::new();
        for clause in parsed.clauses.iter().filter(|clause| clause.occur != Occur::MustNot) {
            for term in &clause.terms {
                if clause.title {
                    scored.push(scored_term(self.fields.title, term, Part::Title, 1.0));
                } else {
                    scored.extend(self.scored_term(term, 1.0));
                }
            }
        }
        for name in &parsed.identifiers {
            scored.push(scored_term(self.fields.identifiers, name, Part::Identifiers, IDENTIFIER_WEIGHT));
        }
        if scored.len() > 3 * MAX_TERMS {
            let mut rarity = Vec::with_capacity(scored.len());
            for scored in scored {
                let frequency = self.searcher.doc_freq(&scored.term)?;
                if frequency > 0 {
                    rarity.push((frequency, scored));
                }
            }
            rarity.sort_by_key(|(frequency, _)| *frequency);
            rarity.truncate(2 * MAX_TERMS);
            scored = rarity.into_iter().map(|(_, scored)| scored).collect();
        }
        Ok(scored)
    }

    /// A term in the fields in which words are looked for.
    fn scored_term(&self, term: &str, weight: f32) -> [Scored; 2] {
        [
            scored_term(self.fields.text, term, Part::Text, weight),
            scored_term(self.fields.title, term, Part::Title, weight * TITLE_WEIGHT),
        ]
    }

    fn scored_alternative(&self, alternative: &Alternative) -> impl Iterator<Item = Scored> {
        alternative.terms.iter().flat_map(move |term| self.scored_term(term, alternative.weight))
    }

    /// What query syntax demands and forbids. Scores nothing.
    fn conditions(&self, clauses: &[Clause]) -> Vec<(TantivyOccur, Box<dyn Query>)> {
        let mut conditions = Vec::new();
        for clause in clauses {
            let field = if clause.title { self.fields.title } else { self.fields.text };
            let all = || {
                let terms = clause.terms.iter().map(|term| {
                    let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic);
                    (TantivyOccur::Must, Box::new(query) as Box<dyn Query>)
                });
                unscored(Box::new(BooleanQuery::new(terms.collect())))
            };
            match clause.occur {
                Occur::Must => conditions.push((TantivyOccur::Must, all())),
                Occur::MustNot => conditions.push((TantivyOccur::MustNot, all())),
                // A phrase that only should match still means all of its words where it is the only thing asked for.
                Occur::Should if clauses.len() == 1 && clause.terms.len() > 1 => {
                    conditions.push((TantivyOccur::Must, all()));
                }
                Occur::Should => {}
            }
        }
        conditions
    }

    fn filter(&self, filters: &Filters) -> Option<Box<dyn Query>> {
        let mut all: Vec<Box<dyn Query>> = Vec::new();
        let lower = |values: &[String]| values.iter().map(|value| value.to_lowercase()).collect::<Vec<_>>();
        let kinds: Vec<String> = filters.kinds.iter().map(ToString::to_string).collect();
        for (field, values) in [
            (self.fields.service, lower(&filters.services)),
            (self.fields.kind, kinds),
            (self.fields.source, filters.sources.clone()),
            (self.fields.guide, filters.guides.clone()),
            (self.fields.tag, lower(&filters.tags)),
        ] {
            if !values.is_empty() {
                let terms = values.iter().map(|value| Term::from_field_text(field, value));
                all.push(Box::new(TermSetQuery::new(terms)));
            }
        }
        if let Some(since) = filters.updated_since {
            let from = Bound::Included(Term::from_field_i64(self.fields.updated, since));
            all.push(Box::new(RangeQuery::new(from, Bound::Unbounded)));
        }
        if all.is_empty() {
            return None;
        }
        Some(unscored(Box::new(BooleanQuery::intersection(all))))
    }
}

/// The words of a question that have a bit in [`LexicalParts::matched`].
struct Bits<'a>(Vec<&'a str>);

fn bits(parsed: &ParsedQuery) -> Bits<'_> {
    let asked = parsed.clauses.iter().filter(|clause| clause.occur != Occur::MustNot);
    Bits(asked.flat_map(|clause| &clause.terms).map(String::as_str).take(MAX_TERMS).collect())
}

impl Bits<'_> {
    fn of(&self, term: &str) -> u64 {
        self.0.iter().position(|known| *known == term).map_or(0, |at| 1 << at)
    }

    fn of_term(&self, term: &Term) -> u64 {
        term.value().as_str().map_or(0, |text| self.of(text))
    }
}

fn scored_term(field: Field, term: &str, part: Part, weight: f32) -> Scored {
    Scored { term: Term::from_field_text(field, term), part, weight }
}

fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
