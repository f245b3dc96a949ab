//! Reading: what answers.

use std::path::Path;

use super::{IndexError, IndexSummary};
use crate::hybrid::{SearchRequest, SearchResponse};
use crate::model::{Document, Passage, Timestamp};

/// An open index. Cheap to share: every method takes `&self`, from any number of threads.
#[derive(Debug)]
pub struct Index {}

/// A document as it is stored, with its passages.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    /// The document.
    pub document: Document,
    /// Its passages, in order: headings, anchors and byte ranges.
    pub passages: Vec<Passage>,
    /// When it was last ingested with a change.
    pub ingested: Timestamp,
}

impl Index {
    /// Opens the index of a data directory.
    pub fn open(_data_dir: &Path) -> Result<Self, IndexError> {
        unimplemented!()
    }

    /// Switches to a newer generation if there is one. Running searches keep the old one until they end.
    /// [`Index::search`] does it by itself; returns whether there was a newer one.
    pub fn refresh(&self) -> Result<bool, IndexError> {
        unimplemented!()
    }

    /// The generation that answers now.
    pub fn generation(&self) -> u64 {
        unimplemented!()
    }

    /// Answers a question.
    pub fn search(&self, _request: &SearchRequest) -> Result<SearchResponse, IndexError> {
        unimplemented!()
    }

    /// A document by its id or by its URL (with or without fragment).
    pub fn document(&self, _id_or_url: &str) -> Result<Option<StoredDocument>, IndexError> {
        unimplemented!()
    }

    /// Ids that look like this one, for a hint when a document is not found. At most `limit`.
    pub fn similar_ids(&self, _id: &str, _limit: usize) -> Result<Vec<String>, IndexError> {
        unimplemented!()
    }

    /// What is indexed.
    pub fn summary(&self) -> Result<IndexSummary, IndexError> {
        unimplemented!()
    }

    /// Free-form values kept with the generation, such as the hash of the built-in corpus it holds.
    pub fn note(&self, _key: &str) -> Option<String> {
        unimplemented!()
    }

    /// Reads every file of the generation and every document, and says what is wrong. Empty means sound.
    pub fn verify(&self) -> Result<Vec<String>, IndexError> {
        unimplemented!()
    }
}
