//! One immutable generation, open for reading.

use std::path::PathBuf;

use super::IndexError;
use super::documents::{DocumentEntry, Documents};
use super::layout::{Layout, Manifest};
use crate::embed::Embedder;
use crate::lexical::LexicalReader;
use crate::vector::VectorSet;

/// Everything that answers a question: mapped files and a few small tables.
pub(crate) struct Generation {
    pub(crate) dir: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) lexical: LexicalReader,
    pub(crate) documents: Documents,
    entries: Vec<DocumentEntry>,
    sets: Vec<(VectorSet, Box<dyn Embedder>)>,
}

impl Generation {
    /// Opens generation `number`.
    pub(crate) fn open(layout: &Layout, number: u64, documents: Documents) -> Result<Self, IndexError> {
        let dir = layout.generation(number);
        let manifest = layout.manifest(number)?;
        let lexical = LexicalReader::open(&dir.join("lexical"))?;
        let entries = documents.entries(number)?;
        let live: Vec<u64> = lexical.passages().collect();
        let mut sets = Vec::new();
        for info in &manifest.sets {
            let set_dir = dir.join("vectors").join(&info.embedder.name);
            let embedder = super::embedder::open(&set_dir, info)?;
            sets.push((VectorSet::open(&set_dir, info.clone(), &live)?, embedder));
        }
        Ok(Self { dir, manifest, lexical, documents, entries, sets })
    }

    /// Vector sets and the embedders that made them.
    pub(crate) fn sets(&self) -> impl ExactSizeIterator<Item = (&VectorSet, &dyn Embedder)> {
        self.sets.iter().map(|(set, embedder)| (set, embedder.as_ref()))
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
