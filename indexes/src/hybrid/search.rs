//! A search over one generation.

use rustc_hash::FxHashSet;

use super::fuse::{COVERAGE_WEIGHT, DOCUMENTS_WEIGHT, MEANING_WEIGHT, Side, Sides, add, ranks, standardize, to_unit};
use super::request::{
    Explanation, Hit, MAX_PHRASINGS, Mode, PassageHit, SearchRequest, SearchResponse, SetCosine, VectorStatus,
};
use super::rerank::rerank;
use super::same_page::{Identity, same_page};
use super::snippet::snippet;
use crate::lexical::{LexicalParts, ParsedQuery, Terms};
use crate::model::{Citation, Passage};
use crate::store::{DocumentEntry, DocumentHead, Generation, IndexError, Set};
use crate::vector::Granularity;

/// Candidates from each side, at least. Scores are scaled over them, so that fewer make small differences large.
const CANDIDATES: usize = 300;
/// Documents that these are enough for, nearly always. Who pages further gets a second, much larger pool, and only one:
/// every other one could order the pages before anew.
const SHALLOW: usize = 50;
/// Candidates from each side for those who page further.
const DEEP_CANDIDATES: usize = 4000;
/// The most documents that can be paged through.
const DEEPEST: usize = 1000;

/// Documents that a set of whole documents puts forward have so many of their first passages scored too: one of them
/// may be the answer, and its words are what is shown.
const OPENING_PASSAGES: u32 = 8;
/// Of so many documents.
const OPENED: usize = 100;

/// A passage that may be an answer.
pub(super) struct Candidate {
    pub(super) passage: u64,
    parts: LexicalParts,
    lexical: f32,
    /// Standard score by the table of token vectors.
    table: f32,
    /// Standard score by transformers that have seen the passage.
    meaning: f32,
    score: f32,
    pub(super) cosines: Vec<Option<f32>>,
    lexical_rank: Option<usize>,
    vector_rank: Option<usize>,
}

/// A document with those of its passages that are candidates, best first.
pub(super) struct Ranked {
    pub(super) entry: DocumentEntry,
    /// Places among the candidates.
    pub(super) passages: Vec<usize>,
    /// Best of any of them on every side, maybe another one on each.
    best: Sides,
    /// Share of the question's words that its candidates hold, the rarer counting more, 0 ..= 1.
    coverage: f32,
    pub(super) score: f32,
}

/// A question as a vector of every set; `None` where the set has no use for it.
type QueryVectors = Vec<Option<Vec<f32>>>;

/// One way to ask.
pub(super) struct Phrasing {
    parsed: ParsedQuery,
    pub(super) vectors: QueryVectors,
    /// What it counts for among all; they sum to 1.
    pub(super) share: f32,
}

