//! Filling the index with vectors of the model in use: here, or in a process of its own that gives way to everything.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use cloudops_indexes::embed::Embedder;
use cloudops_indexes::store::{self, FillOptions, FillProgress, FillReport, IndexError, IndexSummary, IndexWriter};
use cloudops_indexes::vector::Granularity;
use cloudops_models::TransformerOptions;

use super::state::{Filling, file, status};
use crate::app::App;
use crate::config::EmbedProvider;
use crate::report::time;

/// Publishing takes no longer, not even of a complete set with its graph.
const PUBLISHING: Duration = Duration::from_mins(2);
/// How often progress is written down.
const NEWS: Duration = Duration::from_secs(2);
/// How soon a server looks again whether something is missing, at first and in the long run.
#[cfg(feature = "mcp")]
const FIRST_LOOK: Duration = Duration::from_secs(2);
#[cfg(feature = "mcp")]
const LAST_LOOK: Duration = Duration::from_mins(1);
/// Failures in a row after which a server does without.
#[cfg(feature = "mcp")]
const MOST_FAILURES: usize = 5;
/// An average that is so many times the rate was that of something else.
const BURST: f64 = 3.0;
/// The rate is that of about so long.
const RATE_WINDOW: f64 = 60.0;

/// How to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Threads; 0 for one per core.
    pub(crate) threads: usize,
    /// Leave passages out.
    pub(crate) documents_only: bool,
}

/// Embeds what is missing with the model in use, until all is done or `stop` is raised. `None` where no model is in
/// use. Progress goes to `follow`, and to a file for other processes.
pub(crate) fn fill(
    app: &App,
    options: Options,
    stop: &AtomicBool,
    follow: &mut dyn FnMut(&FillProgress),
) -> anyhow::Result<Option<FillReport>> {
    let threads = TransformerOptions { threads: options.threads };
    let Some(embedder) = cloudops_models::open_in_use(&app.runtime_search(), threads)? else { return Ok(None) };
    fill_with(app, embedder.as_ref(), options, stop, follow).map(Some)
}

