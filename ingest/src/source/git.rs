//! When the files of a work tree were last changed, as its git history has it.
//!
//! Two short questions to the git that is installed, and nothing written: no hook, no monitor, no pager, no signature, no
//! network. The history is read from its newest commit on, until every file has its date or time is up.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

/// Longest path that is read; the kernel allows 4,096 bytes.
const MAX_PATH_BYTES: u64 = 16 * 1024;
const MAX_MESSAGE_BYTES: u64 = 16 * 1024;

/// A folder in a work tree of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    folder: PathBuf,
    head: String,
    shallow: bool,
}

/// Why a history cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no git on this machine.
    #[error("git is not installed")]
    NotInstalled,
    /// Git refuses to read repositories of other users.
    #[error("git does not trust `{}`, which belongs to somebody else", .0.display())]
    NotTrusted(PathBuf),
    /// There is no commit yet.
    #[error("there is no commit yet")]
    NoCommit,
    /// It took longer than it may.
    #[error("git did not answer in time")]
    TooSlow,
    /// Anything else that git says.
    #[error("git says: {0}")]
    Failed(String),
}

/// Dates of files, by their path inside the folder, in seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    /// Of every file that was found in the history.
    pub dates: HashMap<String, i64>,
    /// Whether the history was read as far as needed. If not, older files have no date.
    pub complete: bool,
}

impl WorkTree {
    /// The work tree that a folder is in; `None` without one. No program is started unless there is.
    pub fn of(folder: &Path, timeout: Duration) -> Option<Result<Self, GitError>> {
        let folder = if folder.is_dir() { folder } else { folder.parent()? };
        folder.ancestors().any(|above| above.join(".git").exists()).then(|| Self::open(folder, timeout))
    }

    fn open(folder: &Path, timeout: Duration) -> Result<Self, GitError> {
        let mut command = git(folder);
        command.args(["rev-parse", "--is-shallow-repository", "--verify", "HEAD"]);
        let mut lines = Vec::new();
        run(command, timeout, |output| {
            output.take(1_024).read_to_end(&mut lines)?;
            Ok(true)
        })
        .map_err(|error| match error {
            GitError::Failed(message) if message.contains("dubious ownership") => {
                GitError::NotTrusted(folder.to_owned())
            }
            GitError::Failed(message) if message.contains("Needed a single revision") => GitError::NoCommit,
            other => other,
        })?;
        let text = String::from_utf8_lossy(&lines);
        let (shallow, head) = text.trim().split_once('\n').unwrap_or_default();
        if head.is_empty() {
            return Err(GitError::Failed("nothing".to_owned()));
        }
        Ok(Self { folder: folder.to_owned(), head: head.trim().to_owned(), shallow: shallow.trim() == "true" })
    }

    /// The commit that is checked out. As long as it is the same, so are all dates.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Dates of files, whose paths are inside the folder. Files that git does not know have none.
    pub fn dates<'a>(&self, files: impl IntoIterator<Item = &'a str>, timeout: Duration) -> Result<Dates, GitError> {
        let start = Instant::now();
        let mut wanted: FxHashSet<&str> = files.into_iter().collect();
        if wanted.is_empty() {
            return Ok(Dates { complete: true, ..Dates::default() });
        }
        // A file that was never committed would have the whole history searched for it.
        let mut tracked = FxHashSet::default();
        let mut command = git(&self.folder);
        command.args(["ls-files", "-z", "--cached"]);
        run(command, timeout, |output| {
            each(output, |path| {
                if let Some(path) = std::str::from_utf8(path).ok().and_then(|path| wanted.get(path)) {
                    tracked.insert(*path);
                }
                true
            })
        })?;
        wanted.retain(|path| tracked.contains(path));
        let mut dates = HashMap::with_capacity(wanted.len());
        if wanted.is_empty() {
            return Ok(Dates { dates, complete: true });
        }
        let mut command = git(&self.folder);
        // `%x01` tells a commit from a path.
        command.args(["log", "-z", "--name-only", "--no-renames", "--relative", "--format=%x01%ct %P", &self.head]);
        command.args(["--", "."]);
        let mut date = None;
        let read = run(command, timeout.saturating_sub(start.elapsed()), |output| {
            each(output, |token| {
                let token = token.strip_prefix(b"\n").unwrap_or(token);
                if let Some(commit) = token.strip_prefix(b"\x01") {
                    date = self.date(commit);
                } else if let (Some(date), Ok(path)) = (date, std::str::from_utf8(token)) {
                    // The newest commit comes first, and counts.
                    if wanted.remove(path) {
                        dates.insert(path.to_owned(), date);
                    }
                }
                !wanted.is_empty()
            })
        });
        match read {
            Ok(()) => Ok(Dates { dates, complete: true }),
            Err(GitError::TooSlow) => Ok(Dates { dates, complete: false }),
            Err(error) => Err(error),
        }
    }

    /// The date of `SECONDS PARENTS`. Where a shallow history ends, a commit seems to have added everything.
    fn date(&self, commit: &[u8]) -> Option<i64> {
        let (seconds, parents) = std::str::from_utf8(commit).ok()?.split_once(' ')?;
        (!self.shallow || !parents.trim().is_empty()).then(|| seconds.parse().ok())?
    }
}

