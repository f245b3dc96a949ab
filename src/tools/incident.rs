//! Past incidents as models read them, for the tools that show some.

use cloudops_incidents::base::{FixSummary, Question, Similar};
use cloudops_incidents::incident::{Attempt, Incident, Status};
use schemars::JsonSchema;
use serde::Serialize;

use super::text::prefix;
use crate::experience::Experience;
use crate::report::time;

/// Bytes of a cause or a fix in a reply.
const TEXT_BYTES: usize = 500;
const MAX_SYMPTOMS: usize = 3;
const MAX_ATTEMPTS: usize = 5;
/// Similar incidents that decide which fixes are counted.
const COUNTED: usize = 10;
/// What scores less has hardly a word in common with what is asked about.
const LEAST_SCORE: f32 = 0.3;

/// An incident that is like what was asked about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct PastIncident {
    pub(super) id: String,
    /// Id for `read_document`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document: Option<String>,
    pub(super) title: String,
    #[schemars(with = "String")]
    pub(super) status: Status,
    /// 1 is the worst.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) severity: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started: Option<String>,
    /// From start to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) minutes: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) services: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) error_codes: Vec<String>,
    /// Exact names in common.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) matched: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) symptoms: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root_cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tried: Vec<Tried>,
    pub(super) score: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Tried {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    worked: Option<bool>,
}

/// What ended such incidents.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Fix {
    pub(super) what: String,
    /// Times it helped, in all incidents.
    pub(super) worked: u32,
    pub(super) failed: u32,
    pub(super) incidents: Vec<String>,
}

impl PastIncident {
    pub(super) fn of(similar: &Similar<'_>) -> Self {
        let incident = similar.incident;
        let cut = |text: &String| prefix(text, TEXT_BYTES).to_owned();
        Self {
            id: prefix(&incident.id, 120).to_owned(),
            document: similar.document.map(str::to_owned),
            title: prefix(&incident.title, 200).to_owned(),
            status: incident.status,
            severity: incident.severity,
            started: incident.started.map(time::date),
            minutes: incident.duration().map(|seconds| seconds / 60),
            services: names(&incident.services),
            error_codes: names(&incident.error_codes),
            matched: names(&similar.names),
            symptoms: incident.symptoms.iter().take(MAX_SYMPTOMS).map(|text| prefix(text, 200).to_owned()).collect(),
            root_cause: incident.root_cause.as_ref().map(cut),
            fix: incident.fix.as_ref().map(cut),
            tried: incident.tried.iter().take(MAX_ATTEMPTS).map(Tried::of).collect(),
            score: (similar.score * 1_000.0).round() / 1_000.0,
        }
    }

    /// The same in lines.
    pub(super) fn lines(&self) -> String {
        let mut text = format!("{} ({}", self.id, self.status);
        if let Some(severity) = self.severity {
            text.push_str(&format!(", severity {severity}"));
        }
        if let Some(started) = &self.started {
            text.push_str(&format!(", {started}"));
        }
        if let Some(minutes) = self.minutes {
            text.push_str(&format!(", {minutes} minutes"));
        }
        text.push_str(&format!("): {}\n", self.title));
        for (name, list) in [("services", &self.services), ("errors", &self.error_codes), ("in common", &self.matched)]
        {
            if !list.is_empty() {
                text.push_str(&format!("{name}: {}\n", list.join(", ")));
            }
        }
        for symptom in &self.symptoms {
            text.push_str(&format!("symptom: {symptom}\n"));
        }
        for (name, value) in [("cause", &self.root_cause), ("fix", &self.fix), ("document", &self.document)] {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        for tried in &self.tried {
            let came = match tried.worked {
                Some(true) => " (worked)",
                Some(false) => " (did not work)",
                None => "",
            };
            text.push_str(&format!("tried: {}{came}\n", tried.what));
        }
        text
    }
}

/// The first few names, none of them endless.
fn names(list: &[String]) -> Vec<String> {
    list.iter().take(6).map(|name| prefix(name, 160).to_owned()).collect()
}

impl Tried {
    fn of(attempt: &Attempt) -> Self {
        Self { what: prefix(&attempt.what, 200).to_owned(), worked: attempt.worked }
    }
}

impl Fix {
    fn of(summary: FixSummary) -> Self {
        let FixSummary { what, tally, mut incidents } = summary;
        incidents.truncate(10);
        Self { what: prefix(&what, TEXT_BYTES).to_owned(), worked: tally.worked, failed: tally.failed, incidents }
    }

    pub(super) fn line(&self) -> String {
        let failed = if self.failed > 0 { format!(", failed {} times", self.failed) } else { String::new() };
        format!("{} (worked {} times{failed}; {})\n", self.what, self.worked, self.incidents.join(", "))
    }
}

/// Incidents like what is asked about, and what ended such incidents.
pub(super) fn past(
    experience: &Experience,
    question: &Question,
    skip: usize,
    limit: usize,
) -> anyhow::Result<(Vec<PastIncident>, Vec<Fix>, bool)> {
    let wanted = (skip + limit + 1).max(COUNTED);
    let similar = experience.base.similar(question, wanted, time::now())?;
    // What resembles it much less than the best one says nothing about it.
    let least = (0.5 * similar.first().map_or(0.0, |first| first.score)).max(LEAST_SCORE);
    let similar: Vec<_> = similar.into_iter().take_while(|found| found.score >= least).collect();
    let fixes =
        experience.base.fixes(&similar[..similar.len().min(COUNTED)]).into_iter().take(5).map(Fix::of).collect();
    let more = similar.len() > skip + limit;
    Ok((similar.iter().skip(skip).take(limit).map(PastIncident::of).collect(), fixes, more))
}

/// What an incident is looked for by: everything that is known of it.
pub(super) fn question_of(incident: &Incident) -> Question {
    let mut lines = vec![incident.title.clone()];
    lines.extend(incident.symptoms.iter().cloned());
    Question {
        text: lines.join("\n"),
        names: [&incident.error_codes[..], &incident.alarms[..], &incident.resources[..]].concat(),
        services: incident.services.clone(),
        except: Some(incident.id.clone()),
        resolved_only: false,
    }
}
