//! How well notes are understood and symptoms find what they should, on the committed sets of `evaluation/`.
//!
//! Each test prints what it measures and holds it to a minimum; `docs/incidents.md` has the numbers.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a report")]
#![allow(clippy::print_stderr, reason = "what is measured is read by people and by scripts/bench-incidents")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloudops_incidents::base::{Base, Question};
use cloudops_incidents::generate;
use cloudops_incidents::guide::{self, Guides};
use cloudops_incidents::note::{self, Note};
use cloudops_indexes::embed::Table;
use cloudops_indexes::model::{Document, Kind};
use cloudops_ingest::source::folder::{self, FolderOptions};
use serde::Deserialize;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn documents(path: &Path, kind: Kind) -> Vec<Document> {
    let mut options = FolderOptions::new(path, "test");
    options.kind = Some(kind);
    options.git_dates = false;
    let mut found = folder::walk(&options).unwrap().files;
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    let read = |found| folder::prepare(found, &folder::read(found, &options).unwrap(), &options).unwrap().document;
    found.iter().map(read).collect()
}

fn table() -> Arc<Table> {
    Arc::new(Table::general().unwrap())
}

#[derive(Debug, Deserialize)]
struct Query {
    id: String,
    kind: String,
    #[serde(rename = "query")]
    text: String,
    incident: String,
    also: String,
}

fn rows<T: for<'de> Deserialize<'de>>(path: &str) -> Vec<T> {
    let mut reader = csv::Reader::from_path(root().join(path)).unwrap();
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_right_incident_is_found_among_two_thousand_others() {
    let mut base = Base::new(table());
    for document in documents(&root().join("evaluation/incidents/examples"), Kind::Incident) {
        base.put(note::read(&document), Some(document.id.clone())).unwrap();
    }
    for incident in generate::incidents(1, 2_000) {
        base.put(Note { incident, text: String::new() }, None).unwrap();
    }
    let queries: Vec<Query> = rows("evaluation/incidents/queries.csv");
    let now = "2026-11-25T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    let (mut first, mut third) = (0, 0);
    for query in &queries {
        let right: Vec<&str> = std::iter::once(query.incident.as_str()).chain(query.also.split(';')).collect();
        let question = Question { text: query.text.clone(), ..Question::default() };
        let found = base.similar(&question, 10, now).unwrap();
        let rank = found.iter().position(|found| right.contains(&found.incident.id.as_str()));
        first += usize::from(rank == Some(0));
        third += usize::from(rank.is_some_and(|rank| rank < 3));
        if rank != Some(0) {
            let best = &found[0].incident;
            eprintln!("{} {} {rank:?}: {} -> {} {}", query.id, query.kind, query.text, best.id, best.title);
        }
    }
    let share = |count: usize| count as f64 / queries.len() as f64;
    eprintln!("incidents: first {:.3}, in the first three {:.3} of {}", share(first), share(third), queries.len());
    assert!(share(first) >= 0.85 && share(third) >= 0.95);
}

#[derive(Debug, Deserialize)]
struct Symptom {
    id: String,
    guide: String,
    #[serde(rename = "use")]
    purpose: String,
    question: String,
}

#[test]
fn symptoms_find_their_guides() {
    let mut guides = Guides::new(table());
    for document in documents(&root().join("corpus/troubleshooting"), Kind::Troubleshooting) {
        let guide = guide::parse(&document);
        assert!(guide.steps.len() >= 5, "{} has {} steps", guide.document, guide.steps.len());
        assert!(guide.steps.iter().any(|step| !step.commands.is_empty()), "{}", guide.document);
        guides.put(guide).unwrap();
    }
    let mut shares = Vec::new();
    for purpose in ["check", "measure"] {
        let symptoms: Vec<Symptom> = rows("evaluation/symptoms.csv");
        let symptoms: Vec<_> = symptoms.into_iter().filter(|symptom| symptom.purpose == purpose).collect();
        let mut right = 0;
        for symptom in &symptoms {
            let wanted = format!("test/{}.md", symptom.guide);
            let found = guides.find(&symptom.question, &[], 5).unwrap();
            let rank = found.iter().position(|found| found.guide.document == wanted);
            right += usize::from(rank == Some(0));
            if rank != Some(0) {
                eprintln!("{} {rank:?}: {} -> {}", symptom.id, symptom.question, found[0].guide.document);
            }
        }
        let share = right as f64 / symptoms.len() as f64;
        eprintln!("guides, {purpose}: {share:.3} of {}", symptoms.len());
        shares.push(share);
    }
    assert!(shares.iter().all(|share| *share >= 0.85));
}

#[derive(Debug, Deserialize)]
struct Label {
    note: String,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    error_codes: Vec<String>,
    #[serde(default)]
    arns: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    started: Option<String>,
    resolved: Option<String>,
    root_cause: Option<String>,
    fix: Option<String>,
}

/// Right, found in vain, missed.
#[derive(Debug, Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn sets(&mut self, name: &str, note: &str, found: &[String], labelled: &[String]) {
        let lower = |list: &[String]| list.iter().map(|item| item.to_lowercase()).collect::<BTreeSet<_>>();
        let (found, labelled) = (lower(found), lower(labelled));
        self.right += found.intersection(&labelled).count();
        let wrong: Vec<_> = found.difference(&labelled).collect();
        let missed: Vec<_> = labelled.difference(&found).collect();
        if !wrong.is_empty() || !missed.is_empty() {
            eprintln!("{note} {name}: wrong {wrong:?}, missed {missed:?}");
        }
        self.wrong += wrong.len();
        self.missed += missed.len();
    }

    fn excerpt(&mut self, name: &str, note: &str, found: Option<&String>, labelled: Option<&String>) {
        let flat = |text: &String| {
            let plain: String = text.chars().filter(|c| !matches!(c, '*' | '`' | '_')).collect();
            plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
        };
        match (found.map(flat), labelled.map(flat)) {
            (None, None) => {}
            (Some(found), Some(labelled)) if found.contains(&labelled) => self.right += 1,
            (found, labelled) => {
                eprintln!("{note} {name}: found {found:?}, labelled {labelled:?}");
                self.wrong += usize::from(found.is_some());
                self.missed += usize::from(labelled.is_some());
            }
        }
    }

    fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (2 * self.right + self.wrong + self.missed).max(1) as f64
    }
}

