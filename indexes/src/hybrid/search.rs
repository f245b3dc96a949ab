//! A search over one generation.

use rustc_hash::FxHashSet;

use super::fuse::{convex, ranks, standardize, to_unit};
use super::request::{Explanation, Hit, Mode, PassageHit, SearchRequest, SearchResponse, VectorStatus};
use super::simhash::distance;
use super::snippet::snippet;
use crate::lexical::{LexicalParts, ParsedQuery, Terms};
use crate::model::{Citation, Passage};
use crate::store::{DocumentEntry, DocumentHead, Generation, IndexError};

/// Candidates from each side, at least. Scores are scaled over them, so that fewer make small differences large.
const CANDIDATES: usize = 300;
/// Documents that these are enough for, nearly always. Who pages further gets a second, much larger pool, and only one:
/// every other one could order the pages before anew.
const SHALLOW: usize = 50;
/// Candidates from each side for those who page further.
const DEEP_CANDIDATES: usize = 4000;
/// The most documents that can be paged through.
const DEEPEST: usize = 1000;
/// Fingerprints that differ in no more bits than this are the same page, if service and name are the same too. Pages
/// made from one template are as near as that, whatever they are about.
const TWIN_BITS: u32 = 8;

/// A passage that may be an answer.
struct Candidate {
    passage: u64,
    parts: LexicalParts,
    lexical: f32,
    vector: f32,
    score: f32,
    cosines: Vec<Option<f32>>,
    lexical_rank: Option<usize>,
    vector_rank: Option<usize>,
}

/// A document with those of its passages that are candidates, best first.
struct Ranked {
    entry: DocumentEntry,
    /// Places among the candidates.
    passages: Vec<usize>,
    /// Best lexical score of any of them.
    lexical: f32,
    /// Best vector score of any of them, maybe another one.
    vector: f32,
    score: f32,
}

/// Answers a question from one generation. `None` when a document vanished meanwhile: the caller has a newer one.
pub(crate) fn search(generation: &Generation, request: &SearchRequest) -> Result<Option<SearchResponse>, IndexError> {
    let parsed = if request.syntax {
        ParsedQuery::syntax(&request.query).map_err(IndexError::Syntax)?
    } else {
        ParsedQuery::literal(&request.query)
    };
    let wanted = request.offset.saturating_add(request.limit).saturating_add(1).min(DEEPEST);
    let depth = if wanted <= SHALLOW { CANDIDATES } else { DEEP_CANDIDATES };
    let vectors =
        if request.mode == Mode::Lexical { Vec::new() } else { query_vectors(generation, &meant(request, &parsed))? };
    let mode = match request.mode {
        Mode::Hybrid if vectors.is_empty() => Mode::Lexical,
        mode => mode,
    };
    let passages = candidates(generation, request, &parsed, &vectors, mode, depth)?;
    let weight = match mode {
        Mode::Lexical => 0.0,
        Mode::Vector => 1.0,
        Mode::Hybrid => generation.sets().map(|(set, _)| set.info.weight).fold(0.0, f32::max),
    };
    let candidates = score(generation, &parsed, passages, &vectors, weight, mode)?;
    let ranked = by_document(generation, &candidates, weight);
    let unit = to_unit(&ranked.iter().map(|ranked| ranked.score).collect::<Vec<_>>());

    let mut terms = Terms::default();
    let asked: FxHashSet<&str> = parsed.terms().collect();
    let mut hits: Vec<(Hit, DocumentHead, u64)> = Vec::new();
    let mut more = false;
    for ranked in ranked {
        let Some(head) = generation.documents.head(ranked.entry.key)? else { return Ok(None) };
        let twin = hits
            .iter_mut()
            .find(|(_, kept, simhash)| distance(*simhash, ranked.entry.simhash) <= TWIN_BITS && same_page(kept, &head));
        if let Some((hit, ..)) = twin {
            hit.twins.push(citation(&head, None));
            continue;
        }
        if hits.len() == wanted - 1 {
            more = wanted < DEEPEST;
            break;
        }
        let in_page = hits.len() >= request.offset;
        let hit = if in_page {
            let Some(hit) = show(generation, request, &head, &ranked, &candidates, weight, &unit, &asked, &mut terms)?
            else {
                return Ok(None);
            };
            hit
        } else {
            placeholder(&head)
        };
        hits.push((hit, head, ranked.entry.simhash));
    }
    Ok(Some(SearchResponse {
        hits: hits.into_iter().skip(request.offset).map(|(hit, ..)| hit).collect(),
        more,
        mode,
        vectors: if mode == Mode::Lexical { Vec::new() } else { generation.vector_status() },
        generation: generation.manifest.generation,
    }))
}

/// The question without what query syntax excludes: a vector of it would lead there.
fn meant<'a>(request: &'a SearchRequest, parsed: &ParsedQuery) -> std::borrow::Cow<'a, str> {
    if request.syntax { parsed.terms().collect::<Vec<_>>().join(" ").into() } else { request.query.as_str().into() }
}

/// The question as a vector of each set.
fn query_vectors(generation: &Generation, query: &str) -> Result<Vec<Vec<f32>>, IndexError> {
    generation.sets().map(|(_, embedder)| Ok(embedder.embed_queries(&[query])?.pop().unwrap_or_default())).collect()
}

