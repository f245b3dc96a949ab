//! An incident: what happened once, what was tried, and what helped.

use std::fmt;
use std::str::FromStr;

use cloudops_indexes::model::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened once, in the words that everything else here uses. All texts are plain Markdown on few lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Incident {
    /// Unique in a data directory: `INC-2041`, or made of the time and the title.
    pub id: String,
    /// One line.
    pub title: String,
    /// Whether it is over.
    pub status: Status,
    /// 1 (everything is down) to 5 (nobody noticed).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<u8>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Timestamp>,
    /// Short lower-case AWS names, the most important first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Twelve digits each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// `eu-west-1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// As they were printed: `ThrottlingException`, `502`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_codes: Vec<String>,
    /// Names of alarms and of findings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// ARNs and ids of what was affected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// What was seen, each in the words of somebody who saw it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub symptoms: Vec<String>,
    /// What happened when, in order, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<String>,
    /// Why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<String>,
    /// What kind of cause that is, in one or two words, for statistics: `expired certificate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What was tried, and whether it helped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Attempt>,
    /// What ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What keeps it from happening again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prevention: Vec<String>,
    /// Addresses of tickets, dashboards, documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Free words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Incident {
    /// Seconds from its start to its end, where both are known and in this order.
    pub fn duration(&self) -> Option<i64> {
        self.resolved.zip(self.started).map(|(end, start)| end - start).filter(|seconds| *seconds >= 0)
    }

    /// What is known of it last: when it ended, or else began.
    pub fn when(&self) -> Option<Timestamp> {
        self.resolved.or(self.started)
    }
}

/// Something that was tried during an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// What was done.
    pub what: String,
    /// Whether it helped, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked: Option<bool>,
}

/// Whether an incident is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    #[default]
    Open,
    /// It is over.
    Resolved,
}

impl Status {
    /// The name used in files and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    /// Understands the words of trackers.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.trim().to_ascii_lowercase().as_str() {
            "open" | "triggered" | "acknowledged" | "in progress" | "in_progress" | "inprogress" | "new" | "active"
            | "investigating" | "mitigated" | "to do" | "todo" => Ok(Self::Open),
            "resolved" | "closed" | "done" | "fixed" | "complete" | "completed" => Ok(Self::Resolved),
            _ => Err(()),
        }
    }
}

/// A severity as people and trackers write it, 1 to 5: `SEV2`, `P1`, `critical`, `8.2` of `GuardDuty`.
pub fn severity(text: &str) -> Option<u8> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "critical" | "blocker" | "highest" | "emergency" | "outage" => return Some(1),
        "high" | "major" => return Some(2),
        "medium" | "moderate" | "normal" | "error" => return Some(3),
        "low" | "minor" | "warning" => return Some(4),
        "informational" | "info" | "trivial" | "lowest" | "none" => return Some(5),
        _ => {}
    }
    let digits = text.trim_start_matches("severity").trim_start_matches("priority").trim_start_matches("sev");
    let digits = digits.trim_start_matches(['p', 's', '-', ' ', ':', '#']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if end != 1 || digits[end..].starts_with('.') {
        return None;
    }
    digits[..end].parse().ok().filter(|number| (1..=5).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_of_many_trackers() {
        for (text, expected) in [
            ("SEV2", Some(2)),
            ("sev-1", Some(1)),
            ("P3", Some(3)),
            ("Severity: 4", Some(4)),
            ("High", Some(2)),
            ("2", Some(2)),
            ("7", None),
            ("12", None),
            ("2.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(severity(text), expected, "{text}");
        }
    }

    #[test]
    fn an_incident_of_a_title_alone_can_be_read_and_written() {
        let read: Incident = serde_json::from_str(r#"{"id":"a","title":"b"}"#).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"id":"a","title":"b","status":"open"}"#);
        assert!(serde_json::from_str::<Incident>(r#"{"id":"a","titel":"b"}"#).is_err());
    }
}
