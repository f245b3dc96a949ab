//! `cloudops eval`: how well the index answers questions whose answers are known.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use cloudops_indexes::hybrid::{Hit, Mode, SearchRequest};
use cloudops_indexes::store::Index;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::search::ModeArg;
use crate::app::App;
use crate::report::error::{CommandError, CommandResult, warn};
use crate::report::table::{Align, Table};
use crate::report::{DIM, Output, count, one_line, styled};

/// Documents that count.
const CUTOFF: usize = 10;
/// How often every question is timed.
const TIMED_ROUNDS: usize = 10;
/// Names that a warning lists.
const LISTED: usize = 5;

/// Measure how well questions with known answers are answered
///
/// The file has the columns `id,question,answer,yes_no_none,document,also`. `document` is `<guide>/<page>` and means
/// the documents whose id ends in `/<guide>/<page>` or `/<guide>/doc_source/<page>`; `also` lists further pages that
/// answer as well, separated by `;`. `strict` counts only `document`, `accepted` also the others. A page that was
/// folded into a result as its twin counts at the rank of that result.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops eval --questions questions.csv
  cloudops eval --questions questions.csv --mode hybrid --per-question
  cloudops eval --questions questions.csv --json")]
pub(crate) struct Args {
    /// CSV file with the questions
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    questions: PathBuf,
    /// Only this ranking [default: all three]
    #[arg(short, long)]
    mode: Option<ModeArg>,
    /// Documents to look at for each question; only the first 10 count
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(10..=1000))]
    depth: u64,
    /// List the rank of the answer to every question
    #[arg(long)]
    per_question: bool,
    /// Also time hybrid searches, one after the other on a warm index
    #[arg(long)]
    timing: bool,
}

/// A row of the file. Further columns are ignored.
#[expect(clippy::struct_field_names, reason = "they are the columns of the file")]
#[derive(Debug, Clone, Deserialize)]
struct Question {
    id: String,
    question: String,
    document: String,
    #[serde(default)]
    also: String,
}

impl Question {
    fn also(&self) -> impl Iterator<Item = &str> {
        self.also.split([';', '|', ' ', '\n']).map(str::trim).filter(|page| !page.is_empty())
    }
}

/// Where the answer to a question was found, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ranks {
    strict: Option<usize>,
    accepted: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Scores {
    strict: Metrics,
    accepted: Metrics,
}

/// Means over all questions.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
struct Metrics {
    recall_at_1: f64,
    recall_at_5: f64,
    recall_at_10: f64,
    mrr_at_10: f64,
    ndcg_at_10: f64,
}

impl Metrics {
    /// One relevant document per question, so that the ideal gain is 1 and nDCG is 1 / log2(1 + rank).
    fn of(ranks: &[Option<usize>]) -> Self {
        let mean = |value: &dyn Fn(usize) -> f64| {
            let counted = ranks.iter().flatten().filter(|rank| **rank <= CUTOFF);
            // The sum of nothing is -0.0.
            let sum = counted.map(|rank| value(*rank)).sum::<f64>() + 0.0;
            if ranks.is_empty() { 0.0 } else { (sum / ranks.len() as f64 * 1e4).round() / 1e4 }
        };
        let within = |limit: usize| mean(&|rank| f64::from(u8::from(rank <= limit)));
        Self {
            recall_at_1: within(1),
            recall_at_5: within(5),
            recall_at_10: within(10),
            mrr_at_10: mean(&|rank| 1.0 / rank as f64),
            ndcg_at_10: mean(&|rank| 1.0 / (1.0 + rank as f64).log2()),
        }
    }
}

/// One question in the long form of the report.
#[derive(Debug, Serialize)]
struct QuestionReport<'a> {
    id: &'a str,
    question: &'a str,
    document: &'a str,
    ranks: BTreeMap<&'static str, RankReport>,
}

#[derive(Debug, Serialize)]
struct RankReport {
    strict: Option<usize>,
    accepted: Option<usize>,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let questions = read(&args.questions)?;
    let index = app.index()?;
    warn_of_missing(&index, &questions)?;

    let has_vectors = !index.summary()?.vectors.is_empty();
    let modes = args.mode.map_or(Mode::ALL.to_vec(), |mode| vec![mode.into()]);
    let mut results = Vec::new();
    for mode in modes {
        let ranks = questions
            .par_iter()
            .map(|question| rank(&index, question, mode, args.depth as usize))
            .collect::<Result<Vec<_>, _>>()?;
        if !has_vectors && mode != Mode::Lexical {
            let what = if mode == Mode::Vector { "finds nothing" } else { "ranks by words only" };
            warn(format!("the index has no vectors: `{}` {what}", mode.as_str()));
        }
        let strict: Vec<_> = ranks.iter().map(|ranks| ranks.strict).collect();
        let accepted: Vec<_> = ranks.iter().map(|ranks| ranks.accepted).collect();
        results.push((mode, Scores { strict: Metrics::of(&strict), accepted: Metrics::of(&accepted) }, ranks));
    }

