//! Two runs of the same questions, side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::metrics::{mean, ndcg, rounded};
use super::report::Counted;
use super::run::{QuestionResult, QuestionRun, QuestionsId, Run};
use super::statistics::{Interval, interval, randomization_p};
use crate::report::error::CommandError;

/// Ids that an error lists.
const LISTED: usize = 5;

/// What changed from run `a` to run `b`.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) a: Side,
    pub(crate) b: Side,
    /// By name of the ranking, for those that both runs have.
    #[serde(flatten)]
    pub(crate) modes: BTreeMap<String, ModeComparison>,
}

/// What one of the runs was.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) questions: QuestionsId,
    pub(crate) generation: u64,
    pub(crate) program: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ModeComparison {
    #[serde(flatten)]
    pub(crate) ndcg_at_10: Counted<Difference>,
    /// Questions whose accepted nDCG@10 is another one, the largest difference first.
    pub(crate) questions: Vec<QuestionDifference>,
}

/// Of nDCG@10, question by question.
#[expect(clippy::struct_field_names, reason = "they are the names in the report")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Difference {
    pub(crate) a: f64,
    pub(crate) b: f64,
    /// `b` less `a`: above 0 where `b` is better.
    pub(crate) difference: f64,
    /// 95 % paired bootstrap interval of the difference.
    pub(crate) interval: Option<Interval>,
    /// Paired randomization test, two-sided.
    pub(crate) p_value: f64,
    /// Questions that `b` answers better.
    pub(crate) wins: usize,
    pub(crate) ties: usize,
    pub(crate) losses: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct QuestionDifference {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) document: String,
    pub(crate) rank_a: Option<usize>,
    pub(crate) rank_b: Option<usize>,
    pub(crate) difference: f64,
}

impl Comparison {
    /// Fails where the runs are not of the same questions, or have no ranking in common.
    pub(crate) fn new(a: &Run, b: &Run) -> Result<Self, CommandError> {
        let pairs = paired(a, b)?;
        let modes: Vec<&String> = a.modes.keys().filter(|mode| b.modes.contains_key(*mode)).collect();
        if modes.is_empty() {
            let list = |run: &Run| run.modes.keys().cloned().collect::<Vec<_>>().join(", ");
            let message = format!("the runs have no ranking in common: one has {}, the other {}", list(a), list(b));
            return Err(CommandError::input(message).hint("Make both with the same `--mode`, or without."));
        }
        let modes = modes.into_iter().map(|mode| Ok((mode.clone(), compare_mode(mode, &pairs)?)));
        Ok(Self { a: Side::of(a), b: Side::of(b), modes: modes.collect::<Result<_, CommandError>>()? })
    }
}

impl Side {
    fn of(run: &Run) -> Self {
        Self { questions: run.questions.clone(), generation: run.index.generation, program: run.program.clone() }
    }
}

type Pair<'a> = (&'a QuestionRun, &'a QuestionRun);

/// The questions of both runs, each beside itself. Files may differ in what does not change what is measured.
fn paired<'a>(a: &'a Run, b: &'a Run) -> Result<Vec<Pair<'a>>, CommandError> {
    let sorted = |run: &'a Run| {
        let mut questions: Vec<_> = run.per_question.iter().collect();
        questions.sort_by_key(|question| (&question.id, &question.question));
        questions
    };
    let same = |a: &QuestionRun, b: &QuestionRun| {
        (&a.id, &a.question, &a.document, &a.also) == (&b.id, &b.question, &b.document, &b.also)
    };
    let (of_a, of_b) = (sorted(a), sorted(b));
    if of_a.len() == of_b.len() && of_a.iter().zip(&of_b).all(|(a, b)| same(a, b)) {
        return Ok(of_a.into_iter().zip(of_b).collect());
    }

    let ids = |questions: &[&'a QuestionRun]| questions.iter().map(|question| question.id.as_str()).collect();
    let (ids_a, ids_b): (BTreeSet<&str>, BTreeSet<&str>) = (ids(&of_a), ids(&of_b));
    let mut differences = Vec::new();
    let mut list = |what: &str, ids: Vec<&str>| {
        if !ids.is_empty() {
            let more = if ids.len() > LISTED { ", …" } else { "" };
            differences.push(format!("{} {what} ({}{more})", ids.len(), ids[..ids.len().min(LISTED)].join(", ")));
        }
    };
    list("only in the first", ids_a.difference(&ids_b).copied().collect());
    list("only in the second", ids_b.difference(&ids_a).copied().collect());
    let changed = ids_a.intersection(&ids_b).copied().filter(|id| {
        let of = |questions: &[&'a QuestionRun]| -> Vec<_> {
            let same_id = questions.iter().filter(|question| question.id == *id);
            same_id.map(|question| (&question.question, &question.document, &question.also)).collect()
        };
        of(&of_a) != of(&of_b)
    });
    list("with another question or other documents", changed.collect());
    let name = |run: &Run| format!("`{}` ({:.8}…)", run.questions.file, run.questions.blake3);
    let message =
        format!("the runs are of different questions, {} and {}: {}", name(a), name(b), differences.join(", "));
    Err(CommandError::input(message).hint("Make both runs with the same question file."))
}

