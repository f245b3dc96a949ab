//! `cloudops eval` on the built-in documents: the gate that every version must pass, and what runs say about each other.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Finished, Sandbox, repository};

fn file(name: &str) -> String {
    repository().join("evaluation").join(name).to_str().unwrap().to_owned()
}

fn eval(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let questions = file("curated.csv");
    sandbox.run(["eval", "--questions", &questions].into_iter().chain(arguments.iter().copied()))
}

fn path(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.work().join(name)
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_curated_questions_pass_their_gate() {
    let sandbox = Sandbox::new();
    let finished = eval(&sandbox, &["--gate", &file("gate.toml")]);
    finished.succeeds();
    assert!(finished.stdout().contains("gate passed:"), "{finished}");
    assert!(!finished.stderr().contains("not in the index"), "every document of the questions is built in: {finished}");
}

#[test]
fn a_gate_that_is_too_high_fails() {
    let sandbox = Sandbox::new();
    let gate = path(&sandbox, "gate.toml");
    fs_err::write(&gate, "[lexical.accepted]\nndcg_at_10 = 1.01\nrecall_at_10 = 0.0\n").unwrap();
    let gate = gate.to_str().unwrap();
    let finished = eval(&sandbox, &["--mode", "lexical", "--gate", gate]);
    finished.fails_with(1);
    assert!(finished.stdout().contains("lexical.accepted.ndcg_at_10"), "{finished}");
    assert!(!finished.stdout().contains("lexical.accepted.recall_at_10"), "what was reached is not listed: {finished}");
    assert!(finished.stderr().contains("1 of 2 values fell short of the gate"), "{finished}");

    let finished = eval(&sandbox, &["--mode", "lexical", "--gate", gate, "--json"]);
    finished.fails_with(1);
    let report: Value = serde_json::from_slice(&finished.output.stdout).unwrap();
    assert_eq!(report["gate"]["passed"], false);
    assert_eq!(report["gate"]["short"][0]["minimum"], 1.01);
    assert_eq!(report["gate"]["short"][0]["found"], report["lexical"]["accepted"]["ndcg_at_10"]);

    // What is not measured is not reached.
    let finished = eval(&sandbox, &["--mode", "vector", "--gate", gate]);
    finished.fails_with(1);
    assert!(finished.stderr().contains("`lexical.accepted.ndcg_at_10`, which was not measured"), "{finished}");
}

#[test]
fn the_report_has_intervals_kinds_answers_and_failures() {
    let sandbox = Sandbox::new();
    let finished = eval(&sandbox, &["--json", "--failures", "--per-question", "--timing"]);
    let report = finished.json();
    for ranking in ["lexical", "vector", "hybrid"] {
        let found = &report[ranking];
        for how in ["strict", "accepted"] {
            for measure in ["recall_at_10", "ndcg_at_10"] {
                let mean = found[how][measure].as_f64().unwrap();
                let interval = &found["intervals"][how][measure];
                let (low, high) = (interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap());
                assert!(
                    (0.0..=1.0).contains(&low) && low <= mean && mean <= high,
                    "{ranking} {how} {measure}: {found}"
                );
            }
        }
        let kinds = found["kinds"].as_object().unwrap();
        assert_eq!(kinds.keys().collect::<Vec<_>>(), ["fact", "paraphrase", "symptom"]);
        let asked: u64 = kinds.values().map(|kind| kind["questions"].as_u64().unwrap()).sum();
        assert_eq!(found["questions"].as_u64(), Some(asked));
        // What recall counts and what failures list is all there is.
        let missed = found["failures"]["questions"].as_array().unwrap().len() as f64;
        let recall = found["accepted"]["recall_at_10"].as_f64().unwrap();
        assert!((recall * asked as f64 + missed - asked as f64).abs() < 0.01, "{ranking}: {found}");
    }
    let asked = report["run"]["questions"]["count"].as_u64();
    assert!(asked >= Some(30) && report["questions"].as_array().map(|all| all.len() as u64) == asked, "{report}");
    assert_eq!(report["lexical"]["answers"]["questions"].as_u64(), asked, "every answer stands in its document");
    assert!(report["lexical"]["answers"]["answer_at_5"].as_f64() > Some(0.5), "{}", report["lexical"]["answers"]);
    assert!(report["timing_ms"]["p50"].as_f64() > Some(0.0), "{}", report["timing_ms"]);
}

#[test]
fn missed_questions_say_where_their_document_was_lost() {
    let sandbox = Sandbox::new();
    let questions = path(&sandbox, "questions.csv");
    let rows = "id,kind,question,document,also,answer\n\
                1,fact,bucket policy,nowhere/none.md,,\n\
                2,fact,zyxwvu qwrtzp,corpus/patterns/centralized-logging.md,,\n\
                3,fact,403 AccessDenied from a bucket,corpus/troubleshooting/s3-access-denied.md,,AccessDenied\n";
    fs_err::write(&questions, rows).unwrap();
    let arguments = ["eval", "--mode", "lexical", "--failures", "--questions", questions.to_str().unwrap()];
    let report = sandbox.run(arguments.into_iter().chain(["--json"])).json();
    let failures = report["lexical"]["failures"]["questions"].as_array().unwrap();
    let found: Vec<_> =
        failures.iter().map(|failure| (failure["id"].as_str().unwrap(), failure["lost"].as_str().unwrap())).collect();
    assert_eq!(found, [("1", "not_indexed"), ("2", "words_do_not_match")], "{report:#}");
    assert_eq!(failures[1]["instead"], "nothing");
    let finished = sandbox.run(arguments);
    finished.succeeds();
    assert!(finished.stdout().contains("words do not match"), "{finished}");
    assert!(finished.stderr().contains("not in the index, for 1 question: nowhere/none.md"), "{finished}");
}

#[test]
fn runs_are_saved_and_compared() {
    let sandbox = Sandbox::new();
    let (a, b) = (path(&sandbox, "a.json"), path(&sandbox, "b.json"));
    let (name_a, name_b) = (a.to_str().unwrap(), b.to_str().unwrap());
    eval(&sandbox, &["--mode", "lexical", "--save", name_a]).succeeds();
    let saved = read(&a);
    assert_eq!(saved["format"], 1);
    assert_eq!(saved["questions"]["file"], "curated.csv");
    assert_eq!(
        saved["per_question"].as_array().map(Vec::len),
        saved["questions"]["count"].as_u64().map(|n| n as usize)
    );

    let same = eval(&sandbox, &["--mode", "lexical", "--baseline", name_a, "--json"]).json();
    let accepted = &same["comparison"]["lexical"]["accepted"];
    assert_eq!((accepted["difference"].as_f64(), accepted["p_value"].as_f64()), (Some(0.0), Some(1.0)), "{accepted}");
    assert_eq!(accepted["ties"], saved["questions"]["count"]);

    // A run in which two questions came out worse.
    let mut worse = saved.clone();
    for at in [0, 1] {
        for how in ["strict", "accepted"] {
            worse["per_question"][at]["modes"]["lexical"]["ranks"][how] = Value::Null;
        }
    }
    fs_err::write(&b, worse.to_string()).unwrap();
    let report = sandbox.json(["eval", "--json", "--compare", name_a, name_b]);
    let found = &report["lexical"];
    assert!(found["accepted"]["difference"].as_f64() < Some(0.0), "{found:#}");
    assert_eq!((found["accepted"]["wins"].as_u64(), found["accepted"]["losses"].as_u64()), (Some(0), Some(2)));
    assert_eq!(found["questions"].as_array().map(Vec::len), Some(2));
    let text = sandbox.run(["eval", "--compare", name_a, name_b]);
    text.succeeds();
    assert!(text.stdout().contains("LOSSES"), "{text}");

    // Other questions cannot be compared, and a ranking that is not in the runs neither.
    worse["per_question"][0]["question"] = "something else".into();
    fs_err::write(&b, worse.to_string()).unwrap();
    let refused = sandbox.run(["eval", "--compare", name_a, name_b]);
    refused.fails_with(1);
    assert!(refused.stderr().contains("the runs are of different questions"), "{refused}");
    let refused = sandbox.run(["eval", "--compare", name_a, name_a, "--mode", "hybrid"]);
    refused.fails_with(1);
    assert!(refused.stderr().contains("no ranking in common"), "{refused}");
    sandbox.run(["eval"]).fails_with(1);
    sandbox.run(["eval", "--compare", name_a, name_b, "--questions", "questions.csv"]).fails_with(1);
}

#[test]
fn other_phrasings_help_a_question() {
    let sandbox = Sandbox::new();
    let questions = path(&sandbox, "questions.csv");
    let recall = |phrasings: &str| {
        let document = "corpus/troubleshooting/s3-access-denied.md";
        let rows = format!("id,question,document,phrasings\n1,zyxwvu qwrtzp,{document},{phrasings}\n");
        fs_err::write(&questions, rows).unwrap();
        let report = sandbox.json(["eval", "--json", "--mode", "lexical", "--questions", questions.to_str().unwrap()]);
        report["lexical"]["strict"]["recall_at_10"].as_f64().unwrap()
    };
    assert_eq!((recall(""), recall("forbidden object | bucket answers 403 AccessDenied")), (0.0, 1.0));
}
