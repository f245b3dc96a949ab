//! The lock of the scheduler: one process at a time runs what is due. The operating system takes it back from one that dies.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

/// Held by the process that schedules.
#[derive(Debug)]
pub(super) struct SchedulerLock {
    file: fs_err::File,
}

impl SchedulerLock {
    /// Takes the lock. `None` if another process has it.
    pub(super) fn try_take(data_dir: &Path) -> io::Result<Option<Self>> {
        let path = place(data_dir);
        fs_err::create_dir_all(path.parent().unwrap_or(data_dir))?;
        let file = fs_err::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.file().try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether some process schedules. Changes nothing, not even the time of the file.
    pub(super) fn is_taken(data_dir: &Path) -> bool {
        let Ok(file) = fs_err::File::open(place(data_dir)) else { return false };
        matches!(file.file().try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Says that its holder is at work, for [`Self::last_seen`]. It is news, not data: errors are passed over.
    pub(super) fn touch(&self) {
        if let Err(error) = self.file.file().set_modified(SystemTime::now()) {
            tracing::debug!(%error, "the time of the scheduler's lock could not be set");
        }
    }

    /// When a process that schedules last looked whether something is due.
    pub(super) fn last_seen(data_dir: &Path) -> Option<Timestamp> {
        let modified = fs_err::metadata(place(data_dir)).ok()?.modified().ok()?;
        Timestamp::try_from(modified).ok()
    }
}

/// No source has a name that begins with a dot.
fn place(data_dir: &Path) -> PathBuf {
    data_dir.join("locks").join(".scheduler.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_held_once_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!SchedulerLock::is_taken(dir.path()) && SchedulerLock::last_seen(dir.path()).is_none());
        let lock = SchedulerLock::try_take(dir.path()).unwrap().unwrap();
        lock.touch();
        assert!(SchedulerLock::try_take(dir.path()).unwrap().is_none() && SchedulerLock::is_taken(dir.path()));
        drop(lock);
        assert!(!SchedulerLock::is_taken(dir.path()) && SchedulerLock::last_seen(dir.path()).is_some());
        assert!(SchedulerLock::try_take(dir.path()).unwrap().is_some());
    }
}