/// Answers a question from one generation. `None` when a document vanished meanwhile: the caller has a newer one.
pub(crate) fn search(generation: &Generation, request: &SearchRequest) -> Result<Option<SearchResponse>, IndexError> {
    let wanted = request.offset.saturating_add(request.limit).saturating_add(1).min(DEEPEST);
    let depth = if wanted <= SHALLOW { CANDIDATES } else { DEEP_CANDIDATES };
    let mut phrasings = phrasings(generation, request)?;
    let has_vectors = phrasings.iter().any(|phrasing| phrasing.vectors.iter().any(Option::is_some));
    let mode = match request.mode {
        Mode::Hybrid if !has_vectors => Mode::Lexical,
        mode => mode,
    };
    let passages = candidates(generation, request, &phrasings, mode, depth)?;
    let weights = weights(generation, &phrasings, mode);
    let candidates = score(generation, &passages, &phrasings, &weights, mode)?;
    let rarities = generation.lexical.rarities(&phrasings[0].parsed)?;
    let mut ranked = by_document(generation, &candidates, &phrasings, &weights, &rarities);
    if request.rerank && mode != Mode::Lexical {
        match rerank(generation, &request.query, &phrasings, &candidates, &mut ranked) {
            // Swept away between two looks: the caller has a newer generation.
            Err(IndexError::Damaged { .. }) if vanished(generation, &ranked)? => return Ok(None),
            done => done?,
        }
    }
    let unit = to_unit(&ranked.iter().map(|ranked| ranked.score).collect::<Vec<_>>());

    let mut terms = Terms::default();
    let asked: FxHashSet<&str> = phrasings.iter().flat_map(|phrasing| phrasing.parsed.terms()).collect();
    let mut hits: Vec<(Hit, DocumentHead, Identity)> = Vec::new();
    let mut more = false;
    for ranked in ranked {
        let Some(head) = generation.documents.head(ranked.entry.key)? else { return Ok(None) };
        let identity = Identity::of(&head.document, ranked.entry.simhash);
        let twin = hits.iter().position(|(_, kept, known)| same_page((kept, known), (&head, &identity)));
        let in_page = twin.unwrap_or(hits.len()) >= request.offset;
        let mut show = || show(generation, request, &head, &ranked, &candidates, &weights, &unit, &asked, &mut terms);
        if let Some(twin) = twin {
            let (hit, kept, known) = &mut hits[twin];
            if in_page && head.document.updated > kept.document.updated && !identity.is_translation(known) {
                // Of one page in several versions the newest is shown, where the best of them ranks.
                let Some(newer) = show()? else { return Ok(None) };
                let older = std::mem::replace(hit, newer);
                hit.best.score = older.best.score;
                hit.twins = older.twins;
                hit.twins.push(citation(kept, None));
                (*kept, *known) = (head, identity);
            } else {
                hit.twins.push(citation(&head, None));
            }
            continue;
        }
        if hits.len() == wanted - 1 {
            more = wanted < DEEPEST;
            break;
        }
        let hit = if in_page {
            let Some(hit) = show()? else { return Ok(None) };
            hit
        } else {
            placeholder(&head)
        };
        hits.push((hit, head, identity));
    }
    let mut vectors = if mode == Mode::Lexical { Vec::new() } else { generation.vector_status() };
    for (at, status) in vectors.iter_mut().enumerate() {
        if status.problem.is_none() && phrasings.iter().all(|phrasing| phrasing.vectors[at].is_none()) {
            status.problem = Some("the question could not be embedded".to_owned());
        }
    }
    // Where words do not rank, nothing was read as anything.
    let corrections =
        if mode == Mode::Vector { Vec::new() } else { std::mem::take(&mut phrasings[0].parsed.corrections) };
    Ok(Some(SearchResponse {
        hits: hits.into_iter().skip(request.offset).map(|(hit, ..)| hit).collect(),
        more,
        mode,
        vectors,
        corrections,
        generation: generation.manifest.generation,
    }))
}

/// The question and its other phrasings, analysed and embedded.
fn phrasings(generation: &Generation, request: &SearchRequest) -> Result<Vec<Phrasing>, IndexError> {
    let others = request.phrasings.iter().filter(|phrasing| !phrasing.trim().is_empty()).take(MAX_PHRASINGS);
    let mut phrasings = Vec::new();
    for (at, text) in std::iter::once(&request.query).chain(others).enumerate() {
        let parsed = if at == 0 && request.syntax {
            ParsedQuery::syntax(text).map_err(IndexError::Syntax)?
        } else {
            generation.lexical.literal(text)?
        };
        // Without what query syntax excludes: a vector of it would lead there.
        let meant = if at == 0 && request.syntax {
            parsed.terms().collect::<Vec<_>>().join(" ").into()
        } else {
            std::borrow::Cow::Borrowed(text.as_str())
        };
        let vectors = if request.mode == Mode::Lexical {
            vec![None; generation.sets().len()]
        } else {
            query_vectors(generation, &meant)?
        };
        phrasings.push(Phrasing { parsed, vectors, share: 0.0 });
    }
    // The user's own words count as much as all others together.
    let others = phrasings.len() - 1;
    for (at, phrasing) in phrasings.iter_mut().enumerate() {
        phrasing.share = match (at, others) {
            (0, 0) => 1.0,
            (0, _) => 0.5,
            (_, others) => 0.5 / others as f32,
        };
    }
    Ok(phrasings)
}

