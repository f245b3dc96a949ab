//! Sentences of free-form notes by their words: which tells the cause, which the fix, when it began and ended.

use cloudops_indexes::model::Timestamp;

use super::parts::Part;
use crate::recognize::Moment;

/// Words that tell a cause, with how surely they do.
#[rustfmt::skip]
const CAUSE: &[(&str, f32)] = &[
    ("root cause", 10.0), ("the culprit", 9.0), ("turned out", 8.0), ("turns out", 7.0), ("caused by", 8.0),
    ("the cause was", 10.0), ("cause of", 6.0), ("the reason was", 9.0), ("the reason is", 8.0), ("the reason", 5.0),
    ("the problem was", 8.0), ("the issue was", 8.0), ("the real problem", 8.0), ("the actual problem", 8.0),
    ("the whole problem", 6.0), ("boiled down to", 8.0), ("came down to", 8.0), ("traced it to", 9.0), ("traced this to", 9.0),
    ("traced to", 8.0), ("tracked it down to", 9.0), ("was to blame", 8.0), ("the trigger", 7.0), ("triggered by", 5.0),
    ("because of", 5.0), ("because", 5.0), ("due to", 5.0), ("since the", 3.0), ("so that", 1.0),
];

/// Words that often stand where something is told that somebody did, forgot or lost.
#[rustfmt::skip]
const WEAK_CAUSE: &[(&str, f32)] = &[
    ("had been", 2.0), ("had lost", 2.5), ("had no", 2.0), ("has no", 2.0), ("had", 1.0), ("forgot", 3.0), ("forgotten", 2.5),
    ("still pointed", 3.0), ("still had", 2.5), ("still", 1.0), ("instead of", 1.5), ("by mistake", 3.0), ("left over", 2.5),
    ("left on", 2.5), ("left behind", 2.0), ("was gone", 1.5), ("switched off", 2.5), ("turned off", 2.0), ("dropped the", 2.0),
    ("renamed", 2.5), ("doubled", 2.0), ("deleted", 1.0), ("deletes", 1.5), ("removed", 0.5), ("restricted", 1.5), ("expired", 1.5),
    ("no longer", 1.0), ("was never", 2.5), ("were never", 2.5), ("may not", 1.5), ("not allow", 1.5), ("only allowed", 2.0),
    ("went over", 1.0), ("ran out of", 2.0), ("misconfigured", 3.0), ("wrong", 1.5), ("outdated", 1.5), ("missing", 1.0),
    ("somebody", 1.5), ("someone", 1.5), ("by hand", 0.5), ("against production", 2.0), ("too small", 2.0), ("too low", 2.0),
    ("yesterday", 0.5), ("does not retry", 2.0), ("as no", 1.5), ("reserved", 0.5), ("replication factor", 0.5), ("uses the same", 2.0),
    ("in that way", 1.0), ("any url", 1.0), ("lacked", 2.0), ("broke", 1.0), ("leaked", 1.5), ("dirty", 1.5), ("change", 0.5),
    ("changed", 0.5), ("new version", 0.5), ("not bound", 1.0), ("without", 0.5), ("i ran", 2.0), ("destroyed", 2.0), ("only", 0.3),
];

/// Words that tell a fix.
#[rustfmt::skip]
const FIX: &[(&str, f32)] = &[
    ("fixed by", 10.0), ("fixed it by", 10.0), ("we fixed", 9.0), ("the fix was", 10.0), ("fix was", 9.0), ("the fix", 6.0),
    ("resolved by", 10.0), ("resolved it by", 10.0), ("solved by", 10.0), ("solved it by", 10.0), ("solution was", 9.0),
    ("what helped", 9.0), ("did the trick", 9.0), ("mitigated by", 8.0), ("recovered after", 8.0), ("came back after", 8.0),
    ("normal after", 8.0), ("again after", 4.0), ("went away after", 8.0), ("cleared after", 7.0), ("ended when", 7.0),
    ("recovered when", 7.0), ("recovered once", 7.0), ("in the end we", 6.0), ("eventually we", 5.0), ("finally we", 5.0),
    ("rolled back", 5.0), ("rolling back", 5.0), ("reverted", 5.0), ("workaround", 5.0),
];

