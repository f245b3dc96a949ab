//! A website into the index: the crawl, and publishing what it reads while it goes on.
//!
//! ```text
//! source ─► options ─► crawl ─► ledger: pending ─► publish ─► index
//!                        │                            ▲
//!                        └── every minute or so ──────┘        and once more at the end, with training
//! ```
//!
//! A crawl that is killed at any instant goes on where it was: pages are queued until what became of them is written, and
//! what was read is pending until the index has it. Publishing something twice changes nothing.

mod options;
mod publish;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use cloudops_crawl::engine::{self, Control, Probe, Progress};
use cloudops_indexes::store::{CommitReport, TrainReport, TrainWhen, WriterOptions};
use cloudops_ingest::ledger::{Ledger, Run, RunState};
use cloudops_ingest::schedule::Source;
use serde::Serialize;

use crate::app::{App, open_existing};
use crate::report::error::{CommandError, warn};
use crate::report::progress::Bars;
use crate::report::time;
use crate::source_lock::SourceLock;

pub(crate) use options::Wishes;

/// What a first crawl has read becomes searchable at least this often while it goes on …
const PUBLISH_EVERY: Duration = Duration::from_mins(1);
/// … or when this many documents wait for it.
const PUBLISH_AT: u64 = 5_000;

/// What a crawl came to.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) run: Run,
    /// Whether it was ended before its end; the same command goes on with it.
    pub(crate) interrupted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<CommitReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) training: Option<TrainReport>,
}

/// How a source is crawled this time.
pub(crate) struct Crawl<'a> {
    pub(crate) app: &'a App,
    pub(crate) source: &'a Source,
    pub(crate) wishes: &'a Wishes,
    pub(crate) train: TrainWhen,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Crawl<'_> {
    /// Crawls the source and publishes what it says. Holds the source's lock meanwhile.
    pub(crate) fn run(&self, bars: &mut Bars) -> Result<Report, CommandError> {
        let data_dir = self.app.data_dir();
        let name = self.source.name.as_str();
        let options = options::options(self.source, self.wishes)?;
        let _lock = SourceLock::take(data_dir, name)?;
        let mut ledger = Ledger::open(data_dir)?;
        self.agree(&mut ledger)?;
        let first = ledger.last_success(name)?.is_none();
        if ledger.pending_count(name)? > 0 {
            // What an earlier run has read and did not come to publish.
            let news = !first && ledger.runs(Some(name), 2)?.len() > 1;
            drop(ledger);
            self.publish_so_far(!news)?;
            ledger = Ledger::open(data_dir)?;
        }

        bars.start("listing", 0);
        let stop = &*self.stop;
        let ended = std::thread::scope(|scope| {
            let mut publishing: Option<ScopedJoinHandle<'_, _>> = None;
            let mut published = Instant::now();
            let mut waiting = 0;
            let mut watch = |progress: &Progress| {
                bars.crawl(progress);
                if progress.first {
                    waiting += progress.unpublished;
                }
                if publishing.as_ref().is_some_and(ScopedJoinHandle::is_finished)
                    && let Some(finished) = publishing.take()
                {
                    published = Instant::now();
                    told(finished.join());
                }
                let due = waiting >= PUBLISH_AT || published.elapsed() >= PUBLISH_EVERY;
                if publishing.is_none() && waiting > 0 && due {
                    waiting = 0;
                    publishing = Some(scope.spawn(move || self.publish_so_far(first)));
                }
                if stop.load(Ordering::Relaxed) { Control::Stop } else { Control::Continue }
            };
            let ended = engine::crawl(&mut ledger, &options, time::now, &mut watch);
            if let Some(publishing) = publishing {
                told(publishing.join());
            }
            ended
        })?;

        let mut report = Report { run: ended.run, interrupted: ended.interrupted, commit: None, training: None };
        if report.interrupted || matches!(report.run.state, RunState::Failed | RunState::Guarded) {
            return Ok(report);
        }
        let policy = WriterOptions { train: self.app.settings().train.policy(self.train) };
        let origin = self.source.what.describe();
        let published = publish::publish(data_dir, name, &mut ledger, policy, first, Some(&origin), &mut |progress| {
            bars.follow(&progress);
            !stop.load(Ordering::Relaxed)
        })?;
        (report.commit, report.training) = (Some(published.0), published.1);
        Ok(report)
    }

    /// Brings ledger and index in line, whichever was lost or made anew.
    fn agree(&self, ledger: &mut Ledger) -> Result<(), CommandError> {
        let name = self.source.name.as_str();
        let indexed = publish::indexed(self.app.data_dir(), name)?;
        let index = open_existing(self.app.data_dir())?;
        let url_of = |id: &str| index.as_ref()?.document(id).ok().flatten()?.document.url;
        Ok(ledger.reconcile(name, &indexed, url_of)?)
    }

    /// Publishes what was read so far, beside the crawl. Training waits for the end.
    fn publish_so_far(&self, first: bool) -> anyhow::Result<()> {
        let data_dir = self.app.data_dir();
        let mut ledger = Ledger::open(data_dir)?;
        let policy = WriterOptions { train: self.app.settings().train.policy(TrainWhen::Never) };
        let stop = &*self.stop;
        let go_on = &mut |_| !stop.load(Ordering::Relaxed);
        publish::publish(data_dir, &self.source.name, &mut ledger, policy, first, None, go_on)?;
        Ok(())
    }
}

/// That something could not be published yet is no reason to stop: it stays pending until the end.
fn told(published: std::thread::Result<anyhow::Result<()>>) {
    match published {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn(format!("what was read so far is not searchable yet: {error:#}")),
        Err(_) => warn("what was read so far is not searchable yet: internal error"),
    }
}

/// What a crawl of the source would find. Changes nothing.
pub(crate) fn probe(source: &Source, wishes: &Wishes) -> Result<Probe, CommandError> {
    let options = options::options(source, wishes)?;
    Ok(engine::probe(&options).context("failed to look at the site")?)
}
