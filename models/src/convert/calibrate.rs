//! Which inputs of the products are far larger than the others.
//!
//! Bytes have one scale for all inputs of a product, and in a BERT a few inputs, always the same ones, are ten times
//! as large as the rest, which is then left with a tenth of the steps. Which ones they are is in the weights, not in
//! the texts: texts of random words show them as well as real ones do (mean cosine to floats of 64 paragraphs in
//! all-MiniLM-L6-v2: 0.9914 without this, 0.9954 with it, 0.9945 where real texts were looked at). So the model is
//! run once here, in plain floats.

use super::bert::{Bert, Layer, Linear, Norm};
use super::config::Config;
use super::matrix::Matrix;
use super::random::Random;
use super::vocabulary::Special;

/// Texts of random words that are tried, and their length in tokens. With 16 texts the mean cosine is 0.9945.
const TEXTS: usize = 64;
const TOKENS: usize = 34;

/// How many times the median an input may be as large: a larger one is divided. Between 2 and 4 the mean cosine
/// is the same within 0.001; 3 was best.
const LARGE: f32 = 3.0;

/// By what the inputs of a layer's products are divided: powers of two, mostly 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranges {
    pub(super) qkv: Vec<f32>,
    pub(super) inner: Vec<f32>,
    pub(super) outer: Vec<f32>,
}

/// One for each layer.
pub(super) fn ranges(bert: &Bert, config: &Config, special: Special) -> Vec<Ranges> {
    let length = TOKENS.min(config.positions);
    let mut states = embedded(bert, config, special, length);
    bert.layers
        .iter()
        .enumerate()
        .map(|(i, layer)| {
            let before = if i == 0 { &bert.norm } else { &bert.layers[i - 1].outer_norm };
            run(layer, before, &mut states, length, config)
        })
        .collect()
}

/// Runs a layer and looks at what goes into its products.
fn run(layer: &Layer, before: &Norm, states: &mut Matrix, length: usize, config: &Config) -> Ranges {
    let qkv = divisors(states, Some(&before.shift));
    let attention = attention(&linear(&layer.qkv, states), length, config);
    add_and_normalize(states, &linear(&layer.attended, &attention), &layer.attended_norm, config.epsilon);
    let inner = divisors(states, Some(&layer.attended_norm.shift));
    let mut active = linear(&layer.inner, states);
    active.values.iter_mut().for_each(|value| *value = gelu(*value));
    let outer = divisors(&active, None);
    add_and_normalize(states, &linear(&layer.outer, &active), &layer.outer_norm, config.epsilon);
    Ranges { qkv, inner, outer }
}

/// By what each column is to be divided, after a constant was taken from it.
fn divisors(inputs: &Matrix, constant: Option<&[f32]>) -> Vec<f32> {
    let mut largest = vec![0.0f32; inputs.columns];
    for row in inputs.iter() {
        for (i, (largest, value)) in largest.iter_mut().zip(row).enumerate() {
            *largest = largest.max((value - constant.map_or(0.0, |constant| constant[i])).abs());
        }
    }
    let mut sorted = largest.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = LARGE * sorted[sorted.len() / 2].max(f32::MIN_POSITIVE);
    // Powers of two leave the digits of what they divide as they are, and are the same on every processor.
    largest.iter().map(|largest| (largest / usual).clamp(1.0, 256.0).log2().round().exp2()).collect()
}

/// States of random texts, one per row.
fn embedded(bert: &Bert, config: &Config, special: Special, length: usize) -> Matrix {
    let mut random = Random(1);
    let mut values = Vec::with_capacity(TEXTS * length * config.hidden);
    for position in (0..TEXTS).flat_map(|_| 0..length) {
        let word = match position {
            0 => special.first,
            _ if position + 1 == length => special.last,
            _ => random.below(config.vocabulary),
        };
        let row = |matrix: &Matrix, row: usize| matrix.values[row * matrix.columns..][..matrix.columns].to_vec();
        let parts = [row(&bert.words, word), row(&bert.positions, position), row(&bert.types, 0)];
        values.extend((0..config.hidden).map(|i| parts.iter().map(|part| part[i]).sum::<f32>()));
    }
    let mut states = Matrix::new(config.hidden, values);
    normalize(&mut states, &bert.norm, config.epsilon);
    states
}

fn linear(linear: &Linear, inputs: &Matrix) -> Matrix {
    let mut product = inputs.times(&linear.weight);
    for row in product.iter_mut() {
        row.iter_mut().zip(&linear.bias).for_each(|(value, bias)| *value += bias);
    }
    product
}

fn add_and_normalize(states: &mut Matrix, change: &Matrix, norm: &Norm, epsilon: f32) {
    states.values.iter_mut().zip(&change.values).for_each(|(state, change)| *state += change);
    normalize(states, norm, epsilon);
}

fn normalize(states: &mut Matrix, norm: &Norm, epsilon: f32) {
    for row in states.iter_mut() {
        let count = row.len() as f32;
        let mean = row.iter().sum::<f32>() / count;
        let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        let by = 1.0 / (variance + epsilon).sqrt();
        for (value, (scale, shift)) in row.iter_mut().zip(norm.scale.iter().zip(&norm.shift)) {
            *value = (*value - mean) * by * scale + shift;
        }
    }
}

/// Attention of every head in every text, of queries, keys and values side by side.
fn attention(qkv: &Matrix, length: usize, config: &Config) -> Matrix {
    let width = config.hidden / config.heads;
    let mut out = Matrix::new(config.hidden, vec![0.0; qkv.rows() * config.hidden]);
    for text in 0..qkv.rows() / length {
        for head in 0..config.heads {
            let cut = |part: usize| {
                let from = part * config.hidden + head * width;
                let rows = qkv.iter().skip(text * length).take(length);
                Matrix::new(width, rows.flat_map(|row| row[from..][..width].iter().copied()).collect())
            };
            let mut scores = cut(0).times(&cut(1).transposed());
            scores.iter_mut().for_each(|row| softmax(row, 1.0 / (width as f32).sqrt()));
            let heard = scores.times(&cut(2));
            for (row, heard) in out.iter_mut().skip(text * length).zip(heard.iter()) {
                row[head * width..][..width].copy_from_slice(heard);
            }
        }
    }
    out
}

fn softmax(scores: &mut [f32], scale: f32) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for score in &mut *scores {
        *score = ((*score - largest) * scale).exp();
    }
    let sum: f32 = scores.iter().sum();
    for score in scores {
        *score /= sum;
    }
}

/// The approximation by tanh, which is within 0.001: enough to see what is large.
fn gelu(value: f32) -> f32 {
    let inner = (2.0 / std::f32::consts::PI).sqrt() * (value + 0.044_715 * value.powi(3));
    0.5 * value * (1.0 + inner.tanh())
}
