//! The parts of a note by what they are for: by headings, by labels in front of lines.

use cloudops_indexes::model::Timestamp;
use cloudops_ingest::extract::FACTS_HEADING;
use jiff::tz::TimeZone;

use crate::facts::without_facts;
use crate::recognize::{Moment, moments, usual_zone};

/// What a part of a note is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Summary,
    Symptoms,
    Timeline,
    Cause,
    Tried,
    Fix,
    Prevention,
    /// Links, lessons, and everything that is not about what happened.
    Aside,
}

/// Words of headings and labels; the first that occurs decides, so the narrower stand first.
#[rustfmt::skip]
const WORDS: &[(Part, &[&str])] = &[
    (Part::Aside, &["not the reason", "not the cause", "unrelated", "lessons", "lesson", "learned", "links", "references", "sources", "see also", "related", "people", "attendees", "signals to look for", "glossary", "good", "bad", "lucky", "note", "damage"]),
    (Part::Tried, &["what we tried", "tried", "attempts", "what did not help", "did not work", "dead ends", "red herrings"]),
    (Part::Prevention, &["prevention", "preventive", "prevent", "what we changed", "what we will do", "action items", "actions items", "follow-up", "follow up", "followup", "next steps", "next", "todo", "to do", "still open", "remediation items", "improvements", "improvement", "measures"]),
    (Part::Fix, &["resolution", "fix", "how we fixed it", "mitigation", "solution", "recovery", "remediation", "repair", "workaround", "what helped", "how it was solved", "how it ended", "corrective action", "corrective actions", "containment", "what we did", "done", "actions", "permanent fix"]),
    (Part::Cause, &["root cause", "root-cause", "rootcause", "rca", "cause", "why it happened", "why did it happen", "why did it hit us", "how it came to this", "why", "reason", "diagnosis", "analysis", "what went wrong", "explanation", "trigger"]),
    (Part::Timeline, &["timeline", "chronology", "log of events", "sequence of events", "events", "when"]),
    (Part::Symptoms, &["symptom", "symptoms", "what we saw", "what users saw", "detection", "how it showed", "observed", "observation"]),
    (Part::Summary, &["summary", "overview", "impact", "description", "abstract", "tl;dr", "tldr", "background", "context", "what happened", "problem", "narrative", "alert"]),
];

/// A note cut into its parts.
pub(super) struct Parts {
    /// Label and value of each fact that is stated, in order.
    pub(super) facts: Vec<(String, String)>,
    /// Runs of lines of one part, in order.
    runs: Vec<(Part, String)>,
    /// Everything but the facts, headings included.
    whole: String,
}

impl Parts {
    pub(super) fn of(text: &str) -> Self {
        let mut parts = Self { facts: Vec::new(), runs: Vec::new(), whole: without_facts(text).to_owned() };
        let (mut section, mut part) = (Part::Summary, Part::Summary);
        let (mut in_facts, mut in_fence) = (false, false);
        let mut before = "";
        for line in text.lines() {
            let bare = line.trim();
            if bare.starts_with("```") || bare.starts_with("~~~") {
                in_fence = !in_fence;
                continue;
            }
            if !in_fence && let Some(heading) = heading(bare) {
                // A title may be anything, also these words.
                in_facts = heading == FACTS_HEADING && bare.starts_with("## ");
                section =
                    role(heading).unwrap_or(if bare.starts_with("# ") { Part::Summary } else { section_default(part) });
                part = section;
                continue;
            }
            if in_facts {
                let fact = bare.trim_start_matches(['-', '*', ' ']).split_once(": ");
                parts.facts.extend(fact.map(|(label, value)| (label.to_owned(), value.to_owned())));
                continue;
            }
            if bare.is_empty() {
                // A label holds for its paragraph.
                (part, before) = (section, line);
                parts.push(part, "");
                continue;
            }
            let stands_alone = before.trim().is_empty();
            before = line;
            if !in_fence && let Some((role, rest)) = labelled(bare) {
                part = role;
                parts.push(part, rest);
                continue;
            }
            if !in_fence
                && stands_alone
                && let Some(role) = bare_heading(bare)
            {
                (section, part) = (role, role);
                continue;
            }
            // Another label, which says nothing that is known, ends the one before.
            let is_label = bare.find(": ").is_some_and(|end| end < 20 && !bare[..end].contains(' '));
            if is_label {
                part = section;
            }
            // Commands are no sentences.
            if !in_fence || matches!(part, Part::Summary | Part::Symptoms | Part::Timeline) {
                parts.push(part, bare);
            }
        }
        parts
    }

    fn push(&mut self, part: Part, line: &str) {
        match self.runs.last_mut() {
            Some((last, text)) if *last == part => {
                text.push('\n');
                text.push_str(line);
            }
            _ => self.runs.push((part, line.to_owned())),
        }
    }

    pub(super) fn has_fact(&self, label: &str) -> bool {
        self.facts.iter().any(|(known, _)| known == label)
    }

    pub(super) fn has_stated(&self, (label, value): (&str, &str)) -> bool {
        self.facts.iter().any(|(known, stated)| known == label && stated.trim() == value)
    }

