//! Texts that say the same in other words, taken together.

use rustc_hash::FxHashMap;

use super::words::{Vocabulary, overlap};

/// With so many wordings a new one is compared at most; more of them only meet their own words again.
const COMPARED: usize = 64;

/// Wordings of one kind of thing, each with a number.
#[derive(Debug)]
pub(super) struct Wordings {
    words: Vocabulary,
    /// Share of words in common from which two texts say the same.
    same: f32,
    by_words: FxHashMap<Vec<u32>, usize>,
    compared: Vec<(Vec<u32>, usize)>,
    count: usize,
}

impl Wordings {
    /// None yet.
    pub(super) fn new(same: f32) -> Self {
        Self { words: Vocabulary::default(), same, by_words: FxHashMap::default(), compared: Vec::new(), count: 0 }
    }

    /// The number of what a text says, and whether it is new; nothing for a text without words.
    pub(super) fn number(&mut self, text: &str) -> Option<(usize, bool)> {
        let words = self.words.words([text]);
        if words.is_empty() {
            return None;
        }
        if let Some(number) = self.by_words.get(&words) {
            return Some((*number, false));
        }
        let near = self.compared.iter().map(|(known, number)| (overlap(known, &words), *number));
        let nearest = near.filter(|(share, _)| *share >= self.same).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let number = nearest.map_or(self.count, |(_, number)| number);
        if nearest.is_none() {
            self.count += 1;
            if self.compared.len() < COMPARED {
                self.compared.push((words.clone(), number));
            }
        }
        self.by_words.insert(words, number);
        Some((number, nearest.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_other_words() {
        let mut wordings = Wordings::new(0.6);
        for (text, expected) in [
            ("Raised max_connections to 500", Some((0, true))),
            ("raise the max connections to 800", Some((0, false))),
            ("we raised max_connections to 500 again.", Some((0, false))),
            ("restarted the writer", Some((1, true))),
            ("Restart of the writer", Some((1, false))),
            ("...", None),
        ] {
            assert_eq!(wordings.number(text), expected, "{text}");
        }
    }
}
