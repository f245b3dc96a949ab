//! What can go wrong with an index on disk.

use std::path::PathBuf;

use crate::embed::EmbedError;

/// An index could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is no index in the data directory yet.
    #[error("there is no index in `{}`", .0.display())]
    NotFound(PathBuf),
    /// Another process is writing.
    #[error("another process is writing to the index in `{}`", .0.display())]
    Locked(PathBuf),
    /// Another process is embedding.
    #[error("another process is embedding the documents in `{}`", .0.display())]
    Filling(PathBuf),
    /// A file of the index is missing or damaged.
    #[error("the index in `{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The index was written by a version of the program that lays it out differently.
    #[error("the index in `{}` has format {found}, this program reads format {expected}", path.display())]
    Format {
        /// The data directory.
        path: PathBuf,
        /// Format of the index.
        found: u32,
        /// Format of this program.
        expected: u32,
    },
    /// Vectors and embedder do not belong together.
    #[error("the vectors `{set}` were made by version {vectors}, the embedder at hand is version {embedder}")]
    EmbedderMismatch {
        /// The vector set.
        set: String,
        /// Version that made the vectors.
        vectors: String,
        /// Version at hand.
        embedder: String,
    },
    /// The query was to be read as query syntax, and is not.
    #[error("the query is not valid query syntax: {0}")]
    Syntax(String),
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// An embedder failed.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The full-text engine failed.
    #[error("the full-text index failed")]
    Lexical(#[from] tantivy::TantivyError),
    /// The document store failed.
    #[error("the document store failed")]
    Documents(#[from] rusqlite::Error),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl IndexError {
    /// Whether only making the index anew helps: what is there cannot be read by this program.
    pub fn needs_rebuild(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Format { .. } | Self::EmbedderMismatch { .. })
    }

    /// Whether the disk, or the user's share of it, is full.
    pub fn is_disk_full(&self) -> bool {
        use tantivy::TantivyError;
        use tantivy::directory::error::OpenWriteError;
        let full = |error: &std::io::Error| {
            matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
        };
        match self {
            Self::Io(error) | Self::Embed(EmbedError::Io(error)) => full(error),
            Self::Lexical(TantivyError::IoError(error)) => full(error),
            Self::Lexical(TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. })) => full(io_error),
            Self::Documents(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            _ => false,
        }
    }

    /// What to do about it: a sentence naming the command, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound(_) => Some("To make one, run `cloudops ingest FOLDER`."),
            Self::Locked(_) => {
                Some("Wait until the other `cloudops` that writes (`ingest`, `embed`) is done, then try again.")
            }
            Self::Filling(_) => Some("To see how far it is, run `cloudops embed status`."),
            Self::Damaged { .. } => Some(
                "To see what else is wrong, run `cloudops doctor --deep`; to make the index anew, run `cloudops ingest \
                 FOLDER --rebuild`.",
            ),
            Self::Format { .. } => Some("To rebuild it, run `cloudops ingest FOLDER --rebuild`."),
            Self::EmbedderMismatch { .. } => Some("To make the index anew, run `cloudops ingest FOLDER --rebuild`."),
            Self::Syntax(_) => Some("To search for the words as they are, leave `--syntax` out."),
            _ if self.is_disk_full() => {
                Some("Free some disk space, or choose another place with `--data-dir`; the index is as it was before.")
            }
            _ => None,
        }
    }
}
