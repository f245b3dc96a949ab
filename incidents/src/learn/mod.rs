//! What repeats: incidents of one shape together, as the draft of a guide and as a list of what would prevent the next.
//!
//! ```text
//! incidents → features → blocks → clusters → groups → draft, for a person to accept
//! ```
//!
//! Nothing is compared with everything, so that a hundred thousand incidents take seconds. The same incidents give the same
//! groups in whatever order they come, and a group keeps its key when a newer incident joins it.

mod cluster;
mod draft;
mod features;
mod group;
mod key;
mod plain;
mod wordings;
mod words;

use std::cmp::Reverse;

use cloudops_indexes::model::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::incident::Incident;

use self::features::Shapes;

pub use draft::draft;

/// What makes a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnOptions {
    /// Incidents that a group has at least; never fewer than two.
    pub least: usize,
    /// How much alike two incidents must be to be one thing that repeats, 0 to 1. Below 0.5 different faults of one service
    /// and code fall together.
    pub alike: f32,
}

impl Default for LearnOptions {
    fn default() -> Self {
        Self { least: 3, alike: 0.55 }
    }
}

/// Incidents of one shape, and what they say together. Everything is in the words of the newest that has it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Group<'a> {
    /// Names the group as long as its oldest incidents stay: small letters, digits and hyphens.
    pub key: String,
    /// The title that says most of what the titles of all have in common.
    pub title: &'a str,
    /// The newest first.
    #[serde(serialize_with = "ids")]
    #[schemars(with = "Vec<String>")]
    pub incidents: Vec<&'a Incident>,
    /// Short lower-case AWS names, the most frequent first.
    pub services: Vec<Counted<'a>>,
    /// As they were printed.
    pub error_codes: Vec<Counted<'a>>,
    /// Names of alarms and findings.
    pub alarms: Vec<Counted<'a>>,
    /// What was seen, in distinct wordings.
    pub symptoms: Vec<Counted<'a>>,
    /// Why it happened, the most frequent first.
    pub causes: Vec<Cause<'a>>,
    /// What helped at least once, the most successful first.
    pub fixes: Vec<Fix<'a>>,
    /// What was tried and never helped, the most often tried first.
    pub did_not_help: Vec<Fix<'a>>,
    /// What would keep it from happening again, named by most incidents first.
    pub prevention: Vec<Counted<'a>>,
    /// When the first began, in seconds since 1970.
    pub first_seen: Option<Timestamp>,
    /// When the last began, in seconds since 1970.
    pub last_seen: Option<Timestamp>,
    /// Half of those whose start and end are known took no longer, in seconds.
    pub median_time_to_resolve: Option<i64>,
}

/// Something that incidents have, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counted<'a> {
    /// What it is.
    pub what: &'a str,
    /// How many incidents of the group have it.
    pub incidents: usize,
}

/// Why incidents of a group happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cause<'a> {
    /// The kind of cause, or the whole cause where no kind is stated.
    pub what: &'a str,
    /// How many incidents it caused.
    pub incidents: usize,
    /// What they say of it, a few distinct ones.
    pub explanations: Vec<&'a str>,
    /// Which of the group's fixes ended most of these incidents, from 0.
    pub fix: Option<usize>,
}

/// What was done in incidents of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fix<'a> {
    /// What it was.
    pub what: &'a str,
    /// In how many incidents it helped.
    pub worked: usize,
    /// In how many it did not.
    pub failed: usize,
    /// Those in which it helped, the newest first.
    pub incidents: Vec<&'a str>,
}

/// Incidents that repeat, the largest groups first.
pub fn groups<'a>(incidents: impl Iterator<Item = &'a Incident>, options: &LearnOptions) -> Vec<Group<'a>> {
    let mut incidents: Vec<&Incident> = incidents.collect();
    // Ids are unique; where they are not, what is the same may come in any order.
    incidents.sort_by_key(|incident| (&incident.id, incident.started, incident.resolved, &incident.title));
    let shapes = Shapes::of(&incidents);
    let mut groups: Vec<Group<'a>> = cluster::clusters(shapes, options.alike)
        .into_iter()
        .filter(|cluster| cluster.len() >= options.least.max(2))
        .map(|cluster| group::group(cluster.into_iter().map(|at| incidents[at]).collect()))
        .collect();
    key::name(&mut groups);
    groups.sort_by(|a, b| Reverse(a.incidents.len()).cmp(&Reverse(b.incidents.len())).then_with(|| a.key.cmp(&b.key)));
    groups
}

/// Incidents are written as their ids.
fn ids<S: Serializer>(incidents: &[&Incident], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(incidents.iter().map(|incident| &incident.id))
}

#[cfg(test)]
mod tests;
