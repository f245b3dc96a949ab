//! How long it takes to find the nearest of so many vectors, with a graph and by looking at all of them.
//!
//! Where the two cross is what `GRAPH_ROWS` rests on.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use cloudops_indexes::embed::EmbedderId;
use cloudops_indexes::vector::{SetWriter, VectorSet};
use divan::Bencher;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const DIMENSIONS: usize = 256;
const ROWS: &[usize] = &[1_000, 4_000, 16_000, 64_000];

fn main() {
    divan::main();
}

/// Vectors around a few hundred centres, as texts are around topics.
fn vectors(count: usize, seed: u64) -> Vec<f32> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut noise = |scale: f32| (0..DIMENSIONS).map(|_| (random.random::<f32>() - 0.5) * scale).collect::<Vec<_>>();
    let centres: Vec<Vec<f32>> = (0..300).map(|_| noise(1.0)).collect();
    (0..count)
        .flat_map(|at| {
            let one: Vec<f32> = centres[at % centres.len()].iter().zip(noise(1.0)).map(|(a, b)| a + b).collect();
            let length = one.iter().map(|x| x * x).sum::<f32>().sqrt();
            one.into_iter().map(move |x| x / length)
        })
        .collect()
}

fn set(dir: &Path, rows: usize, graph_rows: usize) -> VectorSet {
    let live: Vec<u64> = (0..rows as u64).collect();
    let embedder = EmbedderId { name: "bench".into(), version: "1".into(), dimensions: DIMENSIONS };
    let vectors = vectors(rows, 1);
    let writer = SetWriter {
        dir,
        previous: None,
        live: &live,
        passages: &live,
        vectors,
        embedder,
        granularity: cloudops_indexes::vector::Granularity::Passages,
        weight: 0.1,
        judged: true,
        graph_rows,
    };
    VectorSet::open(dir, writer.write(&mut |_, _| true).unwrap(), &live).unwrap()
}

fn nearest(bencher: Bencher, rows: usize, graph_rows: usize) {
    let dir = tempfile::TempDir::new().unwrap();
    let set = set(dir.path(), rows, graph_rows);
    let questions = vectors(100, 2);
    let mut next = 0;
    bencher.bench_local(|| {
        next = (next + 1) % 100;
        set.nearest(&questions[next * DIMENSIONS..][..DIMENSIONS], 200, None)
    });
}

#[divan::bench(args = ROWS)]
fn scan(bencher: Bencher, rows: usize) {
    nearest(bencher, rows, usize::MAX);
}

#[divan::bench(args = ROWS)]
fn graph(bencher: Bencher, rows: usize) {
    nearest(bencher, rows, 1);
}
