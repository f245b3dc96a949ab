//! `cloudops eval`: how well the index answers questions whose answers are known.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cloudops_indexes::hybrid::Mode;
use cloudops_indexes::store::Index;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::search::ModeArg;
use crate::app::App;
use crate::eval::compare::Comparison;
use crate::eval::gate::Gate;
use crate::eval::measure::Target;
use crate::eval::questions::{Question, QuestionFile};
use crate::eval::report::{Ranking, long_form};
use crate::eval::run::Run;
use crate::eval::{failures, measure, tables};
use crate::report::error::{CommandError, CommandResult, warn};
use crate::report::{Output, count, one_line};

/// How often every question is timed.
const TIMED_ROUNDS: usize = 10;
/// Names that a warning lists.
const LISTED: usize = 5;

/// Measure how well questions with known answers are answered
///
/// The file has the columns `id,question,document`, and may have `kind`, `also`, `answer` and `phrasings`. `document` is
/// `<guide>/<page>` and means the documents whose id ends in `/<guide>/<page>` or `/<guide>/doc_source/<page>`; `also`
/// lists further pages that answer as well, separated by `;`. `strict` counts only `document`, `accepted` also the
/// others. A page that was folded into a result as its twin counts at the rank of that result. `phrasings` are the same
/// question in other words, separated by `|`, and are searched for with it.
///
/// `answer` is a string of the passage that answers. Where it stands word for word in a document that answers, the
/// question counts for answer@1, whether it is in the best passage of that document, and for answer@5, whether it is in
/// any of three passages of the first five documents. With `kind`, the numbers are also given per kind of question.
///
/// Intervals hold 95 % of 10,000 bootstrap resamples of the questions. A comparison of two runs pairs them question by
/// question: its p-value is that of a randomization test with 10,000 permutations.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops eval --questions questions.csv
  cloudops eval --questions questions.csv --mode hybrid --failures --per-question
  cloudops eval --questions questions.csv --save before.json
  cloudops eval --questions questions.csv --baseline before.json
  cloudops eval --compare before.json after.json --json
  cloudops eval --questions evaluation/curated.csv --gate evaluation/gate.toml

A gate has minimum values in the shape of the JSON report:
  [hybrid.accepted]
  ndcg_at_10 = 0.60")]
pub(crate) struct Args {
    /// CSV file with the questions
    #[arg(
        long,
        value_name = "FILE",
        value_hint = clap::ValueHint::FilePath,
        required_unless_present = "compare",
        conflicts_with = "compare"
    )]
    questions: Option<PathBuf>,
    /// Only this ranking [default: all three]
    #[arg(short, long)]
    mode: Option<ModeArg>,
    /// Documents to look at for each question; only the first 10 count
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(10..=1000))]
    depth: u64,
    /// List the rank of the answer to every question, and all differences of a comparison
    #[arg(long)]
    per_question: bool,
    /// Say of every question without an answer among the first 10 documents where its document was lost
    #[arg(long, conflicts_with = "compare")]
    failures: bool,
    /// Also time hybrid searches, one after the other on a warm index
    #[arg(long, conflicts_with = "compare")]
    timing: bool,
    /// Write the run to this file, to be compared with others
    #[arg(long, value_name = "RUN", value_hint = clap::ValueHint::FilePath, conflicts_with = "compare")]
    save: Option<PathBuf>,
    /// Compare with this saved run of the same questions
    #[arg(long, value_name = "RUN", value_hint = clap::ValueHint::FilePath, conflicts_with = "compare")]
    baseline: Option<PathBuf>,
    /// Measure nothing, compare two saved runs of the same questions
    #[arg(long, value_names = ["RUN_A", "RUN_B"], num_args = 2, value_hint = clap::ValueHint::FilePath)]
    compare: Vec<PathBuf>,
    /// Exit with 1 unless the minimum values in this TOML or JSON file are reached
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with = "compare")]
    gate: Option<PathBuf>,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    if let [a, b] = args.compare.as_slice() {
        return compare(a, b, args, out);
    }
    let Some(questions) = &args.questions else {
        return Err(CommandError::input("there are no questions: say where they are with `--questions FILE`"));
    };
    // A file that cannot be used is found out before the work is done.
    let file = QuestionFile::read(questions)?;
    let gate = args.gate.as_deref().map(Gate::read).transpose()?;
    let baseline = args.baseline.as_deref().map(Run::read).transpose()?;

    let index = app.index()?;
    let summary = index.summary()?;
    let targets = measure::targets(&index, &file.questions)?;
    warn_of_missing(&file.questions, &targets);
    let modes = args.mode.map_or(Mode::ALL.to_vec(), |mode| vec![mode.into()]);
    let rankings = modes.into_iter().map(|mode| {
        if summary.vectors.is_empty() && mode != Mode::Lexical {
            let what = if mode == Mode::Vector { "finds nothing" } else { "ranks by words only" };
            warn(format!("the index has no vectors: `{}` {what}", mode.as_str()));
        }
        rank(&index, &file, &targets, mode, args)
    });
    let rankings = rankings.collect::<anyhow::Result<Vec<_>>>()?;
    let timing = args.timing.then(|| time(&index, &file.questions)).transpose()?;

    let run = Run::new(&file, &summary, args.depth as usize, &rankings)?;
    if let Some(path) = &args.save {
        run.save(path)?;
    }
    let comparison = baseline.as_ref().map(|baseline| Comparison::new(baseline, &run)).transpose()?;
    let report = scores(&rankings)?;
    let verdict = gate.map(|gate| gate.check(&Value::Object(report.clone()))).transpose()?;
    let failed = verdict.as_ref().filter(|verdict| !verdict.passed).map(|verdict| {
        let (short, checked) = (verdict.short.len(), count(verdict.checked as u64, "value"));
        CommandError::check(format!("{short} of {checked} fell short of the gate"))
    });

    let long = long_form(&file.questions, &rankings);
    if out.is_json() {
        let mut report = report;
        report.insert("run".to_owned(), json!({ "questions": run.questions, "index": run.index, "depth": run.depth }));
        let mut add = |name: &str, value: serde_json::Result<Value>| -> serde_json::Result<()> {
            report.insert(name.to_owned(), value?);
            Ok(())
        };
        if args.per_question {
            add("questions", serde_json::to_value(&long))?;
        }
        if let Some(timing) = &timing {
            add("timing_ms", serde_json::to_value(timing))?;
        }
        if let Some(comparison) = &comparison {
            add("comparison", serde_json::to_value(comparison))?;
        }
        if let Some(verdict) = &verdict {
            add("gate", serde_json::to_value(verdict))?;
        }
        out.json(&report)?;
        return failed.map_or(Ok(()), Err);
    }
    tables::scores(&rankings, file.questions.len(), out)?;
    if let Some(Timing { p50, p99, searches }) = timing {
        writeln!(out, "\nhybrid search: p50 {p50:.1} ms, p99 {p99:.1} ms ({searches} searches)")?;
    }
    if args.failures {
        tables::failures(&rankings, out)?;
    }
    if args.per_question {
        writeln!(out)?;
        tables::questions(&long, out)?;
    }
    if let Some(comparison) = &comparison {
        writeln!(out)?;
        tables::comparison(comparison, args.per_question, out)?;
    }
    if let Some(verdict) = &verdict {
        writeln!(out)?;
        tables::verdict(verdict, out)?;
    }
    failed.map_or(Ok(()), Err)
}

