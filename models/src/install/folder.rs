//! A model from a folder that the user has.

use std::path::Path;

use super::assemble::WEIGHTS;
use super::registry::Known;
use crate::ModelError;
use crate::store::{Checked, Staging, sha256_of};

/// Graphs in the order in which they are looked for.
const GRAPHS: [&str; 4] = ["model.onnx", "model_int8.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx"];

/// Copies a model's files into `staging`; returns what to call the source.
///
/// Weights come before a graph: what they become is known.
pub(super) fn copy(folder: &Path, known: Option<&Known>, staging: &mut Staging) -> Result<String, ModelError> {
    let folder = fs_err::canonicalize(folder)?;
    let missing = |reason: &str| ModelError::NoModel { path: folder.clone(), reason: reason.to_owned() };
    let small = [
        ("config.json", "config.json", true),
        ("tokenizer.json", "tokenizer.json", true),
        ("tokenizer_config.json", "tokenizer_config.json", true),
        ("special_tokens_map.json", "special_tokens_map.json", false),
        ("1_Pooling/config.json", "pooling.json", false),
    ];
    let mut files = Vec::new();
    for (file, kept_as, needed) in small {
        if folder.join(file).is_file() {
            files.push((file, kept_as));
        } else if needed {
            return Err(missing(&format!("it has no `{file}`")));
        }
    }
    if folder.join(WEIGHTS).is_file() {
        files.push((WEIGHTS, WEIGHTS));
    } else {
        let graph = GRAPHS.into_iter().find(|file| folder.join(file).is_file());
        let graph = graph.ok_or_else(|| missing("it has neither `model.safetensors` nor `model.onnx`"))?;
        files.push((graph, "model.onnx"));
    }
    for (file, kept_as) in files {
        let from = folder.join(file);
        let to = staging.dir().join(kept_as);
        fs_err::copy(&from, &to).map_err(|error| ModelError::writing(&to, error))?;
        let checked = match known.and_then(|known| known.pinned(kept_as)) {
            Some(expected) => {
                let received = sha256_of(&to)?;
                if received != expected {
                    let (what, expected) = (from.display().to_string(), expected.to_owned());
                    return Err(ModelError::Checksum { what, expected, received });
                }
                Checked::Pinned
            }
            None => Checked::Received,
        };
        staging.add(kept_as, checked);
    }
    Ok(folder.display().to_string())
}
