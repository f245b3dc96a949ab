//! What is trained: a vector for each piece, and one step of its training.

use rayon::prelude::*;

use super::kernels::{AdamStep, KEPT, Matrix, adam, add_rows, dot, multiply, normalize};
use super::random::Random;

/// Rows that one task updates.
const ROWS_PER_TASK: usize = 32;
/// Vectors that one task makes, at least.
const VECTORS_PER_TASK: usize = 16;

/// Piece vectors with the running averages of Adam.
pub(super) struct Model {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

/// Texts as weighted pieces.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) entries: Vec<(u32, f32)>,
    ends: Vec<usize>,
}

impl Texts {
    /// Everything that was added to the entries since the last call is a text.
    pub(super) fn finish_text(&mut self) {
        self.ends.push(self.entries.len());
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, at: usize) -> &[(u32, f32)] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.entries[start..self.ends[at]]
    }
}

/// Memory that the steps share.
#[derive(Default)]
pub(super) struct Workspace {
    vectors: Vec<f32>,
    lengths: Vec<f32>,
    gradients: Vec<f32>,
    similar: Vec<f32>,
    starts: Vec<usize>,
    uses: Vec<(u32, f32)>,
}

impl Model {
    /// Random vectors of about unit length.
    pub(super) fn new(pieces: usize, width: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let spread = 1.0 / (width as f32).sqrt();
        let values: Vec<f32> = (0..pieces * width).map(|_| random.normal() * spread).collect();
        Self { width, first: vec![0.0; values.len()], second: vec![0.0; values.len()], values, steps: 0 }
    }

    /// The unit vector of each text, and the length that it had before.
    pub(super) fn embed(&self, texts: &Texts, vectors: &mut Vec<f32>, lengths: &mut Vec<f32>) {
        vectors.clear();
        vectors.resize(texts.len() * self.width, 0.0);
        lengths.resize(texts.len(), 0.0);
        vectors.par_chunks_mut(self.width).zip(lengths).enumerate().with_min_len(VECTORS_PER_TASK).for_each(
            |(at, (vector, length))| {
                add_rows(vector, texts.get(at), &self.values);
                *length = normalize(vector);
            },
        );
    }

    /// Moves the vectors so that each query comes nearer to its body than to the other bodies, and the other way
    /// round (`InfoNCE` in both directions). `texts` holds all queries and then all bodies; pairs of one document are
    /// not held against each other.
    pub(super) fn step(
        &mut self,
        texts: &Texts,
        documents: &[u64],
        temperature: f32,
        learning_rate: f32,
        space: &mut Workspace,
    ) {
        let (pairs, width) = (documents.len(), self.width);
        self.embed(texts, &mut space.vectors, &mut space.lengths);
        let (queries, bodies) = space.vectors.split_at(pairs * width);
        let (queries, bodies) = (Matrix::new(queries, width), Matrix::new(bodies, width));

        space.similar.resize(pairs * pairs, 0.0);
        let sharpness = 1.0 / temperature;
        multiply(sharpness, queries, bodies.transposed(), &mut space.similar);
        blame(&mut space.similar, documents, sharpness);

        space.gradients.resize(2 * pairs * width, 0.0);
        let (to_queries, to_bodies) = space.gradients.split_at_mut(pairs * width);
        let similar = Matrix::new(&space.similar, pairs);
        multiply(sharpness, similar, bodies, to_queries);
        multiply(sharpness, similar.transposed(), queries, to_bodies);
        space
            .gradients
            .par_chunks_mut(width)
            .zip(space.vectors.par_chunks(width))
            .zip(&space.lengths)
            .with_min_len(VECTORS_PER_TASK)
            .for_each(|((gradient, vector), length)| {
                // Only what is across a vector turns it. What is along would change its length, and that is 1.
                let along = dot(gradient, vector);
                let scale = if *length > 0.0 { 1.0 / *length } else { 0.0 };
                gradient
                    .iter_mut()
                    .zip(vector)
                    .for_each(|(value, along_it)| *value = (*value - along * along_it) * scale);
            });
        self.update(texts, learning_rate, space);
    }

    /// One Adam step of the pieces that the texts contain; the others stay as they are.
    fn update(&mut self, texts: &Texts, learning_rate: f32, space: &mut Workspace) {
        let width = self.width;
        let pieces = self.values.len() / width;
        sort_by_piece(texts, pieces, &mut space.starts, &mut space.uses);
        self.steps += 1;
        let correction = (1.0 - KEPT[1].powi(self.steps)).sqrt();
        let step = AdamStep {
            rate: learning_rate * correction / (1.0 - KEPT[0].powi(self.steps)),
            epsilon: 1e-8 * correction,
        };
        let (starts, uses, gradients) = (&space.starts, &space.uses, &space.gradients);
        // Every row is summed by one thread in the order of the texts: the same result with any number of threads.
        self.values
            .par_chunks_mut(ROWS_PER_TASK * width)
            .zip(self.first.par_chunks_mut(ROWS_PER_TASK * width))
            .zip(self.second.par_chunks_mut(ROWS_PER_TASK * width))
            .enumerate()
            .for_each_init(
                || vec![0.0; width],
                |gradient, (task, ((values, first), second))| {
                    let rows = values.chunks_mut(width).zip(first.chunks_mut(width)).zip(second.chunks_mut(width));
                    for (piece, ((row, first), second)) in (task * ROWS_PER_TASK..).zip(rows) {
                        let uses = &uses[starts[piece]..starts[piece + 1]];
                        if !uses.is_empty() {
                            gradient.fill(0.0);
                            add_rows(gradient, uses, gradients);
                            adam(row, first, second, gradient, step);
                        }
                    }
                },
            );
    }
}

