//! Both sides together: candidates of words and vectors, scored on both, fused, folded into documents.

mod request;

pub use request::{
    Explanation, Filters, Highlights, Hit, Mode, PassageHit, SearchRequest, SearchResponse, VectorStatus,
};
