//! Recorded incidents as documents of the index, so that search finds them like any other.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cloudops_incidents::render::render;
use cloudops_incidents::store::{Store, Stored};
use cloudops_indexes::model::Kind;
#[cfg(feature = "mcp")]
use cloudops_indexes::store::IndexError;
use cloudops_indexes::store::{FileStat, Index, IndexWriter, TrainWhen, WriterOptions};
use cloudops_ingest::source::Prepared;
use cloudops_ingest::source::folder::{self, FolderOptions, Found};

use crate::app::App;
use crate::embedding;
use crate::report::error::warn;

/// Name of the source that these documents are.
pub(crate) const SOURCE: &str = "recorded-incidents";
/// The note under which an index keeps the number of the write up to which it holds what was recorded.
const NOTE: &str = "recorded-incidents";
/// What is recorded shortly after one another is published together.
#[cfg(feature = "mcp")]
const SOON: std::time::Duration = std::time::Duration::from_millis(500);

/// How often it is tried while somebody else writes: for half an hour.
#[cfg(feature = "mcp")]
const ATTEMPTS: u32 = 3_600;

/// The document of an incident.
pub(crate) fn document_id(incident: &str) -> String {
    format!("{SOURCE}/{}", path(incident))
}

/// Whether a document is a recorded incident.
pub(crate) fn is_document(id: &str) -> bool {
    id.strip_prefix(SOURCE).is_some_and(|rest| rest.starts_with('/'))
}

/// An id as the name of a file: what could be a path of its own is written as `_`.
fn path(incident: &str) -> String {
    let name: String = incident
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .collect();
    // Two ids must not become one name.
    let mark =
        if name == incident { String::new() } else { format!("-{}", &blake3::hash(incident.as_bytes()).to_hex()[..8]) };
    format!("{}{mark}.md", name.trim_start_matches('.'))
}

/// Writes what was recorded since into an index that is being written.
pub(crate) fn put(writer: &mut IndexWriter, data_dir: &Path, note: Option<&str>) -> anyhow::Result<usize> {
    let Some(store) = Store::open_existing(data_dir)? else { return Ok(0) };
    let before = note.and_then(|note| note.parse().ok()).unwrap_or(0);
    let revision = store.revision()?;
    if revision == before {
        return Ok(0);
    }
    let known = writer.known(SOURCE)?;
    // An index that was made anew holds none, whatever its note says; and another file has other incidents.
    let since = if known.is_empty() || revision < before { 0 } else { before };
    let mut written = 0;
    let stored = store.since(since)?;
    if since == 0 {
        let there: HashSet<String> = stored.iter().map(|stored| document_id(&stored.incident.id)).collect();
        for gone in known.keys().filter(|id| !there.contains(*id)) {
            writer.remove(gone)?;
        }
    }
    for stored in stored {
        let Prepared { mut document, passages, .. } = prepared(&stored)?;
        let is_known = known.get(&document.id).is_some_and(|known| known.content_hash == document.content_hash);
        if !is_known {
            document.path = None;
            writer.put(document, passages, FileStat::default())?;
            written += 1;
        }
    }
    writer.source_ingested(SOURCE, None)?;
    writer.set_note(NOTE, &revision.to_string());
    Ok(written)
}

/// Puts what was recorded into the index and publishes it, if anything was.
pub(crate) fn publish(app: &App) -> anyhow::Result<()> {
    let index = app.index()?;
    index.refresh()?;
    let note = index.note(NOTE);
    let Some(store) = Store::open_existing(app.data_dir())? else { return Ok(()) };
    if note.as_deref() == Some(store.revision()?.to_string().as_str()) {
        return Ok(());
    }
    let options = WriterOptions { train: app.settings().train.policy(TrainWhen::Never) };
    let data_dir = app.data_dir();
    let mut writer = embedding::patiently(data_dir, || IndexWriter::open(data_dir, options))?;
    put(&mut writer, data_dir, note.as_deref()).context("failed to index the recorded incidents")?;
    writer.commit(&mut |_| ControlFlow::Continue(()))?;
    Ok(())
}

/// [`publish`], for somebody whose incident is stored already: that it cannot be searched for yet is no failure.
pub(crate) fn publish_or_warn(app: &App) {
    if let Err(error) = publish(app) {
        warn(format!("it is recorded, and will be searched for after the next `cloudops ingest`: {error:#}"));
    }
}

/// The note that an index has of what it holds.
pub(crate) fn note_of(index: &Index) -> Option<String> {
    index.note(NOTE)
}

/// Publishes in the background what was recorded, a moment later and together. What the end of the program prevents is
/// done by the next ingestion.
#[cfg(feature = "mcp")]
pub(crate) fn publish_soon(app: &App) {
    use std::sync::atomic::Ordering;

    if app.publishing.swap(true, Ordering::AcqRel) {
        return;
    }
    let (config, waiting) = (app.config.clone(), std::sync::Arc::clone(&app.publishing));
    std::thread::spawn(move || {
        let app = App::new(config);
        // An ingestion may hold the lock for minutes.
        for _ in 0..ATTEMPTS {
            std::thread::sleep(SOON);
            waiting.store(false, Ordering::Release);
            match publish(&app) {
                Ok(()) => return,
                Err(error) if is_locked(&error) => waiting.store(true, Ordering::Release),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "recorded incidents are not in the index yet");
                    return;
                }
            }
        }
        waiting.store(false, Ordering::Release);
    });
}

#[cfg(feature = "mcp")]
fn is_locked(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(IndexError::Locked(_))))
}

fn prepared(stored: &Stored) -> anyhow::Result<Prepared> {
    let text = render(&stored.incident);
    let relative = path(&stored.incident.id);
    let found = Found {
        path: PathBuf::from(&relative),
        relative,
        size: text.len() as u64,
        modified_ns: 0,
        committed: Some(stored.changed),
    };
    let mut options = FolderOptions::new("", SOURCE);
    options.kind = Some(Kind::Incident);
    options.services.clone_from(&stored.incident.services);
    options.tags.clone_from(&stored.incident.tags);
    folder::prepare(&found, text.as_bytes(), &options).map_err(|failure| {
        anyhow::anyhow!("incident `{}` cannot be made a document: {}", stored.incident.id, failure.reason)
    })
}
