//! `model.json`: what a model is, where it came from and what its files were.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::hex;
use crate::{ModelError, text};

/// The description of an installed model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name, also that of its vector set.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Where it came from: a hub's repository with its revision, a package, a folder.
    pub source: String,
    /// The file of the graph.
    pub model: String,
    /// `int8` or `fp32` if the weights were converted here, `as-is` for a graph that was given.
    pub precision: String,
    /// Length of its vectors; 0 for a reranker.
    pub dimensions: usize,
    /// How the vectors of the tokens become one.
    pub pooling: Pooling,
    /// Tokens that are read of a text; the rest is cut off.
    pub max_tokens: usize,
    /// What is put before a question.
    pub query_prefix: String,
    /// Seconds since 1970 when it was installed.
    pub installed: u64,
    /// Its files.
    pub files: BTreeMap<String, FileRecord>,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its size.
    pub bytes: u64,
    /// Its checksum, in hexadecimal.
    pub sha256: String,
    /// What the checksum was compared with when the file came.
    pub checked: Checked,
}

/// What vouches for a file. The best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// A checksum that this program brings along.
    Pinned,
    /// The checksum that the index or the hub named.
    Published,
    /// Nothing: what was received is what is kept.
    Received,
    /// It was made on this machine from files that were checked as the weights were.
    Made,
}

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Texts to vectors.
    Embedder,
    /// A question and a passage to a score.
    Reranker,
}

impl Kind {
    /// With its article.
    pub const fn article(self) -> &'static str {
        match self {
            Self::Embedder => "an embedder",
            Self::Reranker => "a reranker",
        }
    }

    /// As in the description.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedder => "embedder",
            Self::Reranker => "reranker",
        }
    }
}

/// How the vectors of the tokens become the one of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Their mean, padding left out.
    Mean,
    /// The first.
    Cls,
}

impl Manifest {
    /// Reads a description.
    pub(crate) fn read(path: &Path) -> Result<Self, ModelError> {
        let bytes = fs_err::read(path)?;
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| ModelError::Damaged {
            path: path.to_owned(),
            reason: format!("its description cannot be read: {error}"),
        })?;
        if !manifest.files.contains_key(&manifest.model) {
            let reason = format!("its description does not list `{}`", manifest.model);
            return Err(ModelError::Damaged { path: path.to_owned(), reason });
        }
        Ok(manifest)
    }

    /// Refuses a model of the other kind.
    pub(crate) fn must_be(&self, kind: Kind) -> Result<(), ModelError> {
        if self.kind == kind {
            return Ok(());
        }
        Err(ModelError::Kind { name: self.name.clone(), is: self.kind.article(), needed: kind.article() })
    }

    /// Changes whenever the same text could get another vector: by the graph, the tokens, or what is done with them.
    pub fn version(&self) -> String {
        let mut hasher = Sha256::new();
        for file in [self.model.as_str(), "tokenizer.json", "special_tokens_map.json"] {
            hasher.update(self.files.get(file).map_or("", |record| record.sha256.as_str()));
            hasher.update("\n");
        }
        let how = format!("{:?}\n{}\n{}\n{}", self.pooling, self.max_tokens, self.query_prefix, text::VERSION);
        hasher.update(how);
        hex(&hasher.finalize())[..12].to_owned()
    }
}
