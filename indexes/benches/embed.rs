//! How long a question, a passage and the loading of a table take.
#![allow(clippy::unwrap_used, missing_docs)]

use std::ops::ControlFlow;

use cloudops_indexes::embed::{Embedder, PassageText, Table, TrainOptions, TrainingSet, train};
use divan::Bencher;

fn main() {
    divan::main();
}

const BODY: &str = "To encrypt the objects of an S3 bucket, turn on default encryption. Amazon S3 then encrypts every new \
                    object with a key that AWS KMS manages, and records each use of the key in AWS CloudTrail. ";

#[divan::bench]
fn load(bencher: Bencher) {
    bencher.bench(|| Table::general().unwrap());
}

#[divan::bench]
fn question(bencher: Bencher) {
    let table = Table::general().unwrap();
    bencher.bench(|| table.embed_queries(&["How do I let another account read the objects in my bucket?"]).unwrap());
}

#[divan::bench]
fn passage(bencher: Bencher) {
    let table = Table::general().unwrap();
    let body = BODY.repeat(4);
    let passage = PassageText { title: "Protecting data", headings: "Encryption > Default encryption", body: &body };
    bencher.bench(|| table.embed_passages(&[passage]).unwrap());
}

/// One pass over 5,000 made-up passages.
#[divan::bench(sample_count = 3)]
fn training(bencher: Bencher) {
    let mut set = TrainingSet::new();
    for at in 0..5_000u64 {
        let words: Vec<String> = (0..100).map(|word| format!("word{}", (at * 31 + word * word * 7) % 3_000)).collect();
        set.add(at, "guide", &format!("word{}", at % 3_000), "Overview", &words.join(" "));
    }
    let options = TrainOptions { min_pairs: 1, ..TrainOptions::default() };
    bencher.bench(|| train(&set, &options, None, &mut |_| ControlFlow::Continue(())).unwrap());
}
