//! ONNX Runtime from the wheel that Python's package index has of it.

use std::path::Path;

use super::download::Downloads;
use super::wheel::{Wheel, WheelName};
use super::{Event, Events, index};
use crate::ModelError;
use crate::runtime::{OLDEST_MINOR, Runtime, Search, is_library};
use crate::store::{Store, replace_file, sync_dir};

const PACKAGE: &str = "onnxruntime";
const INSIDE: &str = "onnxruntime/capi/";

/// The runtime that this machine has, or else one that is installed now.
pub(super) fn ensure(
    store: &Store,
    search: &Search,
    downloads: &Downloads,
    events: Events<'_>,
) -> Result<Runtime, ModelError> {
    match Runtime::load(search) {
        Ok(runtime) => return Ok(runtime),
        // What the user named is not replaced by something else.
        Err(error) if search.explicit.is_some() => return Err(error),
        Err(error @ (ModelError::NoRuntime { .. } | ModelError::Runtime { .. })) => {
            events(Event::Note(error.to_string()));
        }
        Err(error) => return Err(error),
    }
    install(store, downloads, events)?;
    Runtime::load(search)
}

/// Installs the newest runtime for this platform.
pub(super) fn install(store: &Store, downloads: &Downloads, events: Events<'_>) -> Result<(), ModelError> {
    downloads.client().allowed("ONNX Runtime")?;
    let index = downloads.client().network().index.clone();
    events(Event::Source(format!("{PACKAGE} from {}", super::network::redacted(&index))));
    let files = index::files(downloads.client(), PACKAGE)?;
    let wheels = files.iter().filter_map(|file| Some((WheelName::parse(&file.name)?, file)));
    let usable = wheels.filter(|(wheel, _)| {
        wheel.runs_here() && wheel.version.first() == Some(&1) && wheel.version.get(1) >= Some(&u64::from(OLDEST_MINOR))
    });
    // Wheels of one version differ in the Python they are for, which is of no account here: the first by name.
    let newest = usable.max_by(|a, b| a.0.version.cmp(&b.0.version).then_with(|| b.1.name.cmp(&a.1.name)));
    let (_, file) = newest.ok_or_else(|| ModelError::Download {
        url: PACKAGE.to_owned(),
        reason: format!(
            "the index has no wheel of 1.{OLDEST_MINOR} or later for {} on {}",
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
    })?;
    let downloaded = downloads.fetch(&file.name, &file.url, Some(&file.sha256), events)?;
    let mut wheel = Wheel::open(&downloaded.path, &file.name)?;
    unpack(&mut wheel, &store.dir().join("runtime"), &file.name, &file.sha256)
}

/// Puts the libraries into `dir`, each whole or not at all, and takes away those of other versions.
fn unpack(wheel: &mut Wheel, dir: &Path, name: &str, sha256: &str) -> Result<(), ModelError> {
    fs_err::create_dir_all(dir).map_err(|error| ModelError::writing(dir, error))?;
    let mut installed = Vec::new();
    for member in wheel.names() {
        let Some(file) = member.strip_prefix(INSIDE).or_else(|| member.strip_prefix("onnxruntime/")) else { continue };
        // Only what lies directly there: another name could lead out of `dir`.
        if file.contains(['/', '\\', ':']) {
            continue;
        }
        let licence = matches!(file, "LICENSE" | "ThirdPartyNotices.txt");
        let library = is_library(file) || file.contains("onnxruntime_providers_shared");
        if (library && member.starts_with(INSIDE)) || licence {
            let temporary = dir.join(".unpacking");
            wheel.extract(&member, &temporary)?;
            fs_err::rename(&temporary, dir.join(file))?;
            installed.push(file.to_owned());
        }
    }
    if !installed.iter().any(|file| is_library(file)) {
        let reason = "the wheel has no ONNX Runtime in it".to_owned();
        return Err(ModelError::Download { url: name.to_owned(), reason });
    }
    sync_dir(dir)?;
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        if is_library(&file) && !installed.contains(&file) {
            fs_err::remove_file(entry.path())?;
        }
    }
    let about = serde_json::json!({"wheel": name, "sha256": sha256, "files": installed});
    replace_file(&dir.join("runtime.json"), format!("{about:#}\n").as_bytes())
}