#[test]
fn free_form_notes_are_understood() {
    let text = fs_err::read_to_string(root().join("evaluation/incidents/labels.yaml")).unwrap();
    let labels: Vec<Label> = serde_yaml_ng::from_str(&text).unwrap();
    let documents = documents(&root().join("evaluation/incidents/notes"), Kind::Incident);
    let names = ["services", "error codes", "ARNs", "Regions", "times", "root cause", "fix"];
    let mut scores: [Score; 7] = Default::default();
    for label in &labels {
        let document = documents.iter().find(|document| document.id == format!("test/{}", label.note)).unwrap();
        let found = note::read(document).incident;
        let arns: Vec<String> = found.resources.iter().filter(|name| name.starts_with("arn:")).cloned().collect();
        let time = |at: Option<i64>, what: &str| {
            at.map(|at| format!("{what} {}", jiff::Timestamp::from_second(at).unwrap())).into_iter().collect::<Vec<_>>()
        };
        let stated = |at: &Option<String>, what: &str| {
            at.iter().map(|at| format!("{what} {}", at.parse::<jiff::Timestamp>().unwrap())).collect::<Vec<_>>()
        };
        let times = [time(found.started, "from"), time(found.resolved, "to")].concat();
        let labelled_times = [stated(&label.started, "from"), stated(&label.resolved, "to")].concat();
        scores[0].sets(names[0], &label.note, &found.services, &label.services);
        scores[1].sets(names[1], &label.note, &found.error_codes, &label.error_codes);
        scores[2].sets(names[2], &label.note, &arns, &label.arns);
        scores[3].sets(names[3], &label.note, &found.regions, &label.regions);
        scores[4].sets(names[4], &label.note, &times, &labelled_times);
        scores[5].excerpt(names[5], &label.note, found.root_cause.as_ref(), label.root_cause.as_ref());
        scores[6].excerpt(names[6], &label.note, found.fix.as_ref(), label.fix.as_ref());
    }
    for (name, score) in names.iter().zip(&scores) {
        eprintln!("{name}: F1 {:.3} {score:?}", score.f1());
    }
    assert!(scores.iter().all(|score| score.f1() >= 0.90));
}
