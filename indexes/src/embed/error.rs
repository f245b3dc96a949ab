//! What can go wrong when texts are turned into vectors.

use std::path::PathBuf;

/// An embedder could not be read, trained or used.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The file is not a table of ours, or is damaged.
    #[error("the embedding table `{}` cannot be used: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// There is too little text to learn from.
    #[error("{found} passages are too few to train on (at least {needed})")]
    TooSmall {
        /// Passages there are.
        found: usize,
        /// Passages it takes.
        needed: usize,
    },
    /// An embedder that vectors were made by cannot be had.
    #[error("the embedder `{name}` cannot be used: {reason}")]
    Unavailable {
        /// Its name.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// An embedder was given texts and failed.
    #[error("the embedder `{name}` failed: {reason}")]
    Failed {
        /// Its name.
        name: String,
        /// What it said.
        reason: String,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}
