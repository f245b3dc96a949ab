//! Small and read-only file systems, where whoever runs the tests may mount some.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mount that ends with the test.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A small file system in memory.
    pub(crate) fn tmpfs(place: &Path, options: &str) -> Option<Self> {
        Self::make(&["-t", "tmpfs", "-o", options, "tmpfs"], place)
    }

    /// Gives it another size: `size=96m`.
    pub(crate) fn resize(&self, options: &str) -> bool {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        status.is_ok_and(|status| status.success())
    }

    /// The same directory, read-only.
    pub(crate) fn read_only(place: &Path) -> Option<Self> {
        let mount = Self::make(&["--bind", place.to_str().unwrap()], place)?;
        let status = Command::new("mount").args(["-o", "remount,ro,bind"]).arg(place).status().ok()?;
        status.success().then_some(mount)
    }

    fn make(arguments: &[&str], place: &Path) -> Option<Self> {
        if !is_root() {
            return None;
        }
        let output = Command::new("mount").args(arguments).arg(place).output().ok()?;
        output.status.success().then(|| Self(place.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A server that is being killed may hold it for another moment.
        for _ in 0..50 {
            if Command::new("umount").arg(&self.0).status().is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs_err::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}
