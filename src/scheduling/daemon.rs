//! The scheduler: one loop that runs what is due, one source at a time.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cloudops_ingest::schedule::{Due, Source, Sources, due};
use jiff::Timestamp;

use super::history::History;
use super::lock::SchedulerLock;
use super::{Ran, SourcesError, load, sources_file};
use crate::app::App;

/// How often the end of the sleep, the file and a wish to stop are looked for.
const STEP: Duration = Duration::from_millis(200);
/// What other processes do to the ledger is noticed after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// A source that another process is at is tried again after so long.
const BUSY_PAUSE: Duration = Duration::from_secs(5);
/// A gap between two looks that is no longer than this was no absence: a restart, or the pause of a timer that starts this
/// program every few minutes. What fell due in it was not missed.
const ABSENCE: Duration = Duration::from_mins(15);

/// How to schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Run what is due now, and end.
    pub(crate) once: bool,
}

/// What happens while scheduling.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// Another process schedules; this one waits until it ends.
    Waiting,
    /// The file cannot be used; what it said before holds on.
    Mistake(&'a SourcesError),
    /// A source is being run.
    Started(&'a Source),
    /// It has been run.
    Ended { source: &'a Source, ran: &'a Ran, seconds: f64 },
    /// Nothing is due for now.
    Idle { next: Option<(&'a Source, Due)> },
}

/// What scheduling came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Sources that were run.
    pub(crate) ran: u64,
    /// Those of them that failed.
    pub(crate) failed: u64,
    /// Another process schedules, and this one was to run only once: that one does it.
    pub(crate) elsewhere: bool,
}

/// Executes one source; see [`super::run_source`].
pub(crate) type RunSource<'a> = &'a dyn Fn(&App, &Source, &Arc<AtomicBool>) -> Ran;

/// Runs sources when they are due, until `stop` is raised, or until nothing is due if that is all that is wanted.
pub(crate) fn watch(
    app: &App,
    watch: Watch,
    stop: &Arc<AtomicBool>,
    run: RunSource<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Watched> {
    // Read before the lock is taken, which changes it for some systems.
    let watched_before = SchedulerLock::last_seen(app.data_dir());
    let mut watched = Watched::default();
    let Some(lock) = become_scheduler(app.data_dir(), watch, stop, tell)? else {
        watched.elsewhere = !stop.load(Ordering::Relaxed);
        return Ok(watched);
    };
    let now = Timestamp::now();
    let mut loaded = Loaded::default();
    let mut since = since(watched_before, now);
    let mut looked = now;
    // Sources that another process is at, and until when they are left alone.
    let mut busy: HashMap<String, Instant> = HashMap::new();
    // Sources that were run: with `once`, none is run twice.
    let mut done: Vec<String> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        loaded.refresh(app, tell);
        lock.touch();
        let now = Timestamp::now();
        // Nobody was here for a while: the machine slept.
        if span(looked, now) > ABSENCE {
            since = now;
        }
        looked = now;
        busy.retain(|_, until| *until > Instant::now());
        let history = match History::read(app.data_dir(), &loaded.sources) {
            Ok(history) => history,
            Err(error) if watch.once => return Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "what became of earlier runs cannot be read; nothing is run until it can");
                sleep(stop, LOOK_AGAIN, &loaded, app);
                continue;
            }
        };
        let next = next(&loaded.sources, &history, since, now, |name| {
            let had_its_turn = watch.once && done.iter().any(|done| done == name);
            !had_its_turn && !busy.contains_key(name)
        });
        match next {
            Some((source, due)) if due.at <= now => {
                tell(Event::Started(source));
                let started = Instant::now();
                let ran = run(app, source, stop);
                done.push(source.name.clone());
                match ran {
                    Ran::Busy => drop(busy.insert(source.name.clone(), Instant::now() + BUSY_PAUSE)),
                    Ran::Failed(_) => {
                        (watched.ran, watched.failed) = (watched.ran + 1, watched.failed + 1);
                        // Whatever the ledger makes of it: a failure is never tried again at once.
                        busy.insert(source.name.clone(), Instant::now() + BUSY_PAUSE);
                    }
                    Ran::Done(_) | Ran::Stopped => watched.ran += 1,
                }
                tell(Event::Ended { source, ran: &ran, seconds: started.elapsed().as_secs_f64() });
                // The time that it took was no absence.
                looked = Timestamp::now();
            }
            next => {
                tell(Event::Idle { next });
                if watch.once {
                    break;
                }
                let until = next.map_or(LOOK_AGAIN, |(_, due)| span(now, due.at).min(LOOK_AGAIN));
                let pause = busy
                    .values()
                    .map(|until| until.saturating_duration_since(Instant::now()))
                    .fold(until, Duration::min);
                sleep(stop, pause, &loaded, app);
            }
        }
    }
    Ok(watched)
}

