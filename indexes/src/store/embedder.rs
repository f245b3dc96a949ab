//! Opens the embedder that made a vector set.

use std::path::Path;

use super::IndexError;
use crate::embed::{Embedder, Table};
use crate::vector::SetInfo;

/// The table of token vectors, beside the vectors it made.
pub(super) const TABLE: &str = "table";

/// The embedder that a set's questions must be embedded with.
pub(super) fn open(dir: &Path, info: &SetInfo) -> Result<Box<dyn Embedder>, IndexError> {
    let table = Table::open(&dir.join(TABLE))?;
    if *table.id() != info.embedder {
        return Err(IndexError::EmbedderMismatch {
            set: info.embedder.name.clone(),
            vectors: info.embedder.version.clone(),
            embedder: table.id().version.clone(),
        });
    }
    Ok(Box::new(table))
}
