//! Finds the files of a folder, in a fixed order, and says what could not be looked at.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashSet;

use super::folder::{Error, FolderOptions};
use super::{Failure, Reason};
use crate::extract::FileFormat;

/// Folders that hold no text of the user's own, whatever they are named in.
const NEVER: [&str; 3] = [".git", "node_modules", "__pycache__"];
const MAX_DEPTH: usize = 128;

/// A file that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is: the root as it was given, and the relative path.
    pub path: PathBuf,
    /// Path inside the root, with `/` between folders.
    pub relative: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970; 0 if unknown.
    pub modified_ns: i64,
    /// When it was last changed by its history, in seconds since 1970. A walk leaves this to who knows a history.
    pub committed: Option<i64>,
}

/// What is in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// Files to read, sorted by relative path.
    pub files: Vec<Found>,
    /// Files and links that were skipped, sorted by path.
    pub failures: Vec<Failure>,
    /// Folders that could not be listed, sorted. Documents below them are unknown, not gone.
    pub unreadable_dirs: Vec<String>,
}

pub(super) fn walk(options: &FolderOptions) -> Result<Walk, Error> {
    let root = &options.root;
    let unreadable = |source| Error::Unreadable { path: root.clone(), source };
    let metadata = fs_err::metadata(root).map_err(unreadable)?;
    let mut walker = Walker {
        options,
        include: globs(&options.include)?,
        exclude: globs(&options.exclude)?,
        visited: FxHashSet::default(),
        walk: Walk::default(),
    };
    if metadata.is_dir() {
        // Listing the root must succeed: an unmounted share must not look like an empty folder.
        fs_err::read_dir(root).map_err(unreadable)?;
        walker.folder(root, "", 0);
    } else {
        let name = root.file_name().unwrap_or(root.as_os_str());
        match name.to_str() {
            Some(name) => walker.file(root.clone(), name.to_owned(), &metadata),
            None => walker.fail(name.to_string_lossy().into_owned(), Reason::NameNotUtf8),
        }
    }
    let mut walk = walker.walk;
    walk.files.sort_by(|a, b| a.relative.cmp(&b.relative));
    walk.failures.sort_by(|a, b| a.path.cmp(&b.path));
    walk.unreadable_dirs.sort();
    Ok(walk)
}

fn globs(patterns: &[String]) -> Result<Option<GlobSet>, Error> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let bad = |source| Error::BadPattern { pattern: pattern.clone(), source };
        let mut add = |glob: &str| -> Result<(), globset::Error> {
            set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
            Ok(())
        };
        let trimmed = pattern.trim_start_matches("./").trim_start_matches('/');
        let folder = trimmed.trim_end_matches('/');
        // As in `.gitignore`: a pattern without a folder matches at any depth.
        let anywhere = !folder.contains('/') && !pattern.starts_with('/');
        let base = if anywhere { format!("**/{folder}") } else { folder.to_owned() };
        add(&base).map_err(bad)?;
        add(&format!("{base}/**")).map_err(bad)?;
    }
    let error = |source| Error::BadPattern { pattern: patterns.join(", "), source };
    set.build().map(Some).map_err(error)
}

struct Walker<'a> {
    options: &'a FolderOptions,
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
    visited: FxHashSet<PathBuf>,
    walk: Walk,
}

impl Walker<'_> {
    fn fail(&mut self, path: String, reason: Reason) {
        self.walk.failures.push(Failure { path, reason });
    }

    fn folder(&mut self, path: &Path, relative: &str, depth: usize) {
        if self.options.follow_symlinks {
            // Every folder is read once, which also ends loops.
            let real = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            if !self.visited.insert(real) {
                self.fail(relative.to_owned(), Reason::AlreadyRead);
                return;
            }
        }
        let Ok(entries) = fs_err::read_dir(path) else {
            self.walk.unreadable_dirs.push(relative.to_owned());
            return;
        };
        let mut names = Vec::new();
        for entry in entries {
            let Ok(entry) = entry else {
                // The listing broke off: what it did not name is unknown.
                self.walk.unreadable_dirs.push(relative.to_owned());
                break;
            };
            names.push(entry.file_name());
        }
        names.sort();
        for name in names {
            let child = path.join(&name);
            let Some(name) = name.to_str() else {
                let shown = join(relative, &name.to_string_lossy());
                if FileFormat::of_path(&shown).is_some() || child.is_dir() {
                    self.fail(shown, Reason::NameNotUtf8);
                }
                continue;
            };
            self.entry(child, join(relative, name), name, depth);
        }
    }

    fn entry(&mut self, path: PathBuf, relative: String, name: &str, depth: usize) {
        let hidden = name.starts_with('.') && !self.options.include_hidden;
        if hidden || NEVER.contains(&name) || self.exclude.as_ref().is_some_and(|globs| globs.is_match(&relative)) {
            return;
        }
        let listed = match fs_err::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => return self.fail(relative, Reason::Io(describe(&error))),
        };
        let metadata = if !listed.is_symlink() {
            listed
        } else if !self.options.follow_symlinks {
            return;
        } else {
            match fs_err::metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) => return self.fail(relative, Reason::Io(describe(&error))),
            }
        };
        if metadata.is_dir() {
            if depth < MAX_DEPTH {
                self.folder(&path, &relative, depth + 1);
            } else {
                self.walk.unreadable_dirs.push(relative);
            }
        } else if metadata.is_file() {
            self.file(path, relative, &metadata);
        }
    }

    fn file(&mut self, path: PathBuf, relative: String, metadata: &std::fs::Metadata) {
        let wanted = self.include.as_ref().is_none_or(|globs| globs.is_match(&relative));
        if !wanted || FileFormat::of_path(&relative).is_none() {
            return;
        }
        let (size, limit) = (metadata.len(), self.options.max_file_bytes);
        if size > limit {
            return self.fail(relative, Reason::TooLarge { size, limit });
        }
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_ns = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        self.walk.files.push(Found { path, relative, size, modified_ns, committed: None });
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What the operating system said, without the path, which is named beside it.
pub(super) fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
