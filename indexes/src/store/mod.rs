//! Generations on disk: one writer, many readers, a crash at any instant leaves the last good one.

mod content;
mod documents;
mod embedder;
mod embeddings;
mod entry;
mod error;
mod fill;
mod generation;
mod layout;
mod reader;
mod sourced_sets;
mod summary;
mod vectors;
mod writer;

pub(crate) use content::{Embeddable, read as read_content};
pub(crate) use documents::{DocumentEntry, DocumentHead};
pub use entry::Entry;
pub use error::IndexError;
pub use fill::{FillOptions, FillProgress, FillReport, fill, is_filling};
pub(crate) use generation::{Generation, Set};
pub(crate) use layout::link;
pub use reader::{Index, StoredDocument};
pub use summary::{CommitReport, IndexSummary, SourceSummary};
pub use writer::{
    FileStat, IndexWriter, KnownDocument, Progress, Stage, TrainPolicy, TrainReport, TrainWhen, WriterOptions,
};
