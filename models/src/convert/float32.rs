//! The graph of 32-bit floats.

use super::bert::{Bert, Linear};
use super::config::Config;
use super::encoder::{embedded, finish, last_norm, mask, normalized, part};
use super::graph::{Builder, Setting, Value};
use super::onnx::Model;

pub(super) fn graph(bert: &Bert, config: &Config) -> Model {
    let graph = &mut Builder::default();
    let mask = mask(graph);
    let words = graph.matrix("embeddings.words.weight", &bert.words);
    let words = graph.node("embeddings.words", "Gather", &[&words, super::INPUTS[0]], &[]);
    let sum = embedded(graph, &words, &bert.positions, &bert.types);
    let mut states = normalized(graph, "embeddings.norm", &[&sum], &bert.norm, config);
    for (i, layer) in bert.layers.iter().enumerate() {
        // The whole of attention in one operator: 58 texts of 56 tokens a second, where a product for queries, keys
        // and values and `MultiHeadAttention` made 52.
        let weight = graph.matrix(&part(i, "qkv.weight"), &layer.qkv.weight);
        let bias = graph.vector(&part(i, "qkv.bias"), &layer.qkv.bias);
        let heads = Setting::Int("num_heads", config.heads as i64);
        let attention = graph.fused(&part(i, "attention"), "Attention", &[&states, &weight, &bias, &mask], &[heads]);

        let (attended, bias) = product(graph, &part(i, "attended"), &attention, &layer.attended);
        let name = part(i, "attended.norm");
        states = normalized(graph, &name, &[&attended, &bias, &states], &layer.attended_norm, config);

        let (inner, bias) = product(graph, &part(i, "inner"), &states, &layer.inner);
        let inner = graph.fused(&part(i, "inner.gelu"), "BiasGelu", &[&inner, &bias], &[]);
        let (outer, bias) = product(graph, &part(i, "outer"), &inner, &layer.outer);
        states = normalized(graph, &last_norm(i, bert), &[&outer, &bias, &states], &layer.outer_norm, config);
    }
    finish(std::mem::take(graph), bert.classifier.as_ref(), config)
}

/// The product, and the bias that is still to be added.
fn product(graph: &mut Builder, name: &str, input: &str, linear: &Linear) -> (Value, Value) {
    let weight = graph.matrix(&format!("{name}.weight"), &linear.weight);
    let bias = graph.vector(&format!("{name}.bias"), &linear.bias);
    (graph.node(name, "MatMul", &[input, &weight], &[]), bias)
}