/// The question as a vector of each set. An embedder that cannot be had, or fails, is left out: words still answer, and
/// the response says which sets took part.
fn query_vectors(generation: &Generation, query: &str) -> Result<QueryVectors, IndexError> {
    let mut vectors: QueryVectors = Vec::new();
    for (at, set) in generation.sets().iter().enumerate() {
        let info = &set.vectors.info;
        // Two sets of one embedder share the vector.
        let same = generation.sets()[..at].iter().position(|other| other.vectors.info.embedder == info.embedder);
        if let Some(same) = same {
            vectors.push(vectors[same].clone());
            continue;
        }
        let embedded = match set.embedder() {
            Err(_) => None,
            Ok(embedder) if set.is_table() => embedder.embed_queries(&[query])?.pop(),
            Ok(embedder) => match embedder.embed_queries(&[query]) {
                Ok(mut embedded) => embedded.pop(),
                Err(error) => {
                    tracing::warn!(%error, "a question could not be embedded");
                    None
                }
            },
        };
        vectors.push(embedded.filter(|vector| vector.len() == info.embedder.dimensions));
    }
    Ok(vectors)
}

/// What every side counts for; they sum to 1. A set that is still being filled counts for as much as is there of it, and
/// the table for the rest: beside a transformer that has seen every passage it adds nothing (ADR 7).
fn weights(generation: &Generation, phrasings: &[Phrasing], mode: Mode) -> Sides {
    let mut weights = Sides::default();
    if mode != Mode::Vector {
        (weights.lexical, weights.coverage) = (1.0, COVERAGE_WEIGHT);
    }
    let mut seen = 0.0f32;
    for (at, set) in generation.sets().iter().enumerate() {
        if mode == Mode::Lexical || phrasings.iter().all(|phrasing| phrasing.vectors[at].is_none()) {
            continue;
        }
        let info = &set.vectors.info;
        let share = |total: usize| set.vectors.len() as f32 / total.max(1) as f32;
        match info.granularity {
            Granularity::Passages if set.is_table() => weights.table = weights.table.max(info.weight),
            Granularity::Passages => {
                seen = seen.max(share(generation.lexical.len()));
            }
            Granularity::Documents => {
                weights.documents = weights.documents.max(DOCUMENTS_WEIGHT * share(generation.entries().len()));
            }
        }
    }
    weights.meaning = MEANING_WEIGHT * seen;
    weights.table *= 1.0 - seen;
    weights.normalized()
}

/// Ids of the passages that any side puts forward for any phrasing, each once.
fn candidates(
    generation: &Generation,
    request: &SearchRequest,
    phrasings: &[Phrasing],
    mode: Mode,
    depth: usize,
) -> Result<Vec<u64>, IndexError> {
    let mut passages = Vec::new();
    let demanding = &phrasings[0].parsed;
    let allowed = if mode == Mode::Lexical && phrasings.len() == 1 {
        None
    } else {
        generation.lexical.allowed(demanding, &request.filters)?
    };
    for (at, phrasing) in phrasings.iter().enumerate() {
        if mode != Mode::Vector {
            let found = generation.lexical.candidates(&phrasing.parsed, &request.filters, depth)?;
            let found = found.into_iter().map(|(passage, _)| passage);
            // What the syntax of the question demands holds for its other phrasings too.
            let satisfies = |id: &u64| at == 0 || allowed.as_ref().is_none_or(|ids| ids.binary_search(id).is_ok());
            passages.extend(found.filter(satisfies));
        }
        if mode == Mode::Lexical {
            continue;
        }
        for (set, vector) in generation.sets().iter().zip(&phrasing.vectors) {
            let Some(vector) = vector else { continue };
            match set.vectors.info.granularity {
                Granularity::Passages => {
                    let found = set.vectors.nearest(vector, depth, allowed.as_deref());
                    passages.extend(found.into_iter().map(|(passage, _)| passage));
                }
                Granularity::Documents => {
                    passages.extend(opened(generation, set, vector, depth, allowed.as_deref()));
                }
            }
        }
    }
    passages.sort_unstable();
    passages.dedup();
    Ok(passages)
}