/// Schedules on a thread of its own, beside a server. It ends soon after `stop` is raised.
#[cfg(feature = "mcp")]
pub(crate) fn in_background(app: Arc<App>, stop: Arc<AtomicBool>) -> std::io::Result<std::thread::JoinHandle<()>> {
    let work = move || {
        let watched = watch(&app, Watch { once: false }, &stop, &super::run_source, &mut log);
        if let Err(error) = watched {
            tracing::error!(error = format!("{error:#}"), "the server does not schedule");
        }
    };
    std::thread::Builder::new().name("schedule".to_owned()).spawn(work)
}

/// What happens, for a log.
#[cfg(feature = "mcp")]
#[expect(clippy::needless_pass_by_value, reason = "events are handed over")]
fn log(event: Event<'_>) {
    match event {
        Event::Waiting => tracing::info!("another process schedules; this one takes over when it ends"),
        Event::Mistake(error) => tracing::warn!(%error, "the sources cannot be read; what they were before holds on"),
        Event::Started(source) => tracing::info!(source = source.name, "running"),
        Event::Ended { source, ran: Ran::Failed(error), .. } => tracing::warn!(source = source.name, error, "failed"),
        Event::Ended { source, ran, seconds } => tracing::info!(source = source.name, ?ran, seconds, "ended"),
        Event::Idle { .. } => {}
    }
}

/// Waits until no other process schedules. `None` if it is not to wait, or was stopped.
fn become_scheduler(
    data_dir: &Path,
    watch: Watch,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<Option<SchedulerLock>> {
    let mut said = false;
    while !stop.load(Ordering::Relaxed) {
        if let Some(lock) = SchedulerLock::try_take(data_dir)? {
            return Ok(Some(lock));
        }
        if watch.once {
            return Ok(None);
        }
        if !said {
            tell(Event::Waiting);
            said = true;
        }
        std::thread::sleep(STEP);
    }
    Ok(None)
}

/// Since when somebody has watched, if somebody was seen to at `before`.
pub(super) fn since(before: Option<Timestamp>, now: Timestamp) -> Timestamp {
    before.filter(|before| *before <= now && span(*before, now) <= ABSENCE).unwrap_or(now)
}

/// The source that is due first.
fn next<'a>(
    sources: &'a Sources,
    history: &History,
    since: Timestamp,
    now: Timestamp,
    wanted: impl Fn(&str) -> bool,
) -> Option<(&'a Source, Due)> {
    let wanted = sources.list.iter().filter(|source| wanted(&source.name));
    let due = wanted.filter_map(|source| Some((source, due(source, history, since, now)?)));
    due.min_by_key(|(_, due)| due.at)
}

/// Time from one moment to a later one; nothing if it is not later.
fn span(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(from.duration_until(to)).unwrap_or_default()
}

/// Sleeps until it is time, the file changes, or somebody wants it to end.
fn sleep(stop: &AtomicBool, pause: Duration, loaded: &Loaded, app: &App) {
    let end = Instant::now() + pause;
    while Instant::now() < end && !stop.load(Ordering::Relaxed) && loaded.stamp == stamp(app) {
        std::thread::sleep(STEP.min(end.saturating_duration_since(Instant::now())));
    }
}

/// The sources as they were last read.
#[derive(Debug, Default)]
struct Loaded {
    sources: Sources,
    stamp: Option<Stamp>,
    read: bool,
}

/// What tells one version of the file from another.
type Stamp = (std::time::SystemTime, u64, u64);

fn stamp(app: &App) -> Option<Stamp> {
    let metadata = fs_err::metadata(sources_file(app).ok()?).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.modified().ok()?, metadata.len(), number))
}

