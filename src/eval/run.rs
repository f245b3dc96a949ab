//! A run in a file, to be compared with later ones.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use cloudops_indexes::store::IndexSummary;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::metrics::{Ranks, ndcg, recall, rounded};
use super::questions::QuestionFile;
use super::report::{ModeReport, Ranking};
use crate::report::error::CommandError;

/// Version of the format of the file. Raised when a program that knows the one before could not read it.
const FORMAT: u32 = 1;

/// Everything that was measured, and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) format: u32,
    /// Version of the program.
    pub(crate) program: String,
    pub(crate) questions: QuestionsId,
    pub(crate) index: IndexState,
    /// Documents looked at for each question.
    pub(crate) depth: usize,
    /// By name of the ranking.
    pub(crate) modes: BTreeMap<String, ModeReport>,
    pub(crate) per_question: Vec<QuestionRun>,
}

/// Which questions were asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuestionsId {
    /// Name of the file, without the directory.
    pub(crate) file: String,
    /// Hash of its bytes.
    pub(crate) blake3: String,
    pub(crate) count: usize,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct IndexState {
    pub(crate) generation: u64,
    pub(crate) documents: u64,
    pub(crate) passages: u64,
    /// Vector sets as `cloudops sources --json` shows them. None: rankings go by words only.
    pub(crate) vectors: Vec<Value>,
}

/// One question and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QuestionRun {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    pub(crate) question: String,
    pub(crate) document: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) also: String,
    /// By name of the ranking.
    pub(crate) modes: BTreeMap<String, QuestionResult>,
}

/// What one ranking made of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QuestionResult {
    pub(crate) ranks: Ranks,
    pub(crate) strict: QuestionMetrics,
    pub(crate) accepted: QuestionMetrics,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer_at_1: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer_at_5: Option<bool>,
}

/// What one question adds to the means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct QuestionMetrics {
    pub(crate) recall_at_10: f64,
    pub(crate) ndcg_at_10: f64,
}

impl QuestionMetrics {
    fn of(rank: Option<usize>) -> Self {
        Self { recall_at_10: recall(rank, 10), ndcg_at_10: rounded(ndcg(rank)) }
    }
}

impl Run {
    pub(crate) fn new(
        file: &QuestionFile,
        summary: &IndexSummary,
        depth: usize,
        rankings: &[Ranking],
    ) -> anyhow::Result<Self> {
        let vectors = summary.vectors.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        let per_question = file.questions.iter().enumerate().map(|(at, question)| QuestionRun {
            id: question.id.clone(),
            kind: question.kind.clone(),
            question: question.question.clone(),
            document: question.document.clone(),
            also: question.also.clone(),
            modes: rankings.iter().map(|ranking| (ranking.mode.as_str().to_owned(), result(ranking, at))).collect(),
        });
        Ok(Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            questions: QuestionsId {
                file: file.name.clone(),
                blake3: file.blake3.clone(),
                count: file.questions.len(),
            },
            index: IndexState {
                generation: summary.generation,
                documents: summary.documents,
                passages: summary.passages,
                vectors,
            },
            depth,
            modes: rankings.iter().map(|r| (r.mode.as_str().to_owned(), r.report.clone())).collect(),
            per_question: per_question.collect(),
        })
    }

    /// Writes the file, in the place of one that is there.
    pub(crate) fn save(&self, path: &Path) -> Result<(), CommandError> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(fs_err::write(path, text).context("failed to save the run")?)
    }

    /// Reads a file that [`Run::save`] wrote.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let text = fs_err::read_to_string(path).map_err(|error| CommandError::input(error.to_string()))?;
        let unusable = |error: &dyn std::fmt::Display| {
            CommandError::input(format!("`{}` is not a run: {error}", path.display()))
                .hint("Runs are written by `cloudops eval --questions FILE --save RUN.json`.")
        };
        let Version { format } = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
        if format != FORMAT {
            let message = format!("`{}` has format {format}, and this program reads {FORMAT}", path.display());
            return Err(CommandError::input(message).hint("Make the run again with this program."));
        }
        serde_json::from_str(&text).map_err(|error| unusable(&error))
    }
}

fn result(ranking: &Ranking, at: usize) -> QuestionResult {
    let outcome = &ranking.outcomes[at];
    QuestionResult {
        ranks: outcome.ranks,
        strict: QuestionMetrics::of(outcome.ranks.strict),
        accepted: QuestionMetrics::of(outcome.ranks.accepted),
        answer_at_1: outcome.answer.map(|answer| answer.at_1),
        answer_at_5: outcome.answer.map(|answer| answer.at_5),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use cloudops_indexes::hybrid::Mode;

    use super::*;
    use crate::eval::measure::{Answer, Outcome};
    use crate::eval::questions::Question;

    /// A run of questions `1`, `2`, … with the document of each at a rank.
    pub(crate) fn run(mode: Mode, ranks: &[Option<usize>]) -> Run {
        let question = |at: usize| Question {
            id: (at + 1).to_string(),
            question: format!("question {}", at + 1),
            document: "g/p.md".to_owned(),
            ..Question::default()
        };
        let outcome = |rank: &Option<usize>| Outcome {
            ranks: Ranks { strict: *rank, accepted: *rank },
            answer: rank.map(|rank| Answer { at_1: rank == 1, at_5: true }),
            first: None,
        };
        let file = QuestionFile {
            name: "questions.csv".to_owned(),
            blake3: "0f".to_owned(),
            questions: (0..ranks.len()).map(question).collect(),
        };
        let ranking = Ranking::new(mode, &file, ranks.iter().map(outcome).collect(), None);
        let summary = IndexSummary {
            generation: 7,
            documents: 1,
            passages: 2,
            disk_bytes: 3,
            sources: Vec::new(),
            services: Vec::new(),
            vectors: Vec::new(),
        };
        Run::new(&file, &summary, 10, &[ranking]).unwrap()
    }

    #[test]
    fn a_run_is_read_as_it_was_saved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        let saved = run(Mode::Hybrid, &[Some(1), None, Some(3)]);
        saved.save(&path).unwrap();
        assert_eq!(Run::read(&path).unwrap(), saved);
        let json: Value = serde_json::from_str(&fs_err::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(json["index"]["generation"], 7);
        assert_eq!(json["per_question"][2]["modes"]["hybrid"]["accepted"]["ndcg_at_10"], 0.5);
    }

    #[test]
    fn what_is_not_a_run_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        let refused = |text: &str| {
            fs_err::write(&path, text).unwrap();
            let error = Run::read(&path).unwrap_err();
            assert_eq!((error.kind.exit_code(), error.hints.len()), (1, 1), "{text}");
            error.error.to_string()
        };
        assert!(refused("{}").contains("is not a run"));
        assert!(refused("{\"format\": 1}").contains("is not a run"));
        assert!(refused("{\"format\": 2, \"new\": true}").contains("has format 2"));
        assert_eq!(Run::read(&dir.path().join("nowhere.json")).unwrap_err().kind.exit_code(), 1);
    }
}