/// The first passages of the documents that are nearest, as far as they are allowed.
fn opened(generation: &Generation, set: &Set, vector: &[f32], depth: usize, allowed: Option<&[u64]>) -> Vec<u64> {
    // A document is allowed if any of its passages is; its row goes by the first.
    let rows: Option<Vec<u64>> = allowed.map(|ids| {
        let mut rows: Vec<u64> =
            ids.iter().filter_map(|id| generation.document_of(*id)).map(|entry| entry.first_passage).collect();
        rows.dedup();
        rows
    });
    let mut passages = Vec::new();
    for (rank, (id, _)) in set.vectors.nearest(vector, depth, rows.as_deref()).into_iter().enumerate() {
        let Some(entry) = generation.document_of(id) else { continue };
        let open = if rank < OPENED { entry.passages.min(OPENING_PASSAGES) } else { 1 };
        let first = (entry.first_passage..entry.first_passage + u64::from(entry.passages))
            .filter(|id| allowed.is_none_or(|ids| ids.binary_search(id).is_ok()));
        passages.extend(first.take(open as usize));
    }
    passages
}

/// Scores every candidate on all sides and combines them.
fn score(
    generation: &Generation,
    passages: &[u64],
    phrasings: &[Phrasing],
    weights: &Sides,
    mode: Mode,
) -> Result<Vec<Candidate>, IndexError> {
    let count = passages.len();
    let mut parts = vec![LexicalParts::default(); count];
    let mut lexical = vec![0.0f32; count];
    let mut table = Side::new(count);
    let mut meaning = Side::new(count);
    let mut cosines: Vec<Vec<Option<f32>>> = Vec::new();
    for (at, phrasing) in phrasings.iter().enumerate() {
        if mode != Mode::Vector {
            let scores = generation.lexical.scores(&phrasing.parsed, passages)?;
            let mut standard: Vec<f32> = scores.iter().map(|parts| parts.total()).collect();
            standardize(&mut standard);
            add(&mut lexical, &standard, phrasing.share);
            if at == 0 {
                parts = scores;
            }
        }
        for (set, vector) in generation.sets().iter().zip(&phrasing.vectors) {
            let Some(vector) = vector else {
                if at == 0 {
                    cosines.push(vec![None; count]);
                }
                continue;
            };
            match set.vectors.info.granularity {
                Granularity::Passages => {
                    let found = set.vectors.cosines(vector, passages);
                    let side = if set.is_table() { &mut table } else { &mut meaning };
                    side.add(&found, phrasing.share);
                    if at == 0 {
                        cosines.push(found);
                    }
                }
                // Whole documents are scored as such; this is for the explanation.
                Granularity::Documents if at == 0 => {
                    let rows: Vec<u64> = passages.iter().map(|id| first_of(generation, *id)).collect();
                    cosines.push(set.vectors.cosines(vector, &rows));
                }
                Granularity::Documents => {}
            }
        }
    }
    let (table, meaning) = (table.mean(), meaning.mean());
    let vector = |at: usize| weights.table * table[at] + weights.meaning * meaning[at];
    let score = |at: usize| weights.lexical * lexical[at] + vector(at);
    let lexical_ranks = ranks(&parts.iter().map(|parts| parts.total()).collect::<Vec<_>>());
    let nearest = |at: usize| cosines.iter().filter_map(|set| set[at]).fold(0.0, f32::max);
    let vector_ranks = ranks(&(0..count).map(nearest).collect::<Vec<_>>());
    Ok(passages
        .iter()
        .enumerate()
        .map(|(at, passage)| Candidate {
            passage: *passage,
            parts: parts[at],
            lexical: lexical[at],
            table: table[at],
            meaning: meaning[at],
            score: score(at),
            cosines: cosines.iter().map(|set| set[at]).collect(),
            lexical_rank: lexical_ranks[at],
            vector_rank: vector_ranks[at],
        })
        .collect())
}

