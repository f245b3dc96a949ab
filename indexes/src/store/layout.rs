//! Where things lie in a data directory, and how one generation replaces another.
//!
//! ```text
//! CURRENT                       the number of the generation that answers
//! writer.lock                   held by the one writer
//! filling.lock                  held by the one process that embeds behind the scenes
//! filling/                      where it puts a set together
//! embeddings.sqlite             what was ever embedded slowly, by content
//! documents.sqlite              all documents, versioned by generation
//! generations/17/manifest.json  what generation 17 holds
//! generations/17/lexical/       the full-text index
//! generations/17/vectors/NAME/  one set of vectors, and the model that made it
//! ```
//!
//! A generation is written under its number with `.tmp` behind, made durable, renamed, and only then named in
//! `CURRENT`, itself replaced by a rename. Files that do not change are hard-linked from one generation to the next.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{IndexError, SourceSummary};
use crate::vector::SetInfo;

/// Changes when an older program could not read what this one writes, or the other way round.
pub(crate) const FORMAT: u32 = 1;

/// What a generation says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) generation: u64,
    pub(crate) documents: u64,
    pub(crate) passages: u64,
    pub(crate) sets: Vec<SetInfo>,
    /// The first passage id that was never given. Ids are not given twice: vectors of passages that are gone stay in
    /// their files for a while, and are known by their ids to be dead.
    pub(crate) next_passage: u64,
    /// Passages that were added or removed since the table of token vectors was trained.
    pub(crate) changed_since_training: u64,
    /// Its sources, without the documents' own texts.
    pub(crate) sources: Vec<SourceSummary>,
    /// Services by number of documents, most first.
    pub(crate) services: Vec<(String, u64)>,
    /// Free-form values of the program.
    pub(crate) notes: BTreeMap<String, String>,
}

/// Paths inside a data directory.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) data_dir: PathBuf,
}

