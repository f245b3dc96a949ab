//! With a tiny model: the rules that every embedder keeps.

use std::path::Path;

use cloudops_indexes::embed::suite;
use tempfile::TempDir;

use super::*;
use crate::convert::{Precision, convert};
use crate::store::{Manifest, Store};
use crate::testing::tiny_model;

/// The tiny model, opened; `None` without a runtime.
fn tiny(dir: &Path, precision: Precision, threads: usize) -> Option<Transformer> {
    let (runtime, _) = crate::testing::runtime(dir)?;
    tiny_model(dir);
    convert(dir, &dir.join("model.onnx"), precision).unwrap();
    let manifest = Manifest {
        name: "tiny".into(),
        kind: Kind::Embedder,
        source: String::new(),
        model: "model.onnx".into(),
        precision: String::new(),
        dimensions: 32,
        pooling: Pooling::Mean,
        max_tokens: 48,
        query_prefix: String::new(),
        installed: 0,
        files: std::collections::BTreeMap::new(),
    };
    let model = Installed { manifest, dir: dir.to_owned() };
    Some(Transformer::open(&model, &runtime, TransformerOptions { threads }).unwrap())
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn vectors_come_in_the_order_of_the_texts_and_have_length_one() {
    let dir = TempDir::new().unwrap();
    for (precision, tolerance) in [(Precision::Float32, 1e-5), (Precision::Int8, 0.0)] {
        let Some(transformer) = tiny(dir.path(), precision, 2) else { return };
        assert_eq!(transformer.alone, precision == Precision::Int8);
        let bodies: Vec<String> = (0..60)
            .map(|at| {
                if at % 13 == 5 { String::new() } else { "cat tax a return ".repeat(at * 7 % 30 + 1) + &at.to_string() }
            })
            .collect();
        let passages: Vec<_> = bodies.iter().map(|body| PassageText { title: "", headings: "", body }).collect();
        let together = transformer.embed_passages(&passages).unwrap();
        assert_eq!(together.len(), passages.len());
        for ((passage, vector), body) in passages.iter().zip(&together).zip(&bodies) {
            let alone = &transformer.embed_passages(&[*passage]).unwrap()[0];
            let length = dot(vector, vector).sqrt();
            if body.is_empty() {
                assert!(vector.iter().all(|x| *x == 0.0));
                continue;
            }
            assert!((length - 1.0).abs() < 1e-4, "{length}");
            for (x, y) in alone.iter().zip(vector) {
                assert!((x - y).abs() <= tolerance, "{precision:?}: {body}");
            }
        }
    }
}

#[test]
fn odd_texts_are_embedded() {
    let dir = TempDir::new().unwrap();
    let Some(transformer) = tiny(dir.path(), Precision::Float32, 1) else { return };
    let long = "cat ".repeat(100_000);
    let odd = ["", " \n\t", "\0", "👩‍👩‍👧‍👦\u{200d}\u{fe0f}", "a\u{301}\u{301}", "[CLS] [SEP] [PAD]", &long, "ß漢字"];
    let vectors = transformer.embed_queries(&odd).unwrap();
    assert!(vectors.iter().flatten().all(|x| x.is_finite()));
    assert!(vectors[..2].iter().flatten().all(|x| *x == 0.0), "nothing was said");
    assert!(transformer.embed_queries(&[]).unwrap().is_empty());
}

#[test]
fn what_means_the_same_is_near() {
    let dir = TempDir::new().unwrap();
    let Some(transformer) = tiny(dir.path(), Precision::Float32, 1) else { return };
    let vectors = transformer.embed_queries(&["a cat", "a kitten", "tax return"]).unwrap();
    // A cat is a kitten to the tiny model; its weights are random otherwise, so that nothing is far from anything.
    let (near, far) = (dot(&vectors[0], &vectors[1]), dot(&vectors[0], &vectors[2]));
    assert!((near - 1.0).abs() < 1e-5 && far < near - 1e-4, "{near} {far}");
}

#[test]
fn a_wrong_size_and_a_damaged_graph_are_errors() {
    let dir = TempDir::new().unwrap();
    let Some(transformer) = tiny(dir.path(), Precision::Float32, 1) else { return };
    let wrong = Transformer {
        id: EmbedderId { dimensions: 31, ..transformer.id.clone() },
        query_prefix: String::new(),
        alone: false,
        sessions: transformer.sessions,
    };
    let error = wrong.embed_queries(&["a cat"]).unwrap_err();
    assert!(matches!(error, EmbedError::Failed { .. }) && error.to_string().contains("31"), "{error}");

    let (runtime, _) = crate::testing::runtime(dir.path()).unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    let staging = store.stage("bad", &lock).unwrap();
    let model = Installed {
        manifest: Manifest {
            name: "bad".into(),
            kind: Kind::Embedder,
            source: String::new(),
            model: "model.onnx".into(),
            precision: String::new(),
            dimensions: 32,
            pooling: Pooling::Cls,
            max_tokens: 48,
            query_prefix: String::new(),
            installed: 0,
            files: std::collections::BTreeMap::new(),
        },
        dir: staging.dir().to_owned(),
    };
    tiny_model(staging.dir());
    fs_err::write(staging.dir().join("model.onnx"), b"rubbish").unwrap();
    let error = Transformer::open(&model, &runtime, TransformerOptions::queries()).unwrap_err();
    assert!(matches!(error, ModelError::Failed { .. }), "{error}");
}

#[test]
fn it_keeps_the_rules_of_embedders() {
    let dir = TempDir::new().unwrap();
    for precision in [Precision::Float32, Precision::Int8] {
        let Some(transformer) = tiny(dir.path(), precision, 1) else { return };
        suite::embedder_suite(&transformer);
    }
}
