//! What is in an index, and what a run of ingestion did to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hybrid::VectorStatus;
use crate::model::{Kind, Timestamp};

/// One source as the index knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SourceSummary {
    /// Its name.
    pub name: String,
    /// Where it was read from (a folder), if anywhere.
    pub origin: Option<String>,
    /// Documents it has.
    pub documents: u64,
    /// Passages it has.
    pub passages: u64,
    /// Bytes of clean text.
    pub text_bytes: u64,
    /// Guides in it.
    pub guides: u64,
    /// Documents per kind.
    pub kinds: Vec<(Kind, u64)>,
    /// When it was last ingested, even if nothing had changed.
    pub ingested: Timestamp,
    /// Newest change date that its documents state.
    pub newest: Option<Timestamp>,
    /// Oldest change date that its documents state.
    pub oldest: Option<Timestamp>,
}

/// The index as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IndexSummary {
    /// The generation being served.
    pub generation: u64,
    /// Documents there are.
    pub documents: u64,
    /// Passages there are.
    pub passages: u64,
    /// Bytes on disk, all files of the data directory that belong to this generation.
    pub disk_bytes: u64,
    /// Sources by name.
    pub sources: Vec<SourceSummary>,
    /// Services by number of documents, most first.
    pub services: Vec<(String, u64)>,
    /// Vector sets.
    pub vectors: Vec<VectorStatus>,
}

/// What a commit did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitReport {
    /// The generation that is current now.
    pub generation: u64,
    /// Documents that were not there before.
    pub added: u64,
    /// Documents that were replaced.
    pub changed: u64,
    /// Documents that are gone.
    pub removed: u64,
    /// Passages in the index now.
    pub passages: u64,
}
