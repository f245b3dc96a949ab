//! What finding, recording and learning cost, with two thousand incidents and with a hundred thousand: `scripts/bench-incidents`
//! runs it and puts the numbers where they belong.
//!
//! `measure QUERIES.csv EXAMPLES_DIR` prints JSON. Times are milliseconds.

#![allow(clippy::unwrap_used, reason = "a measurement that fails is no measurement")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cloudops_incidents::base::{Base, Question};
use cloudops_incidents::generate;
use cloudops_incidents::incident::Incident;
use cloudops_incidents::learn::{LearnOptions, groups};
use cloudops_incidents::note::{self, Note};
use cloudops_incidents::store::Store;
use cloudops_indexes::embed::Table;
use cloudops_indexes::model::Kind;
use cloudops_ingest::source::folder::{self, FolderOptions};
use serde_json::{Value, json};

const NOW: i64 = 1_795_564_800;

#[expect(clippy::print_stdout, clippy::disallowed_macros, reason = "standard output is its result")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let (queries, examples) = (arguments.next().unwrap(), arguments.next().unwrap());
    let queries: Vec<String> = csv::Reader::from_path(queries)
        .unwrap()
        .deserialize::<std::collections::HashMap<String, String>>()
        .map(|row| row.unwrap().remove("query").unwrap())
        .collect();
    let sizes: Vec<Value> =
        [2_000, 100_000].into_iter().map(|size| measure(size, &queries, Path::new(&examples))).collect();
    println!("{}", serde_json::to_string_pretty(&sizes).unwrap());
}

fn measure(size: usize, queries: &[String], examples: &Path) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(directory.path()).unwrap();
    let incidents: Vec<Incident> = generate::incidents(1, size).collect();
    store.put_all(&incidents, "generated", NOW).unwrap();

    let started = Instant::now();
    let mut base = Base::new(Arc::new(Table::general().unwrap()));
    let mut options = FolderOptions::new(examples, "examples");
    options.kind = Some(Kind::Incident);
    for found in folder::walk(&options).unwrap().files {
        let bytes = folder::read(&found, &options).unwrap();
        let document = folder::prepare(&found, &bytes, &options).unwrap().document;
        base.put(note::read(&document), Some(document.id.clone())).unwrap();
    }
    for stored in store.since(0).unwrap() {
        base.put(Note { incident: stored.incident, text: String::new() }, None).unwrap();
    }
    let loading = milliseconds(started);

    let ask = |query: &String| {
        let question = Question { text: query.clone(), ..Question::default() };
        base.similar(&question, 5, NOW).unwrap();
    };
    queries.iter().for_each(ask);
    let searching: Vec<f64> = std::iter::repeat_n(queries, 5).flatten().map(|query| timed(|| ask(query))).collect();

    // As the tool does it: on disk, and found by the next question.
    let recording: Vec<f64> = generate::incidents(2, 200)
        .map(|mut incident| {
            incident.id = String::new();
            timed(|| {
                let recorded = store.record(incident, "recorded", NOW, &|_| false).unwrap();
                base.put(Note { incident: recorded, text: String::new() }, None).unwrap();
            })
        })
        .collect();

    let all: Vec<&Incident> = base.iter().collect();
    let started = Instant::now();
    let found = groups(all.into_iter(), &LearnOptions::default()).len();
    json!({
        "incidents": base.len(),
        "loading": loading,
        "search": summary(searching),
        "record": summary(recording),
        "learning": milliseconds(started),
        "groups": found,
        "memory_bytes": peak_memory(),
    })
}

fn timed(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    milliseconds(started)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn summary(mut times: Vec<f64>) -> Value {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    json!({ "p50": at(0.5), "p99": at(0.99), "n": times.len() })
}

/// Most memory that the process has had, where the system says so.
fn peak_memory() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
