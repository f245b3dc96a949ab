//! Installed models as the embedders that an index asks for.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cloudops_indexes::embed::{CrossEncoder, EmbedError, Embedder, EmbedderId, EmbedderSource, PassageText};
use cloudops_models::runtime::Search;
use cloudops_models::{ModelError, Reranker, TransformerOptions};
use lru::LruCache;

use super::bedrock;
use crate::config::EmbedSettings;

/// Questions whose vector is remembered: an hour of a busy client, 3 MB at most.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not zero");

/// The models of a data directory. Each is loaded at the first question that needs it, and kept.
pub(crate) struct Models {
    search: Search,
    settings: EmbedSettings,
    opened: Mutex<Vec<Arc<Remembering>>>,
    /// Looked for once; a server that runs longer than an installation is started anew for it.
    cross_encoder: OnceLock<Option<Arc<dyn CrossEncoder>>>,
}

impl std::fmt::Debug for Models {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Models").field("search", &self.search).finish_non_exhaustive()
    }
}

impl Models {
    pub(crate) fn new(search: Search, settings: EmbedSettings) -> Self {
        Self { search, settings, opened: Mutex::new(Vec::new()), cross_encoder: OnceLock::new() }
    }
}

impl EmbedderSource for Models {
    fn open(&self, id: &EmbedderId) -> Result<Arc<dyn Embedder>, EmbedError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.iter().find(|known| known.id() == id) {
            return Ok(Arc::clone(known) as Arc<dyn Embedder>);
        }
        let model = match bedrock::for_questions(&self.settings, id) {
            Some(paid) => paid?,
            None => cloudops_models::open(&self.search, &id.name, TransformerOptions::queries())
                .map_err(|error| unavailable(id, &error))?,
        };
        let model = Arc::new(Remembering::new(model));
        // One of another version is of no use any more, once it was replaced.
        opened.retain(|known| known.id().name != id.name);
        opened.push(Arc::clone(&model));
        Ok(model)
    }

    fn cross_encoder(&self) -> Option<Arc<dyn CrossEncoder>> {
        let find = || match cloudops_models::open_reranker(&self.search, TransformerOptions::queries()) {
            Ok(found) => found.map(|reranker| Arc::new(Judge(reranker)) as Arc<dyn CrossEncoder>),
            Err(error) => {
                tracing::warn!(%error, "the cross-encoder is left out");
                None
            }
        };
        self.cross_encoder.get_or_init(find).clone()
    }
}

/// An installed cross-encoder.
struct Judge(Reranker);

impl CrossEncoder for Judge {
    fn scores(&self, query: &str, passages: &[&str]) -> Result<Vec<f32>, EmbedError> {
        let failed =
            |error: ModelError| EmbedError::Failed { name: self.0.name().to_owned(), reason: error.to_string() };
        self.0.scores(query, passages).map_err(failed)
    }
}

fn unavailable(id: &EmbedderId, error: &ModelError) -> EmbedError {
    let hint = error.hint().map(|hint| format!(". {hint}")).unwrap_or_default();
    EmbedError::Unavailable { name: id.name.clone(), reason: format!("{error}{hint}") }
}

/// An embedder that remembers the vectors of the last questions: paging and asking again cost nothing.
struct Remembering {
    inner: Arc<dyn Embedder>,
    vectors: Mutex<LruCache<String, Vec<f32>>>,
}

impl std::fmt::Debug for Remembering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembering").field("id", self.inner.id()).finish_non_exhaustive()
    }
}

impl Remembering {
    fn new(inner: Arc<dyn Embedder>) -> Self {
        Self { inner, vectors: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    fn known(&self, query: &str) -> Option<Vec<f32>> {
        self.vectors.lock().unwrap_or_else(PoisonError::into_inner).get(query).cloned()
    }
}

impl Embedder for Remembering {
    fn id(&self) -> &EmbedderId {
        self.inner.id()
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors: Vec<Option<Vec<f32>>> = queries.iter().map(|query| self.known(query)).collect();
        let new: Vec<usize> = (0..queries.len()).filter(|at| vectors[*at].is_none()).collect();
        if !new.is_empty() {
            let texts: Vec<&str> = new.iter().map(|at| queries[*at]).collect();
            // Not under the lock: other questions may be known.
            let made = self.inner.embed_queries(&texts)?;
            let mut remembered = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
            for (at, vector) in new.into_iter().zip(made) {
                remembered.put(queries[at].to_owned(), vector.clone());
                vectors[at] = Some(vector);
            }
        }
        Ok(vectors.into_iter().flatten().collect())
    }

    fn embed_passages(&self, passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.inner.embed_passages(passages)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Says how often it was asked, and of a text how long it is.
    struct Counting {
        id: EmbedderId,
        asked: AtomicUsize,
    }

    impl Embedder for Counting {
        fn id(&self) -> &EmbedderId {
            &self.id
        }

        fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
            self.asked.fetch_add(queries.len(), Ordering::Relaxed);
            Ok(queries.iter().map(|query| vec![query.len() as f32]).collect())
        }

        fn embed_passages(&self, _passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
            Ok(vec![])
        }
    }

    #[test]
    fn a_question_is_embedded_once() {
        let id = EmbedderId { name: "counting".into(), version: "1".into(), dimensions: 1 };
        let counting = Arc::new(Counting { id, asked: AtomicUsize::new(0) });
        let embedder = Remembering::new(Arc::clone(&counting) as Arc<dyn Embedder>);
        assert_eq!(embedder.embed_queries(&["a", "bb"]).unwrap(), [[1.0], [2.0]]);
        assert_eq!(embedder.embed_queries(&["bb", "ccc", "a"]).unwrap(), [[2.0], [3.0], [1.0]]);
        assert_eq!(counting.asked.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_model_that_is_not_there_is_said_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let search = Search { models_dir: dir.path().to_owned(), ..Search::default() };
        let id = EmbedderId { name: "all-minilm-l6-v2".into(), version: "1".into(), dimensions: 384 };
        let error =
            Models::new(search, EmbedSettings::default()).open(&id).err().expect("nothing is installed").to_string();
        assert!(error.contains("`all-minilm-l6-v2`") && error.contains("cloudops model install"), "{error}");
    }
}
