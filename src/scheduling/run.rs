//! One source, run once: under its lock, with its beginning and its end in the ledger.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use cloudops_indexes::store::{Index, IndexError};
use cloudops_ingest::ledger::{Begin, Ledger, RunState, Tally};
use cloudops_ingest::schedule::{Export, Folder, Source, What};
use cloudops_ingest::source::export::{self, ExportFormat, ExportOptions, FieldMapping};
use cloudops_ingest::source::folder::{self, FolderOptions};

use super::resolve;
use crate::app::{App, open_existing};
#[cfg(feature = "crawl")]
use crate::ingestion::start_embedding;
use crate::ingestion::{Comparison, How, Ingested, Source as Local, Target, ingest};
use crate::report::progress::Bars;
use crate::report::{count, one_line, time};
use crate::source_lock::SourceLock;

/// How often a writer that is in the way is looked at again.
const WRITER_PAUSE: Duration = Duration::from_millis(200);

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It did what it should; what it came to, on one line.
    Done(String),
    /// It could not; why, on one line.
    Failed(String),
    /// It was stopped. It is run again when somebody schedules again.
    Stopped,
    /// Another process is at this source.
    Busy,
}

/// Runs a source now, whatever its schedule says. What becomes of it is in the ledger afterwards.
pub(crate) fn run_source(app: &App, source: &Source, stop: &Arc<AtomicBool>) -> Ran {
    let began = time::now();
    // A crawl takes the lock itself.
    let lock = if source.what.is_web() {
        if SourceLock::is_taken(app.data_dir(), &source.name) {
            return Ran::Busy;
        }
        None
    } else {
        match SourceLock::try_take(app.data_dir(), &source.name) {
            Ok(None) => return Ran::Busy,
            Ok(lock) => lock,
            Err(error) => return Ran::Failed(format!("the source cannot be locked: {error:#}")),
        }
    };
    let run = || match &source.what {
        What::Folder(folder) => run_local(app, source, &Local::Folder(folder_options(app, source, folder)?), stop),
        What::Export(export) => run_local(app, source, &Local::Export(export_options(app, source, export)?), stop),
        What::AwsDocs(_) | What::Website(_) => run_site(app, source, stop),
    };
    // One source that does it must not keep all others from being run.
    let result = std::panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(anyhow::anyhow!("internal error: the run panicked; please report it")));
    drop(lock);
    match result {
        Ok(message) => Ran::Done(message),
        Err(_) if stop.load(Ordering::Relaxed) => Ran::Stopped,
        Err(error) => {
            let message = one_line(&format!("{error:#}"));
            if let Err(error) = remember_failure(app, source, began, &message) {
                tracing::error!(
                    error = format!("{error:#}"),
                    source = source.name,
                    "a failure could not be written down"
                );
            }
            Ran::Failed(message)
        }
    }
}

/// Sees to it that a failure is in the ledger, also one that came before the run was begun or after it was ended.
fn remember_failure(app: &App, source: &Source, began: i64, message: &str) -> anyhow::Result<()> {
    // Another process may have begun one meanwhile, which is its own.
    let Some(_lock) = SourceLock::try_take(app.data_dir(), &source.name)? else { return Ok(()) };
    let mut ledger = Ledger::open(app.data_dir())?;
    let last = ledger.runs(Some(&source.name), 1)?.pop();
    let id = match last {
        // A crawl that was cut off goes on where it was, which it can only while it is not ended.
        Some(run) if run.state == RunState::Running && source.what.is_web() => return Ok(()),
        Some(run) if run.state == RunState::Running => run.id,
        Some(run) if is_failure(run.state) && run.ended.is_some_and(|ended| ended >= began) => return Ok(()),
        _ => begin(&mut ledger, source, began)?,
    };
    Ok(ledger.end(id, RunState::Failed, Some(message), &Tally::default(), time::now())?)
}

fn is_failure(state: RunState) -> bool {
    matches!(state, RunState::Failed | RunState::Guarded)
}

