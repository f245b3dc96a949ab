//! What can go wrong when a model is converted.

use std::io;
use std::path::PathBuf;

/// A model could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file of the model is not what its name says.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model of a kind that is not converted.
    #[error(
        "the model of `{}` cannot be converted: {found}; supported are BertModel and BertForSequenceClassification \
         with gelu and absolute positions", path.display()
    )]
    Unsupported {
        /// The file that says so.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// A tensor that the model needs is not there.
    #[error("`{}` has no tensor `{tensor}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor is not what `config.json` makes it.
    #[error("the tensor `{tensor}` in `{}` {reason}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The graph does not fit into a file of this format.
    #[error("the converted model would be {bytes} bytes long; a graph in one file has less than 2 GiB")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
}
