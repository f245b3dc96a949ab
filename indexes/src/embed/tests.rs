//! Tests of the whole way from passages to vectors, on a small made-up corpus.

use std::ops::ControlFlow;
use std::path::Path;

use super::random::Random;
use super::suite::embedder_suite;
use super::*;

/// Subjects that title and body call by different words, so that only learning connects them.
fn corpus(passages: usize) -> TrainingSet {
    let mut random = Random::new(5);
    let mut set = TrainingSet::new();
    for at in 0..passages {
        let subject = at % 40;
        let noise: Vec<String> = (0..12).map(|_| format!("filler{}", random.number() % 300)).collect();
        let body = format!("body{subject} text{subject} {} body{subject}", noise.join(" "));
        set.add(at as u64, &format!("guide{}", subject % 4), &format!("title{subject}"), "Overview", &body);
    }
    set
}

fn options() -> TrainOptions {
    TrainOptions {
        min_passages: 100,
        dimensions: 32,
        batch: 64,
        min_pairs: 9_000,
        evaluate_every: 1_000,
        ..Default::default()
    }
}

fn trained(set: &TrainingSet, options: &TrainOptions) -> Trained {
    train(set, options, None, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn untrained(set: &TrainingSet) -> Table {
    trained(set, &TrainOptions { learning_rate: 0.0, ..options() }).table
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn training_beats_random_vectors() {
    let set = corpus(1_500);
    let random = untrained(&set);
    let new = train(&set, &options(), Some(&random), &mut |_| ControlFlow::Continue(())).unwrap();
    let report = &new.report;
    assert!(report.new_score > report.incumbent_score.unwrap() + 0.1, "{report:?}");
    assert!(report.better());
    assert!((new.table.held_out_score(&set) - report.new_score).abs() < 1e-6, "the score is that of the stored table");

    let query = new.table.embed_queries(&["title7"]).unwrap().remove(0);
    let bodies = ["body7 filler1", "body8 filler1"].map(|body| PassageText { title: "", headings: "", body });
    let bodies = new.table.embed_passages(&bodies).unwrap();
    assert!(cosine(&query, &bodies[0]) > cosine(&query, &bodies[1]) + 0.2, "a title finds the body of its subject");

    let worse = train(&set, &TrainOptions { learning_rate: 0.0, ..options() }, Some(&new.table), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(!worse.unwrap().report.better(), "a worse table is not better");
}

#[test]
fn the_same_seed_makes_the_same_table_with_any_number_of_threads() {
    let set = corpus(600);
    let options = TrainOptions { min_pairs: 1_500, ..options() };
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| trained(&set, &options).table)
    };
    let (one, two, three) = (with_threads(1), with_threads(2), with_threads(3));
    assert_eq!(one.id(), two.id());
    assert_eq!(one.id(), three.id());
    assert_eq!(one.embed_set(&set), two.embed_set(&set));
    let other = trained(&set, &TrainOptions { seed: 2, ..options }).table;
    assert_ne!(one.id(), other.id());
}

#[test]
fn passages_have_the_same_vectors_from_a_set_and_from_their_text() {
    let mut set = corpus(200);
    let table = untrained(&set);
    let text = PassageText {
        title: "Placement groups",
        headings: "Rules > DescribeInstances",
        body: "## DescribeInstances\n\nUnseen words, body3 and body3 again. title4",
    };
    set.add(9, "guide1", text.title, text.headings, text.body);
    set.add(9, "guide1", "", "", "");
    let from_text = table.embed_passages(&[text]).unwrap().remove(0);
    let all = table.embed_set(&set);
    let from_set: Vec<&[f32]> = all.chunks(table.info().dimensions).collect();
    assert_eq!(from_set.len(), 202);
    assert!(cosine(&from_text, from_set[200]) > 0.999_99);
    assert!(from_set[201].iter().all(|&value| value == 0.0), "an empty passage has a vector of zeros");
}

#[test]
fn a_table_keeps_the_contract_of_embedders() {
    embedder_suite(&Table::general().unwrap());
}

#[test]
fn the_general_table_knows_aws_and_covers_unseen_words() {
    let table = Table::general().unwrap();
    assert!(table.info().general && table.weight() > 0.05, "{:?}", table.info());
    let vectors = table
        .embed_queries(&[
            "grant another account access to my bucket",
            "S3 bucket policy cross-account permissions",
            "GPU instance types for machine learning",
            "frobnicatorization",
            "",
        ])
        .unwrap();
    assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.1);
    assert!(vectors[3].iter().any(|&value| value != 0.0), "an unseen word is made of known pieces");
    assert!(vectors[4].iter().all(|&value| value == 0.0));
}

#[test]
fn a_table_survives_its_file_and_a_damaged_one_does_not_load() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table");
    let set = corpus(200);
    let table = untrained(&set);
    table.save(&path).unwrap();
    let read = Table::open(&path).unwrap();
    assert_eq!((read.id(), read.info()), (table.id(), table.info()));
    assert_eq!(read.embed_set(&set), table.embed_set(&set));

    let mut bytes = fs_err::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs_err::write(&path, &bytes).unwrap();
    let error = Table::open(&path).err().unwrap().to_string();
    assert!(error.contains("damaged") && error.contains("table"), "{error}");
    assert!(matches!(Table::open(Path::new("/nowhere/table")), Err(EmbedError::Io(_))));
}

