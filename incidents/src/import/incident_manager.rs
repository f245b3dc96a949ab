//! Incident records of AWS Systems Manager Incident Manager: answers of `get-incident-record`, `list-incident-records`.
//!
//! Fields: <https://docs.aws.amazon.com/incident-manager/latest/APIReference/API_IncidentRecord.html>,
//! <https://docs.aws.amazon.com/incident-manager/latest/APIReference/API_TimelineEvent.html>.
//!
//! | Incident | Incident record |
//! |---|---|
//! | `id` | `IM-` and the last part of `arn` |
//! | `title` | `title` |
//! | `status` | `status` |
//! | `severity` | `impact` |
//! | `started` | `creationTime` |
//! | `resolved` | `resolvedTime` |
//! | `accounts` | the account of `arn` and of `incidentRecordSource.resourceArn` |
//! | `regions`, `resources`, `alarms` | `incidentRecordSource.resourceArn` |
//! | `timeline` | `eventTime`, `eventType` and `eventData` of the events beside it: `eventSummaries`, `timelineEvents` or `timeline` |
//! | texts | `summary`; names also from `dedupeString` |
//!
//! Who is told (`notificationTargets`, `chatChannel`) is not kept: it says nothing about what happened.

use serde_json::Value;

use super::draft::Draft;
use super::value::{arn, list, scalar, status, text, time};
use crate::incident::{Incident, Status, severity};

pub(super) fn fits(record: &Value) -> bool {
    text(record, &["arn"]).is_some_and(|arn| arn.contains(":ssm-incidents:") && arn.contains(":incident-record/"))
}

pub(super) fn read(record: &Value, beside: &Value) -> Result<Incident, String> {
    let of = |paths: &[&str]| text(record, paths);
    let own = of(&["arn"]).unwrap_or_default();
    let last = own.rsplit('/').next().filter(|last| !last.is_empty() && own.contains('/'));
    let mut draft = Draft::new(last.map(|last| format!("IM-{last}")), "arn")?;
    draft.title(of(&["title"]));
    let incident = &mut draft.incident;
    incident.status = of(&["status"]).and_then(|text| status(&text)).unwrap_or_default();
    incident.severity = of(&["impact"]).and_then(|text| severity(&text));
    incident.started = time(record, &["creationTime"]);
    if incident.status == Status::Resolved {
        incident.resolved = time(record, &["resolvedTime", "lastModifiedTime"]);
    }
    let [_, _, _, account, _] = arn(&own).unwrap_or_default();
    draft.account(Some(account.to_owned()));
    if let Some(resource) = of(&["incidentRecordSource.resourceArn"]) {
        let [_, _, region, account, _] = arn(&resource).unwrap_or_default();
        draft.region(Some(region.to_owned()));
        draft.account(Some(account.to_owned()));
        draft.mention(Some(resource.clone()));
        draft.resource(Some(resource));
    }
    for event in events(record, beside, &own) {
        let what = [text(event, &["eventType"]), data(event)].into_iter().flatten().collect::<Vec<_>>().join(": ");
        draft.happened(time(event, &["eventTime"]), &what);
    }
    draft.incident.timeline.sort();
    draft.describe(of(&["summary"]));
    draft.mention(of(&["dedupeString"]));
    draft.finish()
}

/// The events of an incident, in it or beside it; those beside it may be of others.
fn events<'a>(record: &'a Value, beside: &'a Value, own: &str) -> Vec<&'a Value> {
    let keys = ["eventSummaries", "timelineEvents", "timeline"];
    let all = [record, beside].into_iter().flat_map(|place| keys.into_iter().flat_map(|key| list(place, key)));
    let all = all.map(|event| super::value::at(event, "event").unwrap_or(event));
    all.filter(|event| text(event, &["incidentRecordArn"]).is_none_or(|of| of == own)).collect()
}

/// What an event says: a text, which is JSON in events that Incident Manager writes itself.
fn data(event: &Value) -> Option<String> {
    let text = text(event, &["eventData"])?;
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if !value.is_object() => scalar(&value),
        _ => Some(text),
    }
}
