//! Where texts come from, and what each of them is about.

pub mod aws_docs;
pub mod corpus;
pub mod export;
pub mod folder;
pub mod git;
mod metadata;
mod walk;

use cloudops_indexes::model::{Document, Passage};

use crate::extract::Unreadable;
use crate::mask::Masked;
pub(crate) use metadata::{kind_of_path, title_of_path, united};

/// A text that is ready to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The document with its clean text.
    pub document: Document,
    /// Its passages; their ranges point into the document's text.
    pub passages: Vec<Passage>,
    /// Secrets and personal data that were masked in it.
    pub masked: Vec<Masked>,
}

/// Something that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Path inside the source.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why a file was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The file is over the size limit.
    #[error("it has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Bytes in the file.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The file is binary, or in no encoding that could be found.
    #[error("it is not text")]
    NotText,
    /// The file is of a binary format, and cannot be read.
    #[error(transparent)]
    Unreadable(Unreadable),
    /// A record of an export is not as it should be.
    #[error("{0}")]
    Record(String),
    /// Another record before it has the same name.
    #[error("its id was used before, at {0}")]
    Repeated(String),
    /// No character in the file is visible.
    #[error("it has no text")]
    Empty,
    /// The file has an extension that is not read.
    #[error("its format is not supported")]
    UnknownFormat,
    /// The name cannot be written as UTF-8, so no document could be named after it.
    #[error("its name is not UTF-8")]
    NameNotUtf8,
    /// A link leads to a folder that was read already, such as one of its own parents.
    #[error("it links to a folder that was already read")]
    AlreadyRead,
    /// The operating system refused.
    #[error("{0}")]
    Io(String),
}

impl Reason {
    /// Whether the last good version of the document is still the best there is.
    ///
    /// True if the file could not be judged; false if it was read and there is nothing in it to index.
    pub const fn keeps_last_version(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Io(_) | Self::NotText | Self::Unreadable(_) | Self::Record(_))
    }
}

impl From<Unreadable> for Reason {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::NotText => Self::NotText,
            other => Self::Unreadable(other),
        }
    }
}
