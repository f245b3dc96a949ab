//! A real transformer from end to end: installed from a folder, filled in the background, killed, asked.
//!
//! `scripts/test` brings the weights and ONNX Runtime from the Python package index.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::documents::Folder;
use crate::support::rpc::{Era, Server};
use crate::support::{Finished, Sandbox, needs, repository};

const MODEL: &str = "all-minilm-l6-v2";
/// Longer than filling takes on a busy machine, in a build for debugging.
const PATIENCE: Duration = Duration::from_mins(10);

/// A sandbox with the model's files at hand.
struct Equipped {
    sandbox: Sandbox,
    weights: String,
    library: String,
}

impl Equipped {
    fn new() -> Option<Self> {
        let weights = needs("CLOUDOPS_TEST_MODEL")?;
        let library = needs("ORT_DYLIB_PATH")?;
        Some(Self { sandbox: Sandbox::new(), weights, library })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("ORT_DYLIB_PATH", &self.library);
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        self.sandbox.finish(&mut self.command(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }

    fn install(&self, name: &str, precision: &str) {
        let from = ["model", "install", name, "--offline", "--precision", precision, "--from", &self.weights];
        self.run(&from).succeeds();
        self.run(&["model", "use", name]).succeeds();
    }

    fn status(&self) -> Value {
        self.json(&["embed", "status", "--json"])
    }

    fn curated(&self, mode: &str) -> f64 {
        let questions = repository().join("evaluation/curated.csv");
        let report = self.json(&["eval", "--questions", questions.to_str().unwrap(), "--mode", mode, "--json"]);
        report[mode]["accepted"]["ndcg_at_10"].as_f64().unwrap()
    }
}

#[test]
fn quantized_weights_keep_the_ranking() {
    let Some(equipped) = Equipped::new() else { return };
    let none = equipped.curated("vector");
    equipped.install("exact", "fp32");
    equipped.run(&["embed", "run"]).succeeds();
    let exact = equipped.curated("vector");
    equipped.install(MODEL, "int8");
    assert_eq!(equipped.status()["complete"], false, "vectors of another model are of no use");
    let filled = equipped.json(&["embed", "run", "--json"]);
    assert!(filled["embedded"].as_u64() > Some(100), "{filled}");
    assert_eq!(equipped.status()["complete"], true);
    let quantized = equipped.curated("vector");
    assert!((exact - quantized).abs() < 0.03, "{exact} with floats, {quantized} with integers");
    assert!(quantized > 0.85 && none < quantized, "{quantized}, {none} without a model");
    assert!(equipped.curated("hybrid") >= equipped.curated("lexical") - 0.01);

    let again = equipped.json(&["embed", "run", "--json"]);
    assert_eq!(again["embedded"], 0, "{again}");
    let doctor = equipped.run(&["doctor"]);
    doctor.succeeds();
    assert!(doctor.stdout().contains("every document and passage"), "{doctor}");
    equipped.run(&["model", "verify"]).succeeds();
}

#[test]
fn other_words_are_understood_and_a_closer_look_is_taken() {
    let Some(equipped) = Equipped::new() else { return };
    equipped.install(MODEL, "int8");
    equipped.run(&["embed", "run", "--documents-only"]).succeeds();
    let question = "the whole world can read our files";
    let documents = |arguments: &[&str]| -> Vec<String> {
        let found = equipped.json(arguments);
        let id = |hit: &Value| hit["best"]["citation"]["document"].as_str().unwrap().to_owned();
        found["hits"].as_array().unwrap().iter().map(id).collect()
    };
    let expected = "corpus/best-practices/s3-data-protection.md";
    let is_right = |document: &String| document.contains("/s3-");
    let lexical = documents(&["search", "--json", "--mode", "lexical", question]);
    assert!(!is_right(&lexical[0]), "the words alone find it: {lexical:?}");
    let also = "S3 bucket public access";
    let found = documents(&["search", "--json", "--rerank", "--also", also, question]);
    assert!(is_right(&found[0]) && found[..3].iter().any(|document| document == expected), "{found:?}");
    // Drawers make sense to nobody: only the other phrasing says that it is about S3.
    let veiled = "somebody left a drawer open and the whole world can read our files";
    let found = documents(&["search", "--json", "--rerank", "--also", also, veiled]);
    assert!(is_right(&found[0]), "{found:?}");
    let found = equipped.json(&["search", "--json", "--explain", question]);
    let explained = &found["hits"][0]["best"]["explanation"];
    assert!(explained["weights"]["documents"].as_f64() > Some(0.0), "{explained}");
}

#[test]
fn filling_in_the_background_survives_a_kill_and_the_server_says_how_far_it_is() {
    let Some(equipped) = Equipped::new() else { return };
    let folder = Folder::new(&equipped.sandbox.work().join("pages"), 300, 1);
    let path = folder.path.to_str().unwrap().to_owned();
    equipped.install(MODEL, "int8");
    let report = equipped.json(&["ingest", "--json", &path]);
    assert_eq!(report["embedding"], true, "{report}");

    // The process that the ingestion has started is somebody else's: it is found by what it says of itself.
    let end = Instant::now() + PATIENCE;
    while !equipped.status()["running"].as_bool().unwrap() {
        assert!(Instant::now() < end, "it never started: {}", equipped.status());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(equipped.run(&["embed", "run"]).stderr().contains("another process"), "two fill at once");
    let data_dir = equipped.sandbox.data_dir();
    let mut pkill = Command::new("pkill");
    pkill.args(["-KILL", "-f", &format!("{} .*embed run --background", data_dir.display())]);
    std::thread::sleep(Duration::from_millis(700));
    assert!(pkill.stdout(Stdio::null()).status().unwrap().success(), "nothing was there to kill");

    let mut server = start(&equipped);
    let answer = server.call("search_knowledge", json!({"query": "sentence about section"}));
    assert_eq!(answer["isError"], false, "{answer}");
    let said = server.introduction["instructions"].as_str().unwrap().to_owned();
    assert!(said.contains("is being embedded"), "{said}");
    // The server has started another process, which goes on where the killed one was.
    let end = Instant::now() + PATIENCE;
    while equipped.status()["complete"] != true {
        let log = fs_err::read_to_string(data_dir.join("embedding.log")).unwrap_or_default();
        assert!(Instant::now() < end, "it never ended: {}\n{log}", equipped.status());
        std::thread::sleep(Duration::from_millis(200));
    }
    let answer = server.call("search_knowledge", json!({"query": "sentence about section", "phrasings": ["pages"]}));
    assert_eq!(answer["isError"], false, "{answer}");
    equipped.run(&["doctor", "--deep"]).succeeds();
}

fn start(equipped: &Equipped) -> Server {
    Server::start_with(&equipped.sandbox, Era::Handshake, &[("ORT_DYLIB_PATH", &equipped.library)])
}
