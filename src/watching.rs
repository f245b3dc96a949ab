//! Folders that are ingested again whenever something in them changes.
//!
//! ```text
//! the system's events (or a look every few seconds) → those that matter → a quiet moment → ingest
//! ```
//!
//! What changed is found by the ingestion itself, which compares files with the index; an event only says that it is worth
//! to look. So a burst of events is one ingestion, and one that was missed is made good by the next.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use cloudops_ingest::extract::FileFormat;
use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use crate::report::error::{CommandResult, Kind as ErrorKind, warn};

/// No event for so long: whoever writes is done.
const QUIET: Duration = Duration::from_millis(400);
/// Somebody who never stops writing is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often Ctrl-C is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How often folders are looked at where the system does not tell.
const POLL: Duration = Duration::from_secs(5);
/// How often it is looked whether folders are still there.
const PRESENCE: Duration = Duration::from_secs(1);
/// When an ingestion that failed is tried again without an event.
const RETRY: Duration = Duration::from_secs(30);

/// Calls `ingest` after every change below `roots`, with the roots that are not there at the moment, until `stop` is raised.
/// What is below `ignored` is the program's own.
pub(crate) fn watch(
    roots: &[PathBuf],
    ignored: &Path,
    stop: &AtomicBool,
    mut ingest: impl FnMut(&[PathBuf]) -> CommandResult,
) {
    let ignored = fs_err::canonicalize(ignored).unwrap_or_else(|_| ignored.to_owned());
    let mut absent: Vec<PathBuf> = Vec::new();
    let mut watching = Watching::start(roots, true);
    let mut pending = Pending::default();
    // What changed between the first ingestion and now raised no event.
    pending.add(Instant::now());
    let mut looked = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        match watching.events.recv_timeout(TICK) {
            Ok(Ok(event)) => {
                if matters(&event, roots, &ignored) {
                    pending.add(Instant::now());
                }
            }
            Ok(Err(error)) if watching.native => {
                watching = Watching::poll(roots, &error);
                pending.add(Instant::now());
            }
            // A folder that went away while it was looked at is noticed below.
            Ok(Err(error)) => tracing::debug!(%error, "an error while watching"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(TICK),
        }
        if looked.elapsed() >= PRESENCE {
            looked = Instant::now();
            let gone: Vec<PathBuf> = roots.iter().filter(|root| !is_there(root)).cloned().collect();
            if gone != absent {
                tell(&gone, &absent);
                // A folder that is back is another one than the one that was watched.
                if absent.iter().any(|root| !gone.contains(root)) {
                    watching = Watching::start(roots, watching.native);
                    pending.add(Instant::now());
                }
                absent = gone;
            }
        }
        if !pending.is_due(Instant::now()) {
            continue;
        }
        pending = Pending::default();
        if absent.len() == roots.len() {
            continue;
        }
        match ingest(&absent) {
            Ok(()) => {}
            Err(_) if stop.load(Ordering::Relaxed) => break,
            Err(error) if matches!(error.kind, ErrorKind::Interrupted) => break,
            Err(error) => {
                warn(format!("it could not be ingested, and will be tried again: {:#}", error.error));
                pending.add(Instant::now() + RETRY);
            }
        }
    }
}

/// A folder that can be listed, or a file.
fn is_there(root: &Path) -> bool {
    fs_err::metadata(root).is_ok_and(|metadata| metadata.is_file() || fs_err::read_dir(root).is_ok())
}

fn tell(gone: &[PathBuf], absent: &[PathBuf]) {
    for root in gone.iter().filter(|root| !absent.contains(root)) {
        warn(format!("`{}` is gone; its documents stay in the index until it is back", root.display()));
    }
    for root in absent.iter().filter(|root| !gone.contains(root)) {
        warn(format!("`{}` is back", root.display()));
    }
}

/// When the next ingestion is due.
#[derive(Debug, Default)]
struct Pending {
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Pending {
    fn add(&mut self, at: Instant) {
        self.first.get_or_insert(at);
        self.last = Some(at);
    }

    fn is_due(&self, now: Instant) -> bool {
        let since = |at: Option<Instant>| at.and_then(|at| now.checked_duration_since(at));
        since(self.last).is_some_and(|since| since >= QUIET) || since(self.first).is_some_and(|since| since >= PATIENCE)
    }
}

type Events = Receiver<notify::Result<Event>>;

/// What tells of changes. It ends when it is dropped.
struct Watching {
    events: Events,
    /// Whether the system tells; otherwise it is looked.
    native: bool,
    _watcher: Box<dyn Watcher + Send>,
}

impl Watching {
    fn start(roots: &[PathBuf], native: bool) -> Self {
        if native {
            let (sender, events) = channel();
            let watcher = RecommendedWatcher::new(sender, Config::default()).and_then(|mut watcher| {
                add(&mut watcher, roots)?;
                Ok(watcher)
            });
            match watcher {
                Ok(watcher) => return Self { events, native: true, _watcher: Box::new(watcher) },
                Err(error) => return Self::poll(roots, &error),
            }
        }
        let (sender, events) = channel();
        let config = Config::default().with_poll_interval(POLL);
        let watcher = PollWatcher::new(sender, config).and_then(|mut watcher| {
            add(&mut watcher, roots)?;
            Ok(watcher)
        });
        match watcher {
            Ok(watcher) => Self { events, native: false, _watcher: Box::new(watcher) },
            Err(error) => {
                warn(format!("changes are not noticed: {error}"));
                Self { events, native: false, _watcher: Box::new(notify::NullWatcher) }
            }
        }
    }