    let timing = args.timing.then(|| time(&index, &questions)).transpose()?;
    let long: Vec<_> = questions.iter().enumerate().map(|(at, question)| long_form(question, &results, at)).collect();
    if out.is_json() {
        let mut report = serde_json::Map::new();
        for (mode, scores, _) in &results {
            report.insert(mode.as_str().to_owned(), serde_json::to_value(scores)?);
        }
        if args.per_question {
            report.insert("questions".to_owned(), serde_json::to_value(&long)?);
        }
        if let Some(timing) = &timing {
            report.insert("timing_ms".to_owned(), serde_json::to_value(timing)?);
        }
        out.json(&report)?;
        return Ok(());
    }
    write(&results, questions.len(), out)?;
    if let Some(Timing { p50, p99, searches }) = timing {
        writeln!(out, "\nhybrid search: p50 {p50:.1} ms, p99 {p99:.1} ms ({searches} searches)")?;
    }
    if args.per_question {
        writeln!(out)?;
        write_questions(&long, out)?;
    }
    Ok(())
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
            let started = Instant::now();
            index.search(&SearchRequest::new(&question.question))?;
            if round > 0 {
                taken.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    taken.sort_by(f64::total_cmp);
    let percentile = |share: f64| taken[((taken.len() - 1) as f64 * share).round() as usize];
    Ok(Timing { p50: percentile(0.5), p99: percentile(0.99), searches: taken.len() })
}

type ModeResult = (Mode, Scores, Vec<Ranks>);

fn long_form<'a>(question: &'a Question, results: &[ModeResult], at: usize) -> QuestionReport<'a> {
    let ranks = results.iter().map(|(mode, _, ranks)| {
        let Ranks { strict, accepted } = ranks[at];
        (mode.as_str(), RankReport { strict, accepted })
    });
    QuestionReport {
        id: &question.id,
        question: &question.question,
        document: &question.document,
        ranks: ranks.collect(),
    }
}

fn read(path: &Path) -> Result<Vec<Question>, CommandError> {
    let columns = "The columns are `id,question,answer,yes_no_none,document,also`.";
    let file = fs_err::File::open(path).map_err(|error| CommandError::input(error.to_string()))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let rows = reader.deserialize().collect::<Result<Vec<Question>, _>>();
    let questions =
        rows.with_context(|| format!("failed to read the questions in `{}`", path.display())).map_err(|error| {
            CommandError { kind: crate::report::error::Kind::Input, error, hints: vec![columns.to_owned()] }
        })?;
    if questions.is_empty() {
        return Err(CommandError::input(format!("there are no questions in `{}`", path.display())).hint(columns));
    }
    Ok(questions)
}

fn rank(index: &Index, question: &Question, mode: Mode, depth: usize) -> anyhow::Result<Ranks> {
    let request = SearchRequest { mode, limit: depth, ..SearchRequest::new(&question.question) };
    let response = index.search(&request)?;
    let first = |answers: &dyn Fn(&str) -> bool| {
        let found = |hit: &Hit| {
            let twins = hit.twins.iter().map(|twin| twin.document.as_str());
            [hit.best.citation.document.as_str()].into_iter().chain(twins).any(answers)
        };
        response.hits.iter().position(found).map(|place| place + 1)
    };
    let strict = |id: &str| is_page(id, &question.document);
    let accepted = |id: &str| strict(id) || question.also().any(|page| is_page(id, page));
    Ok(Ranks { strict: first(&strict), accepted: first(&accepted) })
}

/// Whether a document is the page `<guide>/<page>`.
fn is_page(id: &str, page: &str) -> bool {
    let ends_with = |page: &str| id.strip_suffix(page).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    ends_with(page)
        || page.split_once('/').is_some_and(|(guide, page)| ends_with(&format!("{guide}/doc_source/{page}")))
}

