//! The weights of a BERT, by their names in the published file, in the layout that the graph takes.

use super::ConvertError;
use super::config::{Config, Head};
use super::matrix::Matrix;
use super::weights::Weights;

/// `x × weight + bias`: one row per input, one column per output.
pub(super) struct Linear {
    pub(super) weight: Matrix,
    pub(super) bias: Vec<f32>,
}

/// A layer normalization: `scale × normalized + shift`.
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// One layer of the encoder.
pub(super) struct Layer {
    /// Queries, keys and values, side by side.
    pub(super) qkv: Linear,
    pub(super) attended: Linear,
    pub(super) attended_norm: Norm,
    pub(super) inner: Linear,
    pub(super) outer: Linear,
    pub(super) outer_norm: Norm,
}

/// What makes labels of the first hidden state.
pub(super) struct Classifier {
    pub(super) pooler: Linear,
    pub(super) classifier: Linear,
}

/// A whole model.
pub(super) struct Bert {
    pub(super) words: Matrix,
    pub(super) positions: Matrix,
    pub(super) types: Matrix,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
    pub(super) classifier: Option<Classifier>,
}

impl Bert {
    pub(super) fn read(weights: &mut Weights, config: &Config) -> Result<Self, ConvertError> {
        // Models with a head have the prefix; an encoder alone has been published both ways.
        let prefix = if weights.has("bert.embeddings.word_embeddings.weight") { "bert." } else { "" };
        let &Config { hidden, intermediate, .. } = config;
        let table = |weights: &mut Weights, name: &str, rows| {
            weights.matrix(&format!("{prefix}embeddings.{name}_embeddings.weight"), rows, hidden)
        };
        let words = table(weights, "word", config.vocabulary)?;
        let positions = table(weights, "position", config.positions)?;
        let types = table(weights, "token_type", config.types)?;
        let norm = norm(weights, &format!("{prefix}embeddings.LayerNorm"), hidden)?;
        let layers = (0..config.layers)
            .map(|i| {
                let name = |part: &str| format!("{prefix}encoder.layer.{i}.{part}");
                let qkv = ["query", "key", "value"]
                    .map(|part| linear(weights, &name(&format!("attention.self.{part}")), hidden, hidden));
                Ok(Layer {
                    qkv: side_by_side(qkv)?,
                    attended: linear(weights, &name("attention.output.dense"), hidden, hidden)?,
                    attended_norm: self::norm(weights, &name("attention.output.LayerNorm"), hidden)?,
                    inner: linear(weights, &name("intermediate.dense"), hidden, intermediate)?,
                    outer: linear(weights, &name("output.dense"), intermediate, hidden)?,
                    outer_norm: self::norm(weights, &name("output.LayerNorm"), hidden)?,
                })
            })
            .collect::<Result<_, ConvertError>>()?;
        let classifier = match config.head {
            Head::None => None,
            Head::Classifier { labels } => Some(Classifier {
                pooler: linear(weights, &format!("{prefix}pooler.dense"), hidden, hidden)?,
                classifier: linear(weights, "classifier", hidden, labels)?,
            }),
        };
        Ok(Self { words, positions, types, norm, layers, classifier })
    }
}

/// Published with one row per output.
fn linear(weights: &mut Weights, name: &str, inputs: usize, outputs: usize) -> Result<Linear, ConvertError> {
    let weight = weights.matrix(&format!("{name}.weight"), outputs, inputs)?.transposed();
    Ok(Linear { weight, bias: weights.vector(&format!("{name}.bias"), outputs)? })
}

fn norm(weights: &mut Weights, name: &str, length: usize) -> Result<Norm, ConvertError> {
    // The first BERTs were published with TensorFlow's names.
    let old = weights.has(&format!("{name}.gamma"));
    let (scale, shift) = if old { ("gamma", "beta") } else { ("weight", "bias") };
    Ok(Norm {
        scale: weights.vector(&format!("{name}.{scale}"), length)?,
        shift: weights.vector(&format!("{name}.{shift}"), length)?,
    })
}

fn side_by_side(parts: [Result<Linear, ConvertError>; 3]) -> Result<Linear, ConvertError> {
    let mut weights = Vec::new();
    let mut bias = Vec::new();
    for part in parts {
        let part = part?;
        weights.push(part.weight);
        bias.extend(part.bias);
    }
    Ok(Linear { weight: Matrix::side_by_side(&weights), bias })
}
