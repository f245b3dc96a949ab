//! The curated documents that come with the program.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cloudops_indexes::store::{FileStat, IndexError, IndexWriter, TrainPolicy, TrainWhen, WriterOptions};
use cloudops_ingest::source::Prepared;
use cloudops_ingest::source::folder::{self, FolderOptions, Found};
use include_dir::{Dir, DirEntry, include_dir};

static DOCUMENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/corpus");

/// Name of the source that these documents are.
pub(crate) const SOURCE: &str = "corpus";
/// The note under which an index keeps the hash of the documents that it holds.
const NOTE: &str = "corpus";

/// Hash of the built-in documents and of how they are read.
pub(crate) static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hash = blake3::Hasher::new();
    hash.update(&cloudops_ingest::EXTRACTOR_VERSION.to_le_bytes());
    for (path, bytes) in files() {
        hash.update(&(path.len() as u64).to_le_bytes());
        hash.update(path.as_bytes());
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.finalize().to_hex().to_string()
});

/// Whether an index with this note holds these documents.
pub(crate) fn is_in(note: impl FnOnce(&str) -> Option<String>) -> bool {
    note(NOTE).as_deref() == Some(HASH.as_str())
}

/// How many documents there are.
pub(crate) fn len() -> usize {
    files().len()
}

/// Writes the documents into an index, replacing those of another version of the program.
pub(crate) fn put(writer: &mut IndexWriter) -> anyhow::Result<()> {
    let mut known = writer.known(SOURCE)?;
    for Prepared { mut document, passages } in prepared() {
        document.path = None;
        known.remove(&document.id);
        writer.put(document, passages, FileStat::default())?;
    }
    for id in known.keys() {
        writer.remove(id)?;
    }
    writer.source_ingested(SOURCE, None)?;
    writer.set_note(NOTE, &HASH);
    Ok(())
}

/// Makes an index of a data directory hold the documents, and nothing else of it change.
pub(crate) fn install(data_dir: &Path, train: TrainPolicy) -> anyhow::Result<()> {
    let train = TrainPolicy { when: TrainWhen::Never, ..train };
    let mut writer = IndexWriter::open(data_dir, WriterOptions { train })?;
    put(&mut writer)?;
    writer.commit(&mut |_| ControlFlow::Continue(()))?;
    Ok(())
}

/// Whether this is trouble with writing, such as a lock, a read-only directory or a full disk, and not with what is
/// already there: then it can still be read.
pub(crate) fn is_excusable(error: &anyhow::Error) -> bool {
    !error
        .chain()
        .any(|cause| matches!(cause.downcast_ref(), Some(IndexError::Damaged { .. } | IndexError::Format { .. })))
}

fn prepared() -> Vec<Prepared> {
    let options = FolderOptions::new("", SOURCE);
    let prepare = |(path, bytes): (&str, &[u8])| {
        let found = Found {
            path: PathBuf::from(path),
            relative: path.to_owned(),
            size: bytes.len() as u64,
            modified_ns: 0,
            committed: None,
        };
        // A document that comes with the program and cannot be read is a mistake that its tests find.
        folder::prepare(&found, bytes, &options).inspect_err(|error| tracing::error!(?error, "skipped")).ok()
    };
    files().into_iter().filter_map(prepare).collect()
}

/// Paths and contents of the documents, in a fixed order. `README.md` describes their format and is none
/// of them, nor is the thesaurus, which the search reads.
fn files() -> Vec<(&'static str, &'static [u8])> {
    let mut found = Vec::new();
    let mut open = vec![&DOCUMENTS];
    while let Some(dir) = open.pop() {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(dir) => open.push(dir),
                DirEntry::File(file) => {
                    let path = file.path().to_str().unwrap_or_default();
                    let is_markdown = file.path().extension().is_some_and(|extension| extension == "md");
                    if is_markdown && !path.ends_with("README.md") {
                        found.push((path, file.contents()));
                    }
                }
            }
        }
    }
    found.sort_by_key(|(path, _)| *path);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_can_be_read_and_says_what_it_is() {
        let documents = prepared();
        assert_eq!(documents.len(), files().len());
        let all_markdown = documents.iter().all(|p| Path::new(&p.document.id).extension().is_some_and(|it| it == "md"));
        assert!(DOCUMENTS.get_file("thesaurus.yaml").is_some() && all_markdown);
        for Prepared { document, passages } in documents {
            assert!(document.id.starts_with("corpus/"), "{}", document.id);
            assert!(!document.services.is_empty() && !passages.is_empty(), "{}", document.id);
            let folder = document.id.split('/').nth(1).unwrap_or_default().trim_end_matches('s').replace('-', "_");
            assert_eq!(folder, document.kind.as_str(), "{}", document.id);
        }
    }
}
