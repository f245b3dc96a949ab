//! The files of a folder: only those that may have changed are read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use cloudops_indexes::store::{FileStat, IndexError, IndexWriter, KnownDocument};
use cloudops_ingest::source::folder::{self, FolderOptions, Found};
use cloudops_ingest::source::git::{GitError, WorkTree};
use rayon::prelude::*;

use super::{Comparison, Outcome, Progress, Read, SourceNote, Trouble, now_ns, or_failed};

const BATCH_FILES: usize = 64;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// A file that was written this shortly before it was looked at may have been written again at the same instant.
const RACY_NS: i64 = 2_000_000_000;
/// How long git may look for the dates of files.
const GIT_TIME: Duration = Duration::from_secs(30);

/// What is to be done with a folder.
pub(crate) struct FolderPlan<'a> {
    options: &'a FolderOptions,
    /// Files to read.
    candidates: Vec<Candidate>,
    before: Option<&'a SourceNote>,
    note: SourceNote,
    progress: Progress,
}

struct Candidate {
    found: Found,
    known: Option<KnownDocument>,
}

impl<'a> FolderPlan<'a> {
    /// Looks at the folder and decides which files must be read.
    pub(super) fn new(
        options: &'a FolderOptions,
        mut known: HashMap<String, KnownDocument>,
        before: Option<&'a SourceNote>,
        comparison: Comparison,
    ) -> Result<Self, folder::Error> {
        let looked_ns = now_ns();
        let walk = folder::walk(options)?;
        let mut progress = Progress::new(&options.source, &options.root, &known);
        let mut note = SourceNote::of_folder(options, looked_ns);
        let tree = work_tree(options, &mut progress.outcome);
        note.git_head = tree.as_ref().map(|tree| tree.head().to_owned());
        let same_way = before.is_some_and(|before| before.fingerprint == note.fingerprint);
        // A commit gives files another date and leaves their time as it is.
        let same_commit = before.is_some_and(|before| before.git_head == note.git_head);
        let settled_ns = before.map_or(i64::MIN, |before| before.looked_ns.saturating_sub(RACY_NS));
        let trusted = same_way && same_commit && !comparison.checksum && !comparison.rebuild;
        let mut candidates = Vec::new();
        for found in walk.files {
            let id = id_of(options, &found.relative);
            let known = known.remove(&id);
            let settled = found.modified_ns != 0 && found.modified_ns < settled_ns;
            if trusted && settled && known.as_ref().is_some_and(|known| known.stat == stat_of(&found)) {
                progress.gone.remove(&id);
                progress.outcome.unchanged += 1;
            } else {
                candidates.push(Candidate { found, known });
            }
        }
        if let Some(tree) = tree {
            date(&tree, &mut candidates, &mut progress.outcome);
        }
        let mut plan = Self { options, candidates, before, note, progress };
        for dir in &walk.unreadable_dirs {
            plan.cannot_list(dir);
        }
        for failure in walk.failures {
            let id = id_of(options, &failure.path);
            plan.progress.fail(&id, failure);
        }
        if comparison.rebuild {
            for candidate in &mut plan.candidates {
                if let Some(known) = &mut candidate.known {
                    known.content_hash.clear();
                }
            }
        }
        Ok(plan)
    }

    /// Files that will be read.
    pub(super) fn to_read(&self) -> u64 {
        self.candidates.len() as u64
    }

    /// Documents below a folder that cannot be listed are unknown, not gone.
    fn cannot_list(&mut self, dir: &str) {
        let below = id_of(self.options, dir);
        let below = below.trim_end_matches('/');
        self.progress.gone.retain(|id| !id.strip_prefix(below).is_some_and(|rest| rest.starts_with('/')));
        let path = if dir.is_empty() { "." } else { dir };
        let reason = "the folder cannot be listed".to_owned();
        self.progress.outcome.failed.push(Trouble { path: path.to_owned(), reason });
    }

    /// Carries the plan out, see [`super::Plan::run`].
    pub(super) fn run(
        mut self,
        mut writer: Option<&mut IndexWriter>,
        stop: &AtomicBool,
        mut step: impl FnMut(u64),
    ) -> anyhow::Result<Outcome> {
        let options = self.options;
        std::thread::scope(|scope| -> anyhow::Result<()> {
            let (sender, receiver) = sync_channel::<Vec<Read>>(1);
            let candidates = &self.candidates;
            scope.spawn(move || {
                for batch in batches(candidates) {
                    let read: Vec<Read> = batch.par_iter().map(|candidate| read_or_fail(candidate, options)).collect();
                    // The receiver is gone when the writer failed or the user stopped it.
                    if stop.load(Ordering::Relaxed) || sender.send(read).is_err() {
                        break;
                    }
                }
            });
            let mut done = 0;
            for read in receiver.iter().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return Err(IndexError::Interrupted.into());
                }
                self.progress.apply(read, writer.as_deref_mut())?;
                done += 1;
                step(done);
            }
            Ok(())
        })?;
        if stop.load(Ordering::Relaxed) {
            return Err(IndexError::Interrupted.into());
        }
        let mut outcome = self.progress.finish(writer, &self.note, self.before)?;
        outcome.failed.sort_by(|a, b| a.path.cmp(&b.path));
        outcome.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(outcome)
    }
}