/// Git without anything that a repository or a user may have it start besides.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"]);
    for setting in [
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.quotePath=false",
        "log.showSignature=false",
        "protocol.allow=never",
    ] {
        command.args(["-c", setting]);
    }
    // Variables of a hook that we may have been started by would lead to another repository.
    for variable in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_EXTERNAL_DIFF",
    ] {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs git while `read` takes its output, and says whether that was all of it. Over the time it is ended.
fn run(
    mut command: Command,
    timeout: Duration,
    read: impl FnOnce(&mut BufReader<std::process::ChildStdout>) -> std::io::Result<bool>,
) -> Result<(), GitError> {
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => GitError::NotInstalled,
        _ => GitError::Failed(error.to_string()),
    })?;
    let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(GitError::Failed("nothing".to_owned()));
    };
    let messages = std::thread::spawn(move || {
        let mut text = Vec::new();
        // Whatever is not kept is read all the same: a full pipe would stop git.
        let mut errors = errors;
        let kept = errors.by_ref().take(MAX_MESSAGE_BYTES).read_to_end(&mut text);
        drop(kept.and_then(|_| std::io::copy(&mut errors, &mut std::io::sink())));
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    let (done, watch) = watch(child, timeout);
    let mut output = BufReader::with_capacity(64 * 1024, output);
    let result = read(&mut output);
    // A reader that has what it wants lets git go; otherwise git has ended by itself.
    let at_end = !matches!(result, Ok(false));
    drop(output);
    done.send(at_end).unwrap_or_default();
    let (status, in_time) = watch.join().unwrap_or((None, false));
    let message = messages.join().unwrap_or_default();
    if !in_time {
        return Err(GitError::TooSlow);
    }
    result.map_err(|error| GitError::Failed(error.to_string()))?;
    match status {
        Some(status) if status.success() || !at_end => Ok(()),
        _ => {
            let line = message.lines().next().unwrap_or("it failed without a word");
            Err(GitError::Failed(line.trim_start_matches("fatal: ").to_owned()))
        }
    }
}

type Watch = std::thread::JoinHandle<(Option<std::process::ExitStatus>, bool)>;

/// Ends a process when its time is up, or when it is told that the output is not wanted any more.
fn watch(mut child: Child, timeout: Duration) -> (Sender<bool>, Watch) {
    let (done, finished) = channel();
    let thread = std::thread::spawn(move || {
        let answered = finished.recv_timeout(timeout);
        if !matches!(answered, Ok(true)) {
            drop(child.kill());
        }
        (child.wait().ok(), answered.is_ok())
    });
    (done, thread)
}

/// Goes through what stands before zero bytes until `visit` says that it is enough; whether that was all.
fn each(output: &mut impl BufRead, mut visit: impl FnMut(&[u8]) -> bool) -> std::io::Result<bool> {
    let mut token = Vec::new();
    loop {
        token.clear();
        if output.by_ref().take(MAX_PATH_BYTES).read_until(0, &mut token)? == 0 {
            return Ok(true);
        }
        let whole = token.strip_suffix(b"\0").unwrap_or(&token);
        if !visit(whole) {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn git_in(folder: &Path, date: &str, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "-c",
            "commit.gpgSign=false",
        ]);
        command.args(arguments).env("GIT_COMMITTER_DATE", date).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A repository with three files below `docs`, changed on different days, and one that is not checked in.
    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        let write = |name: &str, text: &str| fs_err::write(path.join(name), text).unwrap();
        fs_err::create_dir_all(path.join("docs/a b")).unwrap();
        git_in(path, "", &["init", "--quiet", "."]);
        write("docs/old.md", "1");
        write("docs/a b/ü.md", "1");
        write("docs/new.md", "1");
        git_in(path, "", &["add", "."]);
        git_in(path, "2024-01-01T00:00:00Z", &["commit", "--quiet", "--message", "one"]);
        write("docs/a b/ü.md", "2");
        git_in(path, "2024-02-01T00:00:00Z", &["commit", "--quiet", "--all", "--message", "two"]);
        write("docs/new.md", "3");
        write("docs/unknown.md", "3");
        git_in(path, "2024-03-01T00:00:00Z", &["commit", "--quiet", "--all", "--message", "three"]);
        root
    }

    #[test]
    fn every_file_has_the_date_of_its_last_commit() {
        let root = repository();
        let tree = WorkTree::of(&root.path().join("docs"), PATIENCE).unwrap().unwrap();
        assert_eq!(tree.head().len(), 40);
        let files = ["old.md", "a b/ü.md", "new.md", "unknown.md", "nowhere.md"];
        let found = tree.dates(files, PATIENCE).unwrap();
        assert!(found.complete);
        let date = |name: &str| found.dates.get(name).copied();
        assert_eq!(date("old.md"), Some(1_704_067_200));
        assert_eq!(date("a b/ü.md"), Some(1_706_745_600));
        assert_eq!(date("new.md"), Some(1_709_251_200));
        assert_eq!((date("unknown.md"), date("nowhere.md")), (None, None));
        assert_eq!(tree.dates(["new.md"], PATIENCE).unwrap().dates.len(), 1);
        assert!(tree.dates(["unknown.md"], PATIENCE).unwrap().dates.is_empty());
    }

    #[test]
    fn the_end_of_a_shallow_history_dates_nothing() {
        let root = repository();
        let clone = tempfile::tempdir().unwrap();
        let from = format!("file://{}", root.path().display());
        git_in(clone.path(), "", &["clone", "--quiet", "--depth", "2", &from, "shallow"]);
        let tree = WorkTree::of(&clone.path().join("shallow/docs"), PATIENCE).unwrap().unwrap();
        let found = tree.dates(["old.md", "new.md", "a b/ü.md"], PATIENCE).unwrap().dates;
        assert_eq!(found.keys().collect::<Vec<_>>(), ["new.md"]);
    }

    #[test]
    fn what_is_no_history_says_so() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(WorkTree::of(root.path(), PATIENCE), None);
        git_in(root.path(), "", &["init", "--quiet", "."]);
        assert_eq!(WorkTree::of(root.path(), PATIENCE), Some(Err(GitError::NoCommit)));
        fs_err::remove_dir_all(root.path().join(".git")).unwrap();
        fs_err::write(root.path().join(".git"), "nonsense").unwrap();
        assert!(matches!(WorkTree::of(root.path(), PATIENCE), Some(Err(GitError::Failed(_)))));
    }

    #[test]
    fn a_git_that_takes_too_long_is_ended() {
        let mut command = Command::new("sleep");
        command.arg("60").stdout(Stdio::piped()).stderr(Stdio::piped());
        let start = Instant::now();
        let result = run(command, Duration::from_millis(50), |output| each(output, |_| true));
        assert_eq!(result, Err(GitError::TooSlow));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
