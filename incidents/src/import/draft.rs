//! An incident that is being put together: what its record states, and the texts that tell the rest.

use cloudops_indexes::model::{Document, Kind, Timestamp};

use super::value::iso;
use crate::incident::{Attempt, Incident, Status};
use crate::note::{self, Note};
use crate::recognize::push_new;
use crate::render::one_line;

/// Ids and titles are cut at this many bytes.
const MAX_LINE: usize = 300;
/// A text is read up to this many bytes, and no other behind one that is as long: a log that was pasted tells nothing new.
const MAX_TEXT: usize = 64 * 1024;
/// Lines of a timeline beyond this many are left out.
const MAX_LINES: usize = 200;
/// Names beyond this many are left out of a list: an event of AWS Health may affect thousands of resources and accounts.
const MAX_NAMES: usize = 500;

/// What a record states, and its texts.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// What is stated, which wins over what texts tell.
    pub(super) incident: Incident,
    /// What it says about itself.
    description: String,
    comments: Vec<(Option<Timestamp>, String)>,
    /// How it ended, in the words of whoever closed it.
    closing: String,
    /// Texts that are no sentences, for the names in them.
    names: String,
}

impl Draft {
    /// An incident with the id of its tracker. An empty one is refused: nothing could replace it at the next import.
    pub(super) fn new(id: Option<String>, key: &str) -> Result<Self, String> {
        let id = cut(&one_line(&id.unwrap_or_default()), MAX_LINE);
        if id.is_empty() {
            return Err(format!("it has no `{key}`"));
        }
        Ok(Self { incident: Incident { id, ..Incident::default() }, ..Self::default() })
    }

    pub(super) fn title(&mut self, title: Option<String>) {
        self.incident.title = cut(&one_line(&title.unwrap_or_default()), MAX_LINE);
    }

    /// Adds a paragraph of what it says about itself.
    pub(super) fn describe(&mut self, text: Option<String>) {
        if let Some(text) = text {
            append(&mut self.description, &text);
        }
    }

