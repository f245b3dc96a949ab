//! Installed models: a directory each, one of them in use.
//!
//! A model appears and disappears by renaming its directory, so that whoever is killed at whatever moment leaves the
//! old one or the new one. Readers need no lock; whoever changes something holds one.

mod files;
mod manifest;
mod staging;

#[cfg(test)]
mod tests;

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(crate) use files::hex;
pub(crate) use files::{replace_file, sha256_of, sync_dir};
pub use manifest::{Checked, FileRecord, Kind, Manifest, Pooling};
pub(crate) use staging::Staging;

use serde::Serialize;

use crate::ModelError;

const IN_USE: &str = "IN_USE";
const LOCK: &str = ".lock";
const MANIFEST: &str = "model.json";
/// Suffix of a directory that is being filled.
const PARTIAL: &str = ".partial";
/// Suffix of a directory that is being replaced or removed.
const OLD: &str = ".old";

/// All models of a data directory.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// A model that is installed.
#[derive(Debug, Clone, Serialize)]
pub struct Installed {
    /// What is known about it.
    pub manifest: Manifest,
    /// Its directory.
    pub dir: PathBuf,
}

impl Installed {
    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.manifest.files.values().map(|file| file.bytes).sum()
    }

    pub(crate) fn model_file(&self) -> PathBuf {
        self.dir.join(&self.manifest.model)
    }
}

impl Store {
    /// The models below `models_dir`, which need not exist.
    pub fn new(models_dir: impl Into<PathBuf>) -> Self {
        Self { dir: models_dir.into() }
    }

    /// The directory of all models.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every installed model by name. One whose description cannot be read is left out; [`Store::verify`] says why.
    pub fn list(&self) -> Result<Vec<Installed>, ModelError> {
        let mut models = Vec::new();
        for name in self.names()? {
            match self.get(&name) {
                Ok(model) => models.push(model),
                Err(error) => tracing::warn!(%error, name, "a model is left out"),
            }
        }
        Ok(models)
    }

