//! The embedder that a vector set's questions must be embedded with.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::IndexError;
use crate::embed::{EmbedError, Embedder, EmbedderId, EmbedderSource, Table};
use crate::vector::SetInfo;

/// The table of token vectors, beside the vectors it made.
pub(super) const TABLE: &str = "table";

/// Where embedders that are not tables come from; `None` where there are none.
pub(crate) type Source = Option<Arc<dyn EmbedderSource>>;

/// An embedder, there at once or when it is first asked for.
pub(super) enum SetEmbedder {
    Table(Box<Table>),
    Sourced(Arc<Sourced>),
}

/// An embedder that its source opens at the first question.
pub(super) struct Sourced {
    id: EmbedderId,
    source: Source,
    opened: OnceLock<Result<Arc<dyn Embedder>, String>>,
}

impl Sourced {
    pub(super) fn new(id: EmbedderId, source: Source) -> Self {
        Self { id, source, opened: OnceLock::new() }
    }

    pub(super) fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn get(&self) -> Result<&dyn Embedder, &str> {
        let opened = self.opened.get_or_init(|| self.open().map_err(|error| error.to_string()));
        opened.as_ref().map(AsRef::as_ref).map_err(String::as_str)
    }

    fn open(&self) -> Result<Arc<dyn Embedder>, EmbedError> {
        let unavailable = |reason: String| EmbedError::Unavailable { name: self.id.name.clone(), reason };
        let source = self.source.as_ref().ok_or_else(|| unavailable("this program has no such embedders".into()))?;
        let embedder = source.open(&self.id)?;
        if *embedder.id() != self.id {
            return Err(unavailable(format!(
                "the vectors were made by version {}, version {} is installed; new vectors are made by `cloudops \
                 embed run`",
                self.id.version,
                embedder.id().version
            )));
        }
        Ok(embedder)
    }
}

impl SetEmbedder {
    /// Opens the table in a set's directory.
    pub(super) fn table(dir: &Path, info: &SetInfo) -> Result<Self, IndexError> {
        let table = Table::open(&dir.join(TABLE))?;
        if *table.id() != info.embedder {
            return Err(IndexError::EmbedderMismatch {
                set: info.embedder.name.clone(),
                vectors: info.embedder.version.clone(),
                embedder: table.id().version.clone(),
            });
        }
        Ok(Self::Table(Box::new(table)))
    }

    /// The embedder, or why it cannot be had.
    pub(super) fn get(&self) -> Result<&dyn Embedder, &str> {
        match self {
            Self::Table(table) => Ok(table.as_ref()),
            Self::Sourced(sourced) => sourced.get(),
        }
    }

    /// Why it cannot be had, as far as anybody has asked for it.
    pub(super) fn problem(&self) -> Option<&str> {
        match self {
            Self::Table(_) => None,
            Self::Sourced(sourced) => sourced.opened.get()?.as_ref().err().map(String::as_str),
        }
    }
}