/// What people do to end an incident.
#[rustfmt::skip]
const DONE: &[&str] = &[
    "added", "allowed", "applied", "asked", "associated", "attached", "cancelled", "canceled", "changed", "cleaned", "cleared",
    "corrected", "created", "deleted", "deployed", "disabled", "enabled", "extended", "failed over", "flushed", "granted", "increased",
    "isolated", "killed", "limited", "lowered", "moved", "patched", "promoted", "purged", "put back", "raised", "rebooted",
    "recreated", "redeployed", "reduced", "registered", "reindexed", "released", "removed", "renewed", "replaced", "replayed",
    "requested", "re-created", "reset", "resized", "restarted", "restored", "reverted", "revoked", "rolled back", "rotated", "scaled",
    "set", "stopped", "switched", "switches", "turned off", "turned on", "unblocked", "updated", "upgraded",
];

/// How it is told that all is well.
#[rustfmt::skip]
const WELL: &[&str] = &[
    "again", "back to", "back at", "caught up", "done", "ended", "errors stopped", "fast again", "fine", "gone", "green", "healthy",
    "normal", "no more errors", "ok", "over", "ran through", "recovered", "recovers", "resolved", "steady", "succeeded", "went through",
    "without further errors", "work", "worked", "works", "errors ended",
];

/// Words that say that something did not help, or will be done.
#[rustfmt::skip]
const NOT_A_FIX: &[&str] = &[
    "did not help", "didn't help", "does not help", "useless", "alone did not", "no effect", "no change", "should have", "we will", "we'll",
    "will be", "next time", "todo", "in future", "would be", "should", "have not changed", "unrelated", "nobody", "not sure",
    "could not", "did not", "tries to", "wakes up", "why?", "discussion", "sorry",
];

/// Words of a sentence that tells what was seen.
#[rustfmt::skip]
const SEEN: &[&str] = &[
    "alarm", "alert", "page", "paged", "users", "customers", "reported", "complained", "saw", "seeing", "error", "errors",
    "failed", "failing", "fails", "timeout", "timeouts", "timed out", "slow", "latency", "down", "unavailable", "stuck",
    "returned", "returning", "crash", "crashed", "restarting", "unhealthy", "full", "denied", "refused", "hang", "hung",
    "dropped", "spike", "could not", "couldn't", "cannot", "can't", "unable", "missing", "lost", "unreachable",
];

/// Sentences of a text. A stop ends one if a blank and no lower-case letter follow; every line of a list, a table, a log
/// or a conversation is one.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for block in text.split("\n\n") {
        let mut start = 0;
        let bytes = block.as_bytes();
        // Some people write without capitals; then a stop and a blank are enough.
        let has_capitals = [". ", "! ", "? "]
            .iter()
            .any(|stop| block.match_indices(stop).any(|(at, _)| block[at + 2..].starts_with(char::is_uppercase)));
        for at in 0..bytes.len() {
            let ends = match bytes[at] {
                b'.' | b'!' | b'?' => {
                    let rest = &block[at + 1..];
                    let next = rest.trim_start();
                    rest.starts_with(char::is_whitespace)
                        && !(has_capitals && next.starts_with(char::is_lowercase))
                        && !abbreviated(&block[start..at])
                }
                b'\n' => is_line(&block[at + 1..]) || is_line(&block[start..at]),
                b'>' => block[..at].ends_with(" -") && block[at + 1..].starts_with(' '),
                _ => false,
            };
            if ends {
                found.push(block[start..=at].trim().trim_end_matches("->").trim_end());
                start = at + 1;
            }
        }
        found.push(block[start..].trim());
    }
    found.retain(|sentence| sentence.len() > 2);
    found
}

/// Whether a text begins like a line of a list, a table, a log or a conversation.
fn is_line(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['-', '*', '+', '|', '<', '[', '>']) || text.starts_with(|c: char| c.is_ascii_digit())
}

fn abbreviated(before: &str) -> bool {
    ["e.g", "i.e", "etc", "vs", "approx", " N", "no"].iter().any(|short| before.ends_with(short))
}

