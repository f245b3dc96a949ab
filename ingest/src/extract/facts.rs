//! What incidents, guides and patterns state in their front matter, as a section that people read and programs find.
//!
//! Search sees only the text of a document, so what is stated above it becomes its last section: one line for each fact.

use serde_yaml_ng::Value;

use super::front_matter::{one_line, scalar};
use super::{Extracted, Section};

/// Heading of the section.
pub const FACTS_HEADING: &str = "At a glance";

/// Facts of one document beyond this many are left out.
const MAX_FACTS: usize = 200;

/// Something that the front matter states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is, as it stands in the section: `Error code`.
    pub label: &'static str,
    /// On one line.
    pub value: String,
}

/// Keys of the front matter, and what one value of them is called.
#[rustfmt::skip]
const LABELS: &[(&str, &str)] = &[
    // Incidents.
    ("id", "Id"), ("severity", "Severity"), ("status", "Status"), ("started", "Started"), ("resolved", "Resolved"),
    ("accounts", "Account"), ("account", "Account"), ("regions", "Region"), ("region", "Region"),
    ("error_codes", "Error code"), ("error_code", "Error code"), ("alarms", "Alarm"), ("alarm", "Alarm"),
    ("resources", "Resource"), ("resource", "Resource"), ("timeline", "Timeline"), ("root_cause", "Root cause"),
    ("cause", "Cause"), ("tried", "Tried"), ("fix", "Fix"), ("prevention", "Prevention"), ("links", "Link"),
    // Guides, and incidents.
    ("symptoms", "Symptom"), ("symptom", "Symptom"), ("errors", "Error"), ("signals", "Signal"),
    // Patterns and best practices.
    ("pillars", "Pillar"), ("workloads", "Workload"), ("industries", "Industry"), ("fits", "Fits"),
    ("avoid", "Avoid"), ("rto", "RTO"), ("rpo", "RPO"), ("cost", "Cost"), ("effort", "Effort"),
];

/// What a key states: one fact for each value of a list, nothing for a key that states none.
pub(super) fn facts_of(key: &str, value: &Value) -> Vec<Fact> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let Some((_, label)) = LABELS.iter().find(|(known, _)| *known == key) else {
        return Vec::new();
    };
    let values = match value {
        Value::Sequence(values) => values.iter().filter_map(text_of).collect(),
        other => text_of(other).into_iter().collect::<Vec<_>>(),
    };
    values.into_iter().map(|value| Fact { label, value }).take(MAX_FACTS).collect()
}

/// A value on one line. Of a mapping: what was done or happened, with the time before it and what came of it behind.
fn text_of(value: &Value) -> Option<String> {
    let Value::Mapping(mapping) = value else {
        return one_line(value);
    };
    let of = |names: &[&str]| names.iter().find_map(|name| mapping.get(*name)).and_then(one_line);
    if let Some(what) = of(&["what", "action", "text", "event", "title"]) {
        let at = of(&["at", "time", "when"]).map(|at| format!("{at} ")).unwrap_or_default();
        let came = match mapping.get("worked").and_then(scalar).as_deref() {
            Some("true" | "yes") => " (worked)",
            Some("false" | "no") => " (did not work)",
            _ => "",
        };
        let url = of(&["url"]).map(|url| format!(" <{url}>")).unwrap_or_default();
        return Some(format!("{at}{what}{came}{url}"));
    }
    // `- 14:05: the pager rang` is a mapping to YAML.
    let pairs = mapping.iter().filter_map(|(key, value)| Some(format!("{} {}", one_line(key)?, one_line(value)?)));
    let line = pairs.collect::<Vec<_>>().join("; ");
    (!line.is_empty()).then_some(line)
}

impl Extracted {
    /// Appends what the front matter states as a section of its own, if it states anything.
    pub fn append_facts(&mut self) {
        let front = &self.front_matter;
        if front.facts.is_empty() && front.sources.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str(if self.text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        // Sections tile the text: the blank line belongs to the one before.
        let start = self.text.len();
        if let Some(last) = self.sections.last_mut() {
            last.range.end = start;
        }
        self.text.extend(["## ", FACTS_HEADING, "\n\n"]);
        for Fact { label, value } in front.facts.iter().take(MAX_FACTS) {
            self.text.extend(["- ", label, ": ", value, "\n"]);
        }
        for source in front.sources.iter().take(MAX_FACTS) {
            self.text.extend(["- Source: ", &source.title, " <", &source.url, ">\n"]);
        }
        self.sections.push(Section {
            level: 2,
            heading: FACTS_HEADING.to_owned(),
            anchor: None,
            range: start..self.text.len(),
            is_title: false,
            continues: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, extract};
    use super::*;

    #[test]
    fn what_is_stated_becomes_the_last_section() {
        let text = "---\ntitle: T\nkind: incident\nseverity: 2\naccounts: [\"111122223333\"]\nodd: x\nsymptoms:\n  - the site is \
                    slow\ntried:\n  - {what: restart, worked: false}\ntimeline:\n  - 14:05: page\n---\n# T\n\nText.\n";
        let mut extracted = extract(Format::Markdown, text);
        extracted.append_facts();
        assert_eq!(
            extracted.text,
            "# T\n\nText.\n\n## At a glance\n\n- Severity: 2\n- Account: 111122223333\n- Symptom: the site is slow\n- Tried: \
             restart (did not work)\n- Timeline: 14:05 page\n"
        );
        let sections = &extracted.sections;
        assert!(sections.windows(2).all(|pair| pair[0].range.end == pair[1].range.start));
        assert_eq!(sections.last().unwrap().range.end, extracted.text.len());
        assert_eq!(sections.last().unwrap().heading, FACTS_HEADING);
    }

    #[test]
    fn a_text_that_states_nothing_stays_as_it_is() {
        let mut extracted = extract(Format::Markdown, "---\ntitle: T\n---\n# T\n");
        let before = extracted.clone();
        extracted.append_facts();
        assert_eq!(extracted, before);
    }
}
