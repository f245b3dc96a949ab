//! What is in an index, and what a run of ingestion did to it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::IndexError;
use super::documents::Documents;
use crate::hybrid::VectorStatus;
use crate::model::{Kind, Timestamp};

/// One source as the index knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl SourceSummary {
    /// A source without documents.
    pub(crate) fn empty(name: String) -> Self {
        Self {
            name,
            origin: None,
            documents: 0,
            passages: 0,
            text_bytes: 0,
            guides: 0,
            kinds: Vec::new(),
            ingested: 0,
            newest: None,
            oldest: None,
        }
    }
}

/// Sources, and services by number of documents, most first.
pub(super) type Contents = (Vec<SourceSummary>, Vec<(String, u64)>);

/// Adds up the documents of a generation: done once, when it is made.
pub(super) fn summarize(documents: &Documents, generation: u64) -> Result<Contents, IndexError> {
    let mut sources: Vec<SourceSummary> = Vec::new();
    let sql = "SELECT source, count(*), sum(passages), sum(text_bytes), count(DISTINCT guide), max(ingested),
            max(updated), min(updated)
        FROM document WHERE {LIVES} GROUP BY source ORDER BY source";
    let count = |n: i64| n as u64;
    documents.each_live(sql, generation, &mut |row| {
        sources.push(SourceSummary {
            documents: count(row.get(1)?),
            passages: count(row.get(2)?),
            text_bytes: count(row.get(3)?),
            guides: count(row.get(4)?),
            ingested: row.get(5)?,
            newest: row.get(6)?,
            oldest: row.get(7)?,
            ..SourceSummary::empty(row.get(0)?)
        });
        Ok(())
    })?;
    let sql = "SELECT source, kind, count(*) FROM document WHERE {LIVES} GROUP BY source, kind ORDER BY 3 DESC, 2";
    documents.each_live(sql, generation, &mut |row| {
        let (source, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let source = sources.iter_mut().find(|summary| summary.name == source);
        if let (Some(source), Ok(kind)) = (source, kind.parse::<Kind>()) {
            source.kinds.push((kind, count(row.get(2)?)));
        }
        Ok(())
    })?;
    let mut services: BTreeMap<String, u64> = BTreeMap::new();
    let sql = "SELECT services, count(*) FROM document WHERE {LIVES} GROUP BY services";
    documents.each_live(sql, generation, &mut |row| {
        let (names, documents): (String, i64) = (row.get(0)?, row.get(1)?);
        for name in names.lines() {
            *services.entry(name.to_owned()).or_default() += documents as u64;
        }
        Ok(())
    })?;
    let mut services: Vec<(String, u64)> = services.into_iter().collect();
    services.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok((sources, services))
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
