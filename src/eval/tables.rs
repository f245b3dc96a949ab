//! Reports as a person reads them.

use std::io::{self, Write};

use super::compare::{Comparison, Difference, ModeComparison};
use super::failures::{CANDIDATES, DEPTH, Instead, Lost};
use super::gate::Verdict;
use super::metrics::Metrics;
use super::report::{Failures, Found, QuestionReport, Ranking, Scores};
use super::statistics::Interval;
use crate::report::table::{Align, Table};
use crate::report::{BAD, DIM, GOOD, Output, count, one_line, styled};

/// Characters of a question in a table.
const QUESTION_WIDTH: usize = 60;
/// Differences of questions that are shown of every ranking, unless all are asked for.
const DIFFERENCES: usize = 20;

/// The numbers of every ranking, then those per kind, and those of answers.
pub(crate) fn scores(rankings: &[Ranking], questions: usize, out: &mut Output) -> io::Result<()> {
    let mut table = Table::new(&[
        ("RANKING", Align::Left),
        ("COUNTED", Align::Left),
        ("RECALL@1", Align::Right),
        ("RECALL@5", Align::Right),
        ("RECALL@10", Align::Right),
        ("95 %", Align::Left),
        ("MRR@10", Align::Right),
        ("NDCG@10", Align::Right),
        ("95 %", Align::Left),
    ]);
    for ranking in rankings {
        let Scores { strict, accepted, intervals, .. } = &ranking.report.scores;
        for (name, metrics, intervals) in
            [("strict", strict, intervals.strict), ("accepted", accepted, intervals.accepted)]
        {
            let Metrics { recall_at_1, recall_at_5, recall_at_10, mrr_at_10, ndcg_at_10 } = metrics;
            table.row([
                ranking.mode.as_str().to_owned(),
                name.to_owned(),
                number(*recall_at_1),
                number(*recall_at_5),
                number(*recall_at_10),
                range(intervals.map(|intervals| intervals.recall_at_10)),
                number(*mrr_at_10),
                number(*ndcg_at_10),
                range(intervals.map(|intervals| intervals.ndcg_at_10)),
            ]);
        }
    }
    table.write(out)?;
    writeln!(out, "{}", styled(DIM, count(questions as u64, "question")))?;
    if rankings.iter().any(|ranking| !ranking.report.kinds.is_empty()) {
        writeln!(out)?;
        kinds(rankings, out)?;
    }
    if rankings.iter().any(|ranking| ranking.report.scores.answers.is_some()) {
        writeln!(out)?;
        answers(rankings, questions, out)?;
    }
    Ok(())
}

fn kinds(rankings: &[Ranking], out: &mut Output) -> io::Result<()> {
    let mut table = Table::new(&[
        ("KIND", Align::Left),
        ("QUESTIONS", Align::Right),
        ("RANKING", Align::Left),
        ("STRICT NDCG@10", Align::Right),
        ("ACCEPTED RECALL@10", Align::Right),
        ("95 %", Align::Left),
        ("ACCEPTED NDCG@10", Align::Right),
        ("95 %", Align::Left),
    ]);
    let names = rankings.first().map(|ranking| ranking.report.kinds.keys()).into_iter().flatten();
    for (kind, ranking) in names.flat_map(|kind| rankings.iter().map(move |ranking| (kind, ranking))) {
        let Some(scores) = ranking.report.kinds.get(kind) else { continue };
        let intervals = scores.intervals.accepted;
        table.row([
            one_line(kind),
            scores.questions.to_string(),
            ranking.mode.as_str().to_owned(),
            number(scores.strict.ndcg_at_10),
            number(scores.accepted.recall_at_10),
            range(intervals.map(|intervals| intervals.recall_at_10)),
            number(scores.accepted.ndcg_at_10),
            range(intervals.map(|intervals| intervals.ndcg_at_10)),
        ]);
    }
    table.write(out)
}

