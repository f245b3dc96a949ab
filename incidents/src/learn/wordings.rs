//! Texts that say the same in other words, taken together.

use rustc_hash::FxHashMap;

use super::words::{Vocabulary, in_common};

/// With so many wordings a new one is compared at most; more of them only meet their own words again.
const COMPARED: usize = 64;

/// Wordings of one kind of thing, each with a number.
#[derive(Debug)]
pub(super) struct Wordings {
    words: Vocabulary,
    /// What each word counts for.
    weights: Vec<f32>,
    /// Share of what they say in common from which two texts say the same.
    same: f32,
    by_words: FxHashMap<Vec<u32>, usize>,
    compared: Vec<(Vec<u32>, usize)>,
    count: usize,
}

impl Wordings {
    /// For texts that are all like these: words that many of them have count for more than names that few have.
    pub(super) fn of<'t>(same: f32, texts: impl Iterator<Item = &'t str>) -> Self {
        let mut words = Vocabulary::default();
        for text in texts {
            let found = words.words([text]);
            words.count(&found);
        }
        let weights = words.frequencies().iter().map(|frequency| (1.0 + *frequency as f32).ln()).collect();
        Self { words, weights, same, by_words: FxHashMap::default(), compared: Vec::new(), count: 0 }
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
        let near = self.compared.iter().map(|(known, number)| (self.overlap(known, &words), *number));
        let nearest =
            near.filter(|(share, _)| *share >= self.same).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
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

    /// Share of the words of two texts that both have, by what they count for.
    fn overlap(&self, a: &[u32], b: &[u32]) -> f32 {
        let weight = |word: u32| self.weights.get(word as usize).copied().unwrap_or(1.0);
        let total = |words: &[u32]| words.iter().map(|word| weight(*word)).sum::<f32>();
        let mut both = 0.0;
        in_common(a, b, |word| both += weight(word));
        both / (total(a) + total(b) - both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_other_words() {
        let texts = [
            ("Raised max_connections of orders to 500", Some((0, true))),
            ("raise the max connections of the price engine to 500", Some((0, false))),
            ("we raised max_connections to 500 again.", Some((0, false))),
            ("restarted the writer", Some((1, true))),
            ("Restart of the writer", Some((1, false))),
            ("restarted the export", Some((2, true))),
            ("...", None),
        ];
        let mut wordings = Wordings::of(0.6, texts.iter().map(|(text, _)| *text));
        for (text, expected) in texts {
            assert_eq!(wordings.number(text), expected, "{text}");
        }
    }

    #[test]
    fn endless_wordings_are_only_compared_with_some() {
        let letters =
            |number: u32| [number / 26, number % 26].map(|at| char::from(b'a' + at as u8)).iter().collect::<String>();
        let texts: Vec<String> = (0..200).map(letters).collect();
        let mut wordings = Wordings::of(0.6, texts.iter().map(String::as_str));
        let new = texts.iter().filter(|text| wordings.number(text).is_some_and(|(_, new)| new)).count();
        assert!(new >= 190 && wordings.compared.len() == COMPARED, "{new}");
        assert_eq!(wordings.number(&texts[199]).map(|(_, new)| new), Some(false));
    }
}
