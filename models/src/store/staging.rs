//! A model that is being put together, unseen until it is published.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{replace_file, sha256_of, sync_dir};
use super::manifest::{Checked, FileRecord, Manifest};
use super::{Lock, MANIFEST, OLD, PARTIAL};
use crate::ModelError;

/// The files of a model to be. Dropped without having been published, they are deleted.
#[derive(Debug)]
pub(crate) struct Staging {
    name: String,
    dir: PathBuf,
    models_dir: PathBuf,
    checked: BTreeMap<String, Checked>,
}

impl Staging {
    /// An empty directory; what a killed installation left in it is deleted.
    pub(super) fn new(models_dir: &Path, name: &str, _lock: &Lock) -> Result<Self, ModelError> {
        let dir = models_dir.join(format!("{name}{PARTIAL}"));
        if dir.exists() {
            fs_err::remove_dir_all(&dir)?;
        }
        fs_err::create_dir_all(&dir).map_err(|error| ModelError::writing(&dir, error))?;
        Ok(Self { name: name.to_owned(), dir, models_dir: models_dir.to_owned(), checked: BTreeMap::new() })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.checked.contains_key(file)
    }

    /// Counts a file in the directory to the model.
    pub(crate) fn add(&mut self, file: &str, checked: Checked) {
        self.checked.insert(file.to_owned(), checked);
    }

    /// Deletes everything: another source is tried.
    pub(crate) fn empty(&mut self) -> Result<(), ModelError> {
        self.checked.clear();
        fs_err::remove_dir_all(&self.dir)?;
        fs_err::create_dir_all(&self.dir)?;
        Ok(())
    }

    /// Deletes a file that the model does not need any more.
    pub(crate) fn discard(&mut self, file: &str) -> Result<(), ModelError> {
        self.checked.remove(file);
        fs_err::remove_file(self.dir.join(file))?;
        Ok(())
    }

    /// Sizes and checksums of the files, which are on the disk for good then.
    pub(crate) fn records(&self) -> Result<BTreeMap<String, FileRecord>, ModelError> {
        let record = |(file, checked): (&String, &Checked)| {
            let path = self.dir.join(file);
            let bytes = fs_err::metadata(&path)?.len();
            fs_err::OpenOptions::new().append(true).open(&path)?.sync_all()?;
            Ok((file.clone(), FileRecord { bytes, sha256: sha256_of(&path)?, checked: *checked }))
        };
        self.checked.iter().map(record).collect()
    }

    /// Writes the description, so that the model can be opened where it is.
    pub(crate) fn describe(&self, manifest: &Manifest) -> Result<(), ModelError> {
        let mut json = serde_json::to_vec_pretty(manifest).map_err(std::io::Error::from)?;
        json.push(b'\n');
        replace_file(&self.dir.join(MANIFEST), &json)
    }

    /// Puts the model in the place of the one of the same name.
    pub(crate) fn publish(self) -> Result<(), ModelError> {
        let current = self.models_dir.join(&self.name);
        let old = self.models_dir.join(format!("{}{OLD}", self.name));
        // Directories cannot be exchanged in one step everywhere. Between the two renames readers use the old one
        // where it was put aside, and `Store::lock` puts it back if nobody comes to the second.
        if current.exists() {
            fs_err::rename(&current, &old)?;
        }
        fs_err::rename(&self.dir, &current)?;
        sync_dir(&self.models_dir)?;
        if old.exists() {
            fs_err::remove_dir_all(&old)?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After publishing there is nothing at this path any more.
        if self.dir.exists()
            && let Err(error) = fs_err::remove_dir_all(&self.dir)
        {
            tracing::warn!(%error, "an unfinished installation is left behind");
        }
    }
}