/// The same with this embedder.
pub(crate) fn fill_with(
    app: &App,
    embedder: &dyn Embedder,
    options: Options,
    stop: &AtomicBool,
    follow: &mut dyn FnMut(&FillProgress),
) -> anyhow::Result<FillReport> {
    let data_dir = app.data_dir();
    let mut news = News::new(data_dir, embedder.id().name.clone());
    let fill = FillOptions { documents_only: options.documents_only, ..FillOptions::default() };
    let filled = store::fill(data_dir, embedder, &fill, &mut |progress| {
        news.tell(&progress);
        follow(&progress);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    // Of another process's work nothing is said.
    if !matches!(filled, Err(IndexError::Filling(_))) {
        news.end(filled.as_ref().err());
    }
    Ok(filled?)
}

/// Starts a process that fills what is missing, if that is wanted, possible, and not being done.
pub(crate) fn start_in_background(app: &App, summary: &IndexSummary) -> anyhow::Result<Option<Child>> {
    let data_dir = app.data_dir();
    // What costs money is done only when somebody asks for it.
    if !app.settings().embed.background || app.settings().embed.provider != EmbedProvider::Local {
        return Ok(None);
    }
    let status = status(app, summary)?;
    let done = status.complete || (!app.settings().embed.passages && status.documents.done >= status.documents.total);
    if status.model.is_none() || done || status.running {
        return Ok(None);
    }
    let program = std::env::current_exe().context("failed to find the program itself")?;
    // It works elsewhere than this process.
    let data_dir = &std::path::absolute(data_dir)?;
    let mut command = Command::new(program);
    command.arg("--data-dir").arg(data_dir).args(["--log", "warn", "embed", "run", "--background"]);
    if let Some(file) = app.config.file.as_ref().filter(|file| file.exists()) {
        command.arg("--config").arg(std::path::absolute(file)?);
    }
    let log = fs_err::File::create(data_dir.join("embedding.log"))?.into_parts().0;
    command.current_dir(data_dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Ctrl-C in the terminal is meant for whoever runs there.
        command.process_group(0);
    }
    command.spawn().map(Some).context("failed to start embedding in the background")
}

/// Sees to it that what is missing is filled, for as long as a server runs: another process may be at it and be killed,
/// and folders are ingested meanwhile. Blocks. Work that ends badly is tried again, as a full disk may be emptied; gives
/// up when it has got nowhere several times in a row, which the log and `doctor` say.
#[cfg(feature = "mcp")]
pub(crate) fn keep_filling(app: &App) {
    let mut pause = FIRST_LOOK;
    let (mut failures, mut furthest) = (0, 0);
    while app.settings().embed.background && failures < MOST_FAILURES {
        match fill_once(app, &mut furthest) {
            Ok(Worked::Well | Worked::Further) => failures = 0,
            Ok(Worked::Badly(status)) => {
                failures += 1;
                tracing::warn!(%status, failures, "making vectors in the background ended; `embedding.log` says why");
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(error = format!("{error:#}"), failures, "vectors are not made in the background");
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// How a process that fills has ended.
#[cfg(feature = "mcp")]
enum Worked {
    /// As it should, or there was nothing to do.
    Well,
    /// Killed or failed, but after searches had got more vectors: the next goes on where it was.
    Further,
    Badly(std::process::ExitStatus),
}

/// Starts a process that fills, if one is needed, and waits for its end. `furthest`: rows that searches had vectors of when the last one ended.
#[cfg(feature = "mcp")]
fn fill_once(app: &App, furthest: &mut u64) -> anyhow::Result<Worked> {
    let index = app.index()?;
    index.refresh()?;
    let Some(mut child) = start_in_background(app, &index.summary()?)? else { return Ok(Worked::Well) };
    tracing::info!("vectors are made in the background");
    let ended = child.wait()?;
    if ended.success() {
        return Ok(Worked::Well);
    }
    index.refresh()?;
    let status = status(app, &index.summary()?)?;
    let done = status.documents.done + status.passages.done;
    let further = done > *furthest;
    *furthest = done;
    Ok(if further { Worked::Further } else { Worked::Badly(ended) })
}

/// Opens the index for writing. A process that fills holds it too, while it publishes: that one is waited for.
pub(crate) fn patiently(
    data_dir: &Path,
    mut open: impl FnMut() -> Result<IndexWriter, IndexError>,
) -> Result<IndexWriter, IndexError> {
    let started = Instant::now();
    loop {
        match open() {
            Err(IndexError::Locked(_)) if started.elapsed() < PUBLISHING && store::is_filling(data_dir)? => {
                std::thread::sleep(Duration::from_millis(100));
            }
            opened => return opened,
        }
    }
}

/// Lets every other process go first.
pub(crate) fn give_way() {
    #[cfg(unix)]
    if let Err(error) = rustix::process::nice(19) {
        tracing::debug!(%error, "the priority could not be lowered");
    }
}

/// Writes progress down, not too often.
struct News<'a> {
    data_dir: &'a Path,
    model: String,
    last: Option<(Instant, FillProgress)>,
    per_second: f64,
    written: Option<Instant>,
}

impl<'a> News<'a> {
    fn new(data_dir: &'a Path, model: String) -> Self {
        Self { data_dir, model, last: None, per_second: 0.0, written: None }
    }

    fn tell(&mut self, progress: &FillProgress) {
        let now = Instant::now();
        match self.last {
            Some((at, last)) if last.granularity == progress.granularity && !progress.publishing => {
                let seconds = (now - at).as_secs_f64();
                if seconds > 0.0 && progress.done > last.done {
                    let rate = (progress.done - last.done) as f64 / seconds;
                    // An average that forgets: what came in the last minute counts. A burst of texts that were known from
                    // before says nothing about those that follow.
                    let share = 1.0 - (-seconds / RATE_WINDOW).exp();
                    let anew = self.per_second == 0.0 || rate * BURST < self.per_second;
                    self.per_second = if anew { rate } else { self.per_second + share * (rate - self.per_second) };
                    self.last = Some((now, *progress));
                }
            }
            Some((_, last)) if last.granularity == progress.granularity => {}
            _ => {
                self.per_second = 0.0;
                self.last = Some((now, *progress));
            }
        }
        if self.written.is_none_or(|written| now - written >= NEWS) {
            self.written = Some(now);
            self.filling(progress, None).write(self.data_dir);
        }
    }

    fn filling(&self, progress: &FillProgress, error: Option<String>) -> Filling {
        let left = progress.total.saturating_sub(progress.done) as f64;
        Filling {
            model: self.model.clone(),
            granularity: progress.granularity,
            done: progress.done,
            total: progress.total,
            per_second: (self.per_second * 10.0).round() / 10.0,
            seconds_left: (self.per_second > 0.0).then(|| (left / self.per_second) as u64),
            publishing: progress.publishing,
            updated: time::now(),
            error,
        }
    }

    /// Takes the file away, or leaves in it why the work failed.
    fn end(&self, error: Option<&IndexError>) {
        match (error, &self.last) {
            (Some(error), last) if !matches!(error, IndexError::Interrupted) => {
                // It may have failed before it knew what there is to do.
                let none = FillProgress { granularity: Granularity::Documents, done: 0, total: 0, publishing: false };
                let progress = last.map_or(none, |(_, progress)| progress);
                self.filling(&progress, Some(error.to_string())).write(self.data_dir);
            }
            _ => drop(fs_err::remove_file(file(self.data_dir))),
        }
    }
}
