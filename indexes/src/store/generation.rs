//! One immutable generation, open for reading.

use std::path::PathBuf;
use std::sync::Arc;

use super::IndexError;
use super::documents::{DocumentEntry, Documents};
use super::embedder::{SetEmbedder, Source, Sourced};
use super::layout::{Layout, Manifest};
use crate::embed::{CrossEncoder, Embedder};
use crate::lexical::LexicalReader;
use crate::vector::{Granularity, SetInfo, VectorSet};

/// Vectors, and what their questions are embedded with.
pub(crate) struct Set {
    pub(crate) vectors: VectorSet,
    embedder: SetEmbedder,
}

impl Set {
    /// Whether a table of token vectors made it, which lies beside it.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.embedder, SetEmbedder::Table(_))
    }

    /// What its questions are embedded with, or why that cannot be had.
    pub(crate) fn embedder(&self) -> Result<&dyn Embedder, &str> {
        self.embedder.get()
    }

    /// Whether it lacks some of so many passages.
    pub(crate) fn is_being_filled(&self, passages: usize) -> bool {
        !self.is_table() && self.vectors.info.granularity == Granularity::Passages && self.vectors.len() < passages
    }

    /// Why its embedder cannot be had, as far as anybody has asked for it.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.embedder.problem()
    }
}

/// Everything that answers a question: mapped files and a few small tables.
pub(crate) struct Generation {
    pub(crate) dir: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) lexical: LexicalReader,
    pub(crate) documents: Documents,
    entries: Vec<DocumentEntry>,
    sets: Vec<Set>,
    source: Source,
}

impl Generation {
    /// Opens generation `number`.
    pub(crate) fn open(
        layout: &Layout,
        number: u64,
        documents: Documents,
        source: &Source,
    ) -> Result<Self, IndexError> {
        let dir = layout.generation(number);
        let manifest = layout.manifest(number)?;
        let lexical = LexicalReader::open(&dir.join("lexical"))?;
        let entries = documents.entries(number)?;
        let live: Vec<u64> = lexical.passages().collect();
        let mut sets = Vec::new();
        let mut sourced: Vec<Arc<Sourced>> = Vec::new();
        for info in &manifest.sets {
            let set_dir = dir.join("vectors").join(info.dir_name());
            let embedder = if info.embedder.name == crate::embed::TABLE_NAME {
                SetEmbedder::table(&set_dir, info)?
            } else if let Some(known) = sourced.iter().find(|known| *known.id() == info.embedder) {
                SetEmbedder::Sourced(Arc::clone(known))
            } else {
                let new = Arc::new(Sourced::new(info.embedder.clone(), source.clone()));
                sourced.push(Arc::clone(&new));
                SetEmbedder::Sourced(new)
            };
            sets.push(Set { vectors: VectorSet::open(&set_dir, info.clone(), &live)?, embedder });
        }
        Ok(Self { dir, manifest, lexical, documents, entries, sets, source: source.clone() })
    }

    /// The cross-encoder that is installed, if one is.
    pub(crate) fn cross_encoder(&self) -> Option<Arc<dyn CrossEncoder>> {
        self.source.as_ref()?.cross_encoder()
    }

    /// Vector sets and the embedders that made them.
    pub(crate) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// Where a set of it lies.
    pub(crate) fn set_dir(&self, info: &SetInfo) -> PathBuf {
        self.dir.join("vectors").join(info.dir_name())
    }

    /// The document that a passage belongs to.
    pub(crate) fn document_of(&self, passage: u64) -> Option<DocumentEntry> {
        let at = self.entries.partition_point(|entry| entry.first_passage <= passage).checked_sub(1)?;
        let entry = self.entries[at];
        (passage < entry.first_passage + u64::from(entry.passages)).then_some(entry)
    }

    /// Its documents, by their first passage.
    pub(crate) fn entries(&self) -> &[DocumentEntry] {
        &self.entries
    }
}
