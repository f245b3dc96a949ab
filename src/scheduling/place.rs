//! Where `sources.toml` is, and where the paths in it lead.

use std::io;
use std::path::{Path, PathBuf};

use cloudops_ingest::schedule::{self, Mistake, Sources};

use crate::app::App;
use crate::config;

/// The sources cannot be made out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourcesError {
    #[error("there is no home directory to keep `sources.toml` in")]
    NoHome,
    #[error("failed to read `{}`", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    #[error("`{}`, {mistake}", .path.display())]
    Mistake { path: PathBuf, mistake: Mistake },
}

impl SourcesError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NoHome => Some("Say where with `CLOUDOPS_SCHEDULE_SOURCES`.".to_owned()),
            Self::Unreadable(..) => None,
            Self::Mistake { mistake, .. } => mistake.hint.clone(),
        }
    }
}

/// The file that names the sources, whether it is there or not: as configured, or beside the configuration file.
pub(crate) fn sources_file(app: &App) -> Result<PathBuf, SourcesError> {
    let set = &app.settings().schedule.sources;
    if !set.as_os_str().is_empty() {
        return Ok(set.clone());
    }
    let beside = app.config.file.as_ref().and_then(|file| file.parent());
    beside.map(|dir| dir.join("sources.toml")).ok_or(SourcesError::NoHome)
}

/// The sources; none if there is no file.
pub(crate) fn load(app: &App) -> Result<Sources, SourcesError> {
    let path = sources_file(app)?;
    match fs_err::read_to_string(&path) {
        Ok(text) => schedule::parse(&text).map_err(|mistake| SourcesError::Mistake { path, mistake }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Sources::default()),
        Err(error) => Err(SourcesError::Unreadable(path, error)),
    }
}

/// Where a path in the file leads: `~/` is the home directory, anything relative begins at the file's own folder.
pub(crate) fn resolve(app: &App, path: &str) -> Result<PathBuf, SourcesError> {
    if let Some(below) = path.strip_prefix("~/") {
        return config::home().map(|home| home.join(below)).ok_or(SourcesError::NoHome);
    }
    let file = sources_file(app)?;
    Ok(file.parent().unwrap_or(Path::new(".")).join(path))
}