impl Loaded {
    /// Reads the file again if it has changed. One with a mistake changes nothing.
    fn refresh(&mut self, app: &App, tell: &mut dyn FnMut(Event<'_>)) {
        let stamp = stamp(app);
        if self.read && stamp == self.stamp {
            return;
        }
        (self.read, self.stamp) = (true, stamp);
        match load(app) {
            Ok(sources) => self.sources = sources,
            Err(error) => tell(Event::Mistake(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use cloudops_ingest::ledger::{Begin, Ledger, RunState, Tally};

    use super::*;
    use crate::config::{self, Flags};
    use crate::report::time;

    fn app(dir: &Path, sources: &str) -> App {
        let config = dir.join("config.toml");
        fs_err::write(&config, "").unwrap();
        fs_err::write(dir.join("sources.toml"), sources).unwrap();
        let flags = Flags { data_dir: Some(dir.join("data")), config: Some(config), ..Flags::default() };
        App::new(config::load(&flags, &[]).unwrap())
    }

    /// Writes a run into the ledger and returns what became of it.
    fn pretend(app: &App, source: &Source, state: RunState) -> Ran {
        let mut ledger = Ledger::open(app.data_dir()).unwrap();
        let begin = Begin { source: &source.name, kind: "folder", fingerprint: "", resume: false, now: time::now() };
        let run = ledger.begin(begin).unwrap();
        ledger.end(run.id, state, None, &Tally::default(), time::now()).unwrap();
        if state == RunState::Done { Ran::Done(String::new()) } else { Ran::Failed("no".to_owned()) }
    }

    fn folder(name: &str, more: &str) -> String {
        format!("[[source]]\nname = '{name}'\nkind = 'folder'\npath = '/{name}'\n{more}\n")
    }

    #[test]
    fn once_runs_what_is_due_each_source_once() {
        let dir = tempfile::tempdir().unwrap();
        let sources = [
            folder("bad", "every = '1h'"),
            folder("good", "every = '1h'"),
            folder("off", "every = '1h'\nenabled = false"),
            folder("by-hand", ""),
        ];
        let app = app(dir.path(), &sources.concat());
        let ran = RefCell::new(Vec::new());
        let run = |app: &App, source: &Source, _: &Arc<AtomicBool>| {
            ran.borrow_mut().push(source.name.clone());
            pretend(app, source, if source.name == "bad" { RunState::Failed } else { RunState::Done })
        };
        let stop = Arc::new(AtomicBool::new(false));
        let go = || watch(&app, Watch { once: true }, &stop, &run, &mut |_| ()).unwrap();
        assert_eq!(go(), Watched { ran: 2, failed: 1, elsewhere: false });
        assert_eq!(*ran.borrow(), ["bad", "good"]);
        assert_eq!(go().ran, 0, "neither is due again");

        let lock = SchedulerLock::try_take(app.data_dir()).unwrap();
        assert_eq!(go(), Watched { elsewhere: true, ..Watched::default() });
        drop(lock);
    }

    #[test]
    fn it_notices_a_new_source_and_ends_when_told() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(dir.path(), "[[source]]\nname = 'broken'\n");
        let (stop, mistakes) = (Arc::new(AtomicBool::new(false)), RefCell::new(0));
        let run = |app: &App, source: &Source, stop: &Arc<AtomicBool>| {
            stop.store(true, Ordering::Relaxed);
            pretend(app, source, RunState::Done)
        };
        let mut tell = |event: Event<'_>| {
            if let Event::Mistake(error) = event {
                assert!(error.to_string().contains("line 1"), "{error}");
                *mistakes.borrow_mut() += 1;
                fs_err::write(dir.path().join("sources.toml"), folder("new", "every = '1h'")).unwrap();
            }
        };
        let watched = watch(&app, Watch { once: false }, &stop, &run, &mut tell).unwrap();
        assert_eq!((watched.ran, *mistakes.borrow()), (1, 1));
    }

    #[test]
    fn a_source_that_another_process_is_at_waits() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(dir.path(), &[folder("a", "every = '1h'"), folder("b", "every = '1h'")].concat());
        let ran = RefCell::new(Vec::new());
        let run = |app: &App, source: &Source, _: &Arc<AtomicBool>| {
            ran.borrow_mut().push(source.name.clone());
            if source.name == "a" { Ran::Busy } else { pretend(app, source, RunState::Done) }
        };
        let watched = watch(&app, Watch { once: true }, &Arc::new(AtomicBool::new(false)), &run, &mut |_| ()).unwrap();
        assert_eq!((watched.ran, ran.borrow().as_slice()), (1, &["a".to_owned(), "b".to_owned()][..]));
    }

    #[test]
    fn a_short_absence_is_none() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-01-01T12:00:00Z");
        assert_eq!(since(Some(at("2026-01-01T11:50:00Z")), now), at("2026-01-01T11:50:00Z"));
        for before in [None, Some(at("2026-01-01T11:40:00Z")), Some(at("2026-01-01T12:00:01Z"))] {
            assert_eq!(since(before, now), now);
        }
    }
}
