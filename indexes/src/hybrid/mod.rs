//! Both sides together: candidates of words and vectors, scored on both, fused, folded into documents.

mod duplicates;
mod fuse;
mod report;
mod request;
mod rerank;
mod same_page;
mod search;
mod simhash;
mod snippet;

pub use fuse::Sides;
pub(crate) use report::near_duplicates;
pub use report::{Duplicate, DuplicateGroup, NearDuplicates};
pub use request::{
    Correction, Explanation, Filters, Highlights, Hit, MAX_PHRASINGS, Mode, PassageHit, SearchRequest, SearchResponse,
    SetCosine, VectorStatus,
};
pub(crate) use search::search;
pub(crate) use simhash::simhash;
