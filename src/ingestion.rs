//! One folder into the index: look, compare, read what is new, remove what is gone.
//!
//! ```text
//! walk → compare with what is known → [read → hash → prepare]  →  put, touch or remove
//!                                      rayon, batch by batch       the one writer
//! ```
//!
//! Batches pass through a bounded channel, so only a few hundred documents are ever in flight.

mod folders;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use cloudops_indexes::store::{Entry, FileStat, Index, IndexError, IndexWriter, KnownDocument};
use cloudops_ingest::source::folder::{self, FolderOptions, Found};
use cloudops_ingest::source::{Failure, Reason};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use folders::{How, Ingested, Target, commit, ingest_folders, start_embedding};

const BATCH_FILES: usize = 64;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// A file that was written this shortly before it was looked at may have been written again at the same instant.
const RACY_NS: i64 = 2_000_000_000;

/// What an index remembers of how a source was read, so that it can be read again in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SourceNote {
    /// When the last run began to look, nanoseconds since 1970.
    pub(crate) looked_ns: i64,
    /// Decides, beside the bytes of a file, what becomes of it.
    pub(crate) fingerprint: String,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) follow_symlinks: bool,
    pub(crate) max_file_bytes: u64,
    pub(crate) kind: Option<cloudops_indexes::model::Kind>,
    pub(crate) tags: Vec<String>,
    pub(crate) services: Vec<String>,
    pub(crate) url_base: Option<String>,
}

impl SourceNote {
    /// The note of a run with these options.
    pub(crate) fn of(options: &FolderOptions, looked_ns: i64) -> Self {
        let decisive = (
            cloudops_ingest::EXTRACTOR_VERSION,
            &options.root,
            options.kind,
            &options.tags,
            &options.services,
            &options.url_base,
        );
        Self {
            looked_ns,
            fingerprint: blake3::hash(format!("{decisive:?}").as_bytes()).to_hex()[..16].to_owned(),
            include: options.include.clone(),
            exclude: options.exclude.clone(),
            follow_symlinks: options.follow_symlinks,
            max_file_bytes: options.max_file_bytes,
            kind: options.kind,
            tags: options.tags.clone(),
            services: options.services.clone(),
            url_base: options.url_base.clone(),
        }
    }

    /// The note that an index holds of a source.
    pub(crate) fn read(index: &Index, source: &str) -> Option<Self> {
        serde_json::from_str(&index.note(&note_key(source))?).ok()
    }

    /// Whether both read a folder in the same way.
    fn reads_like(&self, other: &Self) -> bool {
        *self == Self { looked_ns: self.looked_ns, ..other.clone() }
    }

    fn write(&self, writer: &mut IndexWriter, source: &str) -> anyhow::Result<()> {
        writer.set_note(&note_key(source), &serde_json::to_string(self)?);
        Ok(())
    }
}

fn note_key(source: &str) -> String {
    format!("source:{source}")
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
    /// Bytes of the files that were added or changed.
    pub(crate) bytes: u64,
    /// Files that could not be read, and folders that could not be listed.
    pub(crate) failed: Vec<Trouble>,
    /// Files that were left out on purpose.
    pub(crate) skipped: Vec<Trouble>,
}

/// A file that did not make it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Trouble {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// What is to be done with a folder.
pub(crate) struct Plan<'a> {
    options: &'a FolderOptions,
    /// Files to read.
    candidates: Vec<Candidate>,
    /// Documents of the index that nothing has been found for so far.
    gone: BTreeSet<String>,
    note: Option<&'a SourceNote>,
    looked_ns: i64,
    outcome: Outcome,
}

struct Candidate {
    found: Found,
    known: Option<KnownDocument>,
}

/// What became of a candidate.
enum Read {
    Same { id: String, touched: Option<FileStat> },
    New { entry: Box<Entry>, bytes: u64, known: bool },
    Failed(Failure),
}