/// Whether a document of a generation is gone, as it is when a newer one has replaced it.
fn vanished(generation: &Generation, ranked: &[Ranked]) -> Result<bool, IndexError> {
    for document in ranked {
        if generation.documents.head(document.entry.key)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn first_of(generation: &Generation, passage: u64) -> u64 {
    generation.document_of(passage).map_or(passage, |entry| entry.first_passage)
}

/// Documents, best first, each with its passages, best first; of equal ones the earlier in the index.
///
/// What one passage says in the question's words and another in other words speaks for the same document, so the best
/// of every side are taken before they are combined.
fn by_document(
    generation: &Generation,
    candidates: &[Candidate],
    phrasings: &[Phrasing],
    weights: &Sides,
    rarities: &[f32],
) -> Vec<Ranked> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*b].score.total_cmp(&candidates[*a].score).then(a.cmp(b)));
    let mut ranked: Vec<Ranked> = Vec::new();
    let mut place = rustc_hash::FxHashMap::default();
    for at in order {
        let Some(entry) = generation.document_of(candidates[at].passage) else { continue };
        let place = *place.entry(entry.key).or_insert_with(|| {
            let worst = f32::NEG_INFINITY;
            let best = Sides { lexical: worst, table: worst, meaning: worst, ..Sides::default() };
            ranked.push(Ranked { entry, passages: Vec::new(), best, coverage: 0.0, score: 0.0 });
            ranked.len() - 1
        });
        let document = &mut ranked[place];
        document.passages.push(at);
        let best = &mut document.best;
        best.lexical = best.lexical.max(candidates[at].lexical);
        best.table = best.table.max(candidates[at].table);
        best.meaning = best.meaning.max(candidates[at].meaning);
    }
    for document in &mut ranked {
        let matched = document.passages.iter().fold(0, |all, at| all | candidates[*at].parts.matched);
        document.coverage = covered(matched, rarities);
    }
    let mut coverage: Vec<f32> = ranked.iter().map(|document| document.coverage).collect();
    standardize(&mut coverage);
    let rows: Vec<u64> = ranked.iter().map(|document| document.entry.first_passage).collect();
    let documents = document_side(generation, phrasings, &rows);
    for ((document, coverage), score) in ranked.iter_mut().zip(coverage).zip(documents) {
        (document.best.coverage, document.best.documents) = (coverage, score);
        document.score = document.best.combined(weights);
    }
    // Stable: of equal documents the one with the better passage stays first.
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// The share of the words whose bits are set, the rarer counting more.
fn covered(matched: u64, rarities: &[f32]) -> f32 {
    let total: f32 = rarities.iter().sum();
    let found = rarities.iter().enumerate().filter(|(bit, _)| matched & (1 << bit) != 0);
    if total > 0.0 { found.map(|(_, rarity)| rarity).sum::<f32>() / total } else { 0.0 }
}

