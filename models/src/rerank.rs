//! An installed cross-encoder: a question and passages in, a score for each out.

use std::sync::{Mutex, PoisonError};

use fastembed::{OnnxSource, RerankInitOptionsUserDefined, TextRerank, UserDefinedRerankingModel};

use crate::runtime::Runtime;
use crate::store::{Installed, Kind};
use crate::transformer::{TransformerOptions, guarded, tokenizer_files};
use crate::{ModelError, text};

/// Pairs that go through the model together.
const BATCH: usize = 16;

/// A cross-encoder that was loaded. Calls from several threads wait for one another.
pub struct Reranker {
    name: String,
    /// Running needs exclusive access.
    session: Mutex<TextRerank>,
}

impl std::fmt::Debug for Reranker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reranker").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Reranker {
    /// Loads an installed model.
    pub fn open(model: &Installed, runtime: &Runtime, options: TransformerOptions) -> Result<Self, ModelError> {
        let manifest = &model.manifest;
        manifest.must_be(Kind::Reranker)?;
        let mut settings = RerankInitOptionsUserDefined::new()
            .with_environment(runtime.environment.clone())
            .with_max_length(manifest.max_tokens);
        if options.threads > 0 {
            settings = settings.with_intra_threads(options.threads);
        }
        let source = OnnxSource::File(model.model_file());
        let user_model = UserDefinedRerankingModel::new(source, tokenizer_files(&model.dir)?);
        let session = guarded(&manifest.name, || TextRerank::try_new_from_user_defined(user_model, settings))?;
        Ok(Self { name: manifest.name.clone(), session: Mutex::new(session) })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How well each passage answers the question, in the order of the passages: the higher the better, without a
    /// scale that would mean the same for another question.
    pub fn scores(&self, query: &str, passages: &[&str]) -> Result<Vec<f32>, ModelError> {
        let query = text::cut(query.trim());
        let passages: Vec<&str> = passages.iter().map(|passage| text::cut(passage.trim())).collect();
        let mut scores = vec![0.0; passages.len()];
        // The shortest first, so that little is padded.
        let mut order: Vec<usize> = (0..passages.len()).collect();
        order.sort_by_key(|&index| (passages[index].len(), index));
        // A panic in a run leaves nothing half done that the next one would see.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        for batch in order.chunks(BATCH) {
            let texts: Vec<&str> = batch.iter().map(|&index| passages[index]).collect();
            let results = guarded(&self.name, || session.rerank(query, &texts, false, Some(BATCH)))?;
            for result in results {
                let index = batch.get(result.index).filter(|_| result.score.is_finite());
                let index = index.ok_or_else(|| ModelError::Failed {
                    name: self.name.clone(),
                    reason: format!("a score of {} for passage {}", result.score, result.index),
                })?;
                scores[*index] = result.score;
            }
        }
        Ok(scores)
    }
}
