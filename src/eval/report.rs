//! What a run says about every ranking.

use std::collections::BTreeMap;

use cloudops_indexes::hybrid::Mode;
use serde::{Deserialize, Serialize};

use super::failures::{Failure, Instead, Lost, summary};
use super::measure::{Answer, Outcome};
use super::metrics::{Intervals, Metrics, mean};
use super::questions::{Question, QuestionFile};

/// What was measured of one ranking. The names are those of the JSON report, and of the minimum values of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModeReport {
    #[serde(flatten)]
    pub(crate) scores: Scores,
    /// Per kind of question, where the file says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) kinds: BTreeMap<String, Scores>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failures: Option<Failures>,
}

/// Numbers over some questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scores {
    pub(crate) questions: usize,
    pub(crate) strict: Metrics,
    pub(crate) accepted: Metrics,
    /// 95 % bootstrap intervals.
    pub(crate) intervals: Counted<Option<Intervals>>,
    /// Where any answer is known word for word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answers: Option<AnswerScores>,
}

/// Something for both ways of counting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counted<T> {
    pub(crate) strict: T,
    pub(crate) accepted: T,
}

/// How often the answer itself was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct AnswerScores {
    /// Questions whose answer stands word for word in a document that answers: only these count.
    pub(crate) questions: usize,
    /// Share with the answer in the best passage of the right document.
    pub(crate) answer_at_1: f64,
    /// Share with the answer in any of the up to three passages of the first five documents.
    pub(crate) answer_at_5: f64,
}

/// The questions that a ranking missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failures {
    /// How many, by where the document was lost and by what came first instead.
    pub(crate) summary: BTreeMap<Lost, BTreeMap<Instead, usize>>,
    pub(crate) questions: Vec<Failure>,
}

/// A ranking, what was found by it, and the numbers of that.
#[derive(Debug)]
pub(crate) struct Ranking {
    pub(crate) mode: Mode,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) report: ModeReport,
}

impl Ranking {
    /// There is an outcome for every question.
    pub(crate) fn new(mode: Mode, file: &QuestionFile, outcomes: Vec<Outcome>, failures: Option<Vec<Failure>>) -> Self {
        let of_kind = |kind: &str| {
            let asked = file.questions.iter().zip(&outcomes);
            Scores::of(asked.filter(|(question, _)| question.kind == kind).map(|(_, outcome)| outcome))
        };
        let report = ModeReport {
            scores: Scores::of(outcomes.iter()),
            kinds: file.kinds().into_iter().map(|kind| (kind.to_owned(), of_kind(kind))).collect(),
            failures: failures.map(|questions| Failures { summary: summary(&questions), questions }),
        };
        Self { mode, outcomes, report }
    }
}

impl Scores {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let outcomes: Vec<_> = outcomes.collect();
        let strict: Vec<_> = outcomes.iter().map(|outcome| outcome.ranks.strict).collect();
        let accepted: Vec<_> = outcomes.iter().map(|outcome| outcome.ranks.accepted).collect();
        let answers: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.answer).collect();
        Self {
            questions: outcomes.len(),
            strict: Metrics::of(&strict),
            accepted: Metrics::of(&accepted),
            intervals: Counted { strict: Intervals::of(&strict), accepted: Intervals::of(&accepted) },
            answers: AnswerScores::of(&answers),
        }
    }
}

impl AnswerScores {
    fn of(answers: &[Answer]) -> Option<Self> {
        let share = |seen: fn(&Answer) -> bool| mean(answers.iter().map(|answer| f64::from(u8::from(seen(answer)))));
        (!answers.is_empty()).then(|| Self {
            questions: answers.len(),
            answer_at_1: share(|answer| answer.at_1),
            answer_at_5: share(|answer| answer.at_5),
        })
    }
}

/// One question in the long form of the report.
#[derive(Debug, Serialize)]
pub(crate) struct QuestionReport<'a> {
    pub(crate) id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) kind: &'a str,
    pub(crate) question: &'a str,
    pub(crate) document: &'a str,
    pub(crate) ranks: BTreeMap<&'static str, Found>,
}

/// What one ranking found for one question.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) strict: Option<usize>,
    pub(crate) accepted: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer_at_1: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer_at_5: Option<bool>,
}

/// Every question, with what each ranking found for it.
pub(crate) fn long_form<'a>(questions: &'a [Question], rankings: &[Ranking]) -> Vec<QuestionReport<'a>> {
    let found = |outcome: &Outcome| Found {
        strict: outcome.ranks.strict,
        accepted: outcome.ranks.accepted,
        answer_at_1: outcome.answer.map(|answer| answer.at_1),
        answer_at_5: outcome.answer.map(|answer| answer.at_5),
    };
    let long = |(at, question): (usize, &'a Question)| QuestionReport {
        id: &question.id,
        kind: &question.kind,
        question: &question.question,
        document: &question.document,
        ranks: rankings.iter().map(|ranking| (ranking.mode.as_str(), found(&ranking.outcomes[at]))).collect(),
    };
    questions.iter().enumerate().map(long).collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "both sides are rounded in the same way")]
mod tests {
    use super::*;
    use crate::eval::metrics::Ranks;

    fn outcome(rank: Option<usize>, answer: Option<(bool, bool)>) -> Outcome {
        Outcome {
            ranks: Ranks { strict: None, accepted: rank },
            answer: answer.map(|(at_1, at_5)| Answer { at_1, at_5 }),
            first: None,
        }
    }

    #[test]
    fn kinds_and_answers_are_counted_for_those_who_have_them() {
        let question = |kind: &str| Question { kind: kind.to_owned(), ..Question::default() };
        let file = QuestionFile {
            name: "questions.csv".to_owned(),
            blake3: String::new(),
            questions: ["fact", "fact", "symptom", ""].map(question).to_vec(),
        };
        let outcomes = vec![
            outcome(Some(1), Some((true, true))),
            outcome(None, Some((false, true))),
            outcome(Some(3), None),
            outcome(Some(1), Some((false, false))),
        ];
        let report = Ranking::new(Mode::Hybrid, &file, outcomes, None).report;
        assert_eq!((report.scores.questions, report.scores.accepted.recall_at_1), (4, 0.5));
        assert_eq!(report.scores.strict.recall_at_10, 0.0);
        let answers = report.scores.answers.unwrap();
        assert_eq!((answers.questions, answers.answer_at_1, answers.answer_at_5), (3, 0.3333, 0.6667));
        assert_eq!(report.kinds.keys().collect::<Vec<_>>(), ["fact", "symptom"]);
        assert_eq!((report.kinds["fact"].questions, report.kinds["fact"].accepted.recall_at_10), (2, 0.5));
        assert_eq!(report.kinds["symptom"].answers, None);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["accepted"]["ndcg_at_10"], 0.625);
        assert_eq!(serde_json::from_value::<ModeReport>(json).unwrap(), report);
    }
}
