//! The vectors' side: nearest neighbours among quantized vectors, memory-mapped.

mod graph;
mod mapped;
mod quantize;
mod scan;
mod set;

pub(crate) use quantize::{dot, quantize};
pub use set::{GRAPH_ROWS, Granularity, SetInfo, SetWriter, VectorSet};

/// A row of a vector set and its dot product with the question, both quantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scored {
    pub(crate) dot: i32,
    pub(crate) row: u32,
}

/// Finds the rows whose vectors have the largest dot product with a question.
pub(crate) trait Neighbours {
    /// The best `limit` rows for which `alive` holds, best first; equal scores by row.
    fn nearest(&self, query: &[i8], limit: usize, alive: &dyn Fn(u32) -> bool) -> Vec<Scored>;
}
