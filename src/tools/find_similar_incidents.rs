//! Past incidents that are like the one at hand.

use cloudops_incidents::base::Question;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::{self, Key};
use super::incident::{Fix, PastIncident, past, question_of};
use super::text::{Blocks, NOTICE, document_uri};
use super::{Effect, Link, Tool, ToolError, ToolInfo, Toolset, input};
use crate::app::App;
use crate::report::one_line;

const DEFAULT_LIMIT: usize = 4;
const MAX_LIMIT: usize = 10;
/// Longer texts are logs; the front of them is read.
const MAX_TEXT_BYTES: usize = 8_192;

pub(super) struct FindSimilarIncidents;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The symptom, error message or finding, in any words.
    #[serde(default)]
    symptom: String,
    /// Exact error codes.
    #[serde(default, deserialize_with = "input::list")]
    error_code: Vec<String>,
    /// Names of alarms or finding types.
    #[serde(default, deserialize_with = "input::list")]
    alarm: Vec<String>,
    /// ARNs or ids.
    #[serde(default, deserialize_with = "input::list")]
    resource: Vec<String>,
    /// AWS services, e.g. `ec2`.
    #[serde(default, deserialize_with = "input::list")]
    service: Vec<String>,
    /// Id of a known incident to compare with.
    incident: Option<String>,
    /// Only incidents that are over.
    resolved_only: Option<bool>,
    /// Incidents to return (default 4).
    #[schemars(range(min = 1, max = 10))]
    limit: Option<u64>,
    /// `next_cursor` of the reply that this call continues; repeat the other arguments.
    cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    notice: &'static str,
    /// Most similar first.
    incidents: Vec<PastIncident>,
    /// What ended such incidents, most successful first.
    fixes: Vec<Fix>,
    /// There is more: pass `next_cursor`.
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Tool for FindSimilarIncidents {
    const INFO: ToolInfo = ToolInfo {
        name: "find_similar_incidents",
        title: "Find similar past incidents",
        description: "Finds past incidents like a symptom, error code, alarm, ARN or finding, offline: what was tried, \
                      what the cause was, and which fix worked how often.",
        toolset: Toolset::Knowledge,
        effect: Effect::ReadOnly,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let limit = input.limit.map_or(DEFAULT_LIMIT, |limit| limit as usize);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ToolError::input(format!("`limit` is {limit}, it must be 1 to {MAX_LIMIT}"))
                .hint("For more results, follow `next_cursor`."));
        }
        let experience = app.experience()?;
        let mut question = match &input.incident {
            Some(id) => {
                let known = experience.base.get(id).ok_or_else(|| {
                    ToolError::not_found(format!("there is no incident `{id}`"))
                        .hint("Describe it in `symptom` instead.")
                })?;
                question_of(known)
            }
            None => Question::default(),
        };
        let symptom = input.symptom.trim();
        let symptom = &symptom[..symptom.floor_char_boundary(MAX_TEXT_BYTES)];
        if !symptom.is_empty() {
            format!("{symptom}\n{}", question.text).trim_end().clone_into(&mut question.text);
        }
        question.names.extend(input.error_code.iter().chain(&input.alarm).chain(&input.resource).cloned());
        if !input.service.is_empty() {
            question.services = input.service.iter().map(|service| service.to_lowercase()).collect();
        }
        question.resolved_only = input.resolved_only.unwrap_or(false);
        if question.text.is_empty() && question.names.is_empty() {
            return Err(ToolError::input("there is nothing to look for")
                .hint("Give `symptom`, `error_code`, `alarm`, `resource` or `incident`."));
        }
        let key = Key::of(Self::INFO.name, &question);
        let stamp = app.index()?.generation();
        let skip = input.cursor.as_deref().map(|cursor| cursor::decode(cursor, stamp, key)).transpose()?.unwrap_or(0);
        let (incidents, fixes, truncated) = past(&experience, &question, skip, limit)?;
        let hint = incidents.is_empty().then(|| {
            "Nothing is recorded that resembles it. Incident notes are taken from ingested folders named `incidents`, from \
             `cloudops incidents import`, and from `record_incident` where it is allowed."
                .to_owned()
        });
        let next_cursor = truncated.then(|| cursor::encode(skip + incidents.len(), stamp, key));
        Ok(Output { notice: NOTICE, incidents, fixes, truncated, next_cursor, hint })
    }

    fn text(output: &Output) -> String {
        let mut blocks = Blocks::new();
        for incident in &output.incidents {
            blocks.data("", &incident.lines());
        }
        if !output.fixes.is_empty() {
            let lines: String = output.fixes.iter().map(Fix::line).collect();
            blocks.data("What ended such incidents:", &lines);
        }
        if let Some(cursor) = &output.next_cursor {
            blocks.say(&format!("\nThere is more: repeat the call with \"cursor\": \"{cursor}\"."));
        }
        if let Some(hint) = &output.hint {
            blocks.say(&format!("\n{hint}"));
        }
        blocks.finish()
    }

    fn links(output: &Output) -> Vec<Link> {
        links(&output.incidents)
    }
}

/// The documents of incidents.
pub(super) fn links(incidents: &[PastIncident]) -> Vec<Link> {
    let link = |incident: &PastIncident| {
        let uri = document_uri(incident.document.as_deref()?);
        Some(Link { uri, title: one_line(&incident.title), description: None })
    };
    incidents.iter().filter_map(link).collect()
}