impl<'a> Plan<'a> {
    /// Looks at the folder and decides which files must be read.
    pub(crate) fn new(
        options: &'a FolderOptions,
        mut known: HashMap<String, KnownDocument>,
        note: Option<&'a SourceNote>,
        comparison: Comparison,
    ) -> Result<Self, folder::Error> {
        let looked_ns = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX);
        let walk = folder::walk(options)?;
        let mut plan = Self {
            options,
            candidates: Vec::new(),
            gone: known.keys().cloned().collect(),
            note,
            looked_ns,
            outcome: Outcome {
                source: options.source.clone(),
                origin: options.root.display().to_string(),
                ..Outcome::default()
            },
        };
        let same_way = note.is_some_and(|note| note.fingerprint == SourceNote::of(options, 0).fingerprint);
        let settled_ns = note.map_or(i64::MIN, |note| note.looked_ns.saturating_sub(RACY_NS));
        let trusted = same_way && !comparison.checksum && !comparison.rebuild;
        for found in walk.files {
            let id = id_of(options, &found.relative);
            let known = known.remove(&id);
            let settled = found.modified_ns != 0 && found.modified_ns < settled_ns;
            if trusted && settled && known.as_ref().is_some_and(|known| known.stat == stat_of(&found)) {
                plan.gone.remove(&id);
                plan.outcome.unchanged += 1;
            } else {
                plan.candidates.push(Candidate { found, known });
            }
        }
        for dir in &walk.unreadable_dirs {
            plan.cannot_list(dir);
        }
        for failure in walk.failures {
            plan.fail(failure);
        }
        if comparison.rebuild {
            for candidate in &mut plan.candidates {
                if let Some(known) = &mut candidate.known {
                    known.content_hash.clear();
                }
            }
        }
        Ok(plan)
    }

    /// Files that will be read.
    pub(crate) fn to_read(&self) -> u64 {
        self.candidates.len() as u64
    }

    /// Documents below a folder that cannot be listed are unknown, not gone.
    fn cannot_list(&mut self, dir: &str) {
        let below = id_of(self.options, dir);
        let below = below.trim_end_matches('/');
        self.gone.retain(|id| !id.strip_prefix(below).is_some_and(|rest| rest.starts_with('/')));
        let path = if dir.is_empty() { "." } else { dir };
        self.outcome.failed.push(Trouble { path: path.to_owned(), reason: "the folder cannot be listed".to_owned() });
    }

    /// A failure never deletes the last good version of a document.
    fn fail(&mut self, failure: Failure) {
        if failure.reason.keeps_last_version() {
            self.gone.remove(&id_of(self.options, &failure.path));
        }
        let trouble = Trouble { path: failure.path, reason: failure.reason.to_string() };
        match failure.reason {
            Reason::Empty | Reason::AlreadyRead | Reason::TooLarge { .. } => self.outcome.skipped.push(trouble),
            _ => self.outcome.failed.push(trouble),
        }
    }

    /// Carries the plan out. Without a writer it only says what would be done. `step` is told how many files are done.
    pub(crate) fn run(
        mut self,
        mut writer: Option<&mut IndexWriter>,
        stop: &AtomicBool,
        mut step: impl FnMut(u64),
    ) -> anyhow::Result<Outcome> {
        let candidates = std::mem::take(&mut self.candidates);
        let options = self.options;
        std::thread::scope(|scope| -> anyhow::Result<()> {
            let (sender, receiver) = sync_channel::<Vec<Read>>(1);
            let candidates = &candidates;
            scope.spawn(move || {
                for batch in batches(candidates) {
                    let read: Vec<Read> = batch.par_iter().map(|candidate| read_or_fail(candidate, options)).collect();
                    // The receiver is gone when the writer failed or the user stopped it.
                    if stop.load(Ordering::Relaxed) || sender.send(read).is_err() {
                        break;
                    }
                }
            });
            let mut done = 0;
            for read in receiver.iter().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return Err(IndexError::Interrupted.into());
                }
                self.apply(read, writer.as_deref_mut())?;
                done += 1;
                step(done);
            }
            Ok(())
        })?;
        if stop.load(Ordering::Relaxed) {
            return Err(IndexError::Interrupted.into());
        }
        for id in &self.gone {
            if let Some(writer) = writer.as_deref_mut() {
                writer.remove(id)?;
            }
            self.outcome.removed += 1;
        }
        if let Some(writer) = writer {
            writer.source_ingested(&options.source, Some(&self.outcome.origin))?;
            let note = SourceNote::of(options, self.looked_ns);
            // A note is part of a generation: nothing new, no new note, no new generation.
            let Outcome { added, changed, removed, .. } = self.outcome;
            if added + changed + removed > 0 || !self.note.is_some_and(|before| note.reads_like(before)) {
                note.write(writer, &options.source)?;
            }
        }
        self.outcome.failed.sort_by(|a, b| a.path.cmp(&b.path));
        self.outcome.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self.outcome)
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
            Read::New { entry, bytes, known } => {
                self.gone.remove(entry.id());
                *if known { &mut self.outcome.changed } else { &mut self.outcome.added } += 1;
                self.outcome.bytes += bytes;
                if let Some(writer) = writer {
                    writer.put_entry(&entry)?;
                }
            }
            Read::Failed(failure) => self.fail(failure),
        }
        Ok(())
    }
}

