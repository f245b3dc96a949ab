//! What tests of this crate share: a tiny model that makes sense, and ONNX Runtime if this machine has one.

use std::path::{Path, PathBuf};

use safetensors::tensor::{SafeTensors, TensorView};
use serde_json::{Value, json};

use crate::runtime::{Runtime, Search};

/// Words that the tiny model knows. A cat and a kitten are the same to it.
const WORDS: [&str; 5] = ["a", "cat", "kitten", "tax", "return"];
/// The first of their places in its vocabulary.
const FIRST: usize = 20;

/// The runtime that `ORT_DYLIB_PATH` names; without one the test says that it is skipped.
pub(crate) fn runtime(models_dir: &Path) -> Option<(Runtime, Search)> {
    #[expect(clippy::disallowed_methods, reason = "tests have no caller that could pass it in")]
    let explicit = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    if explicit.is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH does not name an ONNX Runtime");
        return None;
    }
    let search = Search { explicit, models_dir: models_dir.to_owned(), ..Search::default() };
    Some((Runtime::load(&search).unwrap(), search))
}

/// Writes the committed tiny model into `dir`, with words of our own.
pub(crate) fn tiny_model(dir: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-bert");
    fs_err::create_dir_all(dir).unwrap();
    fs_err::copy(from.join("config.json"), dir.join("config.json")).unwrap();

    let mut tokenizer: Value = serde_json::from_slice(&fs_err::read(from.join("tokenizer.json")).unwrap()).unwrap();
    let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    let replaced: Vec<String> = vocabulary
        .iter()
        .filter(|(word, id)| {
            let id = id.as_u64().unwrap() as usize;
            (FIRST..FIRST + WORDS.len()).contains(&id) || WORDS.contains(&word.as_str())
        })
        .map(|(word, _)| word.clone())
        .collect();
    for word in replaced {
        vocabulary.remove(&word);
    }
    for (at, word) in WORDS.iter().enumerate() {
        vocabulary.insert((*word).to_owned(), json!(FIRST + at));
    }
    fs_err::write(dir.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let config = json!({"model_max_length": 48, "pad_token": "[PAD]"});
    fs_err::write(dir.join("tokenizer_config.json"), config.to_string()).unwrap();

    let bytes = fs_err::read(from.join("model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let changed: Vec<_> = tensors
        .iter()
        .map(|(name, view)| {
            let mut data = view.data().to_vec();
            if name.ends_with("word_embeddings.weight") {
                let row = data.len() / view.shape()[0];
                data.copy_within((FIRST + 1) * row..(FIRST + 2) * row, (FIRST + 2) * row);
            }
            (name, view.dtype(), view.shape().to_vec(), data)
        })
        .collect();
    let views =
        changed.iter().map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    fs_err::write(dir.join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}