    /// Looks every few seconds, because the system does not tell.
    fn poll(roots: &[PathBuf], error: &notify::Error) -> Self {
        let why = match &error.kind {
            notify::ErrorKind::MaxFilesWatch => {
                "the system watches no more folders (`sysctl fs.inotify.max_user_watches` is the limit)".to_owned()
            }
            _ => error.to_string(),
        };
        warn(format!("looking for changes every {} seconds instead of being told: {why}", POLL.as_secs()));
        Self::start(roots, false)
    }
}

fn add(watcher: &mut impl Watcher, roots: &[PathBuf]) -> notify::Result<()> {
    for root in roots.iter().filter(|root| is_there(root)) {
        if root.is_file() {
            // Editors replace files: it is the folder that knows.
            watcher.watch(root.parent().unwrap_or(root), RecursiveMode::NonRecursive)?;
        } else {
            watcher.watch(root, RecursiveMode::Recursive)?;
        }
    }
    Ok(())
}

/// Whether an event may change a document.
fn matters(event: &Event, roots: &[PathBuf], ignored: &Path) -> bool {
    match event.kind {
        // The ingestion itself opens files: it must not wake itself up.
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
        EventKind::Access(_) => return false,
        _ => {}
    }
    event.need_rescan() || event.paths.iter().any(|path| is_readable(path, roots, ignored))
}

/// Whether a path may be that of a document, or of a folder with documents.
fn is_readable(path: &Path, roots: &[PathBuf], ignored: &Path) -> bool {
    if path.starts_with(ignored) {
        return false;
    }
    roots.iter().any(|root| {
        if path == root {
            return true;
        }
        let Ok(below) = path.strip_prefix(root) else { return false };
        let hidden = |name: &str| name.starts_with('.') || name == "node_modules" || name == "__pycache__";
        let Some(text) = below.to_str() else { return true };
        // What has no known extension may have been a folder, and is not worth to look at otherwise.
        !text.split('/').any(hidden) && (FileFormat::of_path(text).is_some() || !path.is_file())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use notify::event::{CreateKind, ModifyKind};

    use super::*;

    #[test]
    fn events_that_matter() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        fs_err::write(root.join("a.bin"), "x").unwrap();
        let data = root.join("data");
        let event = |kind, name: &str| Event::new(kind).add_path(root.join(name));
        let modified = EventKind::Modify(ModifyKind::Any);
        let cases = [
            (event(modified, "a.md"), true),
            (event(EventKind::Create(CreateKind::Any), "sub/a.pdf"), true),
            (event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "a.md"), false),
            (event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "a.md"), true),
            (event(modified, "a.bin"), false),
            (event(modified, "removed-folder"), true),
            (event(modified, ".git/index"), false),
            (event(modified, "sub/.draft.md"), false),
            (event(modified, "data/texts.md"), false),
            (Event::new(modified).add_path("/elsewhere/a.md".into()), false),
        ];
        for (event, expected) in cases {
            assert_eq!(matters(&event, std::slice::from_ref(&root), &data), expected, "{event:?}");
        }
    }

    #[test]
    fn a_burst_is_waited_for_but_not_for_ever() {
        let start = Instant::now();
        let mut pending = Pending::default();
        assert!(!pending.is_due(start));
        pending.add(start);
        assert!(!pending.is_due(start + QUIET / 2) && pending.is_due(start + QUIET));
        for step in 0..40 {
            let at = start + QUIET / 2 * step;
            pending.add(at);
            assert_eq!(pending.is_due(at), at - start >= PATIENCE);
        }
    }

    #[test]
    fn a_folder_that_goes_away_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(dir.path()).unwrap().join("docs");
        fs_err::create_dir(&root).unwrap();
        let (stop, runs) = (AtomicBool::new(false), AtomicUsize::new(0));
        let wait_for = |count: usize| {
            let start = Instant::now();
            while runs.load(Ordering::Relaxed) < count {
                assert!(start.elapsed() < Duration::from_mins(1), "run {count} did not come");
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                watch(std::slice::from_ref(&root), &dir.path().join("data"), &stop, |absent| {
                    assert!(absent.is_empty());
                    runs.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                });
            });
            wait_for(1);
            fs_err::write(root.join("a.md"), "one").unwrap();
            wait_for(2);
            fs_err::remove_dir_all(&root).unwrap();
            std::thread::sleep(PRESENCE * 3);
            let before = runs.load(Ordering::Relaxed);
            fs_err::create_dir(&root).unwrap();
            wait_for(before + 1);
            fs_err::write(root.join("b.md"), "two").unwrap();
            wait_for(before + 2);
            stop.store(true, Ordering::Relaxed);
        });
    }
}
