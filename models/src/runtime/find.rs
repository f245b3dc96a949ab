//! Where ONNX Runtime may be on this machine.

use std::path::{Path, PathBuf};

use super::OLDEST_MINOR;
use crate::ModelError;

/// Where to look, in this order. Environment variables are the caller's business.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The library itself, if the user named one (`ORT_DYLIB_PATH`): nothing else is tried then.
    pub explicit: Option<PathBuf>,
    /// The directory of all models; the runtime that was installed with them is in `runtime/`.
    pub models_dir: PathBuf,
    /// Directories of shared libraries, before those of the system (`LD_LIBRARY_PATH`).
    pub library_dirs: Vec<PathBuf>,
    /// Prefixes that Python may be installed under (`/usr`, a virtual environment).
    pub python_prefixes: Vec<PathBuf>,
}

/// A shared library that may be ONNX Runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file, symbolic links resolved.
    pub path: PathBuf,
    /// Major, minor and patch as its name says, if it does.
    pub version: Option<[u32; 3]>,
}

impl Candidate {
    fn of(path: &Path) -> Option<Self> {
        // `libonnxruntime.so` is usually a link to the file whose name has the version.
        let path = fs_err::canonicalize(path).ok().filter(|path| path.is_file())?;
        let version = path.file_name().and_then(|name| version_in_name(&name.to_string_lossy()));
        Some(Self { path, version })
    }

    /// Whether it is new enough, as far as its name says.
    pub fn check(&self) -> Result<(), ModelError> {
        match self.version {
            Some([major, minor, patch]) if major != 1 || minor < OLDEST_MINOR => Err(ModelError::Runtime {
                path: self.path.clone(),
                reason: format!("it is version {major}.{minor}.{patch}, and 1.{OLDEST_MINOR} or later is needed"),
            }),
            _ => Ok(()),
        }
    }
}

impl Search {
    /// Every library that was found, in the order in which they are tried.
    pub fn candidates(&self) -> Result<Vec<Candidate>, ModelError> {
        if let Some(path) = &self.explicit {
            let candidate = Candidate::of(path).ok_or_else(|| ModelError::Runtime {
                path: path.clone(),
                reason: "there is no such file, and `ORT_DYLIB_PATH` names it".to_owned(),
            })?;
            return Ok(vec![candidate]);
        }
        let mut dirs = vec![self.models_dir.join("runtime")];
        dirs.extend(self.library_dirs.iter().cloned());
        dirs.extend(SYSTEM.iter().map(PathBuf::from));
        dirs.extend(self.python_prefixes.iter().flat_map(|prefix| python_dirs(prefix)));
        let mut candidates: Vec<Candidate> = Vec::new();
        for dir in dirs {
            let mut found: Vec<_> = libraries(&dir).iter().filter_map(|path| Candidate::of(path)).collect();
            found.sort_by_key(|candidate| std::cmp::Reverse(candidate.version));
            for candidate in found {
                if !candidates.contains(&candidate) {
                    candidates.push(candidate);
                }
            }
        }
        Ok(candidates)
    }

    /// The first library that is new enough, as far as names say.
    pub fn find(&self) -> Result<Option<Candidate>, ModelError> {
        Ok(self.candidates()?.into_iter().find(|candidate| candidate.check().is_ok()))
    }

    /// Where is looked, in words.
    pub(super) fn places(&self) -> String {
        format!(
            "`{}`, the system's library directories and {} Python prefixes",
            self.models_dir.join("runtime").display(),
            self.python_prefixes.len()
        )
    }
}

#[cfg(target_os = "linux")]
const SYSTEM: &[&str] = &[
    "/usr/local/lib",
    "/usr/local/lib64",
    #[cfg(target_arch = "x86_64")]
    "/usr/lib/x86_64-linux-gnu",
    #[cfg(target_arch = "aarch64")]
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
];
#[cfg(target_os = "macos")]
const SYSTEM: &[&str] = &["/opt/homebrew/lib", "/usr/local/lib"];
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
const SYSTEM: &[&str] = &[];

/// Files in a directory that are named like the library.
fn libraries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(dir) else { return Vec::new() };
    let files = entries.filter_map(Result::ok).map(|entry| entry.path());
    files.filter(|path| path.file_name().is_some_and(|name| is_library(&name.to_string_lossy()))).collect()
}

