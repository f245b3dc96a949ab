//! Text into words: the smallest parts that carry meaning of their own, lower case and stemmed.
//!
//! The rules are part of what a table is: [`SCHEME`] changes with them.

use frostem::{Algorithm, Stemmer};

/// Version of the rules in this file. A table made by other rules does not fit.
pub(super) const SCHEME: u32 = 1;

/// Longer words are keys, hashes and encoded data, which nobody searches by meaning.
const LONGEST: usize = 40;

/// Words of English that say nothing about the subject, most of them the frame of a question.
const EMPTY: [&str; 97] = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could",
    "did", "do", "does", "doing", "don", "each", "else", "ever", "for", "from", "had", "has", "have", "having", "he",
    "her", "here", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "many", "may", "me", "might",
    "much", "must", "my", "no", "not", "of", "on", "or", "our", "please", "s", "shall", "she", "should", "so", "some",
    "such", "t", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to",
    "too", "us", "very", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "why", "will",
    "with", "would", "yes", "you", "your",
];

/// Calls `found` with every word of `text`, lower case, before stemming. A name in camel case is found whole and in
/// its parts: `DescribeInstances` is also `describe` and `instances`.
pub(super) fn spellings(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::new();
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        if run.is_empty() || run.len() > LONGEST {
            continue;
        }
        word.clear();
        if run.is_ascii() {
            word.push_str(run);
            word.make_ascii_lowercase();
        } else {
            word.extend(run.chars().flat_map(char::to_lowercase));
        }
        found(&word);
        if run.is_ascii() {
            parts(run, |part| found(&word[part]));
        }
    }
}

/// The words of `text` without the headings it starts with, which are given beside it.
pub(super) fn without_leading_headings(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.trim_start_matches('#').starts_with(' ') && rest.starts_with('#') {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    rest
}

/// Brings the inflections of a word together.
pub(super) struct Stems(Stemmer);

impl Stems {
    pub(super) fn new() -> Self {
        Self(Stemmer::new(Algorithm::English))
    }

    /// The form under which the inflections of a word meet; `None` for words that say nothing.
    pub(super) fn stem(&self, word: &str) -> Option<String> {
        if EMPTY.binary_search(&word).is_ok() {
            return None;
        }
        // Numbers and names such as `m5` or `c4` are left alone.
        if word.bytes().any(|byte| !byte.is_ascii_lowercase()) {
            return Some(word.to_owned());
        }
        Some(self.0.stem(word).into_owned())
    }
}

/// The parts of a name in camel case, if it has more than one.
fn parts(run: &str, mut found: impl FnMut(std::ops::Range<usize>)) {
    let bytes = run.as_bytes();
    let mut start = 0;
    for at in 1..bytes.len() {
        let upper = bytes[at].is_ascii_uppercase();
        let after_lower = bytes[at - 1].is_ascii_lowercase();
        // `DBInstance`: the last capital of a row belongs to the word that follows.
        let before_lower = bytes[at - 1].is_ascii_uppercase() && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        if upper && (after_lower || before_lower) {
            found(start..at);
            start = at;
        }
    }
    if start > 0 {
        found(start..bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        spellings(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn identifiers_come_apart() {
        assert_eq!(raw("ec2:DescribeInstances"), ["ec2", "describeinstances", "describe", "instances"]);
        assert_eq!(raw("AWS::S3::Bucket"), ["aws", "s3", "bucket"]);
        assert_eq!(raw("us-east-2 m5.xlarge"), ["us", "east", "2", "m5", "xlarge"]);
        assert_eq!(raw("DBInstance dbName"), ["dbinstance", "db", "instance", "dbname", "db", "name"]);
        assert_eq!(raw("Überlast, VPC."), ["überlast", "vpc"]);
    }

    #[test]
    fn headings_in_front_are_left_to_the_heading_path() {
        assert_eq!(without_leading_headings("# Quotas\n\n## Limits\n\nTen.\n# not this"), "Ten.\n# not this");
        assert_eq!(without_leading_headings("## Alone"), "");
        assert_eq!(without_leading_headings("#!/bin/sh\n"), "#!/bin/sh\n");
    }

    #[test]
    fn keys_and_empty_words_are_left_out() {
        assert!(raw(&"a1".repeat(40)).is_empty());
        assert!(EMPTY.is_sorted());
        let stems = Stems::new();
        assert_eq!(stems.stem("how"), None);
        assert_eq!(stems.stem("instances").as_deref(), Some("instanc"));
        assert_eq!(stems.stem("m5").as_deref(), Some("m5"));
    }
}
