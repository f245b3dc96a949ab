//! Why a question was missed: where its document was lost, and what came first instead.
//!
//! A question is missed if nothing that answers it is among the first ten documents. It is then asked once more, for a
//! hundred documents, and once by words alone, for three hundred. The two causes are independent of each other, so that
//! every missed question is in exactly one cell of their table:
//!
//! - *Lost*: the furthest stage that the document came to. Not indexed: nothing could have found it. Words do not match:
//!   it is not among the first hundred, and none of its passages is among the three hundred that the question's own
//!   words put forward, so that another wording or vectors would have to find it. Far down: its words match, and a
//!   hundred documents are ahead all the same. Outranked: it is among the hundred, and ranking is what is left to do.
//!   (A search for more documents has more candidates to scale scores over, which can move documents a little.)
//! - *Instead*: the first document shown. The same page of another guide: what is about another version or service, by
//!   the name of the file. Another page of the right guide. Another guide. Nothing at all.

use std::collections::BTreeMap;

use cloudops_indexes::hybrid::{Hit, Mode};
use cloudops_indexes::store::Index;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::measure::{Outcome, Target, ranks};
use super::metrics::counted;
use super::pages::{same_guide, same_name};
use super::questions::Question;

/// Documents that a missed question is asked for again.
pub(crate) const DEPTH: usize = 100;
/// Passages that words put forward.
pub(crate) const CANDIDATES: usize = 300;

/// The furthest stage that the right document came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lost {
    NotIndexed,
    WordsDoNotMatch,
    FarDown,
    Outranked,
}

/// What was shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Instead {
    SamePageOfAnotherGuide,
    RightGuideWrongPage,
    AnotherGuide,
    Nothing,
}

impl Lost {
    pub(crate) const ALL: [Self; 4] = [Self::NotIndexed, Self::WordsDoNotMatch, Self::FarDown, Self::Outranked];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotIndexed => "not indexed",
            Self::WordsDoNotMatch => "words do not match",
            Self::FarDown => "far down",
            Self::Outranked => "outranked",
        }
    }
}

impl Instead {
    pub(crate) const ALL: [Self; 4] =
        [Self::SamePageOfAnotherGuide, Self::RightGuideWrongPage, Self::AnotherGuide, Self::Nothing];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SamePageOfAnotherGuide => "same page, another guide",
            Self::RightGuideWrongPage => "right guide, wrong page",
            Self::AnotherGuide => "another guide",
            Self::Nothing => "nothing",
        }
    }
}

/// A missed question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) document: String,
    pub(crate) lost: Lost,
    pub(crate) instead: Instead,
    /// Place among the first [`DEPTH`] documents, from 1.
    pub(crate) rank: Option<usize>,
    /// Place of the document's best passage among the first [`CANDIDATES`] by the question's own words, from 1.
    pub(crate) words_rank: Option<usize>,
    /// The first document shown.
    pub(crate) first: Option<String>,
}

/// Looks into every question that a ranking missed.
pub(crate) fn explain(
    index: &Index,
    questions: &[Question],
    targets: &[Target],
    outcomes: &[Outcome],
    mode: Mode,
) -> anyhow::Result<Vec<Failure>> {
    let missed: Vec<_> = questions
        .iter()
        .zip(targets)
        .zip(outcomes)
        .filter(|(_, outcome)| counted(outcome.ranks.accepted).is_none())
        .collect();
    let one = |((question, target), outcome): ((&Question, &Target), &Outcome)| {
        explain_one(index, question, target, outcome.first.as_deref(), mode)
    };
    missed.into_par_iter().map(one).collect()
}

fn explain_one(
    index: &Index,
    question: &Question,
    target: &Target,
    first: Option<&str>,
    mode: Mode,
) -> anyhow::Result<Failure> {
    let deep = index.search(&question.request(mode, DEPTH))?.hits;
    let mut by_words = question.request(Mode::Lexical, CANDIDATES);
    by_words.phrasings.clear();
    by_words.explain = true;
    let words_rank = words_rank(question, &index.search(&by_words)?.hits);
    let rank = ranks(question, &deep).accepted;
    Ok(Failure {
        id: question.id.clone(),
        question: question.question.clone(),
        document: question.document.clone(),
        lost: lost(target.any, rank, words_rank, mode),
        instead: instead(question, first),
        rank,
        words_rank,
        first: first.map(str::to_owned),
    })
}