#[test]
fn rounding_to_bytes_moves_no_value_by_more_than_half_a_step() {
    let mut random = Random::new(3);
    let values: Vec<f32> = (0..64).map(|_| random.normal()).collect();
    let info = TableInfo { pieces: 1, dimensions: 64, ..untrained(&corpus(200)).info().clone() };
    let vocabulary = super::vocabulary::Vocabulary::new(vec!["vpc".into()]);
    let table = Table::quantized(&vocabulary, &values, &[2.0], &info).unwrap();
    let vector = table.embed_queries(&["VPC"]).unwrap().remove(0);
    let length = cosine(&values, &values).sqrt();
    let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (exact, rounded) in values.iter().zip(vector) {
        assert!((exact / length - rounded).abs() < 0.51 * largest / 127.0 / length * 1.1);
    }
}

#[test]
fn too_little_text_and_an_interruption_are_errors() {
    let set = corpus(150);
    let small = train(&set, &TrainOptions::default(), None, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(small, Err(EmbedError::TooSmall { found: 150, needed: 5_000 })));
    let mut calls = 0;
    let stopped = train(&set, &options(), None, &mut |progress| {
        calls += 1;
        assert!(progress.done <= progress.total);
        ControlFlow::Break(())
    });
    assert!(matches!(stopped, Err(EmbedError::Interrupted)) && calls == 1);
}

#[test]
fn training_ends_when_the_held_out_score_no_longer_grows() {
    let set = corpus(600);
    // Nothing is learned, so the second look is no better than the first.
    let frozen = TrainOptions { learning_rate: 0.0, min_pairs: 6_000, evaluate_every: 200, patience: 1, ..options() };
    assert!(trained(&set, &frozen).report.pairs < 1_200);
}

#[test]
fn texts_without_words_do_no_harm() {
    let mut set = corpus(300);
    for at in 0..100 {
        set.add(10_000 + at, "guide0", "", "", if at % 2 == 0 { "" } else { "the and of" });
    }
    let trained = trained(&set, &options());
    assert!(trained.report.new_score.is_finite());
    assert!(trained.table.embed_set(&set).iter().all(|value| value.is_finite()));
}

#[test]
fn the_weight_grows_with_the_score() {
    let weights = [f32::NAN, 0.0, 0.45, 0.6, 0.72, 1.0].map(calibrate);
    assert!(weights.is_sorted() && weights[2] == 0.0 && weights[3] > 0.045 && weights[4] > 0.095 && weights[5] <= 0.1);
    let table = untrained(&corpus(200)).with_score(0.9);
    assert!((table.weight() - 0.1).abs() < 1e-6);
}

#[test]
fn parts_are_joined_and_empty_ones_left_out() {
    let of = |title, headings, body| PassageText { title, headings, body }.joined(|text| text);
    assert_eq!(of("S3", "Errors > 403", " denied "), "S3. Errors > 403.\ndenied");
    assert_eq!(of("S3", "", "denied"), "S3.\ndenied");
    assert_eq!(of("", " ", "denied"), "denied");
    assert_eq!(of("S3", "", "\n"), "S3");
    assert_eq!(of("", "", ""), "");
}
