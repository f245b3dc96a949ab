//! Generations on disk: one writer, many readers, a crash at any instant leaves the last good one.

mod error;
mod summary;
mod writer;
mod reader;

pub use error::IndexError;
pub use reader::{Index, StoredDocument};
pub use summary::{CommitReport, IndexSummary, SourceSummary};
pub use writer::{FileStat, IndexWriter, KnownDocument, Progress, Stage, TrainPolicy, TrainReport, TrainWhen,
    WriterOptions};
