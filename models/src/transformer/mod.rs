//! An installed transformer as an embedder.

mod batches;

#[cfg(test)]
mod tests;

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cloudops_indexes::embed::{EmbedError, Embedder, EmbedderId, PassageText};
use fastembed::{InitOptionsUserDefined, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel};

use crate::runtime::Runtime;
use crate::store::{Installed, Kind, Pooling};
use crate::{ModelError, text};

/// Copies of a model that work at the same time, at most: each takes the memory of its weights.
const MOST_COPIES: usize = 4;

/// How a model is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransformerOptions {
    /// Threads that work at the same time; 0 for one per core. One is the choice for questions, of which there is one
    /// at a time.
    pub threads: usize,
}

impl TransformerOptions {
    /// For questions: one thread.
    pub const fn queries() -> Self {
        Self { threads: 1 }
    }

    /// For filling an index: every core.
    pub const fn filling() -> Self {
        Self { threads: 0 }
    }

    fn count(self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        }
    }
}

/// A transformer that was loaded. Calls from several threads wait for one another.
pub struct Transformer {
    id: EmbedderId,
    query_prefix: String,
    /// Whether a text must not share a batch with another.
    alone: bool,
    /// Running needs exclusive access to a session.
    sessions: Vec<Mutex<TextEmbedding>>,
}

impl std::fmt::Debug for Transformer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transformer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Transformer {
    /// Loads an installed model.
    pub fn open(model: &Installed, runtime: &Runtime, options: TransformerOptions) -> Result<Self, ModelError> {
        let manifest = &model.manifest;
        manifest.must_be(Kind::Embedder)?;
        let id =
            EmbedderId { name: manifest.name.clone(), version: manifest.version(), dimensions: manifest.dimensions };
        let pooling = match manifest.pooling {
            Pooling::Mean => fastembed::Pooling::Mean,
            Pooling::Cls => fastembed::Pooling::Cls,
        };
        let graph = fs_err::read(model.model_file())?;
        let alone = quantizes_by_batch(&graph);
        // Threads in one short text mostly wait for one another; copies of the model do not.
        let copies = if alone { options.count().min(MOST_COPIES) } else { 1 };
        let settings = InitOptionsUserDefined::new()
            .with_environment(runtime.environment.clone())
            .with_max_length(manifest.max_tokens)
            .with_intra_threads(options.count() / copies)
            // A thread that spins while it waits is a core that somebody else could use.
            .with_session_config("session.intra_op.allow_spinning", "0");
        let user_model = UserDefinedEmbeddingModel::new(graph, tokenizer_files(&model.dir)?).with_pooling(pooling);
        let mut sessions = Vec::with_capacity(copies);
        for _ in 0..copies {
            let (user_model, settings) = (user_model.clone(), settings.clone());
            let session = guarded(&manifest.name, || TextEmbedding::try_new_from_user_defined(user_model, settings))?;
            sessions.push(Mutex::new(session));
        }
        Ok(Self { id, query_prefix: manifest.query_prefix.clone(), alone, sessions })
    }

    /// Vectors in the order of the texts; zeros for an empty one.
    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let batches = batches::plan(texts, self.alone);
        let next = AtomicUsize::new(0);
        // The longest first: whoever is done early takes a short one.
        let take = || batches.iter().rev().nth(next.fetch_add(1, Ordering::Relaxed));
        let work = |session: &Mutex<TextEmbedding>| -> Result<Vec<(usize, Vec<f32>)>, EmbedError> {
            let mut made = Vec::new();
            while let Some(batch) = take() {
                made.extend(batch.iter().copied().zip(self.run(session, texts, batch)?));
            }
            Ok(made)
        };
        let workers = self.sessions.len().min(batches.len());
        let parts: Vec<_> = if workers > 1 {
            std::thread::scope(|scope| {
                let workers: Vec<_> =
                    self.sessions[..workers].iter().map(|session| scope.spawn(|| work(session))).collect();
                let lost = || Err(self.failed("a thread of it ended early".to_owned()));
                workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| lost())).collect()
            })
        } else {
            vec![work(&self.sessions[0])]
        };
        // Whatever failed is said before memory is taken for the result.
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        // Nothing is said in an empty text, so nothing is near it.
        let mut vectors = vec![vec![0.0; self.id.dimensions]; texts.len()];
        for (index, vector) in parts.into_iter().flatten() {
            vectors[index] = vector;
        }
        Ok(vectors)
    }

    fn run(
        &self,
        session: &Mutex<TextEmbedding>,
        texts: &[String],
        batch: &[usize],
    ) -> Result<Vec<Vec<f32>>, EmbedError> {
        let batch: Vec<&str> = batch.iter().map(|&index| texts[index].as_str()).collect();
        // A panic in a run leaves nothing half done that the next one would see.
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        let vectors = guarded(&self.id.name, || session.embed(&batch, Some(batch.len())))
            .map_err(|error| self.failed(error.to_string()))?;
        if vectors.len() != batch.len() {
            return Err(self.failed(format!("{} vectors for {} texts", vectors.len(), batch.len())));
        }
        vectors.iter().try_for_each(|vector| self.check(vector))?;
        Ok(vectors)
    }

    fn check(&self, vector: &[f32]) -> Result<(), EmbedError> {
        if vector.len() != self.id.dimensions {
            return Err(self.failed(format!("{} components instead of {}", vector.len(), self.id.dimensions)));
        }
        if vector.iter().any(|component| !component.is_finite()) {
            return Err(self.failed("a component is not a number".to_owned()));
        }
        Ok(())
    }

    fn failed(&self, reason: String) -> EmbedError {
        EmbedError::Failed { name: self.id.name.clone(), reason }
    }
}

impl Embedder for Transformer {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let texts: Vec<_> = queries.iter().map(|query| text::query(&self.query_prefix, query)).collect();
        self.embed(&texts)
    }

    fn embed_passages(&self, passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let texts: Vec<_> = passages.iter().map(text::passage).collect();
        self.embed(&texts)
    }
}

/// Whether the graph scales activations by the largest of the whole batch. There the vector of a text would depend on
/// what it shares a batch with, and nothing is faster for sharing one.
fn quantizes_by_batch(graph: &[u8]) -> bool {
    // Names of operators stand in the file as they are.
    const OPERATORS: [&[u8]; 2] = [b"DynamicQuantizeLinear", b"DynamicQuantizeMatMul"];
    OPERATORS.iter().any(|operator| memchr::memmem::find(graph, operator).is_some())
}

/// The files that a tokenizer is made of.
pub(crate) fn tokenizer_files(dir: &Path) -> Result<TokenizerFiles, ModelError> {
    let special = dir.join("special_tokens_map.json");
    Ok(TokenizerFiles {
        tokenizer_file: fs_err::read(dir.join("tokenizer.json"))?,
        config_file: fs_err::read(dir.join("config.json"))?,
        // Newer tokenizers hold them themselves and come without the file.
        special_tokens_map_file: if special.exists() { fs_err::read(special)? } else { b"{}".to_vec() },
        tokenizer_config_file: fs_err::read(dir.join("tokenizer_config.json"))?,
    })
}

/// Runs something of the runtime or the tokenizer; a panic of theirs is a failure, not the end of the program.
pub(crate) fn guarded<T>(name: &str, run: impl FnOnce() -> fastembed::Result<T>) -> Result<T, ModelError> {
    let failed = |reason: String| ModelError::Failed { name: name.to_owned(), reason };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| failed(error.to_string())),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(failed(said.unwrap_or("it panicked").to_owned()))
        }
    }
}
