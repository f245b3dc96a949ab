//! The records of an input: one, a list, JSON Lines, or an answer that wraps them.

use serde_json::Value;

use super::value::member;
use super::{ImportError, Origin, Skipped};

/// Keys under which answers have their records, and one record. Of several the first one counts.
#[rustfmt::skip]
const WRAPPERS: &[&str] = &[
    "OpsItemSummaries", "OpsItems", "OpsItem", "incidentRecordSummaries", "incidentRecords", "incidentRecord", "successfulSet",
    "events", "Findings", "issues", "issue", "incidents", "incident", "result", "results", "items", "records", "Entities", "data",
];

/// The JSON values of an input.
pub(super) struct Input {
    /// Each with its place.
    values: Vec<(String, Value)>,
    /// Lines that are no JSON.
    pub(super) broken: Vec<Skipped>,
}

/// A record in its place.
pub(super) struct Record<'a> {
    pub(super) place: String,
    pub(super) value: &'a Value,
    /// The answer around it, which may have more of it; else null.
    pub(super) beside: &'a Value,
}

impl Input {
    /// Reads the whole text as one value, or else each line as one.
    pub(super) fn parse(json: &str) -> Result<Self, ImportError> {
        let json = json.trim_start_matches('\u{feff}');
        if json.trim().is_empty() {
            return Err(ImportError::Empty);
        }
        match serde_json::from_str(json) {
            Ok(value) => Ok(Self { values: vec![(String::new(), value)], broken: Vec::new() }),
            Err(error) => Self::lines(json).ok_or(ImportError::Json(error)),
        }
    }

    /// The lines, if more than half of them are objects: JSON that is broken somewhere has no such lines.
    fn lines(json: &str) -> Option<Self> {
        let mut input = Self { values: Vec::new(), broken: Vec::new() };
        for (number, line) in json.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let place = format!("line {}", number + 1);
            match serde_json::from_str::<Value>(line) {
                Ok(value) if value.is_object() => input.values.push((place, value)),
                Ok(_) => input.broken.push(Skipped { place, reason: "it is not a JSON object".to_owned() }),
                Err(error) => input.broken.push(Skipped { place, reason: format!("it is no JSON: {error}") }),
            }
        }
        (input.values.len() > input.broken.len()).then_some(input)
    }

    /// All records in order.
    pub(super) fn records(&self) -> Vec<Record<'_>> {
        let mut records = Vec::new();
        for (place, value) in &self.values {
            expand(value, place.clone(), &Value::Null, &mut records);
        }
        records
    }
}

fn expand<'a>(value: &'a Value, place: String, beside: &'a Value, records: &mut Vec<Record<'a>>) {
    if let Value::Array(items) = value {
        for (number, item) in items.iter().enumerate() {
            expand(item, format!("{place}[{number}]"), beside, records);
        }
        return;
    }
    if Origin::of(value).is_none()
        && let Some((key, inside)) = wrapped(value)
    {
        let joint = if place.is_empty() { "" } else { "." };
        return expand(inside, format!("{place}{joint}{key}"), value, records);
    }
    let place = if place.is_empty() { "the record".to_owned() } else { place };
    records.push(Record { place, value, beside });
}

/// What stands under a usual key.
fn wrapped(value: &Value) -> Option<(&'static str, &Value)> {
    let mut found = WRAPPERS.iter().filter_map(|key| Some((*key, member(value, key)?)));
    found.find(|(_, inside)| inside.is_array() || inside.is_object())
}