impl Layout {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned() }
    }

    fn current_file(&self) -> PathBuf {
        self.data_dir.join("CURRENT")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.data_dir.join("writer.lock")
    }

    /// Where a set is put together outside a draft.
    pub(crate) fn filling_dir(&self) -> PathBuf {
        self.data_dir.join("filling")
    }

    /// Takes the lock of the one process that embeds behind the scenes.
    pub(crate) fn lock_filling(&self) -> Result<fs_err::File, IndexError> {
        take_lock(&self.data_dir.join("filling.lock"))?.ok_or_else(|| IndexError::Filling(self.data_dir.clone()))
    }

    /// Whether some process embeds behind the scenes.
    pub(crate) fn is_filling(&self) -> Result<bool, IndexError> {
        is_locked(&self.data_dir.join("filling.lock"))
    }

    fn generations(&self) -> PathBuf {
        self.data_dir.join("generations")
    }

    pub(crate) fn generation(&self, number: u64) -> PathBuf {
        self.generations().join(number.to_string())
    }

    /// Where a generation is put together.
    pub(crate) fn draft(&self, number: u64) -> PathBuf {
        self.generations().join(format!("{number}.tmp"))
    }

    /// The generation that answers; `None` where there has never been one.
    pub(crate) fn current(&self) -> Result<Option<u64>, IndexError> {
        let path = self.current_file();
        match fs_err::read_to_string(&path) {
            Ok(text) => text.trim().parse().map(Some).map_err(|_| IndexError::Damaged {
                path,
                reason: "it does not hold the number of a generation".to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn manifest(&self, number: u64) -> Result<Manifest, IndexError> {
        let path = self.generation(number).join("manifest.json");
        let text = fs_err::read(&path)?;
        let damaged = |error: serde_json::Error| IndexError::Damaged { path: path.clone(), reason: error.to_string() };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(damaged)?;
        let found = value["format"].as_u64().unwrap_or(0) as u32;
        if found != FORMAT {
            return Err(IndexError::Format { path: self.data_dir.clone(), found, expected: FORMAT });
        }
        serde_json::from_value(value).map_err(damaged)
    }

    /// Makes the draft of a generation durable and then the current one.
    pub(crate) fn publish(&self, manifest: &Manifest) -> Result<(), IndexError> {
        let draft = self.draft(manifest.generation);
        let text = serde_json::to_vec_pretty(manifest).map_err(io::Error::from)?;
        write_durably(&draft.join("manifest.json"), &text)?;
        sync_tree(&draft)?;
        let place = self.generation(manifest.generation);
        if place.exists() {
            // A writer died between the rename below and naming it in CURRENT: nobody has ever read it.
            fs_err::remove_dir_all(&place)?;
        }
        fs_err::rename(&draft, &place)?;
        sync_dir(&self.generations())?;
        let next = self.data_dir.join("CURRENT.tmp");
        write_durably(&next, format!("{}\n", manifest.generation).as_bytes())?;
        fs_err::rename(&next, self.current_file())?;
        // Readers see it from here on, so nothing that fails now may take it back.
        if let Err(error) = sync_dir(&self.data_dir) {
            tracing::warn!(%error, "the new generation answers, but a power cut now could bring back the one before");
        }
        Ok(())
    }

    /// Deletes everything that does not belong to the generation `keep`. Readers that still map a file keep it.
    /// What cannot be deleted is in nobody's way.
    pub(crate) fn sweep(&self, keep: Option<u64>) {
        let keep = keep.map(|number| number.to_string());
        let Ok(entries) = fs_err::read_dir(self.generations()) else { return };
        for entry in entries.flatten() {
            if Some(entry.file_name().to_string_lossy().as_ref()) != keep.as_deref()
                && let Err(error) = fs_err::remove_dir_all(entry.path())
            {
                tracing::warn!(%error, "an old generation could not be deleted, the next ingestion will");
            }
        }
    }

    /// The largest number that any generation had whose traces are left.
    pub(crate) fn last_number(&self) -> u64 {
        let current = self.current().ok().flatten();
        let entries = fs_err::read_dir(self.generations()).into_iter().flatten().flatten();
        let names =
            entries.filter_map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".tmp").parse().ok());
        names.chain(current).max().unwrap_or(0)
    }

    /// Deletes the index, whatever its state; `CURRENT` first, so that no reader finds half of it.
    pub(crate) fn erase(&self) -> Result<(), IndexError> {
        if self.filling_dir().exists() {
            fs_err::remove_dir_all(self.filling_dir())?;
        }
        for name in ["CURRENT", "documents.sqlite-wal", "documents.sqlite-shm", "documents.sqlite"] {
            match fs_err::remove_file(self.data_dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        self.sweep(None);
        Ok(())
    }

    /// Creates the directories that a writer needs.
    pub(crate) fn create(&self) -> Result<(), IndexError> {
        Ok(fs_err::create_dir_all(self.generations())?)
    }

    /// Bytes of the documents and of one generation.
    pub(crate) fn disk_bytes(&self, number: u64) -> u64 {
        let documents = ["documents.sqlite", "documents.sqlite-wal"];
        let documents = documents.iter().filter_map(|name| fs_err::metadata(self.data_dir.join(name)).ok());
        documents.map(|metadata| metadata.len()).sum::<u64>() + tree_bytes(&self.generation(number))
    }
}

fn tree_bytes(dir: &Path) -> u64 {
    let Ok(entries) = fs_err::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => tree_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Hard-links every file of a flat directory into a new one; `copied` names those that will be written to.
pub(crate) fn link_files(from: &Path, to: &Path, copied: &[&str]) -> Result<(), IndexError> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().ends_with(".lock") {
            continue;
        }
        if copied.iter().any(|copied| *copied == name) {
            fs_err::copy(entry.path(), to.join(&name))?;
        } else {
            link(&entry.path(), &to.join(&name))?;
        }
    }
    Ok(())
}

/// Gives a file that never changes a second name, or a copy where the file system has no second names.
pub(crate) fn link(from: &Path, to: &Path) -> Result<(), IndexError> {
    if fs_err::hard_link(from, to).is_err() {
        fs_err::copy(from, to)?;
    }
    Ok(())
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs_err::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    fs_err::File::open(dir)?.sync_all()
}

/// Makes the files and directories below `dir` durable. Files that already are cost next to nothing.
fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            fs_err::File::open(&path)?.sync_all()?;
        }
    }
    sync_dir(dir)
}

/// Takes a lock, which ends with the file handle, by the end of the process at the latest. `None` when it is taken.
pub(crate) fn take_lock(path: &Path) -> Result<Option<fs_err::File>, IndexError> {
    let file = fs_err::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    Ok(file.file().try_lock().map(|()| true).or_else(would_block)?.then_some(file))
}

/// Whether somebody holds a lock. Changes nothing.
pub(crate) fn is_locked(path: &Path) -> Result<bool, IndexError> {
    let file = match fs_err::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    Ok(!file.file().try_lock_shared().map(|()| true).or_else(would_block)?)
}

fn would_block(error: std::fs::TryLockError) -> Result<bool, IndexError> {
    match error {
        std::fs::TryLockError::WouldBlock => Ok(false),
        std::fs::TryLockError::Error(error) => Err(error.into()),
    }
}
