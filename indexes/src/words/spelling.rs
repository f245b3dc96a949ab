//! Words that nobody wrote but the asker: what was meant, by the index's own words.
//!
//! The index has stems only. A misspelled word has another stem than the right one, often a longer one, so the
//! beginnings of the word are looked up, and every stem that is found is given endings until it is near the word.

use strsim::osa_distance;

use super::Vocabulary;
use crate::lexical::Terms;

/// Weight of a correction: the word it stands for is not in the index and counts nothing.
pub(crate) const WEIGHT: f32 = 0.9;
/// Shorter words are names and abbreviations more often than mistakes. Letters.
const SHORTEST: usize = 5;
/// From this length on a word may have two mistakes. Letters.
const LONG: usize = 8;
/// Longer words are not looked up. Letters.
const LONGEST: usize = 24;
/// Letters at the end of a word which may be an ending.
const CUTS: usize = 4;
/// Passages that must have a word for it to be what was meant: the index has mistakes of its own.
const FEWEST: u64 = 3;
/// Of the stems that were found, as many as are looked at, the most frequent first.
const LOOKED_AT: usize = 64;

/// Endings of words; the stem is found again by trying them.
#[rustfmt::skip]
const ENDINGS: &[&str] = &[
    "", "s", "e", "es", "ed", "er", "ers", "or", "ors", "ing", "ings", "ion", "ions", "ation", "ations", "y", "ies",
    "ied", "ity", "ities", "ment", "ments", "ly", "al", "ally", "able", "ible", "ability", "ance", "ence", "ency",
    "ate", "ated", "ates", "ating", "ator", "ive", "ize", "ized", "izing", "ization", "ic", "ical", "ful", "ness",
];

/// What was most likely meant by a lower-case word that the index does not have.
pub(crate) fn correct(word: &str, terms: &mut Terms, vocabulary: &impl Vocabulary) -> tantivy::Result<Option<String>> {
    if !(SHORTEST..=LONGEST).contains(&word.len()) || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Ok(None);
    }
    let most = if word.len() < LONG { 1 } else { 2 };
    for edits in 1..=most {
        if let Some(found) = within(word, edits, terms, vocabulary)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The most frequent word within so many edits.
fn within(word: &str, edits: u8, terms: &mut Terms, vocabulary: &impl Vocabulary) -> tantivy::Result<Option<String>> {
    let mut stems = Vec::new();
    for cut in 0..=CUTS.min(word.len() - SHORTEST + 1) {
        stems.extend(vocabulary.near(&word[..word.len() - cut], edits)?);
    }
    stems.retain(|(stem, frequency)| *frequency >= FEWEST && stem.len() + 1 >= SHORTEST);
    stems.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    stems.dedup();
    stems.truncate(LOOKED_AT);
    for (stem, _) in stems {
        if let Some(form) = near_form(word, &stem, edits, terms) {
            return Ok(Some(form));
        }
    }
    Ok(None)
}

/// The form of a stem that is nearest to a word, if it is near enough.
fn near_form(word: &str, stem: &str, edits: u8, terms: &mut Terms) -> Option<String> {
    let edits = usize::from(edits);
    let mut best: Option<(usize, String)> = None;
    // `polici` is the stem of `policy`.
    for base in [Some(stem), stem.strip_suffix('i')].into_iter().flatten() {
        for ending in ENDINGS {
            let form = format!("{base}{ending}");
            if form.len().abs_diff(word.len()) > edits {
                continue;
            }
            let distance = osa_distance(word, &form);
            let is_better = distance <= edits && best.as_ref().is_none_or(|(least, _)| distance < *least);
            if is_better && terms.term(&form).as_deref() == Some(stem) {
                best = Some((distance, form));
            }
        }
    }
    best.map(|(_, form)| form)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Words;
    use super::*;

    #[rustfmt::skip]
    const TEXTS: &[&str] = &[
        "security permissions policies instances", "security permission policy instance", "secure the instances",
        "permission policy", "terminated instances", "terminate", "termination", "bucket", "buckets", "a bucket",
        "packet", "snapshots snapshot", "snapshot", "take a snapshot", "throttling", "throttled", "throttle",
        "kubernetes", "kubernetes", "kubernetes", "budget",
    ];

    fn corrected(word: &str) -> Option<String> {
        correct(word, &mut Terms::default(), &Words::of(TEXTS)).unwrap()
    }

    #[test]
    fn mistakes_are_corrected_whatever_the_stem() {
        for (word, meant) in [
            ("secuirty", "security"),
            ("permisions", "permissions"),
            ("polciy", "policy"),
            ("instnace", "instance"),
            ("instnaces", "instances"),
            ("buckte", "bucket"),
            ("bucktes", "buckets"),
            ("terminatted", "terminated"),
            ("snapshoot", "snapshot"),
            ("throtling", "throttling"),
            ("kuberentes", "kubernetes"),
            ("kubernetis", "kubernetes"),
        ] {
            // Which form of the word comes out does not matter: the index has its stem.
            let stem = |word: &str| Terms::default().term(word);
            assert_eq!(corrected(word).as_deref().and_then(stem), stem(meant), "{word}");
        }
    }

    #[test]
    fn short_far_rare_and_odd_words_stay() {
        for word in ["bukt", "hasura", "budgte", "packett", "s3bucket", "überfall", "xyzzyxyzzy", &"a".repeat(50)] {
            assert_eq!(corrected(word), None, "{word}");
        }
    }
}
