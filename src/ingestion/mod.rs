//! One source into the index: look, compare, read what is new, remove what is gone.
//!
//! ```text
//! walk → compare with what is known → [read → hash → prepare]  →  put, touch or remove
//!                                      rayon, batch by batch       the one writer
//! ```
//!
//! Batches pass through a bounded channel, so only a few hundred documents are ever in flight. What is looked at differs:
//! [`folder`] compares files before it reads them, [`export`] streams the records of one file.

mod export;
mod folder;
mod note;
mod run;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use cloudops_indexes::store::{Entry, FileStat, IndexWriter, KnownDocument};
use cloudops_ingest::mask::Masked;
use cloudops_ingest::source::export::ExportOptions;
use cloudops_ingest::source::folder::FolderOptions;
use cloudops_ingest::source::{Failure, Prepared, Reason};
use serde::Serialize;

pub(crate) use self::note::SourceNote;
#[cfg(feature = "crawl")]
pub(crate) use self::run::start_embedding;
pub(crate) use self::run::{How, Ingested, Target, commit, ingest};

/// What is to be ingested, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The files of a folder, or a single one.
    Folder(FolderOptions),
    /// The records of a file.
    Export(ExportOptions),
}

impl Source {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Folder(options) => &options.source,
            Self::Export(options) => &options.source,
        }
    }

    /// The folder or file.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder(options) => &options.root,
            Self::Export(options) => &options.path,
        }
    }

    /// Fails if it cannot be looked at, before anything is touched.
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        match self {
            Self::Folder(options) => drop(cloudops_ingest::source::folder::walk(options)?),
            Self::Export(options) => export::check(options)?,
        }
        Ok(())
    }
}

/// Why a source cannot be looked at at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error(transparent)]
    Folder(#[from] cloudops_ingest::source::folder::Error),
    #[error(transparent)]
    Export(#[from] cloudops_ingest::source::export::Error),
}

/// How to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Read every file, whatever its time and size say.
    pub(crate) checksum: bool,
    /// Take nothing for unchanged.
    pub(crate) rebuild: bool,
}

/// What was done, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) source: String,
    pub(crate) origin: String,
    pub(crate) added: u64,
    pub(crate) changed: u64,
    pub(crate) removed: u64,
    pub(crate) unchanged: u64,
    /// Bytes of what was added or changed.
    pub(crate) bytes: u64,
    /// Files and records that could not be read, and folders that could not be listed.
    pub(crate) failed: Vec<Trouble>,
    /// Files and records that were left out on purpose.
    pub(crate) skipped: Vec<Trouble>,
    /// What is not as it could be, though nothing failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    /// Secrets and personal data that were masked before the documents were stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) masked: Vec<MaskedIn>,
    /// Documents that are new, changed or gone.
    #[serde(skip)]
    pub(crate) touched: Vec<String>,
}

impl Outcome {
    /// Whether the index is another one than before.
    pub(crate) const fn changes(&self) -> bool {
        self.added + self.changed + self.removed > 0
    }
}

/// A file that did not make it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Trouble {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// Something that was masked in a document: where, and what it is; never what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MaskedIn {
    pub(crate) path: String,
    #[serde(flatten)]
    pub(crate) masked: Masked,
}

