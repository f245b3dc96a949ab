//! Vector sets of embedders that are not tables, carried from one generation to the next.
//!
//! An ingestion does not wait for a transformer: passages it adds get a vector at once if their content had one
//! before, otherwise when [`fill`](super::fill()) comes by.

use std::path::{Path, PathBuf};

use super::IndexError;
use super::content::{self, passage_ids};
use super::documents::{DocumentEntry, Documents};
use super::embeddings::{ContentHash, Embeddings};
use super::generation::{Generation, Set};
use super::writer::{Stage, Watch, step};
use crate::vector::{GRAPH_ROWS, Granularity, SetInfo, SetWriter};

/// Documents that are read at once.
const BATCH: usize = 512;

/// A set that was written elsewhere and takes the place of the one before.
pub(super) struct Adopted {
    pub(super) dir: PathBuf,
    pub(super) info: SetInfo,
    /// Whether sets of other embedders of this kind have served their time.
    pub(super) replaces_others: bool,
}

/// What it takes to write the sets of the next generation.
pub(super) struct Carry<'a> {
    pub(super) data_dir: &'a Path,
    /// The directory of all sets of the next generation.
    pub(super) dir: &'a Path,
    pub(super) previous: Option<&'a Generation>,
    pub(super) documents: &'a Documents,
    /// Documents of the next generation.
    pub(super) live: &'a [DocumentEntry],
    /// Those of them that are new.
    pub(super) added: &'a [DocumentEntry],
    pub(super) adopted: &'a [Adopted],
}

impl Carry<'_> {
    pub(super) fn write(&self, progress: &mut Watch<'_>) -> Result<Vec<SetInfo>, IndexError> {
        let mut sets = Vec::new();
        for adopted in self.adopted {
            fs_err::create_dir_all(self.dir)?;
            fs_err::rename(&adopted.dir, self.dir.join(adopted.info.dir_name()))?;
            sets.push(adopted.info.clone());
        }
        let Some(previous) = self.previous else { return Ok(sets) };
        for set in previous.sets().iter().filter(|set| !set.is_table()) {
            let info = &set.vectors.info;
            let replaced = self.adopted.iter().any(|adopted| {
                adopted.info.dir_name() == info.dir_name()
                    || (adopted.replaces_others && adopted.info.embedder != info.embedder)
            });
            if !replaced {
                sets.push(self.carry(previous, set, progress)?);
            }
        }
        Ok(sets)
    }

    /// The set as it was, without what is gone, with those new contents that had a vector before.
    fn carry(&self, previous: &Generation, set: &Set, progress: &mut Watch<'_>) -> Result<SetInfo, IndexError> {
        let info = &set.vectors.info;
        let (passages, vectors) = match self.known(info) {
            // Vectors can be made again; the documents that are being added matter more.
            Err(IndexError::Documents(error)) => {
                tracing::warn!(%error, "vectors are not carried over: they will be made again");
                (Vec::new(), Vec::new())
            }
            known => known?,
        };
        let dir = self.dir.join(info.dir_name());
        fs_err::create_dir_all(&dir)?;
        let before = previous.set_dir(info);
        SetWriter {
            dir: &dir,
            previous: Some((&before, &set.vectors)),
            live: &passage_ids(self.live),
            passages: &passages,
            vectors,
            embedder: info.embedder.clone(),
            granularity: info.granularity,
            weight: info.weight,
            judged: info.judged,
            // One that is still being filled gets its graph when it is complete.
            graph_rows: if info.graph { GRAPH_ROWS } else { usize::MAX },
        }
        .write(&mut |done, total| step(progress, Stage::Graph, done, total).is_ok())
    }

    /// Vectors of added documents whose content was embedded before.
    fn known(&self, info: &SetInfo) -> Result<(Vec<u64>, Vec<f32>), IndexError> {
        let (mut passages, mut vectors) = (Vec::new(), Vec::new());
        if self.added.is_empty() {
            return Ok((passages, vectors));
        }
        let Some(kept) = Embeddings::open_existing(self.data_dir, &info.embedder)? else {
            return Ok((passages, vectors));
        };
        for batch in self.added.chunks(BATCH) {
            for (entry, text) in batch.iter().zip(content::read(self.documents, self.dir, batch)?) {
                let parts: Vec<_> = match info.granularity {
                    Granularity::Documents => vec![text.document()],
                    Granularity::Passages => (0..entry.passages as usize).filter_map(|at| text.passage(at)).collect(),
                };
                for (at, part) in parts.iter().enumerate() {
                    if let Some(vector) = kept.get(ContentHash::of(&part.as_text()))? {
                        passages.push(entry.first_passage + at as u64);
                        vectors.extend(vector);
                    }
                }
            }
        }
        Ok((passages, vectors))
    }
}
