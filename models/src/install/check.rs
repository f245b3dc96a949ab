//! A new model is tried before it goes live: what it says must make sense.

use cloudops_indexes::embed::{EmbedError, Embedder, PassageText};

use crate::runtime::Runtime;
use crate::store::{Installed, Kind};
use crate::{ModelError, Reranker, Transformer, TransformerOptions};

/// How far from one the length of a vector may be.
const TOLERANCE: f32 = 1e-3;

/// Runs a model that is not live yet.
pub(super) fn check(model: &Installed, runtime: &Runtime) -> Result<(), ModelError> {
    let refuse = |reason: String| ModelError::Check { name: model.manifest.name.clone(), reason };
    let options = TransformerOptions::queries();
    match model.manifest.kind {
        Kind::Embedder => {
            let transformer = Transformer::open(model, runtime, options)?;
            embedder(&transformer)
                .map_err(|error| refuse(error.to_string()))?
                .map_or(Ok(()), |wrong| Err(refuse(wrong)))
        }
        Kind::Reranker => {
            let reranker = Reranker::open(model, runtime, options)?;
            let scores = reranker.scores("how old is a kitten", &["a cat is a kitten for a year", "tax return"])?;
            if scores[0] > scores[1] {
                return Ok(());
            }
            Err(refuse(format!("a passage about cats scores {} for cats, one about taxes {}", scores[0], scores[1])))
        }
    }
}

/// What is wrong with an embedder, if anything.
fn embedder(transformer: &Transformer) -> Result<Option<String>, EmbedError> {
    let vectors = transformer.embed_queries(&["a cat"])?;
    let passages = ["a kitten", "tax return"].map(|body| PassageText { title: "", headings: "", body });
    let passages = transformer.embed_passages(&passages)?;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    for vector in vectors.iter().chain(&passages) {
        let length = dot(vector, vector).sqrt();
        if (length - 1.0).abs() > TOLERANCE {
            return Ok(Some(format!("a vector of length {length}")));
        }
    }
    let (near, far) = (dot(&vectors[0], &passages[0]), dot(&vectors[0], &passages[1]));
    // False for what is not a number, too.
    if near > far {
        return Ok(None);
    }
    Ok(Some(format!("a cat is as near to a tax return ({far:.3}) as to a kitten ({near:.3})")))
}