/// Whole sentences from the beginning of a text, at most `limit` bytes, on one line.
pub(super) fn beginning(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for sentence in sentences(text) {
        let flat = sentence.split_whitespace().collect::<Vec<_>>().join(" ").replace("**", "");
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

/// The sentence that tells most surely why it happened.
pub(super) fn cause_sentence(text: &str) -> Option<String> {
    let sentences = sentences(text);
    cause_at(&sentences).map(|at| told(&sentences, at))
}

/// A sentence; one that only points back, with what it points to before it.
fn told(sentences: &[&str], at: usize) -> String {
    let points_back = ["that was", "this was", "so ", "that is why"]
        .iter()
        .any(|words| sentences[at].to_lowercase().starts_with(words));
    let from = if points_back { at.saturating_sub(1) } else { at };
    beginning(&sentences[from..=at].join("\n\n"), super::MAX_TEXT)
}

fn cause_at(sentences: &[&str]) -> Option<usize> {
    let mut best: Option<(f32, usize)> = None;
    for (at, sentence) in sentences.iter().enumerate() {
        let lower = sentence.to_lowercase();
        if lower.contains("todo") || lower.contains("guess") || lower.starts_with("thanks") || lower.contains("none of")
        {
            continue;
        }
        let strong = cues(&lower, CAUSE).fold(0.0, f32::max);
        let weak: f32 = cues(&lower, WEAK_CAUSE).sum();
        let score = strong + weak.min(6.0);
        // Of two that are as sure the later one is: first ideas are often wrong.
        if score >= 2.0 && best.is_none_or(|(known, _)| score >= known) {
            best = Some((score, at));
        }
    }
    best.map(|(_, at)| at)
}

/// The sentence that tells most surely what ended it: what was done, late, and with a good end.
pub(super) fn fix_sentence(text: &str) -> Option<String> {
    let sentences = sentences(text);
    let cause = cause_at(&sentences);
    let mut best: Option<(f32, usize)> = None;
    for (at, sentence) in sentences.iter().enumerate() {
        let lower = sentence.to_lowercase();
        if NOT_A_FIX.iter().any(|words| has_words(&lower, words)) {
            continue;
        }
        let mut score = cues(&lower, FIX).fold(0.0, f32::max);
        score += did(&lower);
        if score == 0.0 {
            continue;
        }
        let well = |sentence: &str| WELL.iter().any(|words| has_words(sentence, words));
        score += if well(&lower) { 1.5 } else { 0.0 };
        score += sentences.get(at + 1).map_or(0.0, |next| if well(&next.to_lowercase()) { 0.7 } else { 0.0 });
        score += match cause {
            Some(cause) if at > cause => 1.5,
            Some(cause) if at == cause => -4.0,
            _ => 0.0,
        };
        if score >= 2.5 && best.is_none_or(|(known, _)| score > known) {
            best = Some((score, at));
        }
    }
    best.map(|(_, at)| beginning(sentences[at], super::MAX_TEXT))
}

fn cues<'a>(sentence: &'a str, known: &'a [(&str, f32)]) -> impl Iterator<Item = f32> + 'a {
    known.iter().filter(|(cue, _)| has_words(sentence, cue)).map(|(_, score)| *score)
}

/// Whether a sentence says what somebody did: more where it begins so, or somebody of the team did it.
fn did(sentence: &str) -> f32 {
    // In front of what was done stand the time, who says it, and the like.
    let begins = |at: usize| {
        let before = sentence[..at].trim_end();
        let last = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
        before.is_empty()
            || before.ends_with([':', '>', ']', ',', ';', '.', '-', '|', '–', '*', '('])
            || matches!(
                last,
                "we" | "i" | "on-call" | "they" | "have" | "then" | "and" | "utc" | "cet" | "cest" | "by" | "to"
            )
            || last.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut best: f32 =
        if sentence.trim_start_matches(|c: char| !c.is_alphabetic()).starts_with("new ") { 1.5 } else { 0.0 };
    for verb in DONE {
        for (at, found) in sentence.match_indices(verb) {
            let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if joins(sentence[..at].chars().next_back()) || joins(sentence[at + found.len()..].chars().next()) {
                continue;
            }
            best = best.max(if begins(at) { 3.0 } else { 1.5 });
        }
    }
    best
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

/// A moment, with what stands before and behind it on its line.
struct Told<'a> {
    at: Timestamp,
    before: &'a str,
    after: &'a str,
}

/// Moments with a time of day, in order, without those that say when a note was written or sent.
fn told_moments(moments: &[(Part, String, Vec<Moment>)]) -> Vec<Told<'_>> {
    let mut told = Vec::new();
    for (_, text, moments) in moments {
        for (at, moment) in moments.iter().enumerate().filter(|(_, moment)| moment.has_time) {
            let range = &moment.range;
            let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
            let line_end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
            let line = text[line_start..line_end].trim_start();
            let line = line[..line.floor_char_boundary(16)].to_lowercase();
            if ["date:", "sent:", "exported", "updated:", "printed"].iter().any(|words| line.starts_with(words)) {
                continue;
            }
            let previous =
                at.checked_sub(1).map_or(line_start, |at| moments[at].range.end.clamp(line_start, range.start));
            let next = moments.get(at + 1).map_or(line_end, |next| next.range.start.clamp(range.end, line_end));
            told.push(Told { at: moment.at, before: &text[previous..range.start], after: &text[range.end..next] });
        }
    }
    told
}

/// Words in front of the moment at which it began.
#[rustfmt::skip]
const BEGINS: &[&str] = &[
    "start", "started", "began", "begin", "since", "seen since", "detected", "created", "opened", "window", "duration",
];
/// Words in front of, or behind, the moment at which it ended.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "end", "ended", "gone since", "mitigated", "resolved", "closed", "restored", "until", "over at", "done at", "fixed at",
    "finished at", "recovered at", "normal at", "was over", "ready at", "restored at",
];

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// When it began: at the moment that words say so of, or the first one that is told.
pub(super) fn start_moment(moments: &[(Part, String, Vec<Moment>)]) -> Option<Timestamp> {
    let told = told_moments(moments);
    let opens = |told: &Told<'_>| {
        matches!(
            told.after.trim().to_lowercase().as_str(),
            "to" | "and" | "until" | "till" | "-" | "–" | "→" | "->" | "to roughly" | "to about"
        )
    };
    // Only the first range is that of the incident; others are of what was done.
    let first = told.first().filter(|told| opens(told)).map(|told| told.at);
    let stated = told.iter().find(|told| {
        let before = told.before.to_lowercase();
        let before = before.trim_end_matches(|c: char| !c.is_alphanumeric());
        BEGINS.iter().any(|word| ends_with_word(before, word))
    });
    let earliest = told.iter().map(|told| told.at).min();
    first.or_else(|| stated.map(|told| told.at)).or(earliest)
}

