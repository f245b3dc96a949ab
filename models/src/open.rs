//! From an installed model to one that runs.

use std::sync::Arc;

use crate::runtime::{Runtime, Search};
use crate::store::{Kind, Store};
use crate::{ModelError, Reranker, Transformer, TransformerOptions};

/// The embedder in use, with the runtime found by `search`; `None` where none is in use.
pub fn open_in_use(search: &Search, options: TransformerOptions) -> Result<Option<Arc<Transformer>>, ModelError> {
    match Store::new(&search.models_dir).in_use()? {
        Some(name) => open(search, &name, options).map(Some),
        None => Ok(None),
    }
}

/// The installed embedder of this name.
pub fn open(search: &Search, name: &str, options: TransformerOptions) -> Result<Arc<Transformer>, ModelError> {
    let model = Store::new(&search.models_dir).get(name)?;
    let runtime = Runtime::load(search)?;
    Ok(Arc::new(Transformer::open(&model, &runtime, options)?))
}

/// The first installed reranker by name; `None` where none is installed.
pub fn open_reranker(search: &Search, options: TransformerOptions) -> Result<Option<Reranker>, ModelError> {
    let models = Store::new(&search.models_dir).list()?;
    let Some(model) = models.into_iter().find(|model| model.manifest.kind == Kind::Reranker) else {
        return Ok(None);
    };
    let runtime = Runtime::load(search)?;
    Reranker::open(&model, &runtime, options).map(Some)
}
