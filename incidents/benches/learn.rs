//! How long it takes to find what repeats among so many incidents, and to write the drafts of it.
//!
//! A hundred thousand at once: `cargo bench -p cloudops-incidents --bench learn -- hundred_thousand`.
#![allow(clippy::unwrap_used, missing_docs)]

use cloudops_incidents::generate;
use cloudops_incidents::incident::Incident;
use cloudops_incidents::learn::{LearnOptions, draft, groups};
use cloudops_incidents::statistics::statistics;
use divan::{Bencher, black_box};

const COUNTS: &[usize] = &[1_000, 10_000];

fn main() {
    divan::main();
}

fn incidents(count: usize) -> Vec<Incident> {
    generate::incidents(1, count).collect()
}

#[divan::bench(args = COUNTS)]
fn find_groups(bencher: Bencher, count: usize) {
    let incidents = incidents(count);
    bencher.bench_local(|| groups(black_box(&incidents).iter(), &LearnOptions::default()).len());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn find_groups_of_hundred_thousand(bencher: Bencher) {
    let incidents = incidents(100_000);
    bencher.bench_local(|| groups(black_box(&incidents).iter(), &LearnOptions::default()).len());
}

#[divan::bench(args = COUNTS)]
fn write_drafts(bencher: Bencher, count: usize) {
    let incidents = incidents(count);
    let groups = groups(incidents.iter(), &LearnOptions::default());
    bencher.bench_local(|| groups.iter().map(|group| draft(black_box(group), 0).len()).sum::<usize>());
}

#[divan::bench(args = COUNTS)]
fn count_statistics(bencher: Bencher, count: usize) {
    let incidents = incidents(count);
    bencher.bench_local(|| statistics(black_box(&incidents).iter(), None, i64::MAX));
}