fn warn_of_missing(index: &Index, questions: &[Question]) -> anyhow::Result<()> {
    let sources: Vec<String> = index.summary()?.sources.into_iter().map(|source| source.name).collect();
    let is_there = |page: &str| -> anyhow::Result<bool> {
        let (guide, file) = page.split_once('/').unwrap_or(("", page));
        for source in &sources {
            for id in [
                format!("{source}/{guide}/doc_source/{file}"),
                format!("{source}/{page}"),
                format!("{source}/documents/{guide}/doc_source/{file}"),
            ] {
                if index.document(&id)?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(index.similar_ids(page, 20)?.iter().any(|id| is_page(id, page)))
    };
    let mut missing = Vec::new();
    for question in questions {
        if !is_there(&question.document)? {
            missing.push(one_line(&question.document));
        }
    }
    if !missing.is_empty() {
        let more = if missing.len() > LISTED { ", …" } else { "" };
        let names = missing[..missing.len().min(LISTED)].join(", ");
        let number = count(missing.len() as u64, "question");
        warn(format!("the document that answers is not in the index, for {number}: {names}{more}"));
    }
    Ok(())
}

fn write(results: &[ModeResult], questions: usize, out: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new(&[
        ("RANKING", Align::Left),
        ("COUNTED", Align::Left),
        ("RECALL@1", Align::Right),
        ("RECALL@5", Align::Right),
        ("RECALL@10", Align::Right),
        ("MRR@10", Align::Right),
        ("NDCG@10", Align::Right),
    ]);
    for (mode, scores, _) in results {
        for (name, metrics) in [("strict", scores.strict), ("accepted", scores.accepted)] {
            let Metrics { recall_at_1, recall_at_5, recall_at_10, mrr_at_10, ndcg_at_10 } = metrics;
            let numbers = [recall_at_1, recall_at_5, recall_at_10, mrr_at_10, ndcg_at_10];
            let cells = [mode.as_str().to_owned(), name.to_owned()].into_iter();
            table.row(cells.chain(numbers.map(|number| format!("{number:.3}"))));
        }
    }
    table.write(out)?;
    writeln!(out, "{}", styled(DIM, count(questions as u64, "question")))
}

fn write_questions(questions: &[QuestionReport<'_>], out: &mut Output) -> std::io::Result<()> {
    let modes: Vec<&'static str> = questions.first().map(|q| q.ranks.keys().copied().collect()).unwrap_or_default();
    let mut header = vec![("ID", Align::Left)];
    header.extend(modes.iter().map(|mode| (*mode, Align::Right)));
    header.extend([("QUESTION", Align::Left), ("DOCUMENT", Align::Left)]);
    let mut table = Table::new(&header);
    let rank = |rank: Option<usize>| rank.map_or("-".to_owned(), |rank| rank.to_string());
    for question in questions {
        let mut cells = vec![one_line(question.id)];
        cells.extend(question.ranks.values().map(|ranks| {
            if ranks.strict == ranks.accepted {
                rank(ranks.strict)
            } else {
                format!("{} ({})", rank(ranks.strict), rank(ranks.accepted))
            }
        }));
        cells.extend([one_line(question.question).chars().take(60).collect(), one_line(question.document)]);
        table.row(cells);
    }
    table.write(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "both sides are rounded in the same way")]
    fn metrics_of_known_ranks() {
        let metrics = Metrics::of(&[Some(1), Some(3), Some(10), Some(11), None]);
        assert_eq!(metrics.recall_at_1, 0.2);
        assert_eq!(metrics.recall_at_5, 0.4);
        assert_eq!(metrics.recall_at_10, 0.6);
        assert_eq!(metrics.mrr_at_10, ((1.0_f64 + 1.0 / 3.0 + 0.1) / 5.0 * 1e4).round() / 1e4);
        let gain = (1.0 + 1.0 / 4_f64.log2() + 1.0 / 11_f64.log2()) / 5.0;
        assert_eq!(metrics.ndcg_at_10, (gain * 1e4).round() / 1e4);
        assert_eq!(Metrics::of(&[]), Metrics::default());
    }

    #[test]
    fn a_page_is_the_end_of_an_id() {
        let page = "amazon-ec2-user-guide/Using_Tags.md";
        for id in [
            "amazon-ec2-user-guide/Using_Tags.md",
            "aws/amazon-ec2-user-guide/Using_Tags.md",
            "aws/documents/amazon-ec2-user-guide/doc_source/Using_Tags.md",
        ] {
            assert!(is_page(id, page), "{id}");
        }
        for id in [
            "aws/amazon-ec2-user-guide-windows/doc_source/Using_Tags.md",
            "aws/xamazon-ec2-user-guide/Using_Tags.md",
            "aws/amazon-ec2-user-guide/doc_source/Not_Using_Tags.md",
        ] {
            assert!(!is_page(id, page), "{id}");
        }
    }

    #[test]
    fn further_pages_may_be_separated_in_several_ways() {
        let question = |also: &str| Question {
            id: "1".into(),
            question: "?".into(),
            document: "a/b.md".into(),
            also: also.into(),
        };
        assert_eq!(question("a/c.md; a/d.md|a/e.md").also().collect::<Vec<_>>(), ["a/c.md", "a/d.md", "a/e.md"]);
        assert_eq!(question("").also().count(), 0);
    }

    #[test]
    fn the_file_needs_its_columns() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "id,question,answer,yes_no_none,document,also\n1,\"Who, me?\",a,No,g/p.md,\n")
            .unwrap();
        let questions = read(file.path()).unwrap();
        assert_eq!((questions[0].question.as_str(), questions[0].document.as_str()), ("Who, me?", "g/p.md"));
        for text in ["", "id,question\n1,a\n"] {
            fs_err::write(file.path(), text).unwrap();
            assert_eq!(read(file.path()).unwrap_err().kind.exit_code(), 1, "{text}");
        }
    }
}
