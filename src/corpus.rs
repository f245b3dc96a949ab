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
    for Prepared { mut document, passages, .. } in prepared() {
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
    use std::collections::HashMap;

    use cloudops_indexes::model::Kind;
    use cloudops_ingest::extract::split_front_matter;
    use cloudops_ingest::source::corpus as curated;

    use super::*;

    /// What a document of the web may be cited as.
    fn is_page(url: &str) -> bool {
        let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let is_text = url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | ')' | '('));
        host.contains('.') && host != "example.com" && is_text
    }

    #[test]
    fn every_document_keeps_the_format() {
        let mut wrong = Vec::new();
        let (mut titles, mut counts) = (HashMap::new(), HashMap::<&str, usize>::new());
        for (path, bytes) in files() {
            let text = std::str::from_utf8(bytes).unwrap();
            wrong.extend(curated::validate(path, text).into_iter().map(|problem| format!("{path}: {problem}")));
            let (front, body) = split_front_matter(text);
            let title = front.title.clone().unwrap_or_default();
            if let Some(other) = titles.insert(title.to_lowercase(), path) {
                wrong.push(format!("{path}: has the title of {other}"));
            }
            *counts.entry(path.split('/').next().unwrap()).or_default() += 1;
            let urls = front.sources.iter().map(|source| source.url.as_str());
            let linked = body.match_indices("](").filter_map(|(at, _)| body[at + 2..].split([')', ' ']).next());
            for url in urls.chain(linked).filter(|url| !url.starts_with('#') && !is_page(url)) {
                wrong.push(format!("{path}: `{url}` is no address of a page"));
            }
            let aws =
                front.sources.iter().filter(|source| source.url.starts_with("https://docs.aws.amazon.com/")).count();
            if aws == 0 || !(2..=8).contains(&front.sources.len()) {
                wrong.push(format!("{path}: {} sources, {aws} of them of AWS", front.sources.len()));
            }
            let words = body.split_whitespace().count();
            if !(800..=2_200).contains(&words) {
                wrong.push(format!("{path}: {words} words"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for (folder, least) in [("best-practices", 40), ("patterns", 30), ("troubleshooting", 50)] {
            assert!(counts[folder] >= least, "{folder}: {}", counts[folder]);
        }
    }

    #[test]
    fn every_guide_leads_through_steps() {
        for Prepared { document, .. } in prepared().into_iter().filter(|p| p.document.kind == Kind::Troubleshooting) {
            let guide = cloudops_incidents::guide::parse(&document);
            assert!(guide.steps.len() >= 5, "{}: {} steps", document.id, guide.steps.len());
            assert!(guide.symptoms.len() >= 5 && !guide.sources.is_empty(), "{}", document.id);
            let decides = guide.steps.iter().filter(|step| !step.decisions.is_empty()).count();
            let looks = guide.steps.iter().filter(|step| !step.commands.is_empty()).count();
            assert!(decides >= 3 && looks >= 2, "{}: {decides} decisions, {looks} steps with commands", document.id);
        }
    }

    #[test]
    fn every_document_can_be_read_and_says_what_it_is() {
        let documents = prepared();
        assert_eq!(documents.len(), files().len());
        let all_markdown = documents.iter().all(|p| Path::new(&p.document.id).extension().is_some_and(|it| it == "md"));
        assert!(DOCUMENTS.get_file("thesaurus.yaml").is_some() && DOCUMENTS.get_file("symptoms.yaml").is_some());
        assert!(all_markdown);
        for Prepared { document, passages, .. } in documents {
            assert!(document.id.starts_with("corpus/"), "{}", document.id);
            assert!(!document.services.is_empty() && !passages.is_empty(), "{}", document.id);
            let folder = document.id.split('/').nth(1).unwrap_or_default().trim_end_matches('s').replace('-', "_");
            assert_eq!(folder, document.kind.as_str(), "{}", document.id);
        }
    }
}
