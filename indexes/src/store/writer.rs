//! Writing: one writer at a time, everything or nothing at `commit`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Serialize;
use tantivy::TantivyError;

use super::documents::{Documents, DocumentsWriter};
use super::entry::Entry;
use super::generation::Generation;
use super::layout::{FORMAT, Layout, Manifest, is_locked, link_files, take_lock};
use super::sourced_sets::{Adopted, Carry};
use super::summary::summarize;
use super::vectors::{self, VectorWork};
use super::{CommitReport, IndexError};
use crate::lexical::{LexicalPassage, LexicalWriter};
use crate::model::{Document, Passage, Timestamp};

/// What the file system says of a file: enough to know that it need not be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileStat {
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970. 0 where there is none.
    pub modified_ns: i64,
}

/// What the index knows of a document that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDocument {
    /// `Document::content_hash` at its last ingestion.
    pub content_hash: String,
    /// Its file at its last ingestion.
    pub stat: FileStat,
}

/// When `commit` trains the table of token vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainPolicy {
    /// Never, always, or when the thresholds below say so.
    pub when: TrainWhen,
    /// Passages that it takes to train at all.
    pub min_passages: u64,
    /// Share of the passages that must have changed since the last training, 0 ..= 1.
    pub min_changed: f64,
    /// Seed of every random choice.
    pub seed: u64,
}

/// See [`TrainPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainWhen {
    /// Keep the table in use.
    Never,
    /// As the thresholds say.
    Auto,
    /// Whatever the thresholds say (too few passages is an error).
    Always,
}

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WriterOptions {
    /// When to train.
    pub train: TrainPolicy,
}

/// A part of the work of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Writing the full-text index.
    Lexical,
    /// Reading the passages and learning the vocabulary.
    Vocabulary,
    /// Training the table.
    Train,
    /// Making vectors.
    Embed,
    /// Building the graph over the vectors.
    Graph,
    /// Making it durable.
    Publish,
}

/// How far a stage is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Units done.
    pub done: u64,
    /// Units there are.
    pub total: u64,
    /// A word on how it goes, such as the held-out score.
    pub message: Option<String>,
}

/// What is told how far the work is, and may end it.
pub(crate) type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// What a training came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TrainReport {
    /// Passages it was trained on.
    pub passages: u64,
    /// Pieces in the vocabulary.
    pub pieces: u64,
    /// Held-out score (mean reciprocal rank at 10) of the new table.
    pub score: f64,
    /// Held-out score, on the same pairs, of the table that was in use.
    pub incumbent: f64,
    /// Whether the new table was installed: never when it is worse.
    pub installed: bool,
    /// Seconds it took.
    pub seconds: f64,
}

/// The one writer of a data directory. Dropping it without `commit` leaves the index as it was.
pub struct IndexWriter {
    layout: Layout,
    options: WriterOptions,
    /// The generation that was current when the writer was opened.
    current: Option<u64>,
    /// The generation being written.
    next: u64,
    documents: DocumentsWriter,
    /// Opened at the first change.
    lexical: Option<LexicalWriter>,
    notes: BTreeMap<String, String>,
    notes_before: BTreeMap<String, String>,
    report: CommitReport,
    /// Passages that were added or removed.
    passages_changed: u64,
    now: Timestamp,
    published: bool,
    /// Sets that were written elsewhere.
    adopted: Vec<Adopted>,
    /// Released when the file is closed, by the end of the process at the latest.
    _lock: fs_err::File,
}

impl fmt::Debug for IndexWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexWriter").field("data_dir", &self.layout.data_dir).finish_non_exhaustive()
    }
}

/// With less room than this, whatever fails fails for want of room: a segment is larger. Bytes.
const NO_ROOM: u64 = 4 * 1024 * 1024;

/// The full-text engine writes in threads of its own and tells of one that failed only that it is gone. Where there is no
/// room left, that is why.
fn full_text_failed(error: TantivyError, data_dir: &Path) -> IndexError {
    let failed = IndexError::Lexical(error);
    let no_room = || fs4::available_space(data_dir).is_ok_and(|bytes| bytes < NO_ROOM);
    if !failed.is_disk_full() && no_room() {
        let full = std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left for the full-text index");
        return IndexError::Io(full);
    }
    failed
}

impl IndexWriter {
    /// Takes the writer's lock of a data directory, creating the directory if need be. Does not wait.
    pub fn open(data_dir: &Path, options: WriterOptions) -> Result<Self, IndexError> {
        let layout = Layout::new(data_dir);
        let lock = lock(&layout)?;
        let current = layout.current()?;
        Self::start(layout, options, lock, current, current.unwrap_or(0))
    }