/// A website. Crawling begins and ends its run in the ledger.
#[cfg(feature = "crawl")]
fn run_site(app: &App, source: &Source, stop: &Arc<AtomicBool>) -> anyhow::Result<String> {
    use crate::crawling::{Crawl, Wishes};

    let train = app.settings().train.when.into();
    let crawl = Crawl { app, source, wishes: &Wishes::default(), train, stop: Arc::clone(stop) };
    let report = crawl.run(&mut Bars::new(true)).map_err(|error| error.error)?;
    if report.commit.is_some() {
        start_embedding(app);
    }
    anyhow::ensure!(!report.interrupted, "it was interrupted");
    let run = &report.run;
    if is_failure(run.state) {
        anyhow::bail!("{}", run.message.as_deref().unwrap_or("the site could not be read"));
    }
    let counts = Counts {
        noun: "page",
        added: run.tally.added,
        changed: run.tally.changed,
        removed: run.tally.removed,
        failed: run.tally.failures(),
    };
    Ok(counts.came_to())
}

#[cfg(not(feature = "crawl"))]
fn run_site(_app: &App, _source: &Source, _stop: &Arc<AtomicBool>) -> anyhow::Result<String> {
    anyhow::bail!("this program was built without what reads websites")
}

fn begin(ledger: &mut Ledger, source: &Source, now: i64) -> anyhow::Result<i64> {
    let begin = Begin { source: &source.name, kind: source.what.kind(), fingerprint: "", resume: false, now };
    Ok(ledger.begin(begin)?.id)
}

/// A folder or an export, from its beginning to its end in the ledger.
fn run_local(app: &App, source: &Source, local: &Local, stop: &AtomicBool) -> anyhow::Result<String> {
    let mut ledger = Ledger::open(app.data_dir())?;
    let run = begin(&mut ledger, source, time::now())?;
    let ingested = ingest_local(app, local, stop)?;
    let outcome = ingested.sources.first().context("the source was not looked at")?;
    let (added, changed, removed) = (outcome.added, outcome.changed, outcome.removed);
    let counts = Counts { noun: "document", added, changed, removed, failed: outcome.failed.len() as u64 };
    let message = counts.came_to();
    let tally = Tally {
        found: outcome.added + outcome.changed + outcome.unchanged + outcome.failed.len() as u64,
        added: outcome.added,
        changed: outcome.changed,
        unchanged: outcome.unchanged,
        removed: outcome.removed,
        ..Tally::default()
    };
    ledger.end(run, RunState::Done, Some(&message), &tally, time::now())?;
    Ok(message)
}

fn ingest_local(app: &App, local: &Local, stop: &AtomicBool) -> anyhow::Result<Ingested> {
    loop {
        let existing = open_existing(app.data_dir())?;
        if let Some(other) = existing.as_ref().map(|index| origin(index, local)).transpose()?.flatten() {
            anyhow::bail!("the source `{}` was ingested from `{other}` before", local.name());
        }
        let target = Target::new(local.clone(), existing.as_ref());
        drop(existing);
        let train = app.settings().train.when.into();
        let how = How { dry_run: false, anew: false, comparison: Comparison::default(), train };
        match ingest(app, &[target], how, &mut Bars::new(true), stop) {
            // Somebody else writes, and will be done.
            Err(error) if matches!(error.downcast_ref(), Some(IndexError::Locked(_))) => {
                if stop.load(Ordering::Relaxed) {
                    return Err(IndexError::Interrupted.into());
                }
                std::thread::sleep(WRITER_PAUSE);
            }
            ingested => return ingested,
        }
    }
}

/// What the index has a source of this name from, if it is something else.
fn origin(index: &Index, local: &Local) -> Result<Option<String>, IndexError> {
    let root = local.path().display().to_string();
    let known = index.summary()?.sources.into_iter().find(|known| known.name == local.name());
    Ok(known.and_then(|known| known.origin).filter(|origin| *origin != root))
}

/// How a folder is read: as its source says, else as the configuration does.
pub(crate) fn folder_options(app: &App, source: &Source, folder: &Folder) -> anyhow::Result<FolderOptions> {
    let settings = &app.settings().ingest;
    let path = resolve(app, &folder.path)?;
    let root = fs_err::canonicalize(&path).map_err(|source| folder::Error::Unreadable { path, source })?;
    let exclude = settings.exclude.iter().chain(&folder.exclude).cloned().collect();
    Ok(FolderOptions {
        include: folder.include.clone(),
        exclude,
        include_hidden: folder.include_hidden,
        follow_symlinks: folder.follow_symlinks.unwrap_or(settings.follow_symlinks),
        max_file_bytes: folder.max_file_bytes.unwrap_or(settings.max_file_bytes),
        kind: source.kind_of_documents,
        tags: source.tags.clone(),
        services: source.services.clone(),
        url_base: folder.url_base.clone(),
        ..FolderOptions::new(root, &source.name)
    })
}

