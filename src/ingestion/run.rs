//! Local sources into the index and published: what the command line and the schedule both do.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use cloudops_indexes::model::Document;
use cloudops_indexes::store::{CommitReport, Index, IndexError, IndexWriter, TrainReport, TrainWhen, WriterOptions};
use cloudops_ingest::ledger::{Change, Ledger};

use super::{Comparison, Outcome, Plan, Source, SourceNote};
use crate::app::{App, open_existing};
use crate::corpus;
use crate::embedding;
use crate::recorded;
use crate::report::error::warn;
use crate::report::progress::Bars;
use crate::report::time;

/// Changes of one run that are noted. More of them at once are no news but another source.
const MAX_NOTED: usize = 2_000;

/// A source to be read, and how it was read before.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) source: Source,
    pub(crate) note: Option<SourceNote>,
}

impl Target {
    /// A source, with what the index remembers of it.
    pub(crate) fn new(source: Source, existing: Option<&Index>) -> Self {
        let note = existing.and_then(|index| SourceNote::read(index, source.name()));
        Self { source, note }
    }
}

/// How sources are ingested.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// Change nothing.
    pub(crate) dry_run: bool,
    /// Make the index anew, of these sources only.
    pub(crate) anew: bool,
    pub(crate) comparison: Comparison,
    pub(crate) train: TrainWhen,
}

/// What was done.
#[derive(Debug)]
pub(crate) struct Ingested {
    pub(crate) sources: Vec<Outcome>,
    pub(crate) commit: Option<CommitReport>,
    pub(crate) training: Option<TrainReport>,
    /// Whether a process was started that makes the vectors of the model in use.
    pub(crate) embedding: bool,
}

/// Brings sources up to date in the index and publishes them together. The bars are those of the caller, who may not want
/// any. Raising `stop` leaves the index as it was.
pub(crate) fn ingest(
    app: &App,
    targets: &[Target],
    how: How,
    bars: &mut Bars,
    stop: &AtomicBool,
) -> anyhow::Result<Ingested> {
    let data_dir = app.data_dir();
    let existing = if how.anew { None } else { open_existing(data_dir)? };
    let corpus_is_current = existing.as_ref().is_some_and(|index| corpus::is_in(|key| index.note(key)));
    let options = WriterOptions { train: app.settings().train.policy(how.train) };
    // A source that cannot be looked at is an error while nothing has been touched yet.
    for target in targets {
        if how.anew && !how.dry_run {
            target.source.check()?;
        }
    }
    let mut writer = if how.dry_run && !data_dir.is_dir() {
        None
    } else if how.anew && !how.dry_run {
        Some(embedding::patiently(data_dir, || IndexWriter::rebuild(data_dir, options))?)
    } else {
        Some(embedding::patiently(data_dir, || IndexWriter::open(data_dir, options))?)
    };

    bars.start("looking", 0);
    let mut plans = Vec::with_capacity(targets.len());
    for Target { source, note } in targets {
        let known = match &writer {
            Some(writer) => writer.known(source.name())?,
            None => HashMap::new(),
        };
        plans.push(Plan::new(source, known, note.as_ref(), how.comparison)?);
    }
    if let (Some(writer), false) = (&mut writer, how.dry_run || corpus_is_current) {
        corpus::put(writer).context("failed to index the built-in documents")?;
    }

    bars.start("reading", plans.iter().map(Plan::to_read).sum());
    let mut sources = Vec::with_capacity(plans.len());
    let mut before = 0;
    for plan in plans {
        let files = plan.to_read();
        let writer = writer.as_mut().filter(|_| !how.dry_run);
        sources.push(plan.run(writer, stop, |done| bars.set(before + done))?);
        before += files;
    }
    // As late as can be: what is recorded while sources are read is there too.
    if let (Some(writer), false) = (&mut writer, how.dry_run) {
        let note = existing.as_ref().and_then(recorded::note_of);
        recorded::put(writer, data_dir, note.as_deref()).context("failed to index the recorded incidents")?;
    }
    let (commit, training) = match writer {
        Some(writer) if !how.dry_run => {
            let news =
                existing.filter(|_| !how.comparison.rebuild).map(|index| News::before(&index, targets, &sources));
            let (commit, training) = commit(writer, bars, stop)?;
            let noted = news.transpose().and_then(|news| news.map_or(Ok(()), |news| news.note(data_dir)));
            if let Err(error) = noted {
                warn(format!("what changed is indexed, but not noted for `cloudops changes`: {error:#}"));
            }
            (Some(commit), training)
        }
        _ => (None, None),
    };
    bars.finish();
    let embedding = if how.dry_run { false } else { start_embedding(app) };
    Ok(Ingested { sources, commit, training, embedding })
}

/// Documents that are new, changed or gone, as they were before. What a source brings along at first is no news.
struct News(Vec<(String, Option<Document>)>);

impl News {
    /// Reads them while the index is still as it was.
    fn before(index: &Index, targets: &[Target], sources: &[Outcome]) -> anyhow::Result<Self> {
        let known = targets.iter().zip(sources).filter(|(target, _)| target.note.is_some());
        let touched = known.flat_map(|(_, outcome)| &outcome.touched).take(MAX_NOTED);
        let old = |id: &String| Ok((id.clone(), index.document(id)?.map(|stored| stored.document)));
        Ok(Self(touched.map(old).collect::<anyhow::Result<_>>()?))
    }

    /// Compares them with what they are now, and keeps what became different.
    fn note(self, data_dir: &Path) -> anyhow::Result<()> {
        let Some(index) = (!self.0.is_empty()).then(|| open_existing(data_dir)).transpose()?.flatten() else {
            return Ok(());
        };
        let mut changes = Vec::new();
        for (id, old) in self.0 {
            let new = index.document(&id)?.map(|stored| stored.document);
            changes.extend(Change::between(None, old.as_ref(), new.as_ref(), time::now(), false));
        }
        Ok(Ledger::open(data_dir)?.put_changes(&changes)?)
    }
}

/// Publishes what was written, with a bar for every stage.
pub(crate) fn commit(
    writer: IndexWriter,
    bars: &mut Bars,
    stop: &AtomicBool,
) -> Result<(CommitReport, Option<TrainReport>), IndexError> {
    writer.commit(&mut |progress| {
        bars.follow(&progress);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// Has the vectors of the model in use made in the background. That it cannot be is no failure of the ingestion.
pub(crate) fn start_embedding(app: &App) -> bool {
    let started = open_existing(app.data_dir()).map_err(anyhow::Error::from).and_then(|index| match index {
        Some(index) => Ok(embedding::start_in_background(app, &index.summary()?)?.is_some()),
        None => Ok(false),
    });
    started.unwrap_or_else(|error| {
        warn(format!("vectors are not made in the background: {error:#}"));
        false
    })
}