    /// Deletes everything in a data directory, whatever its format, and starts anew. Takes the writer's lock.
    ///
    /// For an index that cannot be read. Generations are numbered on, so that whoever still has one open notices.
    pub fn rebuild(data_dir: &Path, options: WriterOptions) -> Result<Self, IndexError> {
        let layout = Layout::new(data_dir);
        let lock = lock(&layout)?;
        let last = layout.last_number();
        layout.erase()?;
        Self::start(layout, options, lock, None, last)
    }

    /// Whether some process is writing to a data directory. Changes nothing.
    pub fn is_running(data_dir: &Path) -> Result<bool, IndexError> {
        is_locked(&Layout::new(data_dir).lock_file())
    }

    fn start(
        layout: Layout,
        options: WriterOptions,
        lock: fs_err::File,
        current: Option<u64>,
        last: u64,
    ) -> Result<Self, IndexError> {
        let manifest = current.map(|number| layout.manifest(number)).transpose()?;
        let next_passage = manifest.as_ref().map_or(0, |manifest| manifest.next_passage);
        let notes = manifest.map(|manifest| manifest.notes).unwrap_or_default();
        let documents = DocumentsWriter::open(&layout.data_dir, last, next_passage)?;
        layout.sweep(current);
        Ok(Self {
            layout,
            options,
            current,
            next: last + 1,
            documents,
            lexical: None,
            notes_before: notes.clone(),
            notes,
            report: CommitReport::default(),
            passages_changed: 0,
            now: now(),
            published: false,
            adopted: Vec::new(),
            _lock: lock,
        })
    }

    /// Documents of a source that are in the index, by id.
    pub fn known(&self, source: &str) -> Result<HashMap<String, KnownDocument>, IndexError> {
        self.documents.known(source)
    }

    /// Adds a document, or replaces the one with the same id.
    pub fn put(&mut self, document: Document, passages: Vec<Passage>, stat: FileStat) -> Result<(), IndexError> {
        self.put_entry(&Entry::new(document, passages, stat)?)
    }

    /// Adds a document that was made ready elsewhere, or replaces the one with the same id.
    pub fn put_entry(&mut self, entry: &Entry) -> Result<(), IndexError> {
        let replaced = self.documents.remove(entry.id())?;
        let (key, first) = self.documents.add(entry, self.now)?;
        *if replaced.is_some() { &mut self.report.changed } else { &mut self.report.added } += 1;
        self.passages_changed += entry.passages.len() as u64;
        let lexical = self.open_lexical()?;
        if let Some(replaced) = replaced {
            lexical.delete(replaced);
        }
        let texts: Vec<(String, String)> = entry
            .passages
            .iter()
            .map(|passage| (passage.heading_path.join(" "), passage.text(&entry.document.text)))
            .collect();
        let passages = texts.iter().enumerate().map(|(at, (headings, body))| LexicalPassage {
            id: first + at as u64,
            headings,
            body,
        });
        let added = lexical.add(key, &entry.document, passages);
        added.map_err(|error| full_text_failed(error, &self.layout.data_dir))
    }

    /// Records that a document is the same although its file looks touched.
    pub fn touch(&mut self, id: &str, stat: FileStat) -> Result<(), IndexError> {
        self.documents.touch(id, stat)
    }

    /// Removes a document. Returns whether it was there.
    pub fn remove(&mut self, id: &str) -> Result<bool, IndexError> {
        let Some(key) = self.documents.remove(id)? else { return Ok(false) };
        self.open_lexical()?.delete(key);
        self.report.removed += 1;
        Ok(true)
    }

    /// Records that a source was looked at now, and from where.
    pub fn source_ingested(&mut self, name: &str, origin: Option<&str>) -> Result<(), IndexError> {
        self.documents.source(name, origin, self.now)
    }

    /// Keeps a free-form value with the generation; read with `Index::note`.
    pub fn set_note(&mut self, key: &str, value: &str) {
        self.notes.insert(key.to_owned(), value.to_owned());
    }

    /// The generation that was current when the writer was opened.
    pub(super) fn current(&self) -> Option<u64> {
        self.current
    }

    /// Takes a finished vector set into the next generation. Its directory is moved.
    pub(super) fn adopt(&mut self, set: Adopted) {
        self.adopted.push(set);
    }

