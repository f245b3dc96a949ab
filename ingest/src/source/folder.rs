//! Local folders and single files, in two steps: look what is there, then read what is new.
//!
//! [`walk`] lists files with size and time, so that the caller can leave out what it already knows. [`read`] gets the
//! bytes of one file, [`content_hash`] says whether they would yield the same document as before, and [`prepare`] makes
//! the document and its passages. All but [`walk`] and [`read`] are pure and can run on any thread.

use std::io::Read;
use std::path::PathBuf;

use cloudops_indexes::model::Kind;

pub use super::walk::{Found, Walk};
use super::{Failure, Prepared, Reason, metadata};
use crate::EXTRACTOR_VERSION;
use crate::extract::{FileFormat, extract_bytes};
use crate::mask::{is_masked_kind, mask_extracted};

/// Files over this size are skipped unless the options say otherwise.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// A folder, and how to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderOptions {
    /// The folder, or a single file.
    pub root: PathBuf,
    /// Name of the source: the first part of every document id.
    pub source: String,
    /// Globs on the relative path; empty means every file. A pattern without `/` matches at any depth.
    pub include: Vec<String>,
    /// Globs on the relative path of files and folders to leave out.
    pub exclude: Vec<String>,
    /// Whether files and folders whose name starts with a dot are read.
    pub include_hidden: bool,
    /// Whether symbolic links are followed. Every folder is read once all the same.
    pub follow_symlinks: bool,
    /// Larger files are skipped and reported.
    pub max_file_bytes: u64,
    /// Kind of documents that do not name their own; `None` means guess.
    pub kind: Option<Kind>,
    /// Tags of every document.
    pub tags: Vec<String>,
    /// AWS services of every document.
    pub services: Vec<String>,
    /// Address under which the folder is published; the relative path is appended.
    pub url_base: Option<String>,
    /// Whether documents are dated by their last commit, if the folder is in a work tree of git.
    pub git_dates: bool,
}

impl FolderOptions {
    /// A folder that is read with the defaults.
    pub fn new(root: impl Into<PathBuf>, source: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            source: source.into(),
            include: Vec::new(),
            exclude: Vec::new(),
            include_hidden: false,
            follow_symlinks: false,
            max_file_bytes: DEFAULT_MAX_FILE_BYTES,
            kind: None,
            tags: Vec::new(),
            services: Vec::new(),
            url_base: None,
            git_dates: true,
        }
    }
}

/// Why a folder could not be walked at all. Single files that fail do not end a walk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The root is missing or cannot be listed.
    #[error("failed to read `{path}`")]
    Unreadable {
        /// The root.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An include or exclude pattern is not a glob.
    #[error("`{pattern}` is not a valid pattern")]
    BadPattern {
        /// As given.
        pattern: String,
        /// What is wrong with it.
        source: globset::Error,
    },
}

/// Lists the files of a folder that can be read.
///
/// Only extensions that [`FileFormat::of_path`] knows are listed. `.gitignore` is not obeyed: notes that are not checked in
/// are notes all the same. `.git`, `node_modules` and hidden files are left out.
pub fn walk(options: &FolderOptions) -> Result<Walk, Error> {
    super::walk::walk(options)
}

/// Reads the bytes of a file.
pub fn read(found: &Found, options: &FolderOptions) -> Result<Vec<u8>, Failure> {
    let fail = |reason| Failure { path: found.relative.clone(), reason };
    let io = |error: std::io::Error| fail(Reason::Io(super::walk::describe(&error)));
    let file = fs_err::File::open(&found.path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(fail(Reason::Io("it is no longer a file".to_owned())));
    }
    let limit = options.max_file_bytes;
    let mut bytes = Vec::with_capacity(metadata.len().min(limit) as usize + 1);
    // A file that grows while it is read still ends at the limit.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(fail(Reason::TooLarge { size, limit }));
    }
    Ok(bytes)
}

/// BLAKE3 of a file's bytes and of everything else that decides its document. Equal hash: nothing to do.
pub fn content_hash(found: &Found, bytes: &[u8], options: &FolderOptions) -> String {
    let mut hash = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(&EXTRACTOR_VERSION.to_le_bytes());
    field(options.source.as_bytes());
    field(found.relative.as_bytes());
    field(found.path.as_os_str().as_encoded_bytes());
    field(options.kind.map_or("", Kind::as_str).as_bytes());
    field(options.tags.join("\n").as_bytes());
    field(options.services.join("\n").as_bytes());
    field(options.url_base.as_deref().unwrap_or("").as_bytes());
    field(bytes);
    if let Some(committed) = found.committed {
        field(&committed.to_le_bytes());
    }
    hash.finalize().to_hex().to_string()
}

/// Makes the document and its passages of a file's bytes.
pub fn prepare(found: &Found, bytes: &[u8], options: &FolderOptions) -> Result<Prepared, Failure> {
    let fail = |reason| Failure { path: found.relative.clone(), reason };
    let format = FileFormat::of_path(&found.relative).ok_or_else(|| fail(Reason::UnknownFormat))?;
    let mut extracted = extract_bytes(format, bytes).map_err(|unreadable| fail(unreadable.into()))?;
    if extracted.text.trim().is_empty() {
        return Err(fail(Reason::Empty));
    }
    let kind = metadata::kind(found, &extracted.front_matter, options);
    if metadata::states_facts(kind) {
        extracted.append_facts();
    }
    // Before it is cut: no passage, no index and no vector has ever seen what is masked.
    let masked = if is_masked_kind(kind) { mask_extracted(&mut extracted) } else { Vec::new() };
    let passages = crate::chunk::chunk(&extracted);
    let document = metadata::document(found, extracted, kind, options, content_hash(found, bytes, options));
    Ok(Prepared { document, passages, masked })
}

#[cfg(test)]
mod tests;
