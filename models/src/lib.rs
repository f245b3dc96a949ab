//! Transformer models that run on this machine: finding, installing, converting and using them.

pub mod convert;
mod error;
pub mod install;
mod open;
mod rerank;
pub mod runtime;
pub mod store;
#[cfg(test)]
mod testing;
mod text;
mod transformer;

pub use error::ModelError;
pub use open::{open, open_in_use, open_reranker};
pub use rerank::Reranker;
pub use transformer::{Transformer, TransformerOptions};