/// The place of the right document's best passage among all passages, by words alone.
fn words_rank(question: &Question, hits: &[Hit]) -> Option<usize> {
    let place = ranks(question, hits).accepted?;
    let explanation = hits[place - 1].best.explanation.as_ref();
    // A document is never further down than its best passage.
    let rank = explanation.and_then(|explanation| explanation.lexical_rank).unwrap_or(place);
    Some(rank).filter(|rank| *rank <= CANDIDATES)
}

fn lost(indexed: bool, rank: Option<usize>, words_rank: Option<usize>, mode: Mode) -> Lost {
    match (rank, words_rank) {
        _ if !indexed => Lost::NotIndexed,
        (Some(_), _) => Lost::Outranked,
        // Vectors do not go by words.
        (None, None) if mode != Mode::Vector => Lost::WordsDoNotMatch,
        (None, _) => Lost::FarDown,
    }
}

fn instead(question: &Question, first: Option<&str>) -> Instead {
    let Some(first) = first else { return Instead::Nothing };
    let any = |is: fn(&str, &str) -> bool| question.pages().any(|page| is(first, page));
    if any(same_guide) {
        Instead::RightGuideWrongPage
    } else if any(same_name) {
        Instead::SamePageOfAnotherGuide
    } else {
        Instead::AnotherGuide
    }
}

/// How many questions are in each cell that is not empty.
pub(crate) fn summary(failures: &[Failure]) -> BTreeMap<Lost, BTreeMap<Instead, usize>> {
    let mut cells: BTreeMap<Lost, BTreeMap<Instead, usize>> = BTreeMap::new();
    for failure in failures {
        *cells.entry(failure.lost).or_default().entry(failure.instead).or_default() += 1;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_stage_is_named() {
        let (hybrid, vector) = (Mode::Hybrid, Mode::Vector);
        assert_eq!(lost(false, None, None, hybrid), Lost::NotIndexed);
        assert_eq!(lost(true, Some(40), None, hybrid), Lost::Outranked, "found by meaning");
        assert_eq!(lost(true, Some(40), Some(2), hybrid), Lost::Outranked);
        assert_eq!(lost(true, None, None, hybrid), Lost::WordsDoNotMatch);
        assert_eq!(lost(true, None, Some(290), hybrid), Lost::FarDown);
        assert_eq!(lost(true, None, None, vector), Lost::FarDown);
    }

    #[test]
    fn what_came_first_is_told_by_guide_and_name() {
        let question = Question {
            document: "guide/page.md".to_owned(),
            also: "second/other.md".to_owned(),
            ..Question::default()
        };
        for (first, expected) in [
            (Some("aws/guide/doc_source/intro.md"), Instead::RightGuideWrongPage),
            (Some("aws/second/intro.md"), Instead::RightGuideWrongPage),
            (Some("aws/guide-windows/doc_source/page.md"), Instead::SamePageOfAnotherGuide),
            (Some("aws/third/intro.md"), Instead::AnotherGuide),
            (None, Instead::Nothing),
        ] {
            assert_eq!(instead(&question, first), expected, "{first:?}");
        }
    }

    #[test]
    fn every_failure_is_in_one_cell() {
        let failure = |lost, instead| Failure {
            id: String::new(),
            question: String::new(),
            document: String::new(),
            lost,
            instead,
            rank: None,
            words_rank: None,
            first: None,
        };
        let failures = [
            failure(Lost::Outranked, Instead::Nothing),
            failure(Lost::Outranked, Instead::Nothing),
            failure(Lost::FarDown, Instead::AnotherGuide),
        ];
        let cells = summary(&failures);
        assert_eq!(cells[&Lost::Outranked][&Instead::Nothing], 2);
        assert_eq!(cells.values().flat_map(BTreeMap::values).sum::<usize>(), failures.len());
    }
}