/// How the records of a file are read: as its source says.
pub(crate) fn export_options(app: &App, source: &Source, file: &Export) -> anyhow::Result<ExportOptions> {
    let path = resolve(app, &file.path)?;
    let path = fs_err::canonicalize(&path).map_err(|source| export::Error::Unreadable { path, source })?;
    let format = ExportFormat::of_path(&path.to_string_lossy())
        .with_context(|| format!("the name of `{}` does not end in .csv, .tsv, .jsonl or .json", path.display()))?;
    let fields: Vec<String> = file.fields.iter().map(|(part, field)| format!("{part}={field}")).collect();
    Ok(ExportOptions {
        path,
        source: source.name.clone(),
        format,
        records: file.records.clone(),
        mapping: FieldMapping::parse(&fields)?,
        kind: source.kind_of_documents,
        tags: source.tags.clone(),
        services: source.services.clone(),
        max_record_bytes: file.max_record_bytes.unwrap_or(export::DEFAULT_MAX_RECORD_BYTES),
    })
}

/// What an ingestion came to.
struct Counts {
    noun: &'static str,
    added: u64,
    changed: u64,
    removed: u64,
    failed: u64,
}

impl Counts {
    /// On one line.
    fn came_to(&self) -> String {
        let mut parts = Vec::new();
        for (number, what) in [(self.added, "added"), (self.changed, "changed"), (self.removed, "removed")] {
            if number > 0 {
                parts.push(format!("{} {what}", count(number, self.noun)));
            }
        }
        if parts.is_empty() {
            parts.push("nothing has changed".to_owned());
        }
        if self.failed > 0 {
            parts.push(format!("{} could not be read", count(self.failed, self.noun)));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Flags};

    fn app(dir: &std::path::Path) -> App {
        let config = dir.join("config.toml");
        fs_err::write(&config, "").unwrap();
        let flags = Flags { data_dir: Some(dir.join("data")), config: Some(config), ..Flags::default() };
        App::new(config::load(&flags, &[]).unwrap())
    }

    fn states(app: &App) -> Vec<RunState> {
        let ledger = Ledger::open(app.data_dir()).unwrap();
        ledger.runs(Some("docs"), 9).unwrap().iter().map(|run| run.state).collect()
    }

    #[test]
    fn every_end_is_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(dir.path());
        let source = Source::new("docs", What::Folder(Folder::new("docs")));
        let go = |stop| run_source(&app, &source, &Arc::new(AtomicBool::new(stop)));

        let Ran::Failed(why) = go(false) else { panic!("there is no folder") };
        assert!(why.contains("failed to read") && why.contains("docs"), "{why}");
        assert_eq!(states(&app), [RunState::Failed]);

        fs_err::create_dir(dir.path().join("docs")).unwrap();
        fs_err::write(dir.path().join("docs/a.md"), "# A\n\nText.\n").unwrap();
        assert_eq!(go(false), Ran::Done("1 document added".to_owned()));
        assert_eq!(go(false), Ran::Done("nothing has changed".to_owned()));
        assert_eq!(go(true), Ran::Stopped);
        assert_eq!(states(&app)[..3], [RunState::Running, RunState::Done, RunState::Done]);

        let lock = SourceLock::take(app.data_dir(), "docs").unwrap();
        assert_eq!(go(false), Ran::Busy);
        drop(lock);
        let site = Source::new("docs", What::Folder(Folder::new(".")));
        let Ran::Failed(why) = run_source(&app, &site, &Arc::new(AtomicBool::new(false))) else {
            panic!("it is another folder")
        };
        assert!(why.contains("was ingested from"), "{why}");
        assert_eq!(states(&app)[..2], [RunState::Failed, RunState::Abandoned]);
    }
}