/// Standard scores of documents by the sets of whole documents.
fn document_side(generation: &Generation, phrasings: &[Phrasing], rows: &[u64]) -> Vec<f32> {
    let mut side = Side::new(rows.len());
    for phrasing in phrasings {
        for (set, vector) in generation.sets().iter().zip(&phrasing.vectors) {
            if let (Granularity::Documents, Some(vector)) = (set.vectors.info.granularity, vector) {
                side.add(&set.vectors.cosines(vector, rows), phrasing.share);
            }
        }
    }
    side.mean()
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
fn show(
    generation: &Generation,
    request: &SearchRequest,
    head: &DocumentHead,
    ranked: &Ranked,
    candidates: &[Candidate],
    weights: &Sides,
    unit: &impl Fn(f32) -> f32,
    asked: &FxHashSet<&str>,
    terms: &mut Terms,
) -> Result<Option<Hit>, IndexError> {
    let (text, passages) = match generation.documents.content(head.key) {
        Ok(content) => content,
        // Swept away between two looks: a newer generation has replaced it.
        Err(IndexError::Damaged { .. }) if generation.documents.head(head.key)?.is_none() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut shown = Vec::new();
    for at in ranked.passages.iter().take(request.passages_per_document.max(1)) {
        let candidate = &candidates[*at];
        let position = (candidate.passage - ranked.entry.first_passage) as usize;
        let Some(passage) = passages.get(position) else { continue };
        let body = passage.text(&text);
        let (window, highlights) = snippet(&body, asked, terms);
        let explanation = request.explain.then(|| Explanation {
            bm25_text: candidate.parts.text,
            bm25_title: candidate.parts.title,
            identifiers: candidate.parts.identifiers,
            lexical: candidate.lexical,
            cosines: generation
                .sets()
                .iter()
                .zip(&candidate.cosines)
                .filter_map(|(set, cosine)| {
                    let info = &set.vectors.info;
                    let (set, granularity) = (info.embedder.name.clone(), info.granularity);
                    Some(SetCosine { set, granularity, cosine: (*cosine)? })
                })
                .collect(),
            table: candidate.table,
            meaning: candidate.meaning,
            document: ranked.best,
            coverage: ranked.coverage,
            weights: *weights,
            lexical_rank: candidate.lexical_rank,
            vector_rank: candidate.vector_rank,
        });
        shown.push(PassageHit {
            passage: candidate.passage,
            position: passage.position,
            citation: citation(head, Some(passage)),
            text: body,
            snippet: window,
            highlights,
            score: unit(candidate.score),
            explanation,
        });
    }
    if let Some(best) = shown.first_mut() {
        best.score = unit(ranked.score);
    }
    if shown.is_empty() {
        let reason = format!("document {} lacks a passage that the indexes know", head.document.id);
        return Err(IndexError::Damaged { path: generation.dir.clone(), reason });
    }
    let best = shown.remove(0);
    Ok(Some(Hit { best, more: shown, twins: Vec::new() }))
}

/// Stands for a hit of an earlier page, which still folds its twins.
fn placeholder(head: &DocumentHead) -> Hit {
    let best = PassageHit {
        passage: 0,
        position: 0,
        citation: citation(head, None),
        text: String::new(),
        snippet: 0..0,
        highlights: Vec::new(),
        score: 0.0,
        explanation: None,
    };
    Hit { best, more: Vec::new(), twins: Vec::new() }
}

fn citation(head: &DocumentHead, passage: Option<&Passage>) -> Citation {
    let document = &head.document;
    let anchor = passage.and_then(|passage| passage.anchor.as_deref());
    Citation {
        document: document.id.clone(),
        title: document.title.clone(),
        heading_path: passage.map(|passage| passage.heading_path.clone()).unwrap_or_default(),
        url: document.url.as_ref().map(|url| match anchor {
            Some(anchor) => format!("{url}#{anchor}"),
            None => url.clone(),
        }),
        source: document.source.clone(),
        kind: document.kind,
        services: document.services.clone(),
        updated: document.updated,
    }
}

impl Generation {
    /// The state of every vector set.
    pub(crate) fn vector_status(&self) -> Vec<VectorStatus> {
        self.sets()
            .iter()
            .map(|set| {
                let info = &set.vectors.info;
                VectorStatus {
                    name: info.embedder.name.clone(),
                    version: info.embedder.version.clone(),
                    granularity: info.granularity,
                    filled: set.vectors.len(),
                    total: match info.granularity {
                        Granularity::Passages => self.lexical.len(),
                        Granularity::Documents => self.entries().len(),
                    },
                    problem: set.problem().map(str::to_owned),
                }
            })
            .collect()
    }
}
