//! Words written together or apart: `loadbalancer`, `time out`, `DescribeInstances`.

use rustc_hash::FxHashSet;

use super::Vocabulary;
use super::expansion::{Alternative, Expansion};
use super::tokens::{Role, Token};
use crate::lexical::Terms;

/// Weight of the same words in another spelling.
const WEIGHT: f32 = 0.9;
/// Weight of the words of which a name consists: the name itself is what was asked for.
const NAME_WEIGHT: f32 = 0.6;
/// Passages that must have a word made of two for it to be one.
const JOINED_IN: u64 = 3;
/// Letters of a word made of two, and of one that is taken apart.
const COMPOUND: usize = 6;
/// Letters of each part of a word that is taken apart.
const PART: usize = 3;
/// Of the passages with the rarer part, the share that must have the other too for both to be one word's parts.
const TOGETHER: f64 = 0.2;
/// How many times rarer than its parts a word must be to be taken apart.
const RARER: u64 = 10;

/// Words of which a name may consist; what has more is data. Each is looked up in the index.
const INNER_WORDS: usize = 8;
/// Letters of a word that is taken apart, at most: every place is tried.
const LONGEST: usize = 40;

/// A word in more passages than this is a word of its own: parts that are so much more frequent hardly exist, and are
/// not looked for.
const COMMON: u64 = 500;

/// The words inside of a name: `DescribeInstances`, `DBCluster`, `S3bucket`. Empty for a plain word.
pub(crate) fn inner_words(written: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = written.char_indices().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, window) in chars.windows(2).enumerate() {
        let [(_, a), (split, b)] = window else { continue };
        let then_lower = chars.get(at + 2).is_some_and(|(_, c)| c.is_lowercase());
        let begins = (a.is_lowercase() && b.is_uppercase())
            || (a.is_uppercase() && b.is_uppercase() && then_lower && at > start)
            || (a.is_ascii_digit() && b.is_alphabetic() && written.len() - split >= PART && at > 0);
        if begins {
            parts.push(&written[start..*split]);
            start = *split;
        }
    }
    if !parts.is_empty() {
        parts.push(&written[start..]);
    }
    parts
}

/// The inner words of a name as an alternative of it.
pub(crate) fn split_name(token: &Token, terms: &mut Terms) -> Option<Expansion> {
    let parts = inner_words(&token.written);
    let mut seen = FxHashSet::default();
    let inner = parts.iter().filter(|part| part.len() > 1).filter_map(|part| terms.term(part));
    let inner: Vec<String> = inner.filter(|term| seen.insert(term.clone())).collect();
    ((1..=INNER_WORDS).contains(&inner.len()) && token.role == Role::Content).then(|| Expansion {
        of: vec![token.key.clone()],
        alternatives: vec![Alternative { terms: inner, weight: NAME_WEIGHT }],
    })
}

/// Two neighbours that the index has as one word (`time out`).
pub(crate) fn joined(
    tokens: &[Token],
    terms: &mut Terms,
    vocabulary: &impl Vocabulary,
) -> tantivy::Result<Vec<Expansion>> {
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        let [a, b] = pair else { continue };
        let is_apart = b.breaks || a.in_name && b.in_name;
        let is_pair = !is_apart
            && (a.role == Role::Content || b.role == Role::Content)
            && a.lower.len().min(b.lower.len()) >= 2
            && a.lower.len() + b.lower.len() >= COMPOUND;
        if !is_pair {
            continue;
        }
        let Some(term) = terms.term(&format!("{}{}", a.lower, b.lower)) else { continue };
        if vocabulary.frequency(&term)? >= JOINED_IN {
            let of = pair.iter().filter(|token| token.role == Role::Content).map(|token| token.key.clone()).collect();
            found.push(Expansion { of, alternatives: vec![Alternative { terms: vec![term], weight: WEIGHT }] });
        }
    }
    Ok(found)
}

/// The two words of which a rare or unknown one consists (`loadbalancer`), where the index has them together.
pub(crate) fn split(
    token: &Token,
    frequency: u64,
    terms: &mut Terms,
    vocabulary: &impl Vocabulary,
) -> tantivy::Result<Option<Expansion>> {
    let word = token.lower.as_str();
    let is_word =
        (COMPOUND..=LONGEST).contains(&word.len()) && word.bytes().all(|b| b.is_ascii() && !b.is_ascii_digit());
    if frequency > COMMON || !is_word {
        return Ok(None);
    }
    let mut best: Option<(u64, String, String)> = None;
    for at in PART..=word.len() - PART {
        let (Some(a), Some(b)) = (terms.term(&word[..at]), terms.term(&word[at..])) else { continue };
        let rarer = vocabulary.frequency(&a)?.min(vocabulary.frequency(&b)?);
        let is_rarer = rarer > frequency.saturating_mul(RARER) && rarer >= JOINED_IN;
        if is_rarer && best.as_ref().is_none_or(|(most, ..)| rarer > *most) {
            best = Some((rarer, a, b));
        }
    }
    let Some((rarer, a, b)) = best else { return Ok(None) };
    if (vocabulary.together(&a, &b)? as f64) < TOGETHER * rarer as f64 {
        return Ok(None);
    }
    let alternatives = vec![Alternative { terms: vec![a, b], weight: WEIGHT }];
    Ok(Some(Expansion { of: vec![token.key.clone()], alternatives }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Words;
    use super::super::tokens::tokens;
    use super::*;

    #[rustfmt::skip]
    const TEXTS: &[&str] = &[
        "a load balancer of a kind", "the load balancer", "load balancers", "a load", "connection timeout",
        "timeout of a request", "timeouts", "the name of a host", "a host and its name", "host name", "bass player",
        "out in time",
    ];

    fn first(question: &str) -> Vec<Vec<String>> {
        let mut terms = Terms::default();
        let words = Words::of(TEXTS);
        let tokens = tokens(question, &mut terms);
        let mut found = joined(&tokens, &mut terms, &words).unwrap();
        for token in tokens.iter().filter(|token| token.role == Role::Content) {
            let frequency = words.frequency(&token.key).unwrap();
            found.extend(split(token, frequency, &mut terms, &words).unwrap());
            found.extend(split_name(token, &mut terms));
        }
        found.into_iter().flat_map(|e| e.alternatives).map(|a| a.terms).collect()
    }

    #[test]
    fn names_have_words_inside() {
        for (name, expected) in [
            ("DescribeInstances", vec!["Describe", "Instances"]),
            ("DBClusterSnapshot", vec!["DB", "Cluster", "Snapshot"]),
            ("maxItems", vec!["max", "Items"]),
            ("S3bucket", vec!["S3", "bucket"]),
            ("route53record", vec!["route53", "record"]),
            ("plain", vec![]),
            ("EC2", vec![]),
            ("IPv6", vec![]),
            ("12xlarge", vec!["12", "xlarge"]),
            ("", vec![]),
        ] {
            assert_eq!(inner_words(name), expected, "{name}");
        }
    }

    #[test]
    fn words_are_joined_that_the_index_joins() {
        assert_eq!(first("it will time out"), [["timeout"]]);
        assert_eq!(first("time-outs"), [["timeout"]]);
        assert!(first("time, out").is_empty());
    }

    #[test]
    fn words_are_split_that_the_index_has_together() {
        assert_eq!(first("my loadbalancer"), [["load", "balanc"]]);
        assert_eq!(first("loadbalancers"), [["load", "balanc"]]);
        // Both are there, never together.
        assert!(first("loadtimeout").is_empty());
        assert!(first("ThrottlingException")[0].contains(&"throttl".to_owned()));
    }
}
