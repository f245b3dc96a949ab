//! Exports of other systems: a CSV, JSON Lines or JSON file in which every record is a document.
//!
//! ```text
//! records: one after the other, never the whole file → fields by the mapping → prepare: document and passages
//! ```
//!
//! [`read`] hands out records as it comes to them; [`content_hash`] and [`prepare`] are pure and can run on any thread.
//! A bad record is a [`Failure`] with its place. Where the file itself is broken there is no next record: reading ends
//! with an [`Error`], and what comes behind is unknown, not gone.

mod csv;
mod json;
mod mapping;
mod record;

use std::ops::ControlFlow;
use std::path::PathBuf;

use cloudops_indexes::model::Kind;

pub use self::mapping::{FieldMapping, MappingError};
pub use self::record::{Fields, Record, content_hash, prepare};
use super::Failure;

/// Records over this size are not read unless the options say otherwise.
pub const DEFAULT_MAX_RECORD_BYTES: u64 = 4 * 1024 * 1024;

/// How the records of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// The same, separated by tabs.
    Tsv,
    /// A JSON object on every line.
    Jsonl,
    /// One JSON list of objects, at the root or anywhere below it.
    Json,
}

impl ExportFormat {
    /// The format of a file by its name.
    pub fn of_path(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// What a record is found by in messages.
    const fn unit(self) -> &'static str {
        match self {
            Self::Csv | Self::Tsv | Self::Jsonl => "line",
            Self::Json => "record",
        }
    }
}

/// A file of records, and how to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    /// The file.
    pub path: PathBuf,
    /// Name of the source: the first part of every document id.
    pub source: String,
    /// How it is written.
    pub format: ExportFormat,
    /// JSON pointer to the list of records, such as `/issues`; `None` for the root.
    pub records: Option<String>,
    /// Which field holds what.
    pub mapping: FieldMapping,
    /// Kind of documents that do not name their own; `None` for notes.
    pub kind: Option<Kind>,
    /// Tags of every document.
    pub tags: Vec<String>,
    /// AWS services of every document.
    pub services: Vec<String>,
    /// Larger records are failures.
    pub max_record_bytes: u64,
}

/// Why the rest of a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is missing, or reading it failed.
    #[error("failed to read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The mapping names a column that the file does not have.
    #[error("there is no column `{column}`; there are {}", quoted(.columns))]
    UnknownColumn {
        /// As the mapping has it.
        column: String,
        /// Those of the header line.
        columns: Vec<String>,
    },
    /// The file is not of its format at this place.
    #[error("{unit} {place}: {message}")]
    Broken {
        /// What is counted.
        unit: &'static str,
        /// From 1.
        place: u64,
        /// What is wrong.
        message: String,
    },
    /// The JSON has no list where one is looked for.
    #[error("there is no list of records{}{}", at(.pointer.as_deref()), or(.lists))]
    NoList {
        /// Where it was looked for.
        pointer: Option<String>,
        /// Lists that there are at the root.
        lists: Vec<String>,
    },
}

fn quoted(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
    if names.len() > shown.len() {
        shown.push(format!("{} more", names.len() - shown.len()));
    }
    shown.join(", ")
}

fn at(pointer: Option<&str>) -> String {
    pointer.map(|pointer| format!(" at `{pointer}`")).unwrap_or_default()
}

fn or(lists: &[String]) -> String {
    if lists.is_empty() { String::new() } else { format!("; there are lists at {}", quoted(lists)) }
}

/// Goes through the records of a file until `visit` breaks.
pub fn read(
    options: &ExportOptions,
    visit: &mut dyn FnMut(Result<Record, Failure>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: options.path.clone(), source };
    let file = fs_err::File::open(&options.path).map_err(unreadable)?;
    match options.format {
        ExportFormat::Csv => csv::read(file, b',', options, visit),
        ExportFormat::Tsv => csv::read(file, b'\t', options, visit),
        ExportFormat::Jsonl => json::read_lines(file, options, visit),
        ExportFormat::Json => json::read_list(file, options, visit),
    }
}

#[cfg(test)]
mod tests;
