//! What the graphs of both precisions have in common: tokens at the beginning, the output at the end.

use super::INPUTS;
use super::bert::{Bert, Classifier, Norm};
use super::config::Config;
use super::graph::{Builder, Setting, Value, fixed, named};
use super::matrix::Matrix;
use super::onnx::{DataType, Model};

/// Where the last normalization goes, and the result of a graph without a head.
pub(super) const STATES: &str = "last_hidden_state";

/// The mask as the attention operators take it.
pub(super) fn mask(graph: &mut Builder) -> Value {
    let kind = Setting::Int("to", i64::from(i32::from(DataType::Int32)));
    graph.node("mask", "Cast", &[INPUTS[1]], &[kind])
}

/// The sum of what stands for words, positions and types. `EmbedLayerNormalization` is not faster than these plain
/// operators, and could not keep words as bytes.
pub(super) fn embedded(graph: &mut Builder, words: &str, positions: &Matrix, types: &Matrix) -> Value {
    let positions = graph.matrix("embeddings.positions.weight", positions);
    let zero = graph.integers("zero", &[0]);
    let length = graph.node("embeddings.length", "Shape", &[INPUTS[0]], &[Setting::Int("start", 1)]);
    let positions = graph.node("embeddings.positions", "Slice", &[&positions, &zero, &length, &zero], &[]);
    let types = graph.matrix("embeddings.types.weight", types);
    let types = graph.node("embeddings.types", "Gather", &[&types, INPUTS[2]], &[]);
    graph.node("embeddings.sum", "Sum", &[words, &types, &positions], &[])
}

/// A layer normalization of a sum, with the operators of ONNX: ONNX Runtime 1.32 takes 1.75 ms on one thread for
/// `SkipLayerNormalization` of 896 × 384 floats and 0.24 ms for these two. `Sum` instead of `Add` because its
/// optimizer would make the slow one of the latter.
pub(super) fn normalized(graph: &mut Builder, name: &str, sum: &[&str], norm: &Norm, config: &Config) -> Value {
    let sum = match sum {
        [one] => (*one).to_owned(),
        parts => graph.node(&format!("{name}.sum"), "Sum", parts, &[]),
    };
    let scale = graph.vector(&format!("{name}.scale"), &norm.scale);
    let mut inputs = vec![&*sum, &*scale];
    let shift = norm.shift.iter().any(|&value| value != 0.0);
    let shift = shift.then(|| graph.vector(&format!("{name}.shift"), &norm.shift));
    inputs.extend(shift.as_deref());
    graph.node(name, "LayerNormalization", &inputs, &[Setting::Float("epsilon", config.epsilon)])
}

/// The file, of a graph whose hidden states are [`STATES`].
pub(super) fn finish(mut graph: Builder, classifier: Option<&Classifier>, config: &Config) -> Model {
    let Some(Classifier { pooler, classifier }) = classifier else {
        let dims = vec![named("batch"), named("sequence"), fixed(config.hidden)];
        return graph.finish(&INPUTS, STATES, dims);
    };
    // A scalar index takes the dimension away: the first state of every text.
    let first = graph.scalar("pooler.first", 0);
    let first = graph.node("pooler.states", "Gather", &[STATES, &first], &[Setting::Int("axis", 1)]);
    let weight = graph.matrix("pooler.weight", &pooler.weight);
    let bias = graph.vector("pooler.bias", &pooler.bias);
    let pooled = graph.node("pooler", "Gemm", &[&first, &weight, &bias], &[]);
    let pooled = graph.node("pooler.tanh", "Tanh", &[&pooled], &[]);
    let weight = graph.matrix("classifier.weight", &classifier.weight);
    let bias = graph.vector("classifier.bias", &classifier.bias);
    graph.node("logits", "Gemm", &[&pooled, &weight, &bias], &[]);
    graph.finish(&INPUTS, "logits", vec![named("batch"), fixed(classifier.bias.len())])
}

/// The name of a part of a layer.
pub(super) fn part(layer: usize, name: &str) -> String {
    format!("layer.{layer}.{name}")
}

/// The name of a layer's last normalization.
pub(super) fn last_norm(layer: usize, bert: &Bert) -> String {
    if layer + 1 == bert.layers.len() { STATES.to_owned() } else { part(layer, "outer.norm") }
}