/// Turns similarities (rows: queries, columns: bodies; the pairs on the diagonal) into the derivatives of the loss by
/// them, up to a constant factor.
fn blame(similar: &mut [f32], documents: &[u64], highest: f32) {
    let pairs = documents.len();
    similar.par_chunks_mut(pairs).enumerate().with_min_len(VECTORS_PER_TASK).for_each(|(row, similar)| {
        for (column, value) in similar.iter_mut().enumerate() {
            let neighbours = row != column && documents[row] == documents[column];
            // No similarity is above `highest`, so nothing overflows, and e^(-2 × highest) is far from underflow.
            *value = if neighbours { 0.0 } else { (*value - highest).exp() };
        }
    });
    let mut columns = vec![0.0; pairs];
    for row in similar.chunks_exact(pairs) {
        columns.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    for sum in &mut columns {
        *sum = 0.5 / *sum;
    }
    similar.par_chunks_mut(pairs).enumerate().with_min_len(VECTORS_PER_TASK).for_each(|(row, similar)| {
        let over_row = 0.5 / similar.iter().sum::<f32>();
        similar.iter_mut().zip(&columns).for_each(|(value, over_column)| *value *= over_row + over_column);
        similar[row] -= 1.0;
    });
}

/// Which texts use each piece, and with what weight: those of piece p are at `starts[p]..starts[p + 1]`.
fn sort_by_piece(texts: &Texts, pieces: usize, starts: &mut Vec<usize>, uses: &mut Vec<(u32, f32)>) {
    starts.clear();
    starts.resize(pieces + 2, 0);
    // Counted two places further on: filling in moves every start to where it belongs.
    for &(piece, _) in &texts.entries {
        starts[piece as usize + 2] += 1;
    }
    for at in 2..starts.len() {
        starts[at] += starts[at - 1];
    }
    uses.clear();
    uses.resize(texts.entries.len(), (0, 0.0));
    for text in 0..texts.len() {
        for &(piece, weight) in texts.get(text) {
            let next = &mut starts[piece as usize + 1];
            uses[*next] = (text as u32, weight);
            *next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &[&[(u32, f32)]]) -> Texts {
        let mut texts = Texts::default();
        for text in of {
            texts.entries.extend_from_slice(text);
            texts.finish_text();
        }
        texts
    }

    #[test]
    fn uses_are_sorted_by_piece_and_then_by_text() {
        let texts = texts(&[&[(2, 0.5), (0, 1.0)], &[], &[(2, 2.0)]]);
        let (mut starts, mut uses) = (vec![9], vec![(9, 9.0)]);
        sort_by_piece(&texts, 4, &mut starts, &mut uses);
        assert_eq!(starts[..5], [0, 1, 1, 3, 3]);
        assert_eq!(uses, [(0, 1.0), (0, 0.5), (2, 2.0)]);
    }

    /// The loss whose derivative `blame` is, times the number of pairs.
    fn loss(similar: &[f32], pairs: usize) -> f32 {
        let log_sum = |values: &mut dyn Iterator<Item = f32>| values.map(f32::exp).sum::<f32>().ln();
        (0..pairs)
            .map(|at| {
                let row = log_sum(&mut similar[at * pairs..(at + 1) * pairs].iter().copied());
                let column = log_sum(&mut similar.iter().skip(at).step_by(pairs).copied());
                0.5 * (row + column) - similar[at * pairs + at]
            })
            .sum()
    }

    #[test]
    fn blame_is_the_derivative_of_the_loss() {
        let similar = [1.0, -0.5, 0.3, 0.2, 0.9, -1.0, 0.0, 0.4, -0.2];
        let mut derivative = similar;
        blame(&mut derivative, &[1, 2, 3], 1.0);
        for at in 0..similar.len() {
            let moved = |by: f32| {
                let mut similar = similar;
                similar[at] += by;
                loss(&similar, 3)
            };
            let measured = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((derivative[at] - measured).abs() < 1e-3, "{at}: {} {measured}", derivative[at]);
        }
    }

    #[test]
    fn pairs_of_one_document_are_not_held_against_each_other() {
        let mut similar = [1.0; 9];
        blame(&mut similar, &[7, 7, 8], 1.0);
        assert!(similar[1].abs() < 1e-6 && similar[3].abs() < 1e-6 && similar[2] > 0.1);
    }

    #[test]
    fn steps_bring_pairs_together() {
        let texts = texts(&[&[(0, 1.0)], &[(1, 1.0)], &[(2, 1.0)], &[(3, 1.0)]]);
        let mut model = Model::new(4, 16, 1);
        let (mut vectors, mut lengths) = (Vec::new(), Vec::new());
        for _ in 0..200 {
            model.step(&texts, &[1, 2], 0.1, 1e-2, &mut Workspace::default());
        }
        model.embed(&texts, &mut vectors, &mut lengths);
        let vector = |at: usize| &vectors[at * 16..(at + 1) * 16];
        assert!(dot(vector(0), vector(2)) > dot(vector(0), vector(3)) + 0.3);
        assert!(dot(vector(1), vector(3)) > dot(vector(1), vector(2)) + 0.3);
    }
}
