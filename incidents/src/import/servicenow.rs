//! Incidents of `ServiceNow`: the JSON of its Table API, with values, display values, or both.
//!
//! Fields: <https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html>,
//! table `incident`.
//!
//! | Incident | Incident of `ServiceNow` |
//! |---|---|
//! | `id` | `number` |
//! | `title` | `short_description` |
//! | `status` | `state` (6, 7, 8 are resolved, closed, canceled), else `active` |
//! | `severity` | `priority`, else `severity`, `impact` |
//! | `started` | `opened_at`, else `sys_created_on` |
//! | `resolved` | `resolved_at`, else `closed_at`, of one that is over |
//! | `root_cause` | `cause`, else `u_root_cause`, `u_cause`, `cause_notes` |
//! | `fix` | what `close_notes` tells, else all of it |
//! | `resources` | `cmdb_ci` where its name is given |
//! | `tags` | `category`, `subcategory`, `business_service` |
//! | `timeline` | entries of `work_notes` and `comments` (or `comments_and_work_notes`), unless the description has one |
//! | texts | `description`, `close_notes`, and those entries |
//!
//! Times are read as UTC, as the API writes values.

use cloudops_indexes::model::Timestamp;
use serde_json::Value;

use super::draft::Draft;
use super::value::{at, instant, scalar, status, text};
use crate::incident::{Incident, Status, severity};
use crate::recognize::moment;

pub(super) fn fits(record: &Value) -> bool {
    shown(record, "number").is_some() && (at(record, "short_description").is_some() || at(record, "sys_id").is_some())
}

pub(super) fn read(record: &Value) -> Result<Incident, String> {
    let of = |key: &str| shown(record, key);
    let mut draft = Draft::new(of("number"), "number")?;
    draft.title(of("short_description"));
    let incident = &mut draft.incident;
    incident.status = state(record);
    let scales = ["priority", "severity", "impact"];
    incident.severity = scales.into_iter().find_map(|key| of(key).and_then(|text| severity(&text)));
    incident.started = when(record, "opened_at").or_else(|| when(record, "sys_created_on"));
    if incident.status == Status::Resolved {
        incident.resolved = when(record, "resolved_at").or_else(|| when(record, "closed_at"));
    }
    let causes = ["cause", "u_root_cause", "u_cause", "cause_notes"];
    incident.root_cause = causes.into_iter().find_map(of).map(|text| crate::render::one_line(&text));
    let item = of("cmdb_ci");
    draft.mention(item.clone());
    draft.resource(item);
    for key in ["category", "subcategory", "business_service"] {
        draft.tag(of(key));
    }
    draft.describe(of("description"));
    let mut journals: Vec<String> = ["work_notes", "comments"].into_iter().filter_map(of).collect();
    if journals.is_empty() {
        journals.extend(of("comments_and_work_notes"));
    }
    let mut entries: Vec<(Option<Timestamp>, String)> = journals.iter().flat_map(|journal| entries(journal)).collect();
    entries.sort_by_key(|(at, _)| *at);
    for (at, text) in entries {
        draft.comment(at, Some(text));
    }
    draft.close(of("close_notes"));
    draft.finish()
}

/// A field as people see it. A reference without its name is a number of 32 digits, which says nothing.
fn shown(record: &Value, key: &str) -> Option<String> {
    let field = at(record, key)?;
    let shown = text(field, &["display_value"]).or_else(|| text(field, &["value"])).or_else(|| scalar(field));
    shown.filter(|text| text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A time. The value is UTC, the display value in whatever zone and form its reader likes.
fn when(record: &Value, key: &str) -> Option<Timestamp> {
    let field = at(record, key)?;
    let value = at(field, "value").or_else(|| at(field, "display_value")).unwrap_or(field);
    instant(value)
}

fn state(record: &Value) -> Status {
    let states = ["state", "incident_state"].into_iter().find_map(|key| shown(record, key)).unwrap_or_default();
    match states.as_str() {
        "6" | "7" | "8" => Status::Resolved,
        "1" | "2" | "3" | "4" | "5" => Status::Open,
        words => status(words).unwrap_or_else(|| {
            let is_active = shown(record, "active").is_none_or(|active| active != "false");
            if is_active && at(record, "active") != Some(&Value::Bool(false)) { Status::Open } else { Status::Resolved }
        }),
    }
}

/// Entries of a journal, each below a line such as `2026-03-14 08:10:00 - Ana (Work notes)`.
fn entries(journal: &str) -> Vec<(Option<Timestamp>, String)> {
    let mut entries: Vec<(Option<Timestamp>, String)> = Vec::new();
    for line in journal.lines() {
        let is_head = line.starts_with(|c: char| c.is_ascii_digit()) && line.trim_end().ends_with(')');
        match line.split_once(" - ").filter(|(time, _)| is_head && time.len() <= 25 && time.contains(':')) {
            Some((time, _)) => entries.push((moment(time), String::new())),
            None => match entries.last_mut() {
                Some((_, text)) => {
                    text.push_str(line);
                    text.push('\n');
                }
                None => entries.push((None, format!("{line}\n"))),
            },
        }
    }
    entries.retain(|(_, text)| !text.trim().is_empty());
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_are_cut_at_their_heads() {
        let journal = "2026-03-14 09:10:00 - Ana (Work notes)\nLooked (at it)\nagain\n\n2026-03-14 09:00:00 - Bo (Work notes)\nRang.\n";
        let found = entries(journal);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (moment("2026-03-14T09:10:00Z"), "Looked (at it)\nagain\n\n".to_owned()));
        assert_eq!(entries("no head"), [(None, "no head\n".to_owned())]);
        assert!(entries("").is_empty());
    }
}
