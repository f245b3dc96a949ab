//! Writing: one writer at a time, everything or nothing at `commit`.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::{CommitReport, IndexError};
use crate::model::{Document, Passage};

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

/// What a training came to.
#[derive(Debug, Clone, PartialEq, serde::Serialize, schemars::JsonSchema)]
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
#[derive(Debug)]
pub struct IndexWriter {}

impl IndexWriter {
    /// Takes the writer's lock of a data directory, creating the directory if need be. Does not wait.
    pub fn open(_data_dir: &Path, _options: WriterOptions) -> Result<Self, IndexError> {
        unimplemented!()
    }

    /// Documents of a source that are in the index, by id.
    pub fn known(&self, _source: &str) -> Result<HashMap<String, KnownDocument>, IndexError> {
        unimplemented!()
    }

    /// Adds a document, or replaces the one with the same id.
    pub fn put(&mut self, _document: Document, _passages: Vec<Passage>, _stat: FileStat) -> Result<(), IndexError> {
        unimplemented!()
    }

    /// Records that a document is the same although its file looks touched.
    pub fn touch(&mut self, _id: &str, _stat: FileStat) -> Result<(), IndexError> {
        unimplemented!()
    }

    /// Removes a document. Returns whether it was there.
    pub fn remove(&mut self, _id: &str) -> Result<bool, IndexError> {
        unimplemented!()
    }

    /// Records that a source was looked at now, and from where.
    pub fn source_ingested(&mut self, _name: &str, _origin: Option<&str>) -> Result<(), IndexError> {
        unimplemented!()
    }

    /// Keeps a free-form value with the generation; read with `Index::note`.
    pub fn set_note(&mut self, _key: &str, _value: &str) {
        unimplemented!()
    }

    /// Makes everything since `open` visible at once, and durable. With nothing changed, no generation is made.
    /// `progress` may end it with `Break`: then nothing has happened.
    pub fn commit(
        self,
        _progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(CommitReport, Option<TrainReport>), IndexError> {
        unimplemented!()
    }
}
