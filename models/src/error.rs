//! What can go wrong with models, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::convert::ConvertError;

/// A model could not be found, installed, opened or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The disk is full.
    #[error("the disk of `{}` is full", .0.display())]
    DiskFull(PathBuf),
    /// Another process is installing or removing models here.
    #[error("another process is changing the models in `{}`", .0.display())]
    Locked(PathBuf),
    /// A name that cannot be a directory of ours.
    #[error("`{0}` cannot be the name of a model: letters, digits, `-`, `_` and `.` only")]
    Name(String),
    /// A name that is neither installed nor known.
    #[error("no model `{name}` is known")]
    Unknown {
        /// The name.
        name: String,
        /// Names that are known.
        known: Vec<String>,
    },
    /// A model that is not installed.
    #[error("the model `{0}` is not installed")]
    NotInstalled(String),
    /// A model that is in use was to be removed.
    #[error("the model `{0}` is in use")]
    InUse(String),
    /// A model that does something else.
    #[error("the model `{name}` is {is}, not {needed}")]
    Kind {
        /// Its name.
        name: String,
        /// What it is, with its article.
        is: &'static str,
        /// What was needed, with its article.
        needed: &'static str,
    },
    /// Installed files are not what they were.
    #[error("the model in `{}` cannot be used: {reason}", path.display())]
    Damaged {
        /// Its directory, or the file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No ONNX Runtime was found.
    #[error("ONNX Runtime is not installed (1.{needed} or later; looked in {looked})")]
    NoRuntime {
        /// The oldest minor version that can be used.
        needed: u32,
        /// Where it was looked for, in words.
        looked: String,
    },
    /// An ONNX Runtime was found that cannot be used.
    #[error("the ONNX Runtime `{}` cannot be used: {reason}", path.display())]
    Runtime {
        /// The shared library.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The runtime or the model's files refused to work.
    #[error("the model `{name}` failed: {reason}")]
    Failed {
        /// Its name.
        name: String,
        /// What was said.
        reason: String,
    },
    /// A folder lacks what a model needs.
    #[error("no model in `{}`: {reason}", path.display())]
    NoModel {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The network is needed and was forbidden.
    #[error("{0} must be downloaded, and the network may not be used")]
    Offline(String),
    /// Something could not be downloaded.
    #[error("failed to download {url}: {reason}")]
    Download {
        /// The address, without credentials.
        url: String,
        /// Why.
        reason: String,
    },
    /// What was received is not what was expected.
    #[error("{what} is not what it should be: SHA-256 {received} instead of {expected}")]
    Checksum {
        /// The file or address.
        what: String,
        /// The sum it should have.
        expected: String,
        /// The sum it has.
        received: String,
    },
    /// Every source was tried.
    #[error("{what} could not be had from any source:\n  {}", tried.join("\n  "))]
    Sources {
        /// What was wanted.
        what: String,
        /// Each source with its error.
        tried: Vec<String>,
    },
    /// Weights could not be made into a graph.
    #[error("failed to convert the weights")]
    Convert(#[from] ConvertError),
    /// A freshly installed model gives nonsense.
    #[error("the model `{name}` did not pass its check: {reason}")]
    Check {
        /// Its name.
        name: String,
        /// What was wrong.
        reason: String,
    },
}

impl ModelError {
    /// What the user can do about it: a sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRuntime { .. } => "To install it, run `cloudops model install`.".to_owned(),
            Self::Runtime { .. } => {
                "To install one that works, run `cloudops model install`; `ORT_DYLIB_PATH` names one of your own."
                    .to_owned()
            }
            Self::NotInstalled(name) => format!("To install it, run `cloudops model install {name}`."),
            Self::Unknown { known, .. } => {
                format!(
                    "Known are {}. Any other is installed from a folder with `cloudops model install NAME --from DIR`.",
                    known.join(", ")
                )
            }
            Self::Damaged { .. } => "To install it again, run `cloudops model install NAME`.".to_owned(),
            Self::InUse(_) => "Choose another with `cloudops model use NAME`, or remove it with `--force`.".to_owned(),
            Self::Offline(_) => {
                "Leave `--offline` out, or give a folder that holds the model with `--from DIR`.".to_owned()
            }
            Self::Sources { .. } | Self::Download { .. } => {
                "Behind a proxy, set `HTTPS_PROXY`; mirrors are named with `HF_ENDPOINT` and `PIP_INDEX_URL`. A model \
                 that was copied here is installed with `--from DIR`."
                    .to_owned()
            }
            Self::NoModel { .. } => {
                "It takes `tokenizer.json`, `tokenizer_config.json`, `config.json`, and `model.safetensors` or \
                 `model.onnx`."
                    .to_owned()
            }
            Self::Locked(_) => "Wait until it has finished, and try again.".to_owned(),
            Self::DiskFull(_) => "Free some space and run the same command again: it continues.".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    /// An error of writing below `path`, with a full disk told apart.
    pub(crate) fn writing(path: &Path, error: io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return Self::DiskFull(path.to_owned());
        }
        Self::Io(error)
    }
}
