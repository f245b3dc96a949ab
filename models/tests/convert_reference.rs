//! Converted models run by ONNX Runtime, and compared with what `data/reference.py` computed from the same weights.
//!
//! Needs the shared library of ONNX Runtime: its path is in `ORT_DYLIB_PATH`, or nothing is tested.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "in a test a panic is a report, and skipping is told")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cloudops_models::convert::{Precision, convert};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    shape: [usize; 2],
    input_ids: Vec<i64>,
    attention_mask: Vec<i64>,
    token_type_ids: Vec<i64>,
    output_shape: Vec<i64>,
    output: Vec<f32>,
}

fn environment() -> Option<&'static Environment> {
    static LOADED: OnceLock<Option<Environment>> = OnceLock::new();
    let load = || {
        #[expect(clippy::disallowed_methods, reason = "set by `scripts/test`, as for every user of `ort`")]
        let Some(library) = std::env::var_os("ORT_DYLIB_PATH") else {
            eprintln!("skipped: ORT_DYLIB_PATH does not name the library of ONNX Runtime");
            return None;
        };
        Some(ort::init_from(PathBuf::from(library)).unwrap().build().unwrap())
    };
    LOADED.get_or_init(load).as_ref()
}

/// What the converted model makes of the reference's input, and the reference; or nothing without a runtime.
fn outputs(model: &str, precision: Precision) -> Option<(Vec<f32>, Reference)> {
    let environment = environment()?;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let reference = fs_err::read(data.join(format!("{model}-reference.json"))).unwrap();
    let reference: Reference = serde_json::from_slice(&reference).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("model.onnx");
    let report = convert(&data.join(model), &file, precision).unwrap();

    let mut session = Session::builder(environment).unwrap().commit_from_file(&file).unwrap();
    let tensor = |values: &[i64]| Tensor::from_array((reference.shape, values.to_vec())).unwrap();
    let inputs = ort::inputs! {
        "input_ids" => tensor(&reference.input_ids),
        "attention_mask" => tensor(&reference.attention_mask),
        "token_type_ids" => tensor(&reference.token_type_ids),
    };
    let outputs = session.run(inputs).unwrap();
    let (shape, values) = outputs[report.output].try_extract_tensor::<f32>().unwrap();
    assert_eq!(**shape, *reference.output_shape);
    Some((values.to_vec(), reference))
}

#[track_caller]
fn same_floats(model: &str) {
    let Some((values, reference)) = outputs(model, Precision::Float32) else { return };
    for (i, (value, expected)) in values.iter().zip(&reference.output).enumerate() {
        assert!((value - expected).abs() < 1e-4, "value {i} of {model} is {value} instead of {expected}");
    }
}

#[test]
fn an_encoder_computes_what_it_should() {
    same_floats("tiny-bert");
}

#[test]
fn a_classifier_computes_what_it_should() {
    same_floats("tiny-classifier");
}

#[test]
fn an_encoder_of_bytes_points_the_same_way() {
    let Some((values, reference)) = outputs("tiny-bert", Precision::Int8) else { return };
    let width = reference.output_shape[2] as usize;
    for (i, (state, expected)) in values.chunks(width).zip(reference.output.chunks(width)).enumerate() {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(state, expected) / (dot(state, state) * dot(expected, expected)).sqrt();
        assert!(cosine > 0.99, "token {i} has the cosine {cosine}");
    }
}

#[test]
fn a_classifier_of_bytes_says_almost_the_same() {
    let Some((values, reference)) = outputs("tiny-classifier", Precision::Int8) else { return };
    for (value, expected) in values.iter().zip(&reference.output) {
        assert!((value - expected).abs() < 0.1, "{value} instead of {expected}");
    }
}
