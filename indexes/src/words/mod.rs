//! What people say, understood: from the words of a question to those of documentation, at query time, without a model.
//!
//! Every step adds; the words of the question stay what they are and count what they count.

mod chatter;
mod classes;
mod compounds;
mod expansion;
mod recognize;
mod spelling;
mod thesaurus;
mod tokens;

pub(crate) use classes::{SYMPTOMS, Told};
pub(crate) use compounds::{joined, split, split_name};
pub(crate) use expansion::{Alternative, Expansion, tidy};
pub(crate) use recognize::recognize;
pub(crate) use spelling::{WEIGHT as CORRECTION_WEIGHT, correct};
pub(crate) use thesaurus::THESAURUS;
pub(crate) use tokens::{Role, Token, tokens};

/// What an index knows of words.
pub(crate) trait Vocabulary {
    /// Passages that have a term.
    fn frequency(&self, term: &str) -> tantivy::Result<u64>;
    /// Passages that have both terms.
    fn together(&self, a: &str, b: &str) -> tantivy::Result<u64>;
    /// Terms with the same first letter within so many edits (2 at most) of a text, and how many passages have them.
    fn near(&self, text: &str, edits: u8) -> tantivy::Result<Vec<(String, u64)>>;
}

#[cfg(test)]
pub(crate) mod testing {
    //! The vocabulary of a few texts.

    use rustc_hash::FxHashSet;
    use strsim::osa_distance;

    use super::Vocabulary;
    use crate::lexical::Terms;

    pub(crate) struct Words(Vec<FxHashSet<String>>);

    impl Words {
        pub(crate) fn of(texts: &[&str]) -> Self {
            let mut terms = Terms::default();
            Self(texts.iter().map(|text| terms.distinct(text).into_iter().collect()).collect())
        }
    }

    impl Vocabulary for Words {
        fn frequency(&self, term: &str) -> tantivy::Result<u64> {
            Ok(self.0.iter().filter(|text| text.contains(term)).count() as u64)
        }

        fn together(&self, a: &str, b: &str) -> tantivy::Result<u64> {
            Ok(self.0.iter().filter(|text| text.contains(a) && text.contains(b)).count() as u64)
        }

        fn near(&self, text: &str, edits: u8) -> tantivy::Result<Vec<(String, u64)>> {
            let all: FxHashSet<&String> = self.0.iter().flatten().collect();
            let near = all.into_iter().filter(|term| {
                term.chars().next() == text.chars().next() && osa_distance(term, text) <= usize::from(edits)
            });
            near.map(|term| Ok((term.clone(), self.frequency(term)?))).collect()
        }
    }
}
