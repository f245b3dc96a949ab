//! One ingestion of a source at a time, over all processes.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::report::error::CommandError;

/// The folder of the locks, in the data directory.
const FOLDER: &str = "locks";

/// A lock that is taken is looked at so often before it counts as taken.
const TRIES: u32 = 5;
/// And so long apart.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Held while a source is ingested. The operating system takes it back from a process that dies.
#[derive(Debug)]
pub(crate) struct SourceLock {
    _file: fs_err::File,
}

impl SourceLock {
    /// Takes the lock of a source; an error if another process has it.
    #[cfg_attr(not(feature = "crawl"), allow(dead_code, reason = "only a crawl refuses to wait"))]
    pub(crate) fn take(data_dir: &Path, source: &str) -> Result<Self, CommandError> {
        match Self::try_take(data_dir, source)? {
            Some(lock) => Ok(lock),
            None => Err(CommandError::from(anyhow::anyhow!("another process is ingesting the source `{source}`"))
                .hint("Wait for it to finish; `cloudops schedule status` says what runs by itself.")),
        }
    }

    /// Takes the lock of a source; `None` if another process has it.
    pub(crate) fn try_take(data_dir: &Path, source: &str) -> anyhow::Result<Option<Self>> {
        fs_err::create_dir_all(data_dir.join(FOLDER))?;
        let file = fs_err::OpenOptions::new().create(true).truncate(false).write(true).open(place(data_dir, source))?;
        // A program that was just started has inherited the file of a lock that is free again, until it closes it.
        for patience in 0..TRIES {
            match file.file().try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if patience + 1 < TRIES => std::thread::sleep(BETWEEN_TRIES),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Whether a process ingests the source. Changes nothing.
    pub(crate) fn is_taken(data_dir: &Path, source: &str) -> bool {
        let Ok(file) = fs_err::File::open(place(data_dir, source)) else { return false };
        matches!(file.file().try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

fn place(data_dir: &Path, source: &str) -> PathBuf {
    data_dir.join(FOLDER).join(format!("{source}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_for_each_source() {
        let dir = tempfile::tempdir().unwrap();
        let first = SourceLock::take(dir.path(), "aws").unwrap();
        assert!(SourceLock::try_take(dir.path(), "aws").unwrap().is_none());
        assert!(SourceLock::is_taken(dir.path(), "aws") && !SourceLock::is_taken(dir.path(), "other"));
        assert!(SourceLock::try_take(dir.path(), "other").unwrap().is_some());
        assert!(SourceLock::take(dir.path(), "aws").unwrap_err().error.to_string().contains("`aws`"));
        drop(first);
        assert!(!SourceLock::is_taken(dir.path(), "aws"));
        assert!(SourceLock::try_take(dir.path(), "aws").unwrap().is_some());
    }
}