    /// Adds what somebody wrote about it, when.
    pub(super) fn comment(&mut self, at: Option<Timestamp>, text: Option<String>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.comments.push((at, text));
        }
    }

    /// Adds what was written when it was closed.
    pub(super) fn close(&mut self, text: Option<String>) {
        if let Some(text) = text {
            append(&mut self.closing, &text);
        }
    }

    /// Adds a text that is no sentence, for the names in it.
    pub(super) fn mention(&mut self, text: Option<String>) {
        if let Some(text) = text {
            append(&mut self.names, &text);
        }
    }

    /// Adds something that happened.
    pub(super) fn happened(&mut self, at: Option<Timestamp>, what: &str) {
        self.incident.timeline.extend(line(at, what));
    }

    pub(super) fn account(&mut self, account: Option<String>) {
        let account = account.map(|account| account.replace('-', ""));
        if let Some(account) = account.filter(|account| super::value::is_account(account)) {
            add(&mut self.incident.accounts, account);
        }
    }

    pub(super) fn region(&mut self, region: Option<String>) {
        // `global` is where there is no Region.
        let region = region.map(|region| region.to_lowercase());
        let region = region.filter(|region| region.contains('-') && !region.contains(char::is_whitespace));
        add(&mut self.incident.regions, region.unwrap_or_default());
    }

    pub(super) fn service(&mut self, service: &str) {
        add(&mut self.incident.services, service);
    }

    pub(super) fn resource(&mut self, resource: Option<String>) {
        add(&mut self.incident.resources, one_line(&resource.unwrap_or_default()));
    }

    pub(super) fn alarm(&mut self, alarm: Option<String>) {
        add(&mut self.incident.alarms, one_line(&alarm.unwrap_or_default()));
    }

    pub(super) fn link(&mut self, link: Option<String>) {
        let link = link.filter(|link| link.starts_with("https://") || link.starts_with("http://"));
        add(&mut self.incident.links, one_line(&link.unwrap_or_default()));
    }

    pub(super) fn tag(&mut self, tag: Option<String>) {
        add(&mut self.incident.tags, one_line(&tag.unwrap_or_default()).to_lowercase());
    }

    /// The incident, with what its texts tell beside what is stated.
    pub(super) fn finish(mut self) -> Result<Incident, String> {
        if self.incident.title.is_empty() {
            self.incident.title = beginning(&self.description, 120);
        }
        if self.incident.title.is_empty() {
            return Err("it has neither a title nor a description".to_owned());
        }
        let is_over = self.incident.status == Status::Resolved;
        let told = self.read(&self.whole());
        let closed = if is_over && !self.closing.is_empty() { Some(self.read(&self.closing)) } else { None };

        let Self { mut incident, description, comments, closing, .. } = self;
        incident.severity = incident.severity.or(told.severity);
        incident.started = incident.started.or(told.started);
        incident.resolved = if is_over { incident.resolved.or(told.resolved) } else { None };
        let lists = [
            (&mut incident.services, told.services),
            (&mut incident.accounts, told.accounts),
            (&mut incident.regions, told.regions),
            (&mut incident.error_codes, told.error_codes),
            (&mut incident.alarms, told.alarms),
            (&mut incident.resources, told.resources),
            (&mut incident.symptoms, told.symptoms),
            (&mut incident.prevention, told.prevention),
            (&mut incident.links, told.links),
        ];
        for (list, found) in lists {
            for item in found {
                add(list, item);
            }
        }
        if incident.symptoms.is_empty() {
            add(&mut incident.symptoms, beginning(&description, MAX_LINE));
        }
        if incident.timeline.is_empty() {
            incident.timeline = told.timeline;
        }
        if incident.timeline.is_empty() {
            incident.timeline = comments.iter().filter_map(|(at, text)| line(*at, text)).collect();
        }
        incident.tried.extend(told.tried);
        incident.cause = incident.cause.or(told.cause);
        let closing_cause = closed.as_ref().and_then(|closed| closed.root_cause.clone());
        incident.root_cause = incident.root_cause.or(closing_cause).or(told.root_cause);
        if is_over {
            // What was written to close it tells the fix, in whatever words.
            let closing_fix = closed.and_then(|closed| closed.fix).or_else(|| Some(beginning(&closing, 2 * MAX_LINE)));
            let closing_fix = closing_fix.filter(|fix| !fix.is_empty());
            incident.fix = incident.fix.or(closing_fix).or(told.fix);
        } else if let Some(what) = told.fix {
            // While it goes on, nothing has ended it.
            if incident.tried.iter().all(|attempt| attempt.what != what) {
                incident.tried.push(Attempt { what, worked: None });
            }
        }
        incident.timeline.truncate(MAX_LINES);
        Ok(incident)
    }

    /// All texts as one note. A heading of the first level begins each, so that no text goes on in a section of another.
    fn whole(&self) -> String {
        let mut whole = closed(&cut(&self.description, MAX_TEXT));
        for (_, comment) in &self.comments {
            if whole.len() > MAX_TEXT {
                break;
            }
            whole.push_str("\n\n# Comment\n\n");
            whole.push_str(&closed(&cut(comment, MAX_TEXT)));
        }
        whole.push_str("\n\n# Closed\n\n");
        whole.push_str(&closed(&cut(&self.closing, MAX_TEXT)));
        whole.push_str("\n\n# References\n\n");
        whole.push_str(&cut(&self.names, MAX_TEXT));
        whole
    }

    fn read(&self, text: &str) -> Incident {
        let document = Document {
            id: self.incident.id.clone(),
            source: "import".to_owned(),
            title: self.incident.title.clone(),
            url: None,
            path: None,
            guide: None,
            services: self.incident.services.clone(),
            kind: Kind::Incident,
            tags: Vec::new(),
            updated: self.incident.started,
            text: text.to_owned(),
            content_hash: String::new(),
        };
        let Note { incident, .. } = note::read(&document);
        incident
    }
}