    /// The text of a part, if there is any.
    pub(super) fn text_of(&self, wanted: Part) -> Option<String> {
        let texts = self.runs.iter().filter(|(part, _)| *part == wanted).map(|(_, text)| text.trim());
        let text = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
        (!text.is_empty()).then_some(text)
    }

    /// The items of a part: of a list or a table, or else its lines.
    pub(super) fn lines_of(&self, wanted: Part) -> Vec<String> {
        let text = self.text_of(wanted).unwrap_or_default();
        let rule = |line: &str| line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
        let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !rule(line)).collect();
        // The first row of a table names its columns.
        if lines.first().is_some_and(|line| line.starts_with('|')) {
            lines.remove(0);
        }
        lines.into_iter().map(item).filter(|line| !line.is_empty()).collect()
    }

    /// Everything that tells what happened, for finding sentences.
    pub(super) fn narrative(&self) -> String {
        self.joined(|part| !matches!(part, Part::Aside | Part::Prevention | Part::Tried))
    }

    /// Everything but the timeline: what the note is about.
    pub(super) fn prose(&self) -> String {
        self.joined(|part| !matches!(part, Part::Timeline | Part::Aside))
    }

    fn joined(&self, wanted: impl Fn(Part) -> bool) -> String {
        let texts = self.runs.iter().filter(|(part, _)| wanted(*part)).map(|(_, text)| text.trim());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    /// Moments of each part that tells what happened. `written` is when the note was, for times without a date.
    pub(super) fn moments(&self, written: Option<Timestamp>) -> Vec<(Part, String, Vec<Moment>)> {
        let written = written.and_then(|at| jiff::Timestamp::from_second(at).ok());
        let written = written.map(|at| at.to_zoned(TimeZone::UTC).date());
        // The day and the zone that the note names first hold for times in all of its parts.
        let zone = usual_zone(&self.whole);
        let day = moments(&self.whole, None, zone).first().map(|moment| moment.date).or(written);
        let told = self.runs.iter().filter(|(part, _)| !matches!(part, Part::Aside | Part::Prevention));
        told.map(|(part, text)| (*part, text.clone(), moments(text, day, zone))).collect()
    }
}

/// A part under a heading that says nothing belongs to what stood before it, but for asides.
const fn section_default(before: Part) -> Part {
    match before {
        Part::Aside | Part::Summary => Part::Summary,
        other => other,
    }
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    (1..=6).contains(&level).then(|| rest.strip_prefix(' ')).flatten().map(str::trim)
}

/// What a heading is about.
fn role(heading: &str) -> Option<Part> {
    let words = heading.to_lowercase();
    let words = words.trim_matches(|c: char| !c.is_alphanumeric());
    let has = |phrase: &str| {
        words.match_indices(phrase).any(|(at, found)| {
            let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !joins(words[..at].chars().next_back()) && !joins(words[at + found.len()..].chars().next())
        })
    };
    WORDS.iter().find(|(_, phrases)| phrases.iter().any(|phrase| has(phrase))).map(|(part, _)| *part)
}

/// `Root cause: ...`, `**Fix** - ...`, `3. **Cause** – ...`: a label of few words that is about something known.
fn labelled(line: &str) -> Option<(Part, &str)> {
    let line = line
        .trim_start_matches(|c: char| matches!(c, '-' | '*' | '+' | '>' | ' ' | '_' | '.' | ')') || c.is_ascii_digit());
    let bold_end = line.find("**").filter(|end| *end < 50);
    let mark = [":", "–", "—", "?", " - "].into_iter().filter_map(|mark| line.find(mark)).min();
    let end = bold_end.or(mark)?;
    let label = line[..end].trim_matches(['*', '_', ' ', '`', ':', '.']);
    if label.is_empty() || label.len() > 40 || label.split_whitespace().count() > 6 {
        return None;
    }
    let lower = label.to_lowercase();
    let begins =
        |phrase: &&str| lower.strip_prefix(*phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(" of "));
    let (part, _) = WORDS.iter().find(|(_, phrases)| phrases.iter().any(&begins))?;
    let rest = line[end..].trim_start_matches([':', '–', '—', '-', '*', '_', ' ', '.', '?']);
    Some((*part, rest))
}

/// A line of few words that stands alone and says what follows, in a text without marks of headings.
fn bare_heading(line: &str) -> Option<Part> {
    let is_title = line.starts_with(char::is_uppercase) && line.split_whitespace().count() <= 4;
    if !is_title || line.ends_with(['.', '!', '?', ':', ';', ',']) || line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    role(line)
}

/// A line without the marks of lists and tables.
fn item(line: &str) -> String {
    if line.starts_with('|') {
        let cells = line.trim_matches('|').split('|').map(str::trim).filter(|cell| !cell.is_empty());
        return cells.collect::<Vec<_>>().join(" ");
    }
    let line = line.trim_start_matches(['-', '*', '+', '>', ' ']);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let numbered =
        digits > 0 && digits < 4 && line[digits..].starts_with([')', '.']) && line[digits + 1..].starts_with(' ');
    if numbered { line[digits + 2..].trim() } else { line }.to_owned()
}