    /// Makes everything since `open` visible at once, and durable. With nothing changed, no generation is made.
    /// `progress` may end it with `Break`: then nothing has happened.
    pub fn commit(
        mut self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(CommitReport, Option<TrainReport>), IndexError> {
        let always = self.options.train.when == TrainWhen::Always;
        let changed = self.lexical.is_some() || !self.adopted.is_empty() || self.notes != self.notes_before;
        if let (Some(current), false) = (self.current, changed || always) {
            self.documents.flush()?;
            self.published = true;
            let passages = self.layout.manifest(current)?.passages;
            return Ok((CommitReport { generation: current, passages, ..self.report.clone() }, None));
        }
        let number = self.next;
        self.documents.flush()?;
        step(progress, Stage::Lexical, 0, 1)?;
        let lexical = self.take_lexical()?;
        // Merging its last segments keeps one core busy at most; the vectors have use for the other.
        let (lexical, vectors) = std::thread::scope(|scope| {
            let lexical = scope.spawn(|| lexical.commit());
            let vectors = self.vectors(number, progress);
            (lexical.join(), vectors)
        });
        let lexical = lexical.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        lexical.map_err(|error| full_text_failed(error, &self.layout.data_dir))?;
        let work = vectors?;
        step(progress, Stage::Publish, 0, 1)?;
        let (sources, services) = summarize(&Documents::open(&self.layout.data_dir)?, number)?;
        let manifest = Manifest {
            sources,
            services,
            format: FORMAT,
            generation: number,
            documents: work.documents,
            passages: work.passages,
            sets: work.sets,
            next_passage: self.documents.next_passage(),
            changed_since_training: work.changed_since_training,
            notes: std::mem::take(&mut self.notes),
        };
        self.layout.publish(&manifest)?;
        self.published = true;
        // From here on the work is done; what is left over is swept now or by the next writer.
        if let Err(error) = self.documents.collect_garbage() {
            tracing::warn!(%error, "old rows could not be deleted, the next ingestion will");
        }
        self.layout.sweep(Some(number));
        step(progress, Stage::Publish, 1, 1).ok();
        let report = CommitReport { generation: number, passages: manifest.passages, ..self.report.clone() };
        Ok((report, work.trained))
    }

    /// Trains if it is time, and writes the vectors of the next generation.
    fn vectors(&self, number: u64, progress: &mut Watch<'_>) -> Result<vectors::Written, IndexError> {
        let previous = match self.current {
            None => None,
            Some(current) => {
                let documents = Documents::open(&self.layout.data_dir)?;
                Some(Generation::open(&self.layout, current, documents, &None)?)
            }
        };
        let dir = self.layout.draft(number).join("vectors");
        let documents = Documents::open(&self.layout.data_dir)?;
        let (live, added) = (self.documents.entries()?, self.documents.added()?);
        let sourced = Carry {
            data_dir: &self.layout.data_dir,
            dir: &dir,
            previous: previous.as_ref(),
            documents: &documents,
            live: &live,
            added: &added,
            adopted: &self.adopted,
        }
        .write(progress)?;
        let mut written = VectorWork {
            dir: &dir,
            previous: previous.as_ref(),
            documents: &documents,
            live,
            added,
            passages_changed: self.passages_changed,
            policy: self.options.train,
        }
        .write(progress)?;
        written.sets.extend(sourced);
        Ok(written)
    }

    /// Starts the draft of the next generation as a copy of the current one's full-text index.
    fn new_lexical(&self) -> Result<LexicalWriter, IndexError> {
        let draft = self.layout.draft(self.next).join("lexical");
        fs_err::create_dir_all(&draft)?;
        if let Some(current) = self.current {
            // The engine rewrites these two in place; everything else it never touches again.
            link_files(&self.layout.generation(current).join("lexical"), &draft, &["meta.json", ".managed.json"])?;
        }
        let threads = if self.current.is_some() { 1 } else { 2 };
        Ok(LexicalWriter::open(&draft, threads)?)
    }

    fn open_lexical(&mut self) -> Result<&LexicalWriter, IndexError> {
        let lexical = self.take_lexical()?;
        Ok(self.lexical.insert(lexical))
    }

    fn take_lexical(&mut self) -> Result<LexicalWriter, IndexError> {
        self.lexical.take().map_or_else(|| self.new_lexical(), Ok)
    }
}

impl Drop for IndexWriter {
    /// Gives back the disk space of a draft that was not published, at once: it may have been the last there was.
    fn drop(&mut self) {
        self.lexical = None;
        if self.published {
            return;
        }
        if let Err(error) = self.documents.undo() {
            tracing::warn!(%error, "rows of the unfinished generation could not be deleted, the next ingestion will");
        }
        let draft = self.layout.draft(self.next);
        if draft.exists()
            && let Err(error) = fs_err::remove_dir_all(&draft)
        {
            tracing::warn!(%error, "the unfinished generation could not be deleted, the next ingestion will");
        }
    }
}

/// Takes the lock that there is one of for a data directory.
fn lock(layout: &Layout) -> Result<fs_err::File, IndexError> {
    layout.create()?;
    take_lock(&layout.lock_file())?.ok_or_else(|| IndexError::Locked(layout.data_dir.clone()))
}

/// Reports progress; `Break` becomes an error.
pub(crate) fn step(progress: &mut Watch<'_>, stage: Stage, done: u64, total: u64) -> Result<(), IndexError> {
    match progress(Progress { stage, done, total, message: None }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(IndexError::Interrupted),
    }
}

fn now() -> Timestamp {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}
