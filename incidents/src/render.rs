//! An incident as Markdown, for people and for search.
//!
//! The last section states every field on a line of its own, as ingestion states front matter, and [`crate::note::read`]
//! makes the same incident of it. Texts of incidents come from anywhere: each is brought to one line, and what would begin a
//! heading, a list, a block of code or of HTML at the start of a line is escaped, so that no text can state anything.

use cloudops_indexes::model::Timestamp;
use cloudops_ingest::extract::FACTS_HEADING;

use crate::incident::{Attempt, Incident};
use crate::note::{RESULT_UNKNOWN, WHOLE, attempt};

/// The incident as a document. Line breaks in its texts become blanks.
pub fn render(incident: &Incident) -> String {
    let mut out = String::new();
    let title = if incident.title.trim().is_empty() { &incident.id } else { &incident.title };
    out.extend(["# ", &one_line(title), "\n"]);
    let lead = incident.symptoms.iter().map(|symptom| sentence(symptom)).collect::<Vec<_>>().join(" ");
    paragraph(&lead, &mut out);
    section("Symptoms", &incident.symptoms, &mut out);
    section("Timeline", &incident.timeline, &mut out);
    text_section("Root cause", incident.root_cause.as_deref(), &mut out);
    section("Tried", &incident.tried.iter().map(tried).collect::<Vec<_>>(), &mut out);
    text_section("Resolution", incident.fix.as_deref(), &mut out);
    section("Prevention", &incident.prevention, &mut out);
    section("Links", &incident.links.iter().map(|link| address(link)).collect::<Vec<_>>(), &mut out);
    facts(incident, &mut out);
    out
}

/// A text on one line, without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sentence(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() || line.ends_with(['.', '!', '?', ':', ';']) { line } else { format!("{line}.") }
}

fn paragraph(text: &str, out: &mut String) {
    if !text.is_empty() {
        out.extend(["\n", &escaped(text), "\n"]);
    }
}

fn text_section(heading: &str, text: Option<&str>, out: &mut String) {
    let line = one_line(text.unwrap_or_default());
    if !line.is_empty() {
        out.extend(["\n## ", heading, "\n"]);
        paragraph(&line, out);
    }
}

fn section(heading: &str, texts: &[String], out: &mut String) {
    let lines: Vec<String> = texts.iter().map(|text| one_line(text)).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return;
    }
    out.extend(["\n## ", heading, "\n\n"]);
    for line in lines {
        // An address in angle brackets is a link.
        let is_link = line.starts_with("<http") && line.ends_with('>');
        out.extend(["- ", &if is_link { line } else { escaped(&line) }, "\n"]);
    }
}

/// A line whose beginning is text, whatever it is. Behind digits, what would make a numbered list is escaped.
fn escaped(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        Some('#' | '-' | '*' | '+' | '>' | '`' | '~' | '=' | '|' | ':' | '<' | '[' | '_' | '!' | '\\')
            if digits == 0 =>
        {
            format!("\\{line}")
        }
        _ => line.to_owned(),
    }
}

fn address(link: &str) -> String {
    let link = one_line(link);
    let is_address = link.starts_with("https://") || link.starts_with("http://");
    if is_address && !link.contains([' ', '<', '>']) { format!("<{link}>") } else { link }
}

/// Angle brackets around a link are taken off when it is read: one that has them of its own needs others.
fn stated_address(link: &str) -> String {
    let link = one_line(link);
    if link.starts_with('<') && link.ends_with('>') { format!("<{link}>") } else { link }
}

/// What was done, and behind it what came of it, so that [`attempt`] reads the same.
fn tried(tried: &Attempt) -> String {
    let what = one_line(&tried.what);
    match tried.worked {
        Some(true) => format!("{what} (worked)"),
        Some(false) => format!("{what} (did not work)"),
        None if attempt(&what) == (Attempt { what: what.clone(), worked: None }) => what,
        // Its words sound like a result.
        None => format!("{what} {RESULT_UNKNOWN}"),
    }
}

fn facts(incident: &Incident, out: &mut String) {
    out.extend(["\n## ", FACTS_HEADING, "\n\n"]);
    let mut fact = |label: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            out.extend(["- ", label, ": ", &value, "\n"]);
        }
    };
    fact("Id", &incident.id);
    if let Some(severity) = incident.severity {
        fact("Severity", &severity.to_string());
    }
    fact("Status", incident.status.as_str());
    for (label, at) in [("Started", incident.started), ("Resolved", incident.resolved)] {
        fact(label, &at.and_then(moment).unwrap_or_default());
    }
    let mut all = |label: &str, values: &[String]| values.iter().for_each(|value| fact(label, value));
    all("Service", &incident.services);
    all("Account", &incident.accounts);
    all("Region", &incident.regions);
    all("Error code", &incident.error_codes);
    all("Alarm", &incident.alarms);
    all("Resource", &incident.resources);
    all("Symptom", &incident.symptoms);
    all("Timeline", &incident.timeline);
    all("Root cause", incident.root_cause.as_slice());
    all("Cause", incident.cause.as_slice());
    all("Tried", &incident.tried.iter().map(tried).collect::<Vec<_>>());
    all("Fix", incident.fix.as_slice());
    all("Prevention", &incident.prevention);
    all("Link", &incident.links.iter().map(|link| stated_address(link)).collect::<Vec<_>>());
    all(WHOLE.0, &[WHOLE.1.to_owned()]);
}

fn moment(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_second(at).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests;
