//! A question to the index, and what comes back.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fuse::Sides;
use crate::model::{Citation, Kind, Timestamp};
use crate::vector::Granularity;

/// Other phrasings of a question that are taken into account.
pub const MAX_PHRASINGS: usize = 4;

/// Which sides of the index rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Words only (BM25).
    Lexical,
    /// Vectors only.
    Vector,
    /// Both, fused. The default.
    #[default]
    Hybrid,
}

impl Mode {
    /// Every mode, in the order in which evaluations list them.
    pub const ALL: [Self; 3] = [Self::Lexical, Self::Vector, Self::Hybrid];

    /// The name used on the command line and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lexical => "lexical",
            Self::Vector => "vector",
            Self::Hybrid => "hybrid",
        }
    }
}

/// What a hit must satisfy. Values inside one list are alternatives; lists are combined with "and".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filters {
    /// AWS services (`ec2`), any case.
    pub services: Vec<String>,
    /// Kinds of text.
    pub kinds: Vec<Kind>,
    /// Source names.
    pub sources: Vec<String>,
    /// Guides.
    pub guides: Vec<String>,
    /// Tags, any case.
    pub tags: Vec<String>,
    /// Only documents known to have changed at or after this moment.
    pub updated_since: Option<Timestamp>,
}

impl Filters {
    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// What the user typed, taken literally unless `syntax` is set.
    pub query: String,
    /// The same question in other words, at most [`MAX_PHRASINGS`]; further ones are passed over. Taken literally.
    pub phrasings: Vec<String>,
    /// Which sides rank.
    pub mode: Mode,
    /// What hits must satisfy.
    pub filters: Filters,
    /// Documents to return.
    pub limit: usize,
    /// Documents to leave out at the front: where the reply before ended.
    pub offset: usize,
    /// Passages shown of one document, the best included.
    pub passages_per_document: usize,
    /// Read the query as query syntax: `+must -not "a phrase" title:word`.
    pub syntax: bool,
    /// Read the best passages again, with the transformer where they have no vector yet and with a cross-encoder where
    /// one is installed: better, and slower by a second.
    pub rerank: bool,
    /// Return the parts of every score.
    pub explain: bool,
}

impl SearchRequest {
    /// A hybrid search for the ten best documents.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            phrasings: Vec::new(),
            mode: Mode::Hybrid,
            filters: Filters::default(),
            limit: 10,
            offset: 0,
            passages_per_document: 1,
            syntax: false,
            rerank: false,
            explain: false,
        }
    }
}

/// Bytes of a text that matched, for highlighting.
pub type Highlights = Vec<Range<usize>>;

/// A passage as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PassageHit {
    /// Passage id, unique for the life of a data directory.
    pub passage: u64,
    /// Place among the passages of its document, from 0.
    pub position: u32,
    /// Where it comes from.
    pub citation: Citation,
    /// The whole passage as Markdown.
    pub text: String,
    /// The part of `text` that answers best: byte range.
    pub snippet: Range<usize>,
    /// Words of the question inside `text`.
    pub highlights: Highlights,
    /// 0 ..= 1 and comparable only inside one response. Of a hit's best passage it is the score that its document is
    /// ranked by, of further ones their own.
    pub score: f32,
    /// The parts of the score, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// A document that answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Its best passage.
    pub best: PassageHit,
    /// Further passages of the same document, best first.
    pub more: Vec<PassageHit>,
    /// Near-identical pages of the same service that were folded into this one.
    pub twins: Vec<Citation>,
}

/// How near a passage, or its document, is to the question by one vector set.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SetCosine {
    /// Embedder family: the name of the set.
    pub set: String,
    /// Whether it is the passage or the document that was compared.
    pub granularity: Granularity,
    /// Cosine, -1 ..= 1.
    pub cosine: f32,
}

/// How a score came about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Raw BM25 of the combined text field.
    pub bm25_text: f32,
    /// Raw BM25 of the title field, already weighted.
    pub bm25_title: f32,
    /// Score of exact identifiers, already weighted.
    pub identifiers: f32,
    /// Sum of the three, in standard deviations above the mean of the candidates.
    pub lexical: f32,
    /// Raw cosine per vector set.
    pub cosines: Vec<SetCosine>,
    /// Cosine by the table of token vectors, in standard deviations above the mean of the candidates.
    pub table: f32,
    /// Cosine by transformers that have seen the passage, in standard deviations likewise.
    pub meaning: f32,
    /// Best of any passage of the document on each side.
    pub document: Sides,
    /// Share of the question's words that the document's passages hold, the rarer counting more, 0 ..= 1.
    pub coverage: f32,
    /// What each side counts for. The sum of the products of these two is the score of the document.
    pub weights: Sides,
    /// Place by lexical score alone, from 1.
    pub lexical_rank: Option<usize>,
    /// Place by vector score alone, from 1.
    pub vector_rank: Option<usize>,
}

/// The state of one vector set in a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VectorStatus {
    /// Embedder family: the name of the set.
    pub name: String,
    /// Version of the embedder that made it.
    pub version: String,
    /// What a vector stands for.
    pub granularity: Granularity,
    /// Passages or documents that have a vector.
    pub filled: usize,
    /// Passages or documents there are.
    pub total: usize,
    /// Why the set takes no part in answers, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The answer to a [`SearchRequest`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchResponse {
    /// Documents, best first.
    pub hits: Vec<Hit>,
    /// Whether there are further hits behind these.
    pub more: bool,
    /// The mode that was really used: `Lexical` where a hybrid search had no vectors to use.
    pub mode: Mode,
    /// The vector sets that were used.
    pub vectors: Vec<VectorStatus>,
    /// Words of the question that were taken for others.
    pub corrections: Vec<Correction>,
    /// Generation of the index that answered.
    pub generation: u64,
}

/// A word that no document has, and the one that it was taken for, at a little less weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Correction {
    /// As it was asked for, in lower case.
    pub word: String,
    /// What it was read as.
    pub read_as: String,
}