/// Adds a name that is not there yet, while there is room.
pub(super) fn add(list: &mut Vec<String>, name: impl Into<String>) {
    if list.len() < MAX_NAMES {
        push_new(list, name);
    }
}

fn append(text: &mut String, more: &str) {
    let more = more.trim();
    if text.len() > MAX_TEXT || more.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&cut(more, MAX_TEXT));
}

/// A text whose last block of code ends: one that does not would swallow the texts behind it.
fn closed(text: &str) -> String {
    let is_fence = |line: &&str| line.trim().starts_with("```") || line.trim().starts_with("~~~");
    if text.lines().filter(is_fence).count() % 2 == 1 { format!("{text}\n```") } else { text.to_owned() }
}

fn line(at: Option<Timestamp>, what: &str) -> Option<String> {
    let what = cut(&one_line(what), MAX_LINE);
    let at = at.and_then(iso).map(|at| format!("{at} ")).unwrap_or_default();
    (!what.is_empty()).then(|| format!("{at}{what}"))
}

/// The first paragraph that is no heading, to the end of its last sentence within the limit.
fn beginning(text: &str, limit: usize) -> String {
    let is_heading = |paragraph: &&str| paragraph.trim().is_empty() || paragraph.trim().starts_with('#');
    let paragraph = text.split("\n\n").find(|paragraph| !is_heading(paragraph)).unwrap_or_default();
    let flat = one_line(paragraph);
    let within = &flat[..flat.floor_char_boundary(limit)];
    if within.len() == flat.len() {
        return flat;
    }
    within.rfind(". ").map_or_else(|| cut(&flat, limit), |end| within[..=end].to_owned())
}

/// A text of at most so many bytes.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    format!("{}…", text[..text.floor_char_boundary(limit)].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        let mut draft = Draft::new(Some("A-1".to_owned()), "id").unwrap();
        draft.title(Some("Checkout\nis down".to_owned()));
        draft
    }

    #[test]
    fn a_text_does_not_go_on_in_the_next_one() {
        let mut draft = draft();
        draft.incident.status = Status::Resolved;
        draft.describe(Some("The queue failed.\n\n## Root cause\n\nThe disk was full.\n\n```\nleft open".to_owned()));
        draft.comment(None, Some("Lunch is at noon.".to_owned()));
        draft.close(Some("Grew the volume.".to_owned()));
        let incident = draft.finish().unwrap();
        assert_eq!(incident.title, "Checkout is down");
        assert!(incident.root_cause.as_ref().unwrap().starts_with("The disk was full."));
        assert!(!incident.root_cause.unwrap().contains("Lunch"));
        assert_eq!(incident.fix.as_deref(), Some("Grew the volume."));
        assert_eq!(incident.timeline, ["Lunch is at noon."]);
    }

    #[test]
    fn what_goes_on_has_no_end_and_no_fix() {
        let mut draft = draft();
        draft.describe(Some(
            "Since 2026-03-14 08:00 UTC errors. Fixed by a restart at 09:00 UTC, all recovered.".to_owned(),
        ));
        let incident = draft.finish().unwrap();
        assert_eq!((incident.resolved, incident.fix), (None, None));
        assert_eq!(incident.tried.len(), 1);
        assert_eq!(incident.tried[0].worked, None);
    }

    #[test]
    fn without_an_id_or_any_word_there_is_no_incident() {
        assert_eq!(Draft::new(Some(" \n".to_owned()), "key").unwrap_err(), "it has no `key`");
        assert!(Draft::new(Some("a".to_owned()), "id").unwrap().finish().is_err());
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("ääää", 3), "ä…");
        assert_eq!(beginning("# T\n\nOne is. Two are many", 12), "One is.");
        let mut draft = draft();
        draft.describe(Some("ä ".repeat(100_000)));
        assert!(draft.finish().is_ok());
    }
}
