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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::convert::{Precision, convert};
    use crate::store::{Manifest, Pooling};

    /// The committed tiny cross-encoder, its weights random, as an installed model of some kind.
    fn tiny(dir: &Path, kind: Kind, precision: Precision) -> Installed {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-classifier");
        for file in ["config.json", "model.safetensors", "tokenizer.json"] {
            fs_err::copy(from.join(file), dir.join(file)).unwrap();
        }
        let config = r#"{"model_max_length": 48, "pad_token": "[PAD]"}"#;
        fs_err::write(dir.join("tokenizer_config.json"), config).unwrap();
        convert(dir, &dir.join("model.onnx"), precision).unwrap();
        let manifest = Manifest {
            name: "tiny".into(),
            kind,
            source: String::new(),
            model: "model.onnx".into(),
            precision: String::new(),
            dimensions: 0,
            pooling: Pooling::Cls,
            max_tokens: 48,
            query_prefix: String::new(),
            installed: 0,
            files: std::collections::BTreeMap::new(),
        };
        Installed { manifest, dir: dir.to_owned() }
    }

    #[test]
    fn scores_come_in_the_order_of_the_passages_whatever_they_are_read_with() {
        let dir = TempDir::new().unwrap();
        let Some((runtime, _)) = crate::testing::runtime(dir.path()) else { return };
        let model = tiny(dir.path(), Kind::Reranker, Precision::Float32);
        let reranker = Reranker::open(&model, &runtime, TransformerOptions { threads: 1 }).unwrap();
        let word = |at: usize| format!("w{}", 5 + at % 90);
        let passages: Vec<String> =
            (0..40).map(|at| (0..at * 7 % 30).map(|n| word(n * at + at)).collect::<Vec<_>>().join(" ")).collect();
        let passages: Vec<&str> = passages.iter().map(String::as_str).collect();
        let together = reranker.scores("w7 w8", &passages).unwrap();
        for (passage, score) in passages.iter().zip(&together) {
            let alone = reranker.scores("w7 w8", &[passage]).unwrap()[0];
            assert!((alone - score).abs() < 1e-4, "{passage}: {alone} alone, {score} with others");
        }
        let mut distinct = together.clone();
        distinct.sort_by(f32::total_cmp);
        distinct.dedup_by(|a, b| (*a - *b).abs() < 1e-4);
        assert!(distinct.len() > 20, "{together:?}");
        let other = reranker.scores("w40 w50 w60", &passages).unwrap();
        assert!(together.iter().zip(&other).any(|(a, b)| (a - b).abs() > 1e-3), "the question plays no part");
        assert!(reranker.scores("a", &[]).unwrap().is_empty());
    }

    #[test]
    fn bytes_score_nearly_as_floats_do_and_an_embedder_is_refused() {
        let dirs = [(); 2].map(|()| TempDir::new().unwrap());
        let Some((runtime, _)) = crate::testing::runtime(dirs[0].path()) else { return };
        let options = TransformerOptions { threads: 1 };
        let [floats, bytes] = [(0, Precision::Float32), (1, Precision::Int8)].map(|(at, precision)| {
            let model = tiny(dirs[at].path(), Kind::Reranker, precision);
            Reranker::open(&model, &runtime, options)
                .unwrap()
                .scores("w7 w8", &["w9 w10 w90", "w8 w7", "\0", ""])
                .unwrap()
        });
        assert!(floats.iter().zip(&bytes).all(|(a, b)| (a - b).abs() < 0.1), "{floats:?} {bytes:?}");
        let wrong = Reranker::open(&tiny(dirs[0].path(), Kind::Embedder, Precision::Float32), &runtime, options);
        assert!(matches!(wrong, Err(ModelError::Kind { .. })));
    }
}
