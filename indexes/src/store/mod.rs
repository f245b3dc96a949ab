//! Generations on disk: one writer, many readers, a crash at any instant leaves the last good one.

mod documents;
mod embedder;
mod entry;
mod error;
mod generation;
mod layout;
mod reader;
mod summary;
mod vectors;
mod writer;

pub(crate) use documents::{DocumentEntry, DocumentHead};
pub use entry::Entry;
pub use error::IndexError;
pub(crate) use generation::Generation;
pub(crate) use layout::link;
pub use reader::{Index, StoredDocument};
pub use summary::{CommitReport, IndexSummary, SourceSummary};
pub use writer::{
    FileStat, IndexWriter, KnownDocument, Progress, Stage, TrainPolicy, TrainReport, TrainWhen, WriterOptions,
};
