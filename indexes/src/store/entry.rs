//! A document made ready to be stored: the work that needs no lock, done on any thread.

use super::{FileStat, IndexError};
use crate::hybrid::simhash;
use crate::model::{Document, Passage};

/// Compression level of stored texts: beyond it, time grows faster than texts shrink.
const LEVEL: i32 = 6;

/// A document with everything the writer would otherwise have to work out alone.
#[derive(Debug)]
pub struct Entry {
    pub(crate) document: Document,
    pub(crate) passages: Vec<Passage>,
    pub(crate) stat: FileStat,
    pub(crate) packed_text: Vec<u8>,
    pub(crate) packed_passages: Vec<u8>,
    pub(crate) simhash: u64,
}

impl Entry {
    /// Compresses and fingerprints a document.
    ///
    /// # Panics
    /// If a passage's range is not within the document's text, on character boundaries.
    pub fn new(document: Document, passages: Vec<Passage>, stat: FileStat) -> Result<Self, IndexError> {
        for passage in &passages {
            assert!(document.text.get(passage.range.clone()).is_some(), "passages lie within their document");
        }
        let packed_text = zstd::bulk::compress(document.text.as_bytes(), LEVEL)?;
        let listed = serde_json::to_vec(&passages).map_err(std::io::Error::from)?;
        let packed_passages = zstd::bulk::compress(&listed, LEVEL)?;
        let simhash = simhash(&document.text);
        Ok(Self { document, passages, stat, packed_text, packed_passages, simhash })
    }

    /// Id of the document.
    pub fn id(&self) -> &str {
        &self.document.id
    }
}
