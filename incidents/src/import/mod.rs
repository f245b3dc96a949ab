//! Incidents of other trackers, from the JSON that their APIs and command lines write.
//!
//! The input is one record, a list, JSON Lines, or an answer that has its records under the usual key (`OpsItems`,
//! `issues`, `result`, ...). What a record states wins; what its texts tell besides (services, error codes, cause, fix) is
//! recognized as in any note, see [`crate::note`]. Keys are compared without case and `_`, so that `Id` of a command line and
//! `id` of an event are one. Each origin has a file of its own with the table of its fields, and `docs/incident-imports.md`
//! has them all.
//!
//! A record that cannot be read is skipped, with its place and the reason. JSON that is nested deeper than 127 levels is
//! refused by the parser, and nothing else here recurses deeper than the JSON does.

mod cloudops;
mod draft;
mod github;
mod guardduty;
mod health;
mod incident_manager;
mod input;
mod jira;
mod markup;
mod ops_item;
mod pagerduty;
mod servicenow;
mod value;

use std::fmt;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::incident::{Incident, Status};

use self::input::{Input, Record};

/// Where records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `OpsItem`s of AWS Systems Manager.
    OpsItem,
    /// Incident records of AWS Systems Manager Incident Manager.
    IncidentManager,
    /// Events of AWS Health.
    Health,
    /// Findings of Amazon `GuardDuty`.
    GuardDuty,
    /// Issues of Jira.
    Jira,
    /// Incidents of `PagerDuty`.
    PagerDuty,
    /// Incidents of `ServiceNow`.
    ServiceNow,
    /// Issues of GitHub.
    GitHub,
    /// Records of this program.
    CloudOps,
}

impl Origin {
    /// All of them, those with the plainest marks first: in this order they are tried on a record.
    pub const ALL: [Self; 9] = [
        Self::OpsItem,
        Self::IncidentManager,
        Self::Health,
        Self::GuardDuty,
        Self::Jira,
        Self::PagerDuty,
        Self::ServiceNow,
        Self::GitHub,
        Self::CloudOps,
    ];

    /// The name used on the command line and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpsItem => "ops-item",
            Self::IncidentManager => "incident-manager",
            Self::Health => "health",
            Self::GuardDuty => "guardduty",
            Self::Jira => "jira",
            Self::PagerDuty => "pagerduty",
            Self::ServiceNow => "servicenow",
            Self::GitHub => "github",
            Self::CloudOps => "cloudops",
        }
    }

    /// The origin that writes records of this shape.
    fn of(record: &Value) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.fits(record))
    }

    fn fits(self, record: &Value) -> bool {
        match self {
            Self::OpsItem => ops_item::fits(record),
            Self::IncidentManager => incident_manager::fits(record),
            Self::Health => health::fits(record),
            Self::GuardDuty => guardduty::fits(record),
            Self::Jira => jira::fits(record),
            Self::PagerDuty => pagerduty::fits(record),
            Self::ServiceNow => servicenow::fits(record),
            Self::GitHub => github::fits(record),
            Self::CloudOps => cloudops::fits(record),
        }
    }

    /// The incident of a record, or why there is none.
    fn read(self, record: &Record<'_>) -> Result<Incident, String> {
        if !record.value.is_object() {
            return Err("it is not a JSON object".to_owned());
        }
        let (value, beside) = (record.value, record.beside);
        match self {
            Self::OpsItem => ops_item::read(value),
            Self::IncidentManager => incident_manager::read(value, beside),
            Self::Health => health::read(value, beside),
            Self::GuardDuty => guardduty::read(value),
            Self::Jira => jira::read(value),
            Self::PagerDuty => pagerduty::read(value, beside),
            Self::ServiceNow => servicenow::read(value),
            Self::GitHub => github::read(value),
            Self::CloudOps => cloudops::read(value),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Origin {
    type Err = ImportError;

    fn from_str(text: &str) -> Result<Self, ImportError> {
        let wanted = |origin: &Self| origin.as_str() == text;
        Self::ALL.into_iter().find(wanted).ok_or_else(|| ImportError::Unknown { name: text.to_owned() })
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// In the order of the input; of several records of one id there is one incident.
    pub incidents: Vec<Incident>,
    /// Where the records come from, as it was given or recognized.
    pub origin: Origin,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stands in the input: `line 3`, `issues[2]`.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Neither JSON nor JSON Lines, or nested too deep.
    #[error("the input cannot be read as JSON or JSON Lines: {0}")]
    Json(#[source] serde_json::Error),
    /// There is no record, so that no origin can be recognized.
    #[error("the input has no records")]
    Empty,
    /// The first record looks like those of no origin.
    #[error("cannot tell where the records come from by the first of them; known origins: {}", names())]
    Unrecognized,
    /// There is no origin of this name.
    #[error("there is no origin `{name}`; known origins: {}", names())]
    Unknown {
        /// The name that was given.
        name: String,
    },
}

fn names() -> String {
    Origin::ALL.map(Origin::as_str).join(", ")
}

/// Reads incidents. Without an origin, it is recognized by the shape of the first record.
pub fn import(json: &str, origin: Option<Origin>) -> Result<Imported, ImportError> {
    let input = Input::parse(json)?;
    let mut skipped = input.broken.clone();
    let records = input.records();
    let origin = origin.map_or_else(|| recognized(&records), Ok)?;
    let mut incidents: Vec<Incident> = Vec::new();
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    for record in &records {
        let incident = match origin.read(record) {
            Ok(incident) => incident,
            Err(reason) => {
                skipped.push(Skipped { place: record.place.clone(), reason });
                continue;
            }
        };
        if let Some(&at) = known.get(&incident.id) {
            join(&mut incidents[at], incident);
        } else {
            known.insert(incident.id.clone(), incidents.len());
            incidents.push(incident);
        }
    }
    Ok(Imported { incidents, origin, skipped })
}

/// The origin by the first record that is an object.
fn recognized(records: &[Record<'_>]) -> Result<Origin, ImportError> {
    let first = records.iter().find(|record| record.value.is_object()).or(records.first()).ok_or(ImportError::Empty)?;
    Origin::of(first.value).ok_or(ImportError::Unrecognized)
}

/// Of two records of one incident the later one counts, but an end is not taken back. Both name what was affected: events
/// of AWS Health come in pages, and one for each account.
fn join(known: &mut Incident, mut other: Incident) {
    if known.status != Status::Resolved || other.status == Status::Resolved {
        std::mem::swap(known, &mut other);
    }
    let lists = [
        (&mut known.services, other.services),
        (&mut known.accounts, other.accounts),
        (&mut known.regions, other.regions),
        (&mut known.error_codes, other.error_codes),
        (&mut known.alarms, other.alarms),
        (&mut known.resources, other.resources),
    ];
    for (list, others) in lists {
        for item in others {
            draft::add(list, item);
        }
    }
}

#[cfg(test)]
mod tests;
