//! Words of texts as numbers, so that comparing texts is walking along two short sorted lists.

use rustc_hash::FxHashMap;

/// A text is read up to here, in bytes: what makes an incident like another stands at its beginning.
const MAX_TEXT: usize = 2_000;
/// So many distinct words of one list of texts count.
const MAX_WORDS: usize = 64;
/// A longer word with digits in it is the name of one thing, not of a kind of thing: `i-0123456789abcdef0`.
const MAX_WITH_DIGITS: usize = 4;
/// A longer word is data.
const MAX_WORD: usize = 40;

/// Words that say nothing of what happened or was done.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before",
    "but", "by", "did", "do", "does", "for", "from", "get", "gets", "got", "had", "has", "have", "if", "in", "into", "is",
    "it", "its", "no", "not", "now", "of", "on", "once", "one", "or", "our", "out", "over", "so", "some", "than", "that",
    "the", "their", "them", "then", "there", "they", "this", "to", "too", "up", "was", "we", "were", "what", "when", "which",
    "while", "who", "will", "with", "you",
];

/// Words that were met, each with a number and with how many incidents have it.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    numbers: FxHashMap<Box<str>, u32>,
    frequencies: Vec<u32>,
    lower: String,
}

impl Vocabulary {
    /// The number of a word or a name, which is given one where it has none yet.
    pub(super) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.frequencies.len() as u32;
        self.numbers.insert(word.into(), number);
        self.frequencies.push(0);
        number
    }

    /// The distinct words of texts, sorted by number, without fillers, endings, and names of single things.
    pub(super) fn words<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Vec<u32> {
        let mut found = Vec::new();
        let mut lower = std::mem::take(&mut self.lower);
        for text in texts {
            let text = &text[..text.floor_char_boundary(MAX_TEXT)];
            for word in
                text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && word.len() <= MAX_WORD)
            {
                lower.clear();
                lower.extend(word.chars().flat_map(char::to_lowercase));
                let names_one_thing = lower.len() > MAX_WITH_DIGITS && lower.bytes().any(|byte| byte.is_ascii_digit());
                // What is left of `i-0123456789abcdef0` and `eu-west-1`; in other scripts one letter may be a word.
                if names_one_thing || lower.len() == 1 || FILLERS.binary_search(&lower.as_str()).is_ok() {
                    continue;
                }
                found.push(self.number(stem(&lower)));
            }
        }
        self.lower = lower;
        // Those that come first stay, whatever their numbers.
        if found.len() > MAX_WORDS {
            let mut seen = rustc_hash::FxHashSet::default();
            found.retain(|number| seen.len() < MAX_WORDS && seen.insert(*number));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Counts an incident that has these.
    pub(super) fn count(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.frequencies[*number as usize] += 1;
        }
    }

    /// How many incidents have each, by number.
    pub(super) fn frequencies(&self) -> &[u32] {
        &self.frequencies
    }
}

/// A word without the ending that its number or its time gives it. Crude, but the same for both of two texts.
fn stem(word: &str) -> &str {
    if word.len() < 5 || !word.is_ascii() {
        return word;
    }
    let long = |stem: &&str| stem.len() >= 4;
    let singular = word.strip_suffix('s').filter(|rest| !rest.ends_with('s')).unwrap_or(word);
    let bare = singular.strip_suffix("ing").filter(long).or_else(|| singular.strip_suffix("ed").filter(long));
    let bare = bare.unwrap_or(singular);
    bare.strip_suffix('e').filter(long).unwrap_or(bare)
}

/// How many numbers two sorted lists have in common.
pub(super) fn common(a: &[u32], b: &[u32]) -> usize {
    let mut count = 0;
    in_common(a, b, |_| count += 1);
    count
}

/// Calls back with every number that two sorted lists have in common.
pub(super) fn in_common(a: &[u32], b: &[u32], mut each: impl FnMut(u32)) {
    let (mut at_a, mut at_b) = (0, 0);
    while at_a < a.len() && at_b < b.len() {
        let order = a[at_a].cmp(&b[at_b]);
        if order.is_eq() {
            each(a[at_a]);
        }
        at_a += usize::from(order.is_le());
        at_b += usize::from(order.is_ge());
    }
}

/// Share of the numbers of two sorted lists that both have.
pub(super) fn overlap(a: &[u32], b: &[u32]) -> f32 {
    let both = common(a, b);
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one() {
        for (a, b) in [
            ("timeouts", "timeout"),
            ("throttled", "throttling"),
            ("responses", "response"),
            ("crashes", "crash"),
            ("processes", "process"),
            ("restarted", "restart"),
        ] {
            assert_eq!(stem(a), stem(b));
        }
        assert_ne!(stem("role"), stem("rolled"));
    }

    #[test]
    fn words_without_fillers_and_names_of_single_things() {
        let mut words = Vocabulary::default();
        let a = words.words(["The NAT gateway, again: i-0123456789abcdef0 in eu-west-1 on gp3"]);
        let b = words.words(["nat GATEWAYS in EU west gp3 1"]);
        assert_eq!(a, b);
        assert!(FILLERS.is_sorted());
        assert!(words.words(["of the"]).is_empty());
    }

    #[test]
    fn endless_texts_are_cut() {
        let mut words = Vocabulary::default();
        let letters = |number: usize| {
            String::from_utf8(vec![b'a' + (number / 26) as u8, b'a' + (number % 26) as u8, b'x']).unwrap()
        };
        let text: String = (0..600).map(|number| letters(number) + " ").collect();
        assert_eq!(words.words([text.as_str(), "é"]).len(), MAX_WORDS);
        assert!(words.words(["é".repeat(MAX_TEXT).as_str()]).is_empty());
    }

    #[test]
    fn overlaps() {
        assert!((overlap(&[1, 2, 3], &[2, 3, 4]) - 0.5).abs() < 1e-6);
        assert!(overlap(&[], &[]) < 1e-6);
        assert_eq!(common(&[1, 5, 9], &[0, 5, 9, 10]), 2);
    }
}
