//! Embedders that are slow to make vectors with: which one is in use, questions to it, and filling the index with its
//! vectors behind the scenes.

pub(crate) mod bedrock;
mod provider;
mod state;
mod worker;

pub(crate) use provider::Models;
#[cfg(feature = "mcp")]
pub(crate) use state::Share;
pub(crate) use state::{Filling, Status, status};
#[cfg(feature = "mcp")]
pub(crate) use worker::keep_filling;
pub(crate) use worker::{Options, fill, fill_with, give_way, patiently, start_in_background};

/// Where models are kept, below the data directory.
pub(crate) const MODELS_DIR: &str = "models";
