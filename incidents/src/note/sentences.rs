//! Sentences of free-form notes by their words: which tells the cause, which the fix, when it began and ended.

use cloudops_indexes::model::Timestamp;

use super::parts::Part;
use crate::recognize::Moment;

/// Words that tell a cause, with how surely they do.
const CAUSE: &[(&str, u32)] = &[
    ("root cause", 10),
    ("the culprit", 9),
    ("turned out that", 8),
    ("turned out to be", 8),
    ("turned out", 8),
    ("it turns out", 8),
    ("turns out", 7),
    ("was caused by", 9),
    ("were caused by", 9),
    ("caused by", 8),
    ("the cause was", 10),
    ("the reason was", 9),
    ("the reason is", 8),
    ("the problem was", 8),
    ("the issue was", 8),
    ("the actual problem", 8),
    ("boiled down to", 8),
    ("came down to", 8),
    ("traced it to", 9),
    ("traced this to", 9),
    ("traced to", 8),
    ("tracked it down to", 9),
    ("because of", 5),
    ("because", 5),
    ("due to", 5),
    ("was to blame", 8),
    ("the trigger was", 7),
    ("triggered by", 5),
    ("what happened:", 4),
    ("had expired", 4),
    ("had been removed", 4),
    ("had changed", 3),
    ("someone had", 4),
    ("somebody had", 4),
    ("nobody had", 4),
    ("was misconfigured", 5),
    ("ran out of", 3),
];

/// Words that tell a fix.
const FIX: &[(&str, u32)] = &[
    ("fixed by", 10),
    ("fixed it by", 10),
    ("we fixed", 9),
    ("the fix was", 10),
    ("fix was", 9),
    ("the fix:", 10),
    ("resolved by", 10),
    ("resolved it by", 10),
    ("solved by", 10),
    ("solved it by", 10),
    ("solution was", 9),
    ("what helped was", 9),
    ("what helped", 8),
    ("did the trick", 9),
    ("mitigated by", 8),
    ("recovered after", 8),
    ("came back after", 8),
    ("back to normal after", 8),
    ("healthy again after", 8),
    ("went away after", 8),
    ("stopped after", 6),
    ("ended when", 7),
    ("cleared after", 7),
    ("recovered when", 7),
    ("recovered once", 7),
    ("in the end we", 8),
    ("eventually we", 7),
    ("finally we", 7),
    ("we rolled back", 7),
    ("rolled back", 6),
    ("rolling back", 6),
    ("reverted", 6),
    ("reverting", 6),
    ("we raised", 5),
    ("we increased", 5),
    ("increased the", 4),
    ("raised the", 4),
    ("we added", 4),
    ("added a", 3),
    ("we restored", 5),
    ("restored the", 4),
    ("put back", 5),
    ("we replaced", 5),
    ("we switched", 4),
    ("we set", 4),
    ("we changed", 4),
    ("we removed", 4),
    ("we deleted", 4),
    ("we restarted", 4),
    ("renewed", 4),
    ("workaround", 6),
];

/// Words that say that something did not help, or will be done.
const NOT_A_FIX: &[&str] =
    &["did not help", "didn't help", "no effect", "no change", "should have", "we will", "we'll", "next time", "todo", "in future"];

/// Words of a sentence that tells what was seen.
#[rustfmt::skip]
const SEEN: &[&str] = &[
    "alarm", "alert", "page", "paged", "users", "customers", "reported", "complained", "saw", "seeing", "error", "errors",
    "failed", "failing", "fails", "timeout", "timeouts", "timed out", "slow", "latency", "down", "unavailable", "stuck",
    "returned", "returning", "crash", "crashed", "restarting", "unhealthy", "full", "denied", "refused", "hang", "hung",
    "dropped", "spike", "could not", "couldn't", "cannot", "can't", "unable", "missing", "lost", "unreachable",
];

/// Sentences of a text. A stop ends one if a blank and no lower-case letter follow; every line of a list is one.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for block in text.split("\n\n") {
        let mut start = 0;
        let bytes = block.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let ends = match bytes[at] {
                b'.' | b'!' | b'?' => {
                    let rest = &block[at + 1..];
                    let next = rest.trim_start();
                    rest.starts_with(char::is_whitespace) && !next.starts_with(char::is_lowercase) && !abbreviated(&block[start..at])
                }
                b'\n' => block[at + 1..].trim_start().starts_with(['-', '*', '+', '|']) || block[start..at].trim_start().starts_with(['-', '*', '|']),
                _ => false,
            };
            if ends {
                found.push(block[start..=at].trim());
                start = at + 1;
            }
            at += 1;
        }
        found.push(block[start..].trim());
    }
    found.retain(|sentence| sentence.len() > 2);
    found
}

fn abbreviated(before: &str) -> bool {
    ["e.g", "i.e", "etc", "vs", "approx", " N", "no"].iter().any(|short| before.ends_with(short))
}

