//! Both sides together: candidates of words and vectors, scored on both, fused, folded into documents.

mod fuse;
mod request;
mod rerank;
mod search;
mod simhash;
mod snippet;

pub use fuse::Sides;
pub use request::{
    Correction, Explanation, Filters, Highlights, Hit, MAX_PHRASINGS, Mode, PassageHit, SearchRequest, SearchResponse,
    SetCosine, VectorStatus,
};
pub(crate) use search::search;
pub(crate) use simhash::simhash;