/// Ids of the passages that either side puts forward, each once.
fn candidates(
    generation: &Generation,
    request: &SearchRequest,
    parsed: &ParsedQuery,
    vectors: &[Vec<f32>],
    mode: Mode,
    depth: usize,
) -> Result<Vec<u64>, IndexError> {
    let mut passages = Vec::new();
    if mode != Mode::Vector {
        let found = generation.lexical.candidates(parsed, &request.filters, depth)?;
        passages.extend(found.into_iter().map(|(passage, _)| passage));
    }
    if mode != Mode::Lexical {
        let allowed = generation.lexical.allowed(parsed, &request.filters)?;
        for ((set, _), vector) in generation.sets().zip(vectors) {
            let found = set.nearest(vector, depth, allowed.as_deref());
            passages.extend(found.into_iter().map(|(passage, _)| passage));
        }
    }
    passages.sort_unstable();
    passages.dedup();
    Ok(passages)
}

/// Scores every candidate on both sides and combines them.
fn score(
    generation: &Generation,
    parsed: &ParsedQuery,
    passages: Vec<u64>,
    vectors: &[Vec<f32>],
    weight: f32,
    mode: Mode,
) -> Result<Vec<Candidate>, IndexError> {
    let parts = if mode == Mode::Vector {
        vec![LexicalParts::default(); passages.len()]
    } else {
        generation.lexical.scores(parsed, &passages)?
    };
    let cosines: Vec<Vec<Option<f32>>> = if mode == Mode::Lexical {
        Vec::new()
    } else {
        generation.sets().zip(vectors).map(|((set, _), vector)| set.cosines(vector, &passages)).collect()
    };
    let mut lexical: Vec<f32> = parts.iter().map(|parts| parts.total()).collect();
    let lexical_ranks = ranks(&lexical);
    standardize(&mut lexical);
    let mut vector = vec![0.0f32; passages.len()];
    for set in &cosines {
        let mut standard: Vec<f32> = set.iter().map(|cosine| cosine.unwrap_or(f32::NAN)).collect();
        standardize(&mut standard);
        for (sum, score) in vector.iter_mut().zip(standard) {
            *sum += score / cosines.len() as f32;
        }
    }
    let nearest = |at: usize| cosines.iter().filter_map(|set| set[at]).fold(0.0, f32::max);
    let vector_ranks = ranks(&(0..passages.len()).map(nearest).collect::<Vec<_>>());
    Ok(passages
        .into_iter()
        .enumerate()
        .map(|(at, passage)| Candidate {
            passage,
            parts: parts[at],
            lexical: lexical[at],
            vector: vector[at],
            score: convex(lexical[at], vector[at], weight),
            cosines: cosines.iter().map(|set| set[at]).collect(),
            lexical_rank: lexical_ranks[at],
            vector_rank: vector_ranks[at],
        })
        .collect())
}

/// Documents, best first, each with its passages, best first; of equal ones the earlier in the index.
///
/// What one passage says in the question's words and another in other words speaks for the same document, so both
/// sides' best are taken before they are combined.
fn by_document(generation: &Generation, candidates: &[Candidate], weight: f32) -> Vec<Ranked> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*b].score.total_cmp(&candidates[*a].score).then(a.cmp(b)));
    let mut ranked: Vec<Ranked> = Vec::new();
    let mut place = rustc_hash::FxHashMap::default();
    for at in order {
        let Some(entry) = generation.document_of(candidates[at].passage) else { continue };
        let place = *place.entry(entry.key).or_insert_with(|| {
            let (lexical, vector) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
            ranked.push(Ranked { entry, passages: Vec::new(), lexical, vector, score: 0.0 });
            ranked.len() - 1
        });
        let document = &mut ranked[place];
        document.passages.push(at);
        document.lexical = document.lexical.max(candidates[at].lexical);
        document.vector = document.vector.max(candidates[at].vector);
    }
    for document in &mut ranked {
        document.score = convex(document.lexical, document.vector, weight);
    }
    // Stable: of equal documents the one with the better passage stays first.
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// Whether two documents with near fingerprints are the same page of the same service.
fn same_page(a: &DocumentHead, b: &DocumentHead) -> bool {
    let (a, b) = (&a.document, &b.document);
    let name = |id: &str| id.rsplit('/').next().map(str::to_owned);
    a.services.first() == b.services.first()
        && a.source == b.source
        && (name(&a.id) == name(&b.id) || a.title == b.title)
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
fn show(
    generation: &Generation,
    request: &SearchRequest,
    head: &DocumentHead,
    ranked: &Ranked,
    candidates: &[Candidate],
    weight: f32,
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
                .zip(&candidate.cosines)
                .filter_map(|((set, _), cosine)| Some((set.info.embedder.name.clone(), (*cosine)?)))
                .collect(),
            vector: candidate.vector,
            document_lexical: ranked.lexical,
            document_vector: ranked.vector,
            lexical_weight: 1.0 - weight,
            vector_weight: weight,
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
            .map(|(set, _)| VectorStatus {
                name: set.info.embedder.name.clone(),
                version: set.info.embedder.version.clone(),
                filled: set.len(),
                total: self.lexical.len(),
            })
            .collect()
    }
}
