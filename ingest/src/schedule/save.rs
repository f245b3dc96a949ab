//! Files that a person wrote, replaced so that no instant shows half of one.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces a file by what `edit` makes of its text; one that is not there is an empty text. Two edits at a time follow
/// each other. A link stays a link, and the file keeps who may read and write it.
pub fn edit_file<E: From<io::Error>>(path: &Path, edit: impl FnOnce(&str) -> Result<String, E>) -> Result<(), E> {
    let path = &place(path);
    let dir = folder_of(path);
    fs_err::create_dir_all(dir)?;
    let _lock = lock(dir)?;
    let text = match fs_err::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let edited = edit(&text)?;
    if edited != text {
        write_atomically(path, edited.as_bytes())?;
    }
    Ok(())
}

/// Writes a file whole: another is made durable beside it and renamed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &place(path);
    let dir = folder_of(path);
    fs_err::create_dir_all(dir)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?);
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = dir.join(name);
    let written = write(&draft, path, bytes);
    if written.is_err() {
        // What went wrong is said; that something may be left over is not worth more words.
        drop(fs_err::remove_file(&draft));
    }
    written
}

fn write(draft: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // One that is left of a process that died is in nobody's use.
    let mut file = fs_err::File::create(draft)?;
    if let Ok(metadata) = fs_err::metadata(path) {
        fs_err::set_permissions(draft, metadata.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    fs_err::rename(draft, path)?;
    if cfg!(unix) {
        fs_err::File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

/// Where a path leads.
fn place(path: &Path) -> PathBuf {
    fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits for the lock of a folder; it ends with the handle. A lock of the file itself would be that of the file that is
/// replaced.
#[cfg(unix)]
fn lock(dir: &Path) -> io::Result<fs_err::File> {
    let file = fs_err::File::open(dir)?;
    // Some network file systems have no locks. Two edits within the same millisecond are less likely there than harm.
    drop(file.file().lock());
    Ok(file)
}

#[cfg(not(unix))]
fn lock(_dir: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(path: &Path, line: &str) {
        edit_file(path, |text| Ok::<_, io::Error>(format!("{text}{line}\n"))).unwrap();
    }

    #[test]
    fn edits_follow_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deeper/sources.toml");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let path = &path;
                scope.spawn(move || (0..20).for_each(|n| append(path, &format!("{thread} {n}"))));
            }
        });
        assert_eq!(fs_err::read_to_string(&path).unwrap().lines().count(), 80);
        assert_eq!(fs_err::read_dir(path.parent().unwrap()).unwrap().count(), 1, "drafts are gone");
    }

    #[test]
    fn an_edit_that_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sources.toml");
        append(&path, "a");
        let refused = edit_file(&path, |_| Err::<String, _>(io::Error::other("no")));
        assert!(refused.is_err());
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "a\n");
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_and_a_link_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("real.toml"), dir.path().join("sources.toml"));
        fs_err::write(&file, "").unwrap();
        fs_err::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        append(&link, "a");
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "a\n");
    }
}
