//! Incidents of `PagerDuty`: the JSON of its REST API, version 2.
//!
//! Fields: <https://developer.pagerduty.com/api-reference/a47605517c19a-api-concepts>, "Incidents".
//!
//! | Incident | Incident of `PagerDuty` |
//! |---|---|
//! | `id` | `PD-` and `incident_number`, else `id` |
//! | `title` | `title`, else `summary` without its number, else `description` |
//! | `status` | `status` |
//! | `severity` | `priority.summary`, else `urgency`: `high` is 2, `low` is 4 |
//! | `started` | `created_at` |
//! | `resolved` | `resolved_at`, else `last_status_change_at` of one that is resolved |
//! | `links` | `html_url` |
//! | `tags` | `service.summary` |
//! | `timeline` | `created_at` and `summary` of `log_entries`, else `created_at` and `content` of `notes` |
//! | texts | `body.details`, `first_trigger_log_entry.channel.details`, `description`, `notes`, `resolve_reason`; names also from `incident_key` and `service.summary` |
//!
//! `notes` and `log_entries` are taken from the incident, or from the answer around a single one.

use serde_json::Value;

use super::draft::Draft;
use super::value::{at, list, scalar, status, text, time};
use crate::incident::{Incident, Status, severity};

pub(super) fn fits(record: &Value) -> bool {
    let is_incident = text(record, &["type"]).is_some_and(|kind| kind == "incident" || kind == "incident_reference");
    text(record, &["incident_number"]).is_some()
        || is_incident && text(record, &["id"]).is_some()
        || text(record, &["html_url"]).is_some_and(|address| address.contains("pagerduty.com/incidents/"))
}

pub(super) fn read(record: &Value, beside: &Value) -> Result<Incident, String> {
    let of = |paths: &[&str]| text(record, paths);
    let mut draft = Draft::new(of(&["incident_number", "id"]).map(|id| format!("PD-{id}")), "incident_number")?;
    draft.title(
        of(&["title"]).or_else(|| of(&["summary"]).map(|text| unnumbered(&text))).or_else(|| of(&["description"])),
    );
    let incident = &mut draft.incident;
    incident.status = of(&["status"]).and_then(|text| status(&text)).unwrap_or_default();
    let priority = of(&["priority.summary", "priority.name", "priority"]).and_then(|text| severity(&text));
    incident.severity = priority.or_else(|| of(&["urgency"]).and_then(|text| severity(&text)));
    incident.started = time(record, &["created_at"]);
    if incident.status == Status::Resolved {
        incident.resolved = time(record, &["resolved_at", "last_status_change_at"]);
    }
    draft.link(of(&["html_url"]));
    draft.tag(of(&["service.summary", "service.name"]));
    draft.mention(of(&["service.summary", "service.name"]));
    draft.mention(of(&["incident_key"]));
    for path in ["description", "body.details", "first_trigger_log_entry.channel.details"] {
        draft.describe(at(record, path).and_then(details));
    }
    // The answer around a list has nothing of a single one.
    let around = if at(beside, "incident").is_some() { beside } else { &Value::Null };
    for place in [record, around] {
        for entry in list(place, "log_entries") {
            let what = text(entry, &["summary", "channel.summary"]).unwrap_or_default();
            draft.happened(time(entry, &["created_at"]), &what);
        }
        for note in list(place, "notes") {
            draft.comment(time(note, &["created_at"]), text(note, &["content"]));
        }
    }
    // The newest entry comes first in the API.
    draft.incident.timeline.sort();
    draft.close(of(&["resolve_reason"]));
    draft.finish()
}

/// `[#1234] The server is on fire.`
fn unnumbered(summary: &str) -> String {
    let behind = summary.strip_prefix("[#").and_then(|rest| rest.split_once("] "));
    behind.map_or(summary, |(_, rest)| rest).to_owned()
}

/// Details are a text, or an object of whatever the sender had to say.
fn details(value: &Value) -> Option<String> {
    let Value::Object(object) = value else { return scalar(value) };
    let lines = object.iter().filter_map(|(key, value)| Some(format!("{key}: {}", scalar(value)?)));
    Some(lines.collect::<Vec<_>>().join("\n"))
}