/// Whole sentences from the beginning of a text, at most `limit` bytes, on one line.
pub(super) fn beginning(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for sentence in sentences(text) {
        let flat = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        let flat = flat.trim_start_matches(['-', '*', '>', ' ']);
        if flat.starts_with('|') {
            continue;
        }
        if !out.is_empty() && out.len() + flat.len() > limit {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&flat[..flat.floor_char_boundary(limit)]);
    }
    out
}

/// The sentence that tells most surely why it happened, with the one behind it if that goes on.
pub(super) fn cause_sentence(text: &str) -> Option<String> {
    best(text, CAUSE, &[])
}

/// The sentence that tells most surely what ended it.
pub(super) fn fix_sentence(text: &str) -> Option<String> {
    best(text, FIX, NOT_A_FIX)
}

fn best(text: &str, cues: &[(&str, u32)], against: &[&str]) -> Option<String> {
    let mut best: Option<(u32, &str)> = None;
    for sentence in sentences(text) {
        let lower = sentence.to_lowercase();
        if against.iter().any(|words| lower.contains(words)) {
            continue;
        }
        let score = cues.iter().filter(|(cue, _)| has_words(&lower, cue)).map(|(_, score)| *score).max().unwrap_or(0);
        // Of two that are as sure the later one is: first ideas are often wrong.
        if score > 0 && best.is_none_or(|(known, _)| score >= known) {
            best = Some((score, sentence));
        }
    }
    best.map(|(_, sentence)| beginning(sentence, super::MAX_TEXT))
}

fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, found)| {
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !joins(text[..at].chars().next_back()) && !joins(text[at + found.len()..].chars().next())
    })
}

/// Sentences that tell what was seen.
pub(super) fn symptoms(text: &str) -> Vec<String> {
    let seen = |sentence: &&str| {
        let lower = sentence.to_lowercase();
        SEEN.iter().any(|word| has_words(&lower, word))
    };
    sentences(text).into_iter().filter(seen).take(4).map(|sentence| beginning(sentence, 300)).collect()
}

/// When it began: at the moment that words say so of, or the first one there is.
pub(super) fn start_moment(moments: &[(Part, String, Vec<Moment>)]) -> Option<Timestamp> {
    const WORDS: &[&str] = &["started", "start", "began", "begin", "since", "from", "first", "between"];
    let cued = cued(moments, WORDS, true);
    cued.or_else(|| all(moments).filter(|moment| moment.has_time).map(|moment| moment.at).min())
        .or_else(|| all(moments).map(|moment| moment.at).min())
}

/// When it ended: at the moment that words say so of, or the last one there is.
pub(super) fn end_moment(moments: &[(Part, String, Vec<Moment>)], started: Option<Timestamp>) -> Option<Timestamp> {
    const WORDS: &[&str] = &[
        "resolved", "recovered", "back to normal", "fixed", "ended", "until", "all clear", "over", "closed", "healthy",
        "restored", "recovery", "green", "normal", "end", "to",
    ];
    let last = || all(moments).filter(|moment| moment.has_time).map(|moment| moment.at).max();
    let end = cued(moments, WORDS, false).or_else(last)?;
    started.is_none_or(|started| end > started).then_some(end)
}

fn all(moments: &[(Part, String, Vec<Moment>)]) -> impl Iterator<Item = &Moment> {
    moments.iter().flat_map(|(_, _, moments)| moments)
}

/// The moment with one of these words in its sentence, next to it rather than far away.
fn cued(moments: &[(Part, String, Vec<Moment>)], words: &[&str], first: bool) -> Option<Timestamp> {
    let mut found: Vec<(usize, Timestamp)> = Vec::new();
    for (_, text, moments) in moments {
        for (at, moment) in moments.iter().enumerate().filter(|(_, moment)| moment.has_time) {
            let range = &moment.range;
            let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
            let line_end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
            // What stands between two moments belongs to the first, but for the few words in front of the second.
            let after_end = moments.get(at + 1).map_or(line_end, |next| next.range.start.min(line_end));
            let before_start = text.floor_char_boundary(range.start.saturating_sub(32)).max(line_start);
            let previous_end = at.checked_sub(1).map_or(line_start, |at| moments[at].range.end.min(range.start));
            let before = text[before_start.max(previous_end)..range.start].to_lowercase();
            let after = text[range.end..after_end].to_lowercase();
            let after = after.split(['.', ';']).next().unwrap_or_default();
            for word in words {
                if has_words(&before, word) {
                    found.push((before.len() - before.rfind(word).unwrap_or(0), moment.at));
                } else if word.len() > 4 && has_words(after, word) {
                    found.push((40 + after.find(word).unwrap_or(0), moment.at));
                }
            }
        }
    }
    if first {
        // An incident begins once; of several beginnings the earliest.
        found.iter().filter(|(distance, _)| *distance < 100).map(|(_, at)| *at).min()
    } else {
        found.iter().filter(|(distance, _)| *distance < 160).map(|(_, at)| *at).max()
    }
}
