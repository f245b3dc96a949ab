//! What a crawl has read, into the index.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use cloudops_indexes::store::{
    CommitReport, Entry, FileStat, Index, IndexWriter, Progress, TrainPolicy, TrainReport, TrainWhen, WriterOptions,
};
use cloudops_ingest::ledger::{Change, Ledger, Pending};
use rayon::prelude::*;

use crate::app::open_existing;
use crate::corpus;
use crate::embedding;
use crate::report::time;

/// Documents that are made ready at once.
const CHUNK: usize = 256;

/// Publishes what is pending of a source, and notes what that changed. Whatever it is interrupted by: the index has all of it
/// or nothing, and what it does not have stays pending.
///
/// With an `origin` the source counts as looked at.
pub(super) fn publish(
    data_dir: &Path,
    source: &str,
    ledger: &mut Ledger,
    options: WriterOptions,
    first_run: bool,
    origin: Option<&str>,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> anyhow::Result<(CommitReport, Option<TrainReport>)> {
    let before = open_existing(data_dir)?;
    let mut writer = embedding::patiently(data_dir, || IndexWriter::open(data_dir, options))?;
    if !before.as_ref().is_some_and(|index| corpus::is_in(|key| index.note(key))) {
        corpus::put(&mut writer)?;
    }
    let known = writer.known(source)?;
    let mut sequences = Vec::new();
    let mut changes = Vec::new();
    let mut after = 0;
    loop {
        let pending = ledger.pending(source, after, CHUNK)?;
        let Some(last) = pending.last() else { break };
        after = last.sequence;
        let work = |pending: Pending| prepare(pending, before.as_ref(), first_run, &known);
        let prepared: Vec<Prepared> = pending.into_par_iter().map(work).collect::<anyhow::Result<_>>()?;
        for Prepared { sequence, document, entry, change } in prepared {
            match entry {
                Some(entry) => writer.put_entry(&entry)?,
                None => _ = writer.remove(&document)?,
            }
            sequences.push(sequence);
            changes.extend(change);
        }
    }
    if let Some(origin) = origin {
        writer.source_ingested(source, Some(origin))?;
    }
    let mut follow = |progress| if go_on(progress) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    let published = writer.commit(&mut follow)?;
    // Killed here, the same documents are put once more, which changes nothing.
    ledger.applied(&sequences, &changes)?;
    Ok(published)
}

/// A pending document, ready to be put; or to be removed, where there is no entry.
struct Prepared {
    sequence: i64,
    document: String,
    entry: Option<Entry>,
    change: Option<Change>,
}

fn prepare<K>(
    pending: Pending,
    before: Option<&Index>,
    first_run: bool,
    known: &HashMap<String, K>,
) -> anyhow::Result<Prepared> {
    let Pending { sequence, run, document, prepared, .. } = pending;
    let old = match before.filter(|_| known.contains_key(&document)) {
        Some(index) => index.document(&document)?.map(|stored| stored.document),
        None => None,
    };
    let new = prepared.as_ref().map(|prepared| &prepared.document);
    let change = Change::between(Some(run), old.as_ref(), new, time::now(), first_run);
    let entry = prepared
        .map(|prepared| {
            let stat = FileStat { size: prepared.document.text.len() as u64, modified_ns: 0 };
            Entry::new(prepared.document, prepared.passages, stat)
        })
        .transpose()?;
    Ok(Prepared { sequence, document, entry, change })
}

/// Documents of a source that are in the index, with their content hashes.
pub(super) fn indexed(data_dir: &Path, source: &str) -> anyhow::Result<HashMap<String, String>> {
    if open_existing(data_dir)?.is_none() {
        return Ok(HashMap::new());
    }
    let train = TrainPolicy { when: TrainWhen::Never, min_passages: 0, min_changed: 1.0, seed: 0 };
    let writer = embedding::patiently(data_dir, || IndexWriter::open(data_dir, WriterOptions { train }))?;
    Ok(writer.known(source)?.into_iter().map(|(id, known)| (id, known.content_hash)).collect())
}