fn answers(rankings: &[Ranking], questions: usize, out: &mut Output) -> io::Result<()> {
    let mut table = Table::new(&[("RANKING", Align::Left), ("ANSWER@1", Align::Right), ("ANSWER@5", Align::Right)]);
    let mut known = 0;
    for ranking in rankings {
        let Some(answers) = ranking.report.scores.answers else { continue };
        known = answers.questions;
        table.row([ranking.mode.as_str().to_owned(), number(answers.answer_at_1), number(answers.answer_at_5)]);
    }
    table.write(out)?;
    let text = format!("{known} of {questions} have an answer that stands word for word in its document");
    writeln!(out, "{}", styled(DIM, text))
}

/// The rank of the answer to every question.
pub(crate) fn questions(questions: &[QuestionReport<'_>], out: &mut Output) -> io::Result<()> {
    let modes: Vec<&'static str> = questions.first().map(|q| q.ranks.keys().copied().collect()).unwrap_or_default();
    let mut header = vec![("ID", Align::Left)];
    header.extend(modes.iter().map(|mode| (*mode, Align::Right)));
    header.extend([("QUESTION", Align::Left), ("DOCUMENT", Align::Left)]);
    let mut table = Table::new(&header);
    for question in questions {
        let mut cells = vec![one_line(question.id)];
        cells.extend(question.ranks.values().map(|Found { strict, accepted, .. }| {
            if strict == accepted { rank(*strict) } else { format!("{} ({})", rank(*strict), rank(*accepted)) }
        }));
        cells.extend([short(question.question), one_line(question.document)]);
        table.row(cells);
    }
    table.write(out)
}

/// Where every ranking lost the documents of the questions that it missed.
pub(crate) fn failures(rankings: &[Ranking], out: &mut Output) -> io::Result<()> {
    for ranking in rankings {
        let Some(failures) = &ranking.report.failures else { continue };
        let missed = count(failures.questions.len() as u64, "question");
        writeln!(out, "\n{}: missed {missed}", ranking.mode.as_str())?;
        if !failures.questions.is_empty() {
            failure_tables(failures, out)?;
        }
    }
    let legend = format!(
        "LOST: outranked is within the first {DEPTH} documents, far down is not, and where words do not match, no passage \
         is\namong the first {CANDIDATES} by words. INSTEAD: the first document shown."
    );
    writeln!(out, "\n{}", styled(DIM, legend))
}

fn failure_tables(failures: &Failures, out: &mut Output) -> io::Result<()> {
    let mut header = vec![("LOST", Align::Left)];
    header.extend(Instead::ALL.map(|instead| (instead.as_str(), Align::Right)));
    header.push(("ALL", Align::Right));
    let mut table = Table::new(&header);
    for lost in Lost::ALL {
        let Some(cells) = failures.summary.get(&lost) else { continue };
        let numbers = Instead::ALL.map(|instead| cells.get(&instead).map_or("-".to_owned(), usize::to_string));
        let all = cells.values().sum::<usize>().to_string();
        table.row(std::iter::once(lost.as_str().to_owned()).chain(numbers).chain([all]));
    }
    table.write(out)?;
    writeln!(out)?;
    let mut table = Table::new(&[
        ("ID", Align::Left),
        ("LOST", Align::Left),
        ("RANK", Align::Right),
        ("BY WORDS", Align::Right),
        ("QUESTION", Align::Left),
        ("DOCUMENT", Align::Left),
        ("INSTEAD", Align::Left),
    ]);
    for failure in &failures.questions {
        table.row([
            one_line(&failure.id),
            failure.lost.as_str().to_owned(),
            rank(failure.rank),
            rank(failure.words_rank),
            short(&failure.question),
            one_line(&failure.document),
            failure.first.as_deref().map(one_line).unwrap_or_default(),
        ]);
    }
    table.write(out)
}

/// Two runs beside each other.
pub(crate) fn comparison(comparison: &Comparison, all: bool, out: &mut Output) -> io::Result<()> {
    let mut table = Table::new(&[
        ("RANKING", Align::Left),
        ("COUNTED", Align::Left),
        ("A NDCG@10", Align::Right),
        ("B NDCG@10", Align::Right),
        ("B - A", Align::Right),
        ("95 %", Align::Left),
        ("P", Align::Right),
        ("WINS", Align::Right),
        ("TIES", Align::Right),
        ("LOSSES", Align::Right),
    ]);
    for (mode, ModeComparison { ndcg_at_10, .. }) in &comparison.modes {
        for (name, found) in [("strict", ndcg_at_10.strict), ("accepted", ndcg_at_10.accepted)] {
            let Difference { a, b, difference, interval, p_value, wins, ties, losses } = found;
            table.row([
                mode.clone(),
                name.to_owned(),
                number(a),
                number(b),
                signed(difference),
                interval
                    .map_or("-".to_owned(), |Interval { low, high }| format!("{} to {}", signed(low), signed(high))),
                format!("{p_value:.4}"),
                wins.to_string(),
                ties.to_string(),
                losses.to_string(),
            ]);
        }
    }
    table.write(out)?;
    for (name, side) in [("A", &comparison.a), ("B", &comparison.b)] {
        let questions = count(side.questions.count as u64, "question");
        let text = format!(
            "{name}: {questions} of {}, index generation {}, cloudops {}",
            one_line(&side.questions.file),
            side.generation,
            one_line(&side.program)
        );
        writeln!(out, "{}", styled(DIM, text))?;
    }
    for (mode, found) in &comparison.modes {
        if !found.questions.is_empty() {
            writeln!(out)?;
            differences(mode, found, all, out)?;
        }
    }
    Ok(())
}

fn differences(mode: &str, found: &ModeComparison, all: bool, out: &mut Output) -> io::Result<()> {
    let shown = if all { found.questions.len() } else { found.questions.len().min(DIFFERENCES) };
    let mut table = Table::new(&[
        ("RANKING", Align::Left),
        ("ID", Align::Left),
        ("A", Align::Right),
        ("B", Align::Right),
        ("NDCG@10", Align::Right),
        ("QUESTION", Align::Left),
        ("DOCUMENT", Align::Left),
    ]);
    for question in &found.questions[..shown] {
        table.row([
            mode.to_owned(),
            one_line(&question.id),
            rank(question.rank_a),
            rank(question.rank_b),
            signed(question.difference),
            short(&question.question),
            one_line(&question.document),
        ]);
    }
    table.write(out)?;
    if shown < found.questions.len() {
        let more = format!("{} more: --per-question", found.questions.len() - shown);
        writeln!(out, "{}", styled(DIM, more))?;
    }
    Ok(())
}

/// What fell short of a gate.
pub(crate) fn verdict(verdict: &Verdict, out: &mut Output) -> io::Result<()> {
    let checked = count(verdict.checked as u64, "value");
    if verdict.passed {
        return writeln!(out, "{} {checked} reached", styled(GOOD, "gate passed:"));
    }
    writeln!(out, "{} {} of {checked} fell short", styled(BAD, "gate failed:"), verdict.short.len())?;
    let mut table = Table::new(&[("VALUE", Align::Left), ("FOUND", Align::Right), ("MINIMUM", Align::Right)]);
    for short in &verdict.short {
        table.row([one_line(&short.value), format!("{:.4}", short.found), format!("{:.4}", short.minimum)]);
    }
    table.write(out)
}

fn number(number: f64) -> String {
    format!("{number:.3}")
}

fn signed(number: f64) -> String {
    format!("{number:+.3}")
}

fn range(interval: Option<Interval>) -> String {
    interval.map_or("-".to_owned(), |Interval { low, high }| format!("{low:.3} to {high:.3}"))
}

fn rank(rank: Option<usize>) -> String {
    rank.map_or("-".to_owned(), |rank| rank.to_string())
}

fn short(question: &str) -> String {
    one_line(question).chars().take(QUESTION_WIDTH).collect()
}