/// The work tree that gives files their dates.
fn work_tree(options: &FolderOptions, outcome: &mut Outcome) -> Option<WorkTree> {
    let tree = options.git_dates.then(|| WorkTree::of(&options.root, GIT_TIME))??;
    match tree {
        Ok(tree) => Some(tree),
        // Not installed, or nothing committed: there are no dates, and nobody expects any.
        Err(GitError::NotInstalled | GitError::NoCommit) => None,
        Err(error) => {
            outcome.warnings.push(without_dates(&error));
            None
        }
    }
}

/// Gives files the date of their last commit.
fn date(tree: &WorkTree, candidates: &mut [Candidate], outcome: &mut Outcome) {
    let files = candidates.iter().map(|candidate| candidate.found.relative.as_str());
    let mut found = match tree.dates(files, GIT_TIME) {
        Ok(found) => found,
        Err(error) => return outcome.warnings.push(without_dates(&error)),
    };
    if !found.complete {
        outcome.warnings.push(format!(
            "git was not done in {} seconds: files that were last changed long ago have no date",
            GIT_TIME.as_secs()
        ));
    }
    for candidate in candidates {
        candidate.found.committed = found.dates.remove(&candidate.found.relative);
    }
}

fn without_dates(error: &GitError) -> String {
    let hint = match error {
        GitError::NotTrusted(path) => {
            format!("; to trust it: `git config --global --add safe.directory {}`", path.display())
        }
        _ => String::new(),
    };
    format!("files have no dates of their commits: {error}{hint} (`--no-git-dates` does without them)")
}

fn read_or_fail(candidate: &Candidate, options: &FolderOptions) -> Read {
    let id = id_of(options, &candidate.found.relative);
    or_failed(&id, &candidate.found.relative, || read(candidate, options))
}

/// Reads one file and makes a document of it, unless it is the one that is known.
fn read(candidate: &Candidate, options: &FolderOptions) -> Read {
    let Candidate { found, known } = candidate;
    let id = id_of(options, &found.relative);
    let stat = stat_of(found);
    let bytes = match folder::read(found, options) {
        Ok(bytes) => bytes,
        Err(failure) => return Read::Failed { id, failure },
    };
    if let Some(known) = known
        && known.content_hash == folder::content_hash(found, &bytes, options)
    {
        let touched = (known.stat != stat).then_some(stat);
        return Read::Same { id, touched };
    }
    match folder::prepare(found, &bytes, options) {
        Ok(prepared) => Read::of(prepared, stat, found.size, known.is_some(), &found.relative),
        Err(failure) => Read::Failed { id, failure },
    }
}

/// Cuts a list of files into pieces of bounded number and size.
fn batches(mut files: &[Candidate]) -> impl Iterator<Item = &[Candidate]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |candidate: &&Candidate| {
            bytes += candidate.found.size;
            bytes <= BATCH_BYTES
        };
        let length = files.iter().take(BATCH_FILES).take_while(fits).count();
        // A file that is larger than a batch is a batch of its own.
        let (batch, rest) = files.split_at(length.max(1).min(files.len()));
        files = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

fn id_of(options: &FolderOptions, relative: &str) -> String {
    format!("{}/{relative}", options.source)
}