/// [`read`], whatever the file does to it: one file that makes it panic must not end the run for all others.
fn read_or_fail(candidate: &Candidate, options: &FolderOptions) -> Read {
    std::panic::catch_unwind(|| read(candidate, options)).unwrap_or_else(|_| {
        let reason = "internal error: it could not be made a document of; please report the file".to_owned();
        Read::Failed(Failure { path: candidate.found.relative.clone(), reason: Reason::Io(reason) })
    })
}

/// Reads one file and makes a document of it, unless it is the one that is known.
fn read(candidate: &Candidate, options: &FolderOptions) -> Read {
    let Candidate { found, known } = candidate;
    let stat = stat_of(found);
    let bytes = match folder::read(found, options) {
        Ok(bytes) => bytes,
        Err(failure) => return Read::Failed(failure),
    };
    if let Some(known) = known
        && known.content_hash == folder::content_hash(found, &bytes, options)
    {
        let touched = (known.stat != stat).then_some(stat);
        return Read::Same { id: id_of(options, &found.relative), touched };
    }
    let prepared = match folder::prepare(found, &bytes, options) {
        Ok(prepared) => prepared,
        Err(failure) => return Read::Failed(failure),
    };
    match Entry::new(prepared.document, prepared.passages, stat) {
        Ok(entry) => Read::New { entry: Box::new(entry), bytes: found.size, known: known.is_some() },
        Err(error) => Read::Failed(Failure { path: found.relative.clone(), reason: Reason::Io(error.to_string()) }),
    }
}

/// Cuts a list of files into pieces of bounded number and size.
fn batches(mut files: &[Candidate]) -> impl Iterator<Item = &[Candidate]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |candidate: &&Candidate| {
            bytes += candidate.found.size;
            bytes <= BATCH_BYTES
        };
        let length = files.iter().take(BATCH_FILES).take_while(fits).count();
        // A file that is larger than a batch is a batch of its own.
        let (batch, rest) = files.split_at(length.max(1).min(files.len()));
        files = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

fn id_of(options: &FolderOptions, relative: &str) -> String {
    format!("{}/{relative}", options.source)
}

