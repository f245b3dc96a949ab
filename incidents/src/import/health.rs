//! Events of AWS Health: answers of `describe-events`, `describe-event-details`, and events of Amazon `EventBridge`.
//!
//! Fields: <https://docs.aws.amazon.com/health/latest/APIReference/API_Event.html>,
//! <https://docs.aws.amazon.com/health/latest/APIReference/API_EventDetails.html>,
//! <https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html>.
//!
//! | Incident | Event |
//! |---|---|
//! | `id` | `HEALTH-` and the last part of `arn` (`eventArn`) |
//! | `title` | `service` and `eventTypeCode` as words, and `region` |
//! | `status` | `statusCode`: `closed` is resolved |
//! | `started`, `resolved` | `startTime`; `endTime` of one that is closed, else `lastUpdatedTime` |
//! | `services` | `service` |
//! | `regions` | `region` (`eventRegion`) |
//! | `accounts` | `awsAccountId`, `account`, `affectedAccount`, and those of the affected entities |
//! | `alarms` | `eventTypeCode` |
//! | `resources` | `entityValue` of `affectedEntities` (`entities` of `describe-affected-entities`), `resources` |
//! | `tags` | `eventTypeCategory` |
//! | texts | `eventDescription.latestDescription`, in English if there are several |

use serde_json::Value;

use super::draft::Draft;
use super::value::{at, is_account, list, scalar, status, text, time};
use crate::incident::{Incident, Status};
use crate::recognize::service_of_prefix;

pub(super) fn fits(record: &Value) -> bool {
    let inside = at(record, "detail").unwrap_or(record);
    let is_event = text(inside, &["eventTypeCode", "event.eventTypeCode"]).is_some();
    let arn = text(inside, &["event.arn", "eventArn", "arn"]);
    is_event
        || text(record, &["source"]).is_some_and(|source| source == "aws.health")
        || arn.is_some_and(|arn| arn.contains(":health:"))
}

pub(super) fn read(record: &Value, beside: &Value) -> Result<Incident, String> {
    let detail = at(record, "detail").unwrap_or(record);
    let event = at(detail, "event").unwrap_or(detail);
    let of = |paths: &[&str]| text(event, paths);
    let arn = of(&["arn", "eventArn"]).unwrap_or_default();
    let last = arn.rsplit('/').next().filter(|last| !last.is_empty());
    let mut draft = Draft::new(last.map(|last| format!("HEALTH-{last}")), "arn")?;
    let (service, code) = (of(&["service"]).unwrap_or_default(), of(&["eventTypeCode"]).unwrap_or_default());
    let region = of(&["region", "eventRegion"]).or_else(|| text(record, &["region"]));
    draft.title(Some(title(&service, &code, region.as_deref())));
    let incident = &mut draft.incident;
    incident.status = of(&["statusCode"]).and_then(|text| status(&text)).unwrap_or_default();
    incident.started = time(event, &["startTime"]);
    if incident.status == Status::Resolved {
        incident.resolved = time(event, &["endTime", "lastUpdatedTime"]);
    }
    draft.service(&service_of_prefix(&service));
    draft.region(region);
    draft.alarm(Some(code));
    draft.tag(of(&["eventTypeCategory"]).map(|category| kebab(&category)));
    for (place, path) in [(record, "awsAccountId"), (record, "account"), (detail, "affectedAccount")] {
        draft.account(text(place, &[path]));
    }
    for entity in entities(record, detail, beside, &arn) {
        affected(text(entity, &["entityValue"]), &mut draft);
        draft.account(text(entity, &["awsAccountId"]));
    }
    for resource in list(record, "resources") {
        affected(scalar(resource), &mut draft);
    }
    draft.describe(description(detail));
    draft.finish()
}

/// `EC2 operational issue in us-east-1`: events have no title of their own.
fn title(service: &str, code: &str, region: Option<&str>) -> String {
    let words = code.strip_prefix("AWS_").unwrap_or(code);
    let words = words.strip_prefix(service).unwrap_or(words).trim_matches('_').replace('_', " ").to_lowercase();
    let place = region.filter(|region| region.contains('-')).map(|region| format!("in {region}"));
    let parts = [service.to_owned(), words, place.unwrap_or_default()];
    if code.is_empty() { String::new() } else { parts.join(" ") }
}

/// `accountNotification` as `account-notification`.
fn kebab(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// What is affected, in the event or beside it; those beside it may be of others.
fn entities<'a>(record: &'a Value, detail: &'a Value, beside: &'a Value, arn: &str) -> Vec<&'a Value> {
    let inside = ["affectedEntities", "entities"].into_iter().flat_map(|key| {
        let more: &[Value] = if std::ptr::eq(record, detail) { &[] } else { list(record, key) };
        list(detail, key).iter().chain(more)
    });
    let of_this = |entity: &&Value| text(entity, &["eventArn"]).is_some_and(|of| of == arn);
    let outside = ["affectedEntities", "entities"].into_iter().flat_map(|key| list(beside, key)).filter(of_this);
    inside.chain(outside).collect()
}

/// An entity may be an account, or not be known.
fn affected(value: Option<String>, draft: &mut Draft) {
    match value {
        Some(account) if is_account(&account) => draft.account(Some(account)),
        Some(value) if value != "UNKNOWN" && value != "AWS_ACCOUNT" => {
            draft.mention(Some(value.clone()).filter(|value| value.starts_with("arn:")));
            draft.resource(Some(value));
        }
        _ => {}
    }
}

fn description(detail: &Value) -> Option<String> {
    let Some(Value::Array(languages)) = at(detail, "eventDescription") else {
        return text(detail, &["eventDescription.latestDescription", "latestDescription"]);
    };
    let is_english = |value: &&Value| text(value, &["language"]).is_some_and(|language| language.starts_with("en"));
    text(languages.iter().find(is_english).or(languages.first())?, &["latestDescription"])
}
