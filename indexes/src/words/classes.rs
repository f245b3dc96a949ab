//! Words by which people tell the same symptom (`corpus/symptoms.yaml`), and finding them in a text.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::tokens::{Role, Token, tokens};
use crate::lexical::Terms;

/// The classes of this program. That they can be read is tested; without them words mean only themselves.
pub(crate) static SYMPTOMS: LazyLock<Classes> = LazyLock::new(|| {
    Classes::read(include_str!("../../../corpus/symptoms.yaml"))
        .inspect_err(|error| tracing::error!(%error, "the classes of symptoms are left out"))
        .unwrap_or_default()
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    classes: Vec<Vec<String>>,
}

/// Classes of words and phrases. Each is known by its number.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    words: FxHashMap<Box<str>, u32>,
    /// A tree of phrases: from a node, with a word, to another node.
    steps: FxHashMap<(u32, u32), u32>,
    /// The classes of the phrase that ends at a node.
    nodes: Vec<Vec<u32>>,
    count: usize,
}

/// A word or phrase of a question that has classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its terms without stop words.
    pub(crate) of: Vec<String>,
    pub(crate) classes: Vec<u32>,
}

impl Classes {
    /// Reads classes.
    pub(crate) fn read(yaml: &str) -> Result<Self, serde_yaml_ng::Error> {
        let File { classes } = serde_yaml_ng::from_str(yaml)?;
        let mut read = Self { nodes: vec![Vec::new()], count: classes.len(), ..Self::default() };
        let mut terms = Terms::default();
        for (number, class) in (0..).zip(&classes) {
            for phrase in class {
                let mut at = 0;
                for token in tokens(phrase, &mut terms) {
                    let next = read.words.len() as u32;
                    let word = *read.words.entry(token.key.into_boxed_str()).or_insert(next);
                    let next = read.nodes.len() as u32;
                    at = *read.steps.entry((at, word)).or_insert(next);
                    if at == next {
                        read.nodes.push(Vec::new());
                    }
                }
                let classes = &mut read.nodes[at as usize];
                if at != 0 && classes.last() != Some(&number) {
                    classes.push(number);
                }
            }
        }
        Ok(read)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Calls `found` with the end and the classes of every phrase that begins at a token.
    fn each(&self, tokens: &[Token], start: usize, mut found: impl FnMut(usize, &[u32])) {
        let mut node = 0;
        for (at, token) in tokens.iter().enumerate().skip(start) {
            if at > start && token.breaks {
                return;
            }
            let Some(next) = self.words.get(token.key.as_str()).and_then(|word| self.steps.get(&(node, *word))) else {
                return;
            };
            node = *next;
            if let classes @ [_, ..] = self.nodes[node as usize].as_slice() {
                found(at + 1, classes);
            }
        }
    }

    /// The classes of all words and phrases of a text, as often as they come.
    pub(crate) fn of_text(&self, tokens: &[Token], mut found: impl FnMut(u32)) {
        for start in 0..tokens.len() {
            self.each(tokens, start, |_, classes| classes.iter().for_each(|class| found(*class)));
        }
    }

    /// The words and phrases of a question that have classes. Of phrases that begin at the same word the longest
    /// counts, and the next one is looked for behind it.
    pub(crate) fn of_question(&self, tokens: &[Token]) -> Vec<Told> {
        let mut told = Vec::new();
        let mut start = 0;
        while start < tokens.len() {
            let mut longest = None;
            self.each(tokens, start, |end, classes| longest = Some((end, classes.to_vec())));
            let Some((end, classes)) = longest else {
                start += 1;
                continue;
            };
            let of = tokens[start..end].iter().filter(|token| token.role == Role::Content);
            told.push(Told { of: of.map(|token| token.key.clone()).collect(), classes });
            start = end;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "classes:\n  - [slow, takes forever]\n  - [takes, picks]\n  - [not there, gone]\n";

    fn tokens(text: &str) -> Vec<Token> {
        super::tokens(text, &mut Terms::default())
    }

    #[test]
    fn the_classes_of_the_program_can_be_read_and_each_has_several_words() {
        let yaml = include_str!("../../../corpus/symptoms.yaml");
        let classes = Classes::read(yaml).unwrap();
        assert!(classes.count() >= 100, "{}", classes.count());
        let file: File = serde_yaml_ng::from_str(yaml).unwrap();
        assert!(file.classes.iter().all(|class| class.len() >= 2));
    }

    #[test]
    fn of_a_question_the_longest_phrase_counts() {
        let classes = Classes::read(YAML).unwrap();
        let told = classes.of_question(&tokens("it takes forever, and the file is not there"));
        let found: Vec<_> = told.iter().map(|told| (told.of.join(" "), told.classes.clone())).collect();
        assert_eq!(found, [("take forev".to_owned(), vec![0]), (String::new(), vec![2])]);
        assert!(classes.of_question(&tokens("takes. forever"))[0].classes == [1]);
        assert!(classes.of_question(&tokens("disk")).is_empty());
    }

    #[test]
    fn of_a_text_every_phrase_counts() {
        let classes = Classes::read(YAML).unwrap();
        let mut found = Vec::new();
        classes.of_text(&tokens("slow: it takes forever, slow"), |class| found.push(class));
        assert_eq!(found, [0, 1, 0, 0]);
    }
}