fn stat_of(found: &Found) -> FileStat {
    FileStat { size: found.size, modified_ns: found.modified_ns }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(options: &FolderOptions, relative: &str) -> (String, KnownDocument) {
        let path = options.root.join(relative);
        let found = folder::walk(options).unwrap().files.into_iter().find(|found| found.relative == relative);
        let document = found.map_or(KnownDocument { content_hash: "x".into(), stat: FileStat::default() }, |found| {
            let bytes = fs_err::read(&path).unwrap();
            KnownDocument { content_hash: folder::content_hash(&found, &bytes, options), stat: stat_of(&found) }
        });
        (format!("{}/{relative}", options.source), document)
    }

    fn go(
        options: &FolderOptions,
        known: HashMap<String, KnownDocument>,
        note: Option<&SourceNote>,
        comparison: Comparison,
    ) -> (u64, Outcome) {
        let plan = Plan::new(options, known, note, comparison).unwrap();
        let read = plan.to_read();
        (read, plan.run(None, &AtomicBool::new(false), |_| ()).unwrap())
    }

    #[test]
    fn only_what_may_have_changed_is_read() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.md", "b.md", "c.md"] {
            fs_err::write(dir.path().join(name), format!("# {name}\n\nSome text.\n")).unwrap();
        }
        let options = FolderOptions::new(dir.path(), "docs");
        let all: HashMap<_, _> = ["a.md", "b.md", "gone.md"].map(|name| known(&options, name)).into();
        let later = SourceNote::of(&options, i64::MAX);
        let at_once = SourceNote::of(&options, i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap());

        let (read, outcome) = go(&options, all.clone(), Some(&later), Comparison::default());
        assert_eq!((read, outcome.unchanged, outcome.added, outcome.removed), (1, 2, 1, 1));
        // Written within two seconds of the last look, never looked at in this way, or told to: read, and the same.
        let (read, outcome) = go(&options, all.clone(), Some(&at_once), Comparison::default());
        assert_eq!((read, outcome.unchanged, outcome.changed), (3, 2, 0));
        let (read, _) = go(&options, all.clone(), None, Comparison::default());
        assert_eq!(read, 3);
        let (read, outcome) = go(&options, all.clone(), Some(&later), Comparison { checksum: true, rebuild: false });
        assert_eq!((read, outcome.unchanged), (3, 2));
        let (read, outcome) = go(&options, all.clone(), Some(&later), Comparison { checksum: false, rebuild: true });
        assert_eq!((read, outcome.unchanged, outcome.changed), (3, 0, 2));

        let tagged = FolderOptions { tags: vec!["new".into()], ..options.clone() };
        let (read, outcome) = go(&tagged, all, Some(&later), Comparison::default());
        assert_eq!((read, outcome.changed), (3, 2));
    }

    #[test]
    fn a_failure_never_removes_the_last_good_version() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("binary.md"), [0, 159, 146, 150, 0, 0, 1, 2, 3]).unwrap();
        fs_err::write(dir.path().join("large.md"), "x".repeat(100)).unwrap();
        fs_err::write(dir.path().join("emptied.md"), "").unwrap();
        let options = FolderOptions { max_file_bytes: 50, ..FolderOptions::new(dir.path(), "docs") };
        let stale = KnownDocument { content_hash: "old".into(), stat: FileStat::default() };
        let known = ["binary.md", "large.md", "emptied.md", "sub/deep.md", "subs.md"]
            .map(|name| (format!("docs/{name}"), stale.clone()))
            .into();
        let mut plan = Plan::new(&options, known, None, Comparison::default()).unwrap();
        plan.cannot_list("sub");
        let outcome = plan.run(None, &AtomicBool::new(false), |_| ()).unwrap();
        assert_eq!(outcome.removed, 2, "the emptied one and the one that nothing explains");
        assert_eq!(outcome.failed.len(), 2, "{:?}", outcome.failed);
        assert_eq!(outcome.skipped.len(), 2, "{:?}", outcome.skipped);
    }

    #[test]
    fn a_root_that_cannot_be_listed_keeps_everything() {
        let dir = tempfile::tempdir().unwrap();
        let options = FolderOptions::new(dir.path(), "docs");
        let stale = KnownDocument { content_hash: "old".into(), stat: FileStat::default() };
        let mut plan =
            Plan::new(&options, [("docs/a.md".to_owned(), stale)].into(), None, Comparison::default()).unwrap();
        plan.cannot_list("");
        assert_eq!(plan.run(None, &AtomicBool::new(false), |_| ()).unwrap().removed, 0);
        let missing = FolderOptions::new(dir.path().join("nowhere"), "docs");
        assert!(Plan::new(&missing, HashMap::new(), None, Comparison::default()).is_err());
    }

    #[test]
    fn batches_are_bounded_and_complete() {
        let candidate = |size| Candidate {
            found: Found { path: "a".into(), relative: "a".into(), size, modified_ns: 0 },
            known: None,
        };
        let sizes = [1, BATCH_BYTES * 2, 1, 1, BATCH_BYTES, BATCH_BYTES];
        let files: Vec<_> = sizes.map(candidate).into_iter().chain((0..200).map(|_| candidate(1))).collect();
        let lengths: Vec<_> = batches(&files).map(<[_]>::len).collect();
        assert_eq!(lengths, [1, 1, 2, 1, 1, 64, 64, 64, 8]);
    }

    #[test]
    fn a_stop_is_an_interruption() {
        let dir = tempfile::tempdir().unwrap();
        let options = FolderOptions::new(dir.path(), "docs");
        let plan = Plan::new(&options, HashMap::new(), None, Comparison::default()).unwrap();
        let error = plan.run(None, &AtomicBool::new(true), |_| ()).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(IndexError::Interrupted)));
    }
}