/// What is to be done with a source.
pub(crate) enum Plan<'a> {
    Folder(folder::FolderPlan<'a>),
    Export(export::ExportPlan<'a>),
}

impl<'a> Plan<'a> {
    /// Looks at the source and decides what must be read.
    pub(crate) fn new(
        source: &'a Source,
        known: HashMap<String, KnownDocument>,
        note: Option<&'a SourceNote>,
        comparison: Comparison,
    ) -> Result<Self, PlanError> {
        Ok(match source {
            Source::Folder(options) => Self::Folder(folder::FolderPlan::new(options, known, note, comparison)?),
            Source::Export(options) => Self::Export(export::ExportPlan::new(options, known, note, comparison)?),
        })
    }

    /// Documents that will be read, as far as that can be told.
    pub(crate) fn to_read(&self) -> u64 {
        match self {
            Self::Folder(plan) => plan.to_read(),
            Self::Export(plan) => plan.to_read(),
        }
    }

    /// Carries the plan out. Without a writer it only says what would be done. `step` is told how many are done.
    pub(crate) fn run(
        self,
        writer: Option<&mut IndexWriter>,
        stop: &AtomicBool,
        step: impl FnMut(u64),
    ) -> anyhow::Result<Outcome> {
        match self {
            Self::Folder(plan) => plan.run(writer, stop, step),
            Self::Export(plan) => plan.run(writer, stop, step),
        }
    }
}

/// Now, in nanoseconds since 1970.
fn now_ns() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// What became of one file or record.
enum Read {
    Same { id: String, touched: Option<FileStat> },
    New { entry: Box<Entry>, bytes: u64, known: bool, masked: Vec<MaskedIn> },
    Failed { id: String, failure: Failure },
}

impl Read {
    /// A document that is ready, as what the writer takes.
    fn of(prepared: Prepared, stat: FileStat, bytes: u64, known: bool, path: &str) -> Self {
        let id = prepared.document.id.clone();
        let masked = prepared.masked.into_iter().map(|masked| MaskedIn { path: path.to_owned(), masked }).collect();
        match Entry::new(prepared.document, prepared.passages, stat) {
            Ok(entry) => Self::New { entry: Box::new(entry), bytes, known, masked },
            Err(error) => {
                let failure = Failure { path: path.to_owned(), reason: Reason::Io(error.to_string()) };
                Self::Failed { id, failure }
            }
        }
    }
}

/// Carries `work` out, whatever a file does to it: one that makes it panic must not end the run for all others.
fn or_failed(id: &str, path: &str, work: impl FnOnce() -> Read + std::panic::UnwindSafe) -> Read {
    std::panic::catch_unwind(work).unwrap_or_else(|_| {
        let reason = "internal error: it could not be made a document of; please report the file".to_owned();
        Read::Failed { id: id.to_owned(), failure: Failure { path: path.to_owned(), reason: Reason::Io(reason) } }
    })
}

/// What is known to be done so far, and what of the index has not been found again.
struct Progress {
    outcome: Outcome,
    /// Documents of the index that nothing has been found for so far.
    gone: BTreeSet<String>,
}

impl Progress {
    fn new(source: &str, origin: &Path, known: &HashMap<String, KnownDocument>) -> Self {
        let outcome = Outcome { source: source.to_owned(), origin: origin.display().to_string(), ..Outcome::default() };
        Self { outcome, gone: known.keys().cloned().collect() }
    }

    fn apply(&mut self, read: Read, writer: Option<&mut IndexWriter>) -> anyhow::Result<()> {
        match read {
            Read::Same { id, touched } => {
                self.gone.remove(&id);
                self.outcome.unchanged += 1;
                if let (Some(writer), Some(stat)) = (writer, touched) {
                    writer.touch(&id, stat)?;
                }
            }
            Read::New { entry, bytes, known, masked } => {
                self.outcome.masked.extend(masked);
                self.gone.remove(entry.id());
                *if known { &mut self.outcome.changed } else { &mut self.outcome.added } += 1;
                self.outcome.bytes += bytes;
                self.outcome.touched.push(entry.id().to_owned());
                if let Some(writer) = writer {
                    writer.put_entry(&entry)?;
                }
            }
            Read::Failed { id, failure } => self.fail(&id, failure),
        }
        Ok(())
    }

    /// A failure never deletes the last good version of a document.
    fn fail(&mut self, id: &str, failure: Failure) {
        if failure.reason.keeps_last_version() {
            self.gone.remove(id);
        }
        let trouble = Trouble { path: failure.path, reason: failure.reason.to_string() };
        match failure.reason {
            Reason::Empty | Reason::AlreadyRead | Reason::TooLarge { .. } => self.outcome.skipped.push(trouble),
            _ => self.outcome.failed.push(trouble),
        }
    }

    /// Removes what is gone and notes that the source was ingested.
    fn finish(
        mut self,
        writer: Option<&mut IndexWriter>,
        note: &SourceNote,
        before: Option<&SourceNote>,
    ) -> anyhow::Result<Outcome> {
        let mut writer = writer;
        for id in &self.gone {
            if let Some(writer) = writer.as_deref_mut() {
                writer.remove(id)?;
            }
            self.outcome.removed += 1;
        }
        self.outcome.touched.extend(self.gone);
        if let Some(writer) = writer {
            writer.source_ingested(&self.outcome.source, Some(&self.outcome.origin))?;
            // A note is part of a generation: nothing new, no new note, no new generation.
            if self.outcome.changes() || !before.is_some_and(|before| note.reads_like(before)) {
                note.write(writer, &self.outcome.source)?;
            }
        }
        Ok(self.outcome)
    }
}
