//! Question files.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use cloudops_indexes::hybrid::{MAX_PHRASINGS, Mode, SearchRequest};
use serde::Deserialize;

use super::pages::is_page;
use crate::report::error::{CommandError, Kind};

const COLUMNS: &str =
    "It needs the columns `id,question,document`, and may have `kind`, `also`, `answer` and `phrasings`.";

/// A row of the file. Further columns are ignored.
#[expect(clippy::struct_field_names, reason = "they are the columns of the file")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Question {
    pub(crate) id: String,
    /// The way it is asked: `paraphrase`, `symptom`, `fact`.
    #[serde(default)]
    pub(crate) kind: String,
    pub(crate) question: String,
    pub(crate) document: String,
    #[serde(default)]
    pub(crate) also: String,
    /// A string out of the passage that answers.
    #[serde(default)]
    pub(crate) answer: String,
    #[serde(default)]
    pub(crate) phrasings: String,
}

impl Question {
    /// Further pages that answer.
    pub(crate) fn also(&self) -> impl Iterator<Item = &str> {
        self.also.split([';', '|', ' ', '\n']).map(str::trim).filter(|page| !page.is_empty())
    }

    /// Every page that answers.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.document.as_str()).chain(self.also())
    }

    /// Whether a document is any of the pages that answer.
    pub(crate) fn accepts(&self, id: &str) -> bool {
        self.pages().any(|page| is_page(id, page))
    }

    /// The same question in other words.
    pub(crate) fn phrasings(&self) -> impl Iterator<Item = &str> {
        self.phrasings.split('|').map(str::trim).filter(|phrasing| !phrasing.is_empty())
    }

    /// As it is searched for.
    pub(crate) fn request(&self, mode: Mode, limit: usize) -> SearchRequest {
        let phrasings = self.phrasings().map(str::to_owned).collect();
        SearchRequest { mode, limit, phrasings, ..SearchRequest::new(&self.question) }
    }
}

/// A file of questions.
#[derive(Debug)]
pub(crate) struct QuestionFile {
    /// Its name, without the directory.
    pub(crate) name: String,
    /// Hash of its bytes.
    pub(crate) blake3: String,
    pub(crate) questions: Vec<Question>,
}

impl QuestionFile {
    /// Reads a file, which must have questions in it.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let mut bytes = Vec::new();
        fs_err::File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|error| CommandError::input(error.to_string()))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes.as_slice());
        let rows = reader.deserialize().collect::<Result<Vec<Question>, _>>();
        let questions = rows
            .with_context(|| format!("failed to read the questions in `{}`", path.display()))
            .map_err(|error| CommandError { kind: Kind::Input, error, hints: vec![COLUMNS.to_owned()] })?;
        if questions.is_empty() {
            return Err(CommandError::input(format!("there are no questions in `{}`", path.display())).hint(COLUMNS));
        }
        for question in &questions {
            let phrasings = question.phrasings().count();
            if phrasings > MAX_PHRASINGS {
                let message = format!(
                    "question `{}` in `{}` has {phrasings} phrasings, and a search takes {MAX_PHRASINGS}",
                    question.id,
                    path.display()
                );
                return Err(CommandError::input(message).hint("They are separated by `|`: leave some out."));
            }
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, blake3: blake3::hash(&bytes).to_hex().to_string(), questions })
    }

    /// Kinds of questions there are, in the order of the alphabet. None where the file does not say.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.questions.iter().map(|question| question.kind.as_str()).collect();
        kinds.retain(|kind| !kind.is_empty());
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<QuestionFile, CommandError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), text).unwrap();
        QuestionFile::read(file.path())
    }

    #[test]
    fn both_kinds_of_files_are_read() {
        let old = read("id,question,answer,yes_no_none,document,also\n1,\"Who, me?\",a,No,g/p.md,\n").unwrap();
        assert_eq!((old.questions[0].question.as_str(), old.questions[0].document.as_str()), ("Who, me?", "g/p.md"));
        assert!(old.kinds().is_empty());
        let new = read(
            "id,kind,question,document,also,answer,phrasings\n\
             1,symptom,it hangs,g/p.md,,wait,it stands still| |no progress\n\
             2,fact,how many,g/p.md,g/q.md,25,\n",
        )
        .unwrap();
        assert_eq!(new.kinds(), ["fact", "symptom"]);
        assert_eq!(new.questions[0].request(Mode::Vector, 7).phrasings, ["it stands still", "no progress"]);
        assert_eq!(new.questions[1].request(Mode::Vector, 7).limit, 7);
        assert!(new.questions[1].accepts("aws/g/doc_source/q.md") && !new.questions[0].accepts("aws/g/q.md"));
        assert_ne!(old.blake3, new.blake3);
    }

    #[test]
    fn the_file_needs_its_columns() {
        let crowded = "id,question,document,phrasings\n1,a,b,1|2|3|4|5\n";
        for text in ["", "id,question\n1,a\n", "id,question,document\n", crowded] {
            let error = read(text).unwrap_err();
            assert_eq!((error.kind.exit_code(), error.hints.len()), (1, 1), "{text}");
        }
    }

    #[test]
    fn further_pages_may_be_separated_in_several_ways() {
        let question = |also: &str| Question { also: also.to_owned(), ..Question::default() };
        assert_eq!(question("a/c.md; a/d.md|a/e.md").also().collect::<Vec<_>>(), ["a/c.md", "a/d.md", "a/e.md"]);
        assert_eq!(question("").also().count(), 0);
    }
}