    /// Names of the directories that hold a model, sound or not.
    pub fn names(&self) -> Result<Vec<String>, ModelError> {
        let mut names = Vec::new();
        let entries = match fs_err::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = name.strip_suffix(OLD).unwrap_or(&name);
            if !name.ends_with(PARTIAL) && entry.path().join(MANIFEST).is_file() {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The model of this name.
    pub fn get(&self, name: &str) -> Result<Installed, ModelError> {
        check_name(name)?;
        let not_installed = || ModelError::NotInstalled(name.to_owned());
        let dir = self.model_dir(name).ok_or_else(not_installed)?;
        let manifest = Manifest::read(&dir.join(MANIFEST))?;
        for (file, record) in &manifest.files {
            let path = dir.join(file);
            let bytes = fs_err::metadata(&path).map(|metadata| metadata.len());
            if bytes.as_ref().ok() != Some(&record.bytes) {
                let reason = match bytes {
                    Ok(bytes) => format!("`{file}` has {bytes} bytes instead of {}", record.bytes),
                    Err(_) => format!("`{file}` is missing"),
                };
                return Err(ModelError::Damaged { path: dir, reason });
            }
        }
        Ok(Installed { manifest, dir })
    }

    /// Where a model is: for an instant of its replacement, that is where the old one was put aside.
    fn model_dir(&self, name: &str) -> Option<PathBuf> {
        let dirs = [self.dir.join(name), self.dir.join(format!("{name}{OLD}"))];
        dirs.into_iter().find(|dir| dir.join(MANIFEST).is_file())
    }

    /// The name of the model in use, installed or not.
    pub fn in_use(&self) -> Result<Option<String>, ModelError> {
        match fs_err::read_to_string(self.dir.join(IN_USE)) {
            Ok(name) => Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes an installed embedder the one in use.
    pub fn use_model(&self, name: &str) -> Result<Installed, ModelError> {
        let _lock = self.lock()?;
        self.switch_to(name)
    }

    pub(crate) fn switch_to(&self, name: &str) -> Result<Installed, ModelError> {
        let model = self.get(name)?;
        model.manifest.must_be(Kind::Embedder)?;
        replace_file(&self.dir.join(IN_USE), format!("{name}\n").as_bytes())?;
        Ok(model)
    }

    /// Removes a model. The one in use only if `force`; none is in use then. Returns the bytes that were freed.
    pub fn remove(&self, name: &str, force: bool) -> Result<u64, ModelError> {
        check_name(name)?;
        let _lock = self.lock()?;
        let dir = self.model_dir(name).ok_or_else(|| ModelError::NotInstalled(name.to_owned()))?;
        let in_use = self.in_use()?.as_deref() == Some(name);
        if in_use && !force {
            return Err(ModelError::InUse(name.to_owned()));
        }
        let bytes = files::size_of(&dir)?;
        if in_use {
            fs_err::remove_file(self.dir.join(IN_USE))?;
        }
        // The description goes first: what is left of a killed removal is no model.
        fs_err::remove_file(dir.join(MANIFEST))?;
        fs_err::remove_dir_all(dir)?;
        Ok(bytes)
    }

    /// Reads every file of a model again and says what is wrong with it.
    pub fn verify(&self, name: &str) -> Result<Vec<String>, ModelError> {
        check_name(name)?;
        let dir = self.model_dir(name).ok_or_else(|| ModelError::NotInstalled(name.to_owned()))?;
        let manifest = match Manifest::read(&dir.join(MANIFEST)) {
            Ok(manifest) => manifest,
            Err(error) => return Ok(vec![error.to_string()]),
        };
        let mut wrong = Vec::new();
        for (file, record) in &manifest.files {
            match sha256_of(&dir.join(file)) {
                Ok(sum) if sum == record.sha256 => {}
                Ok(sum) => wrong.push(format!("`{file}` has SHA-256 {sum} instead of {}", record.sha256)),
                Err(error) => wrong.push(error.to_string()),
            }
        }
        Ok(wrong)
    }

    /// Makes the caller the only one who changes models, and mends what a killed one left.
    pub(crate) fn lock(&self) -> Result<Lock, ModelError> {
        fs_err::create_dir_all(&self.dir).map_err(|error| ModelError::writing(&self.dir, error))?;
        let file = fs_err::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.dir.join(LOCK))
            .map_err(|error| ModelError::writing(&self.dir, error))?;
        match file.file().try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ModelError::Locked(self.dir.clone())),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        self.mend()?;
        Ok(Lock { _file: file })
    }

    /// Puts back what was put aside and never replaced, and deletes what was replaced or never finished.
    fn mend(&self) -> Result<(), ModelError> {
        for entry in fs_err::read_dir(&self.dir)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.ends_with(PARTIAL) && path.is_dir() {
                // Nobody fills it: whoever does holds the lock.
                if let Err(error) = fs_err::remove_dir_all(&path) {
                    tracing::warn!(%error, "an unfinished installation is left behind");
                }
                continue;
            }
            let Some(name) = name.strip_suffix(OLD) else { continue };
            let current = self.dir.join(name);
            if current.exists() || !path.join(MANIFEST).is_file() {
                fs_err::remove_dir_all(&path)?;
            } else {
                fs_err::rename(&path, &current)?;
            }
        }
        Ok(())
    }

    /// An empty directory to put the files of a new model into.
    pub(crate) fn stage(&self, name: &str, lock: &Lock) -> Result<Staging, ModelError> {
        check_name(name)?;
        Staging::new(&self.dir, name, lock)
    }
}

/// Held while models are changed.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: fs_err::File,
}

/// Names are directories: no separators, nothing hidden, none of our suffixes or files.
pub(crate) fn check_name(name: &str) -> Result<(), ModelError> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let ours = ["runtime", "downloads", IN_USE].contains(&name) || name.ends_with(PARTIAL) || name.ends_with(OLD);
    if name.is_empty() || name.len() > 100 || name.starts_with('.') || !plain || ours {
        return Err(ModelError::Name(name.to_owned()));
    }
    Ok(())
}
