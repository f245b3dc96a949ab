//! Records of this program, as [`Incident`] is written to JSON: every field is the field of the same name.

use serde_json::Value;

use super::value::text;
use crate::incident::Incident;

pub(super) fn fits(record: &Value) -> bool {
    text(record, &["id"]).is_some() && text(record, &["title"]).is_some() && parse(record).is_ok()
}

pub(super) fn read(record: &Value) -> Result<Incident, String> {
    let incident = parse(record)?;
    for (key, value) in [("id", &incident.id), ("title", &incident.title)] {
        if value.trim().is_empty() {
            return Err(format!("it has no `{key}`"));
        }
    }
    Ok(incident)
}

fn parse(record: &Value) -> Result<Incident, String> {
    serde::Deserialize::deserialize(record).map_err(|error: serde_json::Error| error.to_string())
}
