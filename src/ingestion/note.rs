//! What an index remembers of how a source was read, so that it can be read again in the same way.

use std::path::PathBuf;

use cloudops_indexes::model::Kind;
use cloudops_indexes::store::{FileStat, Index, IndexWriter};
use cloudops_ingest::source::export::{ExportFormat, ExportOptions, FieldMapping};
use cloudops_ingest::source::folder::FolderOptions;
use serde::{Deserialize, Serialize};

use super::Source;

/// How a source was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SourceNote {
    /// When the last run began to look, nanoseconds since 1970.
    pub(crate) looked_ns: i64,
    /// Decides, beside the bytes of a file, what becomes of it.
    pub(crate) fingerprint: String,
    include: Vec<String>,
    exclude: Vec<String>,
    follow_symlinks: bool,
    max_file_bytes: u64,
    kind: Option<Kind>,
    tags: Vec<String>,
    services: Vec<String>,
    url_base: Option<String>,
    /// Whether files have no dates from git.
    no_git_dates: bool,
    /// The commit that was checked out at the last run.
    pub(crate) git_head: Option<String>,
    /// How the records of the file are read, if it is one of records.
    export: Option<ExportNote>,
}

/// How an export was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ExportNote {
    format: ExportFormat,
    records: Option<String>,
    mapping: FieldMapping,
    /// Bytes and time of the file.
    size: u64,
    modified_ns: i64,
}

impl SourceNote {
    /// The note of a run over a folder.
    pub(crate) fn of_folder(options: &FolderOptions, looked_ns: i64) -> Self {
        let decisive = (
            cloudops_ingest::EXTRACTOR_VERSION,
            &options.root,
            options.kind,
            &options.tags,
            &options.services,
            &options.url_base,
            options.git_dates,
        );
        Self {
            looked_ns,
            fingerprint: fingerprint(&decisive),
            include: options.include.clone(),
            exclude: options.exclude.clone(),
            follow_symlinks: options.follow_symlinks,
            max_file_bytes: options.max_file_bytes,
            kind: options.kind,
            tags: options.tags.clone(),
            services: options.services.clone(),
            url_base: options.url_base.clone(),
            no_git_dates: !options.git_dates,
            ..Self::default()
        }
    }

    /// The note of a run over an export.
    pub(crate) fn of_export(options: &ExportOptions, stat: FileStat, looked_ns: i64) -> Self {
        let ExportOptions { path, format, records, mapping, kind, tags, services, max_record_bytes, .. } = options;
        let decisive = (
            cloudops_ingest::EXTRACTOR_VERSION,
            path,
            (format, records, mapping, max_record_bytes),
            (kind, tags, services),
        );
        let FileStat { size, modified_ns } = stat;
        Self {
            looked_ns,
            fingerprint: fingerprint(&decisive),
            max_file_bytes: *max_record_bytes,
            kind: *kind,
            tags: tags.clone(),
            services: services.clone(),
            export: Some(ExportNote {
                format: *format,
                records: records.clone(),
                mapping: mapping.clone(),
                size,
                modified_ns,
            }),
            ..Self::default()
        }
    }

    /// The note that an index holds of a source.
    pub(crate) fn read(index: &Index, source: &str) -> Option<Self> {
        serde_json::from_str(&index.note(&note_key(source))?).ok()
    }

    /// The source, to be read as it was the last time.
    pub(crate) fn source(&self, origin: &str, name: &str) -> Source {
        let Some(export) = &self.export else {
            return Source::Folder(FolderOptions {
                include: self.include.clone(),
                exclude: self.exclude.clone(),
                follow_symlinks: self.follow_symlinks,
                max_file_bytes: self.max_file_bytes,
                kind: self.kind,
                tags: self.tags.clone(),
                services: self.services.clone(),
                url_base: self.url_base.clone(),
                git_dates: !self.no_git_dates,
                ..FolderOptions::new(origin, name)
            });
        };
        Source::Export(ExportOptions {
            path: PathBuf::from(origin),
            source: name.to_owned(),
            format: export.format,
            records: export.records.clone(),
            mapping: export.mapping.clone(),
            kind: self.kind,
            tags: self.tags.clone(),
            services: self.services.clone(),
            max_record_bytes: self.max_file_bytes,
        })
    }

    /// Size and time that the export had.
    pub(crate) fn export_stat(&self) -> Option<FileStat> {
        self.export.as_ref().map(|export| FileStat { size: export.size, modified_ns: export.modified_ns })
    }

    /// Whether both read a source in the same way, whatever they found.
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        let how = |note: &Self| {
            let mut note = Self { looked_ns: 0, git_head: None, ..note.clone() };
            if let Some(export) = &mut note.export {
                (export.size, export.modified_ns) = (0, 0);
            }
            note
        };
        how(self) == how(other)
    }

    pub(super) fn write(&self, writer: &mut IndexWriter, source: &str) -> anyhow::Result<()> {
        writer.set_note(&note_key(source), &serde_json::to_string(self)?);
        Ok(())
    }
}

fn fingerprint(decisive: &impl std::fmt::Debug) -> String {
    blake3::hash(format!("{decisive:?}").as_bytes()).to_hex()[..16].to_owned()
}

fn note_key(source: &str) -> String {
    format!("source:{source}")
}