fn stat_of(found: &Found) -> FileStat {
    FileStat { size: found.size, modified_ns: found.modified_ns }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(options: &FolderOptions, relative: &str) -> (String, KnownDocument) {
        let path = options.root.join(relative);
        let found = folder::walk(options).unwrap().files.into_iter().find(|found| found.relative == relative);
        let document = found.map_or(KnownDocument { content_hash: "x".into(), stat: FileStat::default() }, |found| {
            let bytes = fs_err::read(&path).unwrap();
            KnownDocument { content_hash: folder::content_hash(&found, &bytes, options), stat: stat_of(&found) }
        });
        (format!("{}/{relative}", options.source), document)
    }

    fn go(
        options: &FolderOptions,
        known: HashMap<String, KnownDocument>,
        note: Option<&SourceNote>,
        comparison: Comparison,
    ) -> (u64, Outcome) {
        let plan = FolderPlan::new(options, known, note, comparison).unwrap();
        let read = plan.to_read();
        (read, plan.run(None, &AtomicBool::new(false), |_| ()).unwrap())
    }

    #[test]
    fn only_what_may_have_changed_is_read() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.md", "b.md", "c.md"] {
            fs_err::write(dir.path().join(name), format!("# {name}\n\nSome text.\n")).unwrap();
        }
        let options = FolderOptions::new(dir.path(), "docs");
        let all: HashMap<_, _> = ["a.md", "b.md", "gone.md"].map(|name| known(&options, name)).into();
        let later = SourceNote::of_folder(&options, i64::MAX);
        let at_once = SourceNote::of_folder(&options, now_ns());

        let (read, outcome) = go(&options, all.clone(), Some(&later), Comparison::default());
        assert_eq!((read, outcome.unchanged, outcome.added, outcome.removed), (1, 2, 1, 1));
        // Written within two seconds of the last look, never looked at in this way, or told to: read, and the same.
        let (read, outcome) = go(&options, all.clone(), Some(&at_once), Comparison::default());
        assert_eq!((read, outcome.unchanged, outcome.changed), (3, 2, 0));
        let (read, _) = go(&options, all.clone(), None, Comparison::default());
        assert_eq!(read, 3);
        let (read, outcome) = go(&options, all.clone(), Some(&later), Comparison { checksum: true, rebuild: false });
        assert_eq!((read, outcome.unchanged), (3, 2));
        let (read, outcome) = go(&options, all.clone(), Some(&later), Comparison { checksum: false, rebuild: true });
        assert_eq!((read, outcome.unchanged, outcome.changed), (3, 0, 2));

        let tagged = FolderOptions { tags: vec!["new".into()], ..options.clone() };
        let (read, outcome) = go(&tagged, all, Some(&later), Comparison::default());
        assert_eq!((read, outcome.changed), (3, 2));
    }

    #[test]
    fn a_failure_never_removes_the_last_good_version() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("binary.md"), [0, 159, 146, 150, 0, 0, 1, 2, 3]).unwrap();
        fs_err::write(dir.path().join("large.md"), "x".repeat(100)).unwrap();
        fs_err::write(dir.path().join("emptied.md"), "").unwrap();
        let options = FolderOptions { max_file_bytes: 50, ..FolderOptions::new(dir.path(), "docs") };
        let stale = KnownDocument { content_hash: "old".into(), stat: FileStat::default() };
        let known = ["binary.md", "large.md", "emptied.md", "sub/deep.md", "subs.md"]
            .map(|name| (format!("docs/{name}"), stale.clone()))
            .into();
        let mut plan = FolderPlan::new(&options, known, None, Comparison::default()).unwrap();
        plan.cannot_list("sub");
        let outcome = plan.run(None, &AtomicBool::new(false), |_| ()).unwrap();
        assert_eq!(outcome.removed, 2, "the emptied one and the one that nothing explains");
        assert_eq!(outcome.failed.len(), 2, "{:?}", outcome.failed);
        assert_eq!(outcome.skipped.len(), 2, "{:?}", outcome.skipped);
    }

    #[test]
    fn a_root_that_cannot_be_listed_keeps_everything() {
        let dir = tempfile::tempdir().unwrap();
        let options = FolderOptions::new(dir.path(), "docs");
        let stale = KnownDocument { content_hash: "old".into(), stat: FileStat::default() };
        let mut plan =
            FolderPlan::new(&options, [("docs/a.md".to_owned(), stale)].into(), None, Comparison::default()).unwrap();
        plan.cannot_list("");
        assert_eq!(plan.run(None, &AtomicBool::new(false), |_| ()).unwrap().removed, 0);
        let missing = FolderOptions::new(dir.path().join("nowhere"), "docs");
        assert!(FolderPlan::new(&missing, HashMap::new(), None, Comparison::default()).is_err());
    }

    #[test]
    fn batches_are_bounded_and_complete() {
        let candidate = |size| Candidate {
            found: Found { path: "a".into(), relative: "a".into(), size, modified_ns: 0, committed: None },
            known: None,
        };
        let sizes = [1, BATCH_BYTES * 2, 1, 1, BATCH_BYTES, BATCH_BYTES];
        let files: Vec<_> = sizes.map(candidate).into_iter().chain((0..200).map(|_| candidate(1))).collect();
        let lengths: Vec<_> = batches(&files).map(<[_]>::len).collect();
        assert_eq!(lengths, [1, 1, 2, 1, 1, 64, 64, 64, 8]);
    }

    #[test]
    fn a_stop_is_an_interruption() {
        let dir = tempfile::tempdir().unwrap();
        let options = FolderOptions::new(dir.path(), "docs");
        let plan = FolderPlan::new(&options, HashMap::new(), None, Comparison::default()).unwrap();
        let error = plan.run(None, &AtomicBool::new(true), |_| ()).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(IndexError::Interrupted)));
    }
}
