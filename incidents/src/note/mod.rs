//! Incident notes: a document's text in, an [`Incident`] out. What is stated counts, the rest is recognized by rules.

mod parts;
mod sentences;

use cloudops_indexes::model::Document;

use crate::incident::{Attempt, Incident, Status, severity};
use crate::recognize::{moment, push_new, recognize};

use self::parts::{Part, Parts};
use self::sentences::{beginning, cause_sentence, end_moment, fix_sentence, start_moment};

/// A root cause or a fix is cut at the end of the sentence before this many bytes.
const MAX_TEXT: usize = 700;
/// What a document states that says all there is to say: in it nothing is recognized besides.
pub(crate) const WHOLE: (&str, &str) = ("Record", "complete");
/// Stands behind something that was tried whose words sound like a result.
pub(crate) const RESULT_UNKNOWN: &str = "(result unknown)";
/// Symptoms that are taken from a summary, where none are stated.
const MAX_SYMPTOMS: usize = 12;

/// An incident, and its whole text, by which it is found too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is known of it.
    pub incident: Incident,
    /// What it says, without what is stated about it and without its timeline.
    pub text: String,
}

/// Reads a note. Works on any text; what is not found stays empty.
pub fn read(document: &Document) -> Note {
    let parts = Parts::of(&document.text);
    let mut incident = Incident { title: document.title.clone(), tags: document.tags.clone(), ..Incident::default() };
    let is_whole = parts.has_stated(WHOLE);
    if !is_whole {
        incident.services.clone_from(&document.services);
    }
    stated(&parts, &mut incident);
    if incident.id.is_empty() {
        incident.id.clone_from(&document.id);
    }
    if is_whole {
        return Note { incident, text: parts.prose() };
    }
    recognized(&format!("{}\n{}", document.title, document.text), &mut incident);
    from_parts(&parts, &mut incident);

    // A moment is a date and a time; a date alone tells how old an incident is, which is enough where there is no more.
    let moments = parts.moments(document.updated);
    incident.started = incident.started.or_else(|| start_moment(&moments));
    incident.resolved = incident.resolved.or_else(|| end_moment(&moments, incident.started));
    if incident.started.is_none() && incident.resolved.is_none() {
        incident.started = document.updated;
    }
    if !parts.has_fact("Status") && (incident.resolved.is_some() || incident.fix.is_some()) {
        incident.status = Status::Resolved;
    }
    Note { incident, text: parts.prose() }
}

/// What the section of facts and labelled lines state.
fn stated(parts: &Parts, incident: &mut Incident) {
    for (label, value) in &parts.facts {
        let value = value.trim();
        match label.as_str() {
            "Id" => value.clone_into(&mut incident.id),
            "Severity" => incident.severity = severity(value),
            "Status" => incident.status = value.parse().unwrap_or_default(),
            "Started" => incident.started = moment(value),
            "Resolved" => incident.resolved = moment(value),
            "Service" => push_new(&mut incident.services, value.to_lowercase()),
            "Account" => push_new(&mut incident.accounts, value.replace('-', "")),
            "Region" => push_new(&mut incident.regions, value),
            "Error code" | "Error" => push_new(&mut incident.error_codes, value),
            "Alarm" => push_new(&mut incident.alarms, value),
            "Resource" => push_new(&mut incident.resources, value),
            "Symptom" => push_new(&mut incident.symptoms, value),
            "Timeline" => incident.timeline.push(value.to_owned()),
            "Root cause" => incident.root_cause = Some(value.to_owned()),
            "Cause" => incident.cause = Some(value.to_lowercase()),
            "Tried" => incident.tried.push(attempt(value)),
            "Fix" => incident.fix = Some(value.to_owned()),
            "Prevention" => push_new(&mut incident.prevention, value),
            "Link" => push_new(&mut incident.links, unbracketed(value)),
            _ => {}
        }
    }
}

/// `<https://example.com>` without its brackets.
fn unbracketed(link: &str) -> &str {
    link.strip_prefix('<').and_then(|link| link.strip_suffix('>')).unwrap_or(link)
}

/// What the text names, behind what is stated.
fn recognized(text: &str, incident: &mut Incident) {
    let found = recognize(text);
    let lists = [
        (&mut incident.error_codes, found.error_codes),
        (&mut incident.regions, found.regions),
        (&mut incident.accounts, found.accounts),
        (&mut incident.alarms, found.alarms),
        (&mut incident.resources, found.arns.into_iter().chain(found.ids).collect()),
        (&mut incident.services, found.services),
    ];
    for (list, found) in lists {
        for item in found {
            push_new(list, item);
        }
    }
}

/// What sections say by their role, and sentences by their words where no section does.
fn from_parts(parts: &Parts, incident: &mut Incident) {
    // `Fixed` alone is the state of a ticket.
    let tells = |text: &String| text.split_whitespace().count() >= 2;
    let first = |part| parts.text_of(part).map(|text| beginning(&text, MAX_TEXT)).filter(tells);
    incident.root_cause = incident.root_cause.take().or_else(|| first(Part::Cause));
    incident.fix = incident.fix.take().or_else(|| first(Part::Fix));
    let prose = parts.narrative();
    incident.root_cause = incident.root_cause.take().or_else(|| cause_sentence(&prose));
    incident.fix = incident.fix.take().or_else(|| fix_sentence(&prose));
    if incident.timeline.is_empty() {
        incident.timeline = parts.lines_of(Part::Timeline);
    }
    if incident.tried.is_empty() {
        incident.tried = parts.lines_of(Part::Tried).iter().map(|line| attempt(line)).collect();
    }
    if incident.prevention.is_empty() {
        incident.prevention = parts.lines_of(Part::Prevention);
    }
    if incident.symptoms.is_empty() {
        let mut symptoms = parts.lines_of(Part::Symptoms);
        if symptoms.is_empty() {
            symptoms = sentences::symptoms(&parts.text_of(Part::Summary).unwrap_or_default());
        }
        symptoms.into_iter().take(MAX_SYMPTOMS).for_each(|symptom| push_new(&mut incident.symptoms, symptom));
    }
}

/// A line as something that was tried: what came of it stands at its end, or in its words.
pub fn attempt(line: &str) -> Attempt {
    let line = line.trim();
    let (yes, no) = (Some(true), Some(false));
    for (end, worked) in
        [("(worked)", yes), ("(did not work)", no), ("(failed)", no), ("(helped)", yes), (RESULT_UNKNOWN, None)]
    {
        if let Some(what) = line.strip_suffix(end) {
            return Attempt { what: what.trim().to_owned(), worked };
        }
    }
    let lower = line.to_lowercase();
    let failed =
        ["did not help", "didn't help", "did not work", "didn't work", "no effect", "no change", "without success"];
    let helped = ["worked", "helped", "fixed it", "solved it", "recovered"];
    let worked = if failed.iter().any(|words| lower.contains(words)) {
        Some(false)
    } else {
        helped.iter().any(|words| lower.contains(words)).then_some(true)
    };
    Attempt { what: line.to_owned(), worked }
}

#[cfg(test)]
mod tests;
