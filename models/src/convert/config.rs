//! `config.json`: which model this is, and of which sizes.

use std::path::Path;

use serde::Deserialize;

use super::ConvertError;

/// What follows the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    None,
    Classifier { labels: usize },
}

/// The sizes of a model, all of them positive.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) vocabulary: usize,
    pub(super) hidden: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) intermediate: usize,
    pub(super) positions: usize,
    pub(super) types: usize,
    /// What is added to a variance before its root is taken.
    pub(super) epsilon: f32,
    pub(super) head: Head,
}

/// The file as `transformers` writes it.
#[derive(Deserialize)]
struct File {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Option<Vec<String>>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    #[serde(default)]
    add_cross_attention: bool,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f32,
    num_labels: Option<usize>,
    id2label: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Config {
    pub(super) fn read(path: &Path) -> Result<Self, ConvertError> {
        let malformed = |reason: String| ConvertError::Malformed { path: path.to_owned(), reason };
        let file: File = serde_json::from_slice(&fs_err::read(path)?).map_err(|error| malformed(error.to_string()))?;
        let head = file.head().map_err(|found| ConvertError::Unsupported { path: path.to_owned(), found })?;
        for (name, size) in [
            ("vocab_size", file.vocab_size),
            ("hidden_size", file.hidden_size),
            ("num_hidden_layers", file.num_hidden_layers),
            ("num_attention_heads", file.num_attention_heads),
            ("intermediate_size", file.intermediate_size),
            ("max_position_embeddings", file.max_position_embeddings),
            ("type_vocab_size", file.type_vocab_size),
        ] {
            if size == 0 || size > i32::MAX as usize {
                return Err(malformed(format!("`{name}` is {size}")));
            }
        }
        if !file.hidden_size.is_multiple_of(file.num_attention_heads) {
            let (hidden, heads) = (file.hidden_size, file.num_attention_heads);
            return Err(malformed(format!(
                "`hidden_size` {hidden} is not a multiple of `num_attention_heads` {heads}"
            )));
        }
        if !(file.layer_norm_eps > 0.0 && file.layer_norm_eps < 1.0) {
            return Err(malformed(format!("`layer_norm_eps` is {}", file.layer_norm_eps)));
        }
        Ok(Self {
            vocabulary: file.vocab_size,
            hidden: file.hidden_size,
            layers: file.num_hidden_layers,
            heads: file.num_attention_heads,
            intermediate: file.intermediate_size,
            positions: file.max_position_embeddings,
            types: file.type_vocab_size,
            epsilon: file.layer_norm_eps,
            head,
        })
    }
}

impl File {
    /// What follows the encoder; or what there is that is not converted.
    fn head(&self) -> Result<Head, String> {
        let expect = |name: &str, is: Option<&str>, needed: &str| match is {
            Some(is) if is != needed => Err(format!("its `{name}` is `{is}`")),
            _ => Ok(()),
        };
        let kind = self.model_type.as_deref().ok_or("it has no `model_type`")?;
        expect("model_type", Some(kind), "bert")?;
        expect("hidden_act", self.hidden_act.as_deref(), "gelu")?;
        expect("position_embedding_type", self.position_embedding_type.as_deref(), "absolute")?;
        if self.is_decoder || self.add_cross_attention {
            return Err("it is a decoder".to_owned());
        }
        match self.architectures.as_deref().unwrap_or_default() {
            [] => Ok(Head::None),
            [one] if one == "BertModel" => Ok(Head::None),
            [one] if one == "BertForSequenceClassification" => {
                // `transformers` writes the names of labels instead of their number, and neither for two.
                let named = self.id2label.as_ref().map(serde_json::Map::len);
                let labels = named.or(self.num_labels).unwrap_or(2);
                if labels == 0 { Err("it has no labels".to_owned()) } else { Ok(Head::Classifier { labels }) }
            }
            other => Err(format!("its architecture is {}", other.join(", "))),
        }
    }
}