/// Whether a file of this name is ONNX Runtime for this platform.
pub(crate) fn is_library(name: &str) -> bool {
    if cfg!(windows) {
        return name.eq_ignore_ascii_case("onnxruntime.dll");
    }
    let Some(rest) = name.strip_prefix("libonnxruntime.") else { return false };
    let version = if cfg!(target_os = "macos") {
        rest.strip_suffix("dylib").map(|version| version.trim_end_matches('.'))
    } else {
        rest.strip_prefix("so").map(|version| version.trim_start_matches('.'))
    };
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// `1.32.0` of `libonnxruntime.so.1.32.0` or `libonnxruntime.1.32.0.dylib`. A name with less than two numbers says
/// nothing: `libonnxruntime.so.1` is an ABI.
fn version_in_name(name: &str) -> Option<[u32; 3]> {
    let mut numbers = name.split('.').filter_map(|part| part.parse().ok());
    let (major, minor) = (numbers.next()?, numbers.next()?);
    Some([major, minor, numbers.next().unwrap_or(0)])
}

/// Where the package `onnxruntime` keeps the library, for every Python below a prefix.
fn python_dirs(prefix: &Path) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for lib in ["lib", "lib64", "local/lib"] {
        let Ok(entries) = fs_err::read_dir(prefix.join(lib)) else { continue };
        let mut pythons: Vec<_> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
            .map(|entry| entry.path())
            .collect();
        pythons.sort();
        for python in pythons {
            dirs.extend(["site-packages", "dist-packages"].map(|name| python.join(name).join("onnxruntime/capi")));
        }
    }
    // Windows has one Python per prefix.
    dirs.push(prefix.join("Lib").join("site-packages").join("onnxruntime").join("capi"));
    dirs
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn touch(path: &Path) {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, b"").unwrap();
    }

    #[test]
    fn names_are_told_apart() {
        assert!(is_library("libonnxruntime.so"));
        assert!(is_library("libonnxruntime.so.1.32.0"));
        for name in ["libonnxruntime_providers_shared.so", "libonnxruntime.so.1.32.0.part", "libonnxruntime.dylib"] {
            assert!(!is_library(name), "{name}");
        }
        assert_eq!(version_in_name("libonnxruntime.so.1.32.0"), Some([1, 32, 0]));
        assert_eq!(version_in_name("libonnxruntime.1.24.dylib"), Some([1, 24, 0]));
        assert_eq!(version_in_name("libonnxruntime.so.1"), None);
        assert_eq!(version_in_name("libonnxruntime.so"), None);
    }

    #[test]
    fn what_was_installed_comes_before_what_python_has_and_newer_before_older() {
        let dir = TempDir::new().unwrap();
        let root = fs_err::canonicalize(dir.path()).unwrap();
        let ours = root.join("models/runtime/libonnxruntime.so.1.30.0");
        let python = root.join("venv/lib/python3.11/site-packages/onnxruntime/capi");
        touch(&python.join("libonnxruntime.so.1.9.9"));
        touch(&python.join("libonnxruntime.so.1.31.0"));
        let search = Search {
            models_dir: root.join("models"),
            python_prefixes: vec![root.join("venv"), root.join("nothing")],
            ..Search::default()
        };
        let ours_first = |search: &Search| {
            let all = search.candidates().unwrap();
            all.into_iter().filter(|candidate| candidate.path.starts_with(&root)).collect::<Vec<_>>()
        };
        let found = ours_first(&search);
        assert_eq!(found.iter().map(|found| found.version.unwrap()[1]).collect::<Vec<_>>(), [31, 9]);
        touch(&ours);
        let found = ours_first(&search);
        assert_eq!(found[0].path, ours);
        assert_eq!(search.find().unwrap().unwrap().path, ours);
        assert!(found[2].check().unwrap_err().to_string().contains("version 1.9.9"), "too old");
    }

    #[test]
    fn a_named_library_must_exist() {
        let search = Search { explicit: Some("/nowhere/libonnxruntime.so".into()), ..Search::default() };
        assert!(search.find().unwrap_err().to_string().contains("ORT_DYLIB_PATH"));
    }
}