fn compare(a: &Path, b: &Path, args: &Args, out: &mut Output) -> CommandResult {
    let (mut a, mut b) = (Run::read(a)?, Run::read(b)?);
    if let Some(mode) = args.mode.map(Mode::from) {
        for run in [&mut a, &mut b] {
            run.modes.retain(|name, _| name == mode.as_str());
        }
    }
    let comparison = Comparison::new(&a, &b)?;
    if out.is_json() {
        out.json(&comparison)?;
    } else {
        tables::comparison(&comparison, args.per_question, out)?;
    }
    Ok(())
}

/// Measures one ranking.
fn rank(index: &Index, file: &QuestionFile, targets: &[Target], mode: Mode, args: &Args) -> anyhow::Result<Ranking> {
    let outcomes = measure::ask(index, &file.questions, targets, mode, args.depth as usize)?;
    let failures = args.failures.then(|| failures::explain(index, &file.questions, targets, &outcomes, mode));
    Ok(Ranking::new(mode, file, outcomes, failures.transpose()?))
}

/// The part of the JSON report that rankings are: what a gate is held against.
fn scores(rankings: &[Ranking]) -> serde_json::Result<Map<String, Value>> {
    let of = |ranking: &Ranking| Ok((ranking.mode.as_str().to_owned(), serde_json::to_value(&ranking.report)?));
    rankings.iter().map(of).collect()
}

/// Milliseconds that a hybrid search for ten documents takes inside this process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Timing {
    p50: f64,
    p99: f64,
    searches: usize,
}

fn time(index: &Index, questions: &[Question]) -> anyhow::Result<Timing> {
    let mut taken = Vec::new();
    // The first round only warms up.
    for round in 0..=TIMED_ROUNDS {
        for question in questions {
            let request = question.request(Mode::Hybrid, 10);
            let started = Instant::now();
            index.search(&request)?;
            if round > 0 {
                taken.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    taken.sort_by(f64::total_cmp);
    let percentile = |share: f64| taken[((taken.len() - 1) as f64 * share).round() as usize];
    Ok(Timing { p50: percentile(0.5), p99: percentile(0.99), searches: taken.len() })
}

fn warn_of_missing(questions: &[Question], targets: &[Target]) {
    let missing: Vec<_> = questions
        .iter()
        .zip(targets)
        .filter(|(_, target)| !target.document)
        .map(|(question, _)| one_line(&question.document))
        .collect();
    if !missing.is_empty() {
        let more = if missing.len() > LISTED { ", …" } else { "" };
        let names = missing[..missing.len().min(LISTED)].join(", ");
        let number = count(missing.len() as u64, "question");
        warn(format!("the document that answers is not in the index, for {number}: {names}{more}"));
    }
}
