//! Documents and writers for tests of the index.

use std::ops::ControlFlow;
use std::path::Path;

use cloudops_indexes::model::{Document, Kind, Passage};
use cloudops_indexes::store::{CommitReport, FileStat, IndexWriter, TrainPolicy, TrainWhen, WriterOptions};

/// Never trains.
pub(crate) const OPTIONS: WriterOptions =
    WriterOptions { train: TrainPolicy { when: TrainWhen::Never, min_passages: 5000, min_changed: 0.2, seed: 1 } };

/// A document with a passage per paragraph; its service is what comes before the first `-`.
pub(crate) fn document(name: &str, text: &str) -> (Document, Vec<Passage>) {
    let document = Document {
        id: format!("docs/{name}.md"),
        source: "docs".into(),
        title: name.rsplit('/').next().unwrap().replace('-', " "),
        url: Some(format!("https://example.com/{name}.html")),
        path: Some(format!("{name}.md")),
        guide: Some("guide".into()),
        services: vec![name.split('-').next().unwrap().into()],
        kind: Kind::Documentation,
        tags: vec!["Blue".into()],
        updated: Some(1_700_000_000),
        text: text.into(),
        content_hash: text.len().to_string(),
    };
    // One passage per paragraph.
    let mut passages = Vec::new();
    let mut start = 0;
    for part in text.split_inclusive("\n\n") {
        passages.push(Passage {
            position: passages.len() as u32,
            heading_path: vec![format!("Part {}", passages.len())],
            anchor: Some(format!("part-{}", passages.len())),
            range: start..start + part.len(),
            context: String::new(),
        });
        start += part.len();
    }
    (document, passages)
}

/// The writer of a data directory.
pub(crate) fn open(dir: &Path) -> IndexWriter {
    IndexWriter::open(dir, OPTIONS).unwrap()
}

/// Adds a document.
pub(crate) fn put(writer: &mut IndexWriter, name: &str, text: &str) {
    let (document, passages) = document(name, text);
    writer.put(document, passages, FileStat::default()).unwrap();
}

/// Commits to the end.
pub(crate) fn commit(writer: IndexWriter) -> CommitReport {
    writer.commit(&mut |_| ControlFlow::Continue(())).unwrap().0
}
