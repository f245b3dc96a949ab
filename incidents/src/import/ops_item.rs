//! `OpsItem`s of AWS Systems Manager `OpsCenter`: answers of `get-ops-item`, `describe-ops-items` and `get-ops-summary`.
//!
//! Fields: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_OpsItem.html>,
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetOpsSummary.html>.
//!
//! | Incident | `OpsItem` |
//! |---|---|
//! | `id` | `OpsItemId` |
//! | `title` | `Title` |
//! | `status` | `Status`: resolved if it ended in any way |
//! | `severity` | `Severity`, else `Priority` |
//! | `started` | `ActualStartTime`, else `CreatedTime` |
//! | `resolved` | `ActualEndTime`, else `LastModifiedTime`, of one that is over |
//! | `accounts` | `AccountId`, or the account of `OpsItemArn` |
//! | `regions` | the Region of `OpsItemArn` |
//! | `resources` | the ARNs of `OperationalData` under `/aws/resources` |
//! | `tags` | `Category` |
//! | texts | `Description`; names also from `Source` and the rest of `OperationalData` |
//!
//! Change requests (`OpsItemType` `/aws/changerequest`) are no incidents and are skipped.

use serde_json::Value;

use super::draft::Draft;
use super::value::{arn, at, is_account, list, scalar, status, text, time};
use crate::incident::{Incident, Status, severity};

/// Keys of operational data that say nothing about what happened.
const ASIDE: &[&str] = &["/aws/automations", "/aws/dedup"];

pub(super) fn fits(record: &Value) -> bool {
    text(record, &["OpsItemId"]).is_some() || at(record, "Data.AWS:OpsItem").is_some()
}

pub(super) fn read(record: &Value) -> Result<Incident, String> {
    // A summary has its fields as texts in the only row of a table.
    let item = list(record, "Data.AWS:OpsItem.Content").first().unwrap_or(record);
    let of = |paths: &[&str]| text(item, paths);
    if of(&["OpsItemType"]).is_some_and(|kind| kind.starts_with("/aws/changerequest")) {
        return Err("it is a change request".to_owned());
    }
    let id = of(&["OpsItemId"]).or_else(|| text(record, &["Id"])).filter(|_| record_has_fields(item));
    let mut draft = Draft::new(id, "OpsItemId")?;
    draft.title(of(&["Title"]));
    let incident = &mut draft.incident;
    incident.status = of(&["Status"]).and_then(|text| status(&text)).unwrap_or_default();
    incident.severity = of(&["Severity"]).or_else(|| of(&["Priority"])).and_then(|text| severity(&text));
    incident.started = time(item, &["ActualStartTime", "CreatedTime"]);
    if incident.status == Status::Resolved {
        incident.resolved = time(item, &["ActualEndTime", "LastModifiedTime"]);
    }
    let own = of(&["OpsItemArn"]);
    let [_, _, region, account, _] = own.as_deref().and_then(arn).unwrap_or_default();
    draft.account(of(&["AccountId"]));
    draft.account(Some(account.to_owned()));
    draft.region(Some(region.to_owned()));
    draft.tag(of(&["Category"]));
    operational_data(item, &mut draft);
    draft.describe(of(&["Description"]));
    draft.mention(of(&["Source"]));
    draft.finish()
}

/// A row of a summary that counts has no fields of an item.
fn record_has_fields(item: &Value) -> bool {
    at(item, "Count").is_none()
}

/// What is stored beside an item: a map, or its JSON in summaries, whose values are texts, often JSON themselves.
fn operational_data(item: &Value, draft: &mut Draft) {
    let Some(data) = at(item, "OperationalData") else { return };
    let parsed: Value;
    let data = match data {
        Value::String(json) => {
            parsed = serde_json::from_str(json).unwrap_or_default();
            &parsed
        }
        other => other,
    };
    for (key, entry) in data.as_object().into_iter().flatten() {
        let value = text(entry, &["Value"]).or_else(|| scalar(entry));
        if key == "/aws/resources" {
            resources(&value.unwrap_or_default(), draft);
        } else if !ASIDE.contains(&key.as_str()) {
            draft.mention(value);
        }
    }
}

fn resources(json: &str, draft: &mut Draft) {
    let listed: Value = serde_json::from_str(json).unwrap_or_default();
    for resource in listed.as_array().into_iter().flatten() {
        let Some(name) = text(resource, &["arn"]).or_else(|| scalar(resource)) else { continue };
        if let Some([_, _, region, account, _]) = arn(&name) {
            draft.region(Some(region.to_owned()));
            draft.account(Some(account.to_owned()).filter(|account| is_account(account)));
            // The names in an ARN are recognized, such as that of an alarm.
            draft.mention(Some(name.clone()));
        }
        draft.resource(Some(name));
    }
}