/// When it ended: at the moment that words say so of, or at the last of several of which all is well.
pub(super) fn end_moment(moments: &[(Part, String, Vec<Moment>)], started: Option<Timestamp>) -> Option<Timestamp> {
    let told = told_moments(moments);
    let stated = told.iter().rev().find(|told| {
        let before = told.before.to_lowercase();
        let before = WEEKDAYS.iter().fold(before, |text, day| text.replace(day, ""));
        let closes_range = matches!(
            before.trim(),
            "to" | "and" | "until" | "till" | "-" | "–" | "→" | "->" | "to roughly" | "to about"
        );
        let before = before.trim_end_matches(|c: char| !c.is_alphanumeric());
        closes_range || ENDS.iter().any(|word| ends_with_word(before, word))
    });
    let well = |told: &&Told<'_>| {
        let after = told.after.to_lowercase();
        let before = told.before.to_lowercase();
        WELL.iter().any(|words| has_words(&after, words) || (words.len() > 3 && has_words(&before, words)))
    };
    let last_well = || told.iter().rev().find(well).map(|told| told.at);
    let end = stated.map(|told| told.at).or_else(last_well);
    let end = end.or_else(|| told.iter().map(|told| told.at).max().filter(|_| told.len() > 2))?;
    started.is_none_or(|started| end > started).then_some(end)
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}
