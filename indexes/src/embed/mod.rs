//! Embedders: texts in, unit vectors out.
//!
//! The one that needs nothing from anywhere is [`Table`]: [`train`] makes it from the passages of the index. How, and
//! what was measured, is in `docs/embedding.md`.

mod error;
mod file;
mod kernels;
mod model;
mod random;
mod set;
pub mod suite;
mod table;
mod train;
mod vocabulary;
mod words;

#[cfg(test)]
mod tests;

pub use error::EmbedError;
pub use set::TrainingSet;
pub(crate) use table::NAME as TABLE_NAME;
pub use table::{Table, TableInfo, calibrate};
pub use train::{TrainOptions, TrainProgress, TrainReport, Trained, train};

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a set of vectors was made by. Vectors of different identities cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EmbedderId {
    /// Family, also the name of the vector set on disk: `static`, `all-minilm-l6-v2`, `titan-embed-text-v2`, …
    pub name: String,
    /// Changes whenever the same text could get another vector: a hash of the model.
    pub version: String,
    /// Length of every vector.
    pub dimensions: usize,
}

/// The parts of a passage that an embedder may use.
#[derive(Debug, Clone, Copy)]
pub struct PassageText<'a> {
    /// Title of the document.
    pub title: &'a str,
    /// Headings down to the section, joined by ` > `, maybe after the words of its guide's name.
    pub headings: &'a str,
    /// The passage itself.
    pub body: &'a str,
}

impl PassageText<'_> {
    /// Title and headings as a sentence, the body on the next line: the one text that a model reads. `cut` shortens the
    /// body and then the whole to what the model takes.
    ///
    /// The title comes first because the end is cut off, and because it is what the passage is about.
    pub fn joined(&self, cut: impl Fn(&str) -> &str) -> String {
        let head = [self.title, self.headings].map(str::trim).into_iter().filter(|part| !part.is_empty());
        let mut whole = head.collect::<Vec<_>>().join(". ");
        let body = cut(self.body.trim());
        if !whole.is_empty() && !body.is_empty() {
            whole.push_str(".\n");
        }
        whole.push_str(body);
        cut(&whole).to_owned()
    }
}

/// Turns texts into unit-length vectors, the same text always into the same vector.
pub trait Embedder: Send + Sync {
    /// What the vectors are made by.
    fn id(&self) -> &EmbedderId;

    /// Vectors for questions. An input in which nothing is known gives a vector of zeros.
    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;

    /// Vectors for passages. An input in which nothing is known gives a vector of zeros.
    fn embed_passages(&self, passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Opens the embedders of vector sets that are not made by a table of this crate: transformers, services.
///
/// An index is opened without waiting for them; it asks when the first question needs one.
pub trait EmbedderSource: Send + Sync {
    /// The embedder with this identity. An error says why it cannot be had, and what to do.
    fn open(&self, id: &EmbedderId) -> Result<Arc<dyn Embedder>, EmbedError>;

    /// The cross-encoder that is installed, if one is.
    fn cross_encoder(&self) -> Option<Arc<dyn CrossEncoder>> {
        None
    }
}

/// Reads a question and a passage together, and says how well the one answers the other.
pub trait CrossEncoder: Send + Sync {
    /// A score for each passage, in their order: the higher the better, comparable only within one call.
    fn scores(&self, query: &str, passages: &[&str]) -> Result<Vec<f32>, EmbedError>;
}