fn compare_mode(mode: &str, pairs: &[Pair<'_>]) -> Result<ModeComparison, CommandError> {
    let result = |question: &QuestionRun| {
        question.modes.get(mode).cloned().ok_or_else(|| {
            CommandError::input(format!("a run is not complete: question `{}` has no {mode} result", question.id))
        })
    };
    let results = pairs.iter().map(|(a, b)| Ok((result(a)?, result(b)?)));
    let results = results.collect::<Result<Vec<(QuestionResult, QuestionResult)>, CommandError>>()?;
    let ndcg_of = |rank: &dyn Fn(&QuestionResult) -> Option<usize>| -> Vec<(f64, f64)> {
        results.iter().map(|(a, b)| (ndcg(rank(a)), ndcg(rank(b)))).collect()
    };
    let mut questions: Vec<_> = pairs
        .iter()
        .zip(&results)
        .map(|((question, _), (a, b))| QuestionDifference {
            id: question.id.clone(),
            question: question.question.clone(),
            document: question.document.clone(),
            rank_a: a.ranks.accepted,
            rank_b: b.ranks.accepted,
            difference: rounded(ndcg(b.ranks.accepted) - ndcg(a.ranks.accepted)),
        })
        .filter(|question| question.difference != 0.0)
        .collect();
    // Stable: of equal ones the first in the order of ids.
    questions.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
    Ok(ModeComparison {
        ndcg_at_10: Counted {
            strict: Difference::of(&ndcg_of(&|result| result.ranks.strict)),
            accepted: Difference::of(&ndcg_of(&|result| result.ranks.accepted)),
        },
        questions,
    })
}

impl Difference {
    fn of(pairs: &[(f64, f64)]) -> Self {
        let differences: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
        let count = |is: fn(f64) -> bool| differences.iter().filter(|difference| is(**difference)).count();
        Self {
            a: mean(pairs.iter().map(|(a, _)| *a)),
            b: mean(pairs.iter().map(|(_, b)| *b)),
            difference: mean(differences.iter().copied()),
            interval: interval(&differences),
            p_value: rounded(randomization_p(&differences)),
            wins: count(|difference| difference > 0.0),
            ties: count(|difference| difference == 0.0),
            losses: count(|difference| difference < 0.0),
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "both sides are rounded in the same way")]
mod tests {
    use cloudops_indexes::hybrid::Mode;

    use super::*;
    use crate::eval::run::tests::run;

    #[test]
    fn a_run_does_not_differ_from_itself() {
        let run = run(Mode::Hybrid, &[Some(1), None, Some(3), Some(12)]);
        let comparison = Comparison::new(&run, &run).unwrap();
        let found = comparison.modes["hybrid"].ndcg_at_10.accepted;
        assert_eq!((found.difference, found.p_value), (0.0, 1.0));
        assert_eq!(found.interval, Some(Interval { low: 0.0, high: 0.0 }));
        assert_eq!((found.wins, found.ties, found.losses), (0, 4, 0));
        assert!(comparison.modes["hybrid"].questions.is_empty());
    }

    #[test]
    fn differences_are_paired_and_the_largest_comes_first() {
        let a = run(Mode::Hybrid, &[Some(1), None, Some(3), Some(12), Some(2)]);
        let b = run(Mode::Hybrid, &[Some(3), Some(1), Some(3), None, Some(1)]);
        let comparison = Comparison::new(&a, &b).unwrap();
        let found = &comparison.modes["hybrid"];
        let accepted = found.ndcg_at_10.accepted;
        assert_eq!((accepted.wins, accepted.ties, accepted.losses), (2, 2, 1));
        let moved = 1.0 - 1.0 / 3_f64.log2();
        assert_eq!(accepted.difference, rounded((1.0 - 0.5 + moved) / 5.0));
        assert_eq!(rounded(accepted.b - accepted.a), accepted.difference);
        let ids: Vec<_> = found.questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids, ["2", "1", "5"]);
        assert_eq!((found.questions[1].rank_a, found.questions[1].rank_b), (Some(1), Some(3)));
        assert_eq!(found.questions[1].difference, -0.5);
        let back = Comparison::new(&b, &a).unwrap();
        let back = back.modes["hybrid"].ndcg_at_10.accepted;
        assert_eq!((back.difference, back.p_value), (-accepted.difference, accepted.p_value));
    }

    #[test]
    fn only_runs_of_the_same_questions_are_compared() {
        let a = run(Mode::Hybrid, &[Some(1), None]);
        let message = |b: &Run| {
            let error = Comparison::new(&a, b).unwrap_err();
            assert_eq!((error.kind.exit_code(), error.hints.len()), (1, 1));
            error.error.to_string()
        };
        let longer = message(&run(Mode::Hybrid, &[Some(1), None, Some(2)]));
        assert!(longer.contains("1 only in the second (3)") && longer.contains("`questions.csv` (0f…)"), "{longer}");
        let mut reworded = a.clone();
        reworded.per_question[1].question = "something else".to_owned();
        assert!(message(&reworded).contains("1 with another question or other documents (2)"));
        assert!(message(&run(Mode::Lexical, &[Some(1), None])).contains("no ranking in common"));
        // Another order and other columns do not matter.
        let mut shuffled = a.clone();
        shuffled.per_question.reverse();
        shuffled.questions.blake3 = "another".to_owned();
        shuffled.per_question[0].kind = "fact".to_owned();
        assert!(Comparison::new(&a, &shuffled).is_ok());
        let mut torn = a.clone();
        torn.per_question[0].modes.clear();
        let error = Comparison::new(&a, &torn).unwrap_err();
        assert!(error.error.to_string().contains("not complete"), "{error:?}");
    }
}
