//! How an incident ended, so that its fix counts for the next one.

use cloudops_incidents::base::Tally;
use cloudops_incidents::incident::Attempt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Effect, Tool, ToolError, ToolInfo, Toolset, input};
use crate::app::App;
use crate::recording::{End, Recorded, resolve};
use crate::report::one_line;

pub(super) struct ResolveIncident;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Of the incident.
    id: String,
    /// What ended it.
    fix: Option<String>,
    /// Id of the past incident whose fix ended this one too, instead of `fix`.
    fix_of: Option<String>,
    /// Why it happened.
    root_cause: Option<String>,
    /// Kind of cause in one to three words, e.g. `expired certificate`.
    cause: Option<String>,
    /// What else was tried, and whether it worked.
    #[serde(default, deserialize_with = "input::list")]
    tried: Vec<Attempt>,
    /// What keeps it from happening again.
    #[serde(default, deserialize_with = "input::list")]
    prevention: Vec<String>,
    /// ISO 8601, UTC unless it says otherwise (default now).
    resolved: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    id: String,
    /// From start to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<i64>,
    /// Times this fix has helped, this one included.
    worked: u32,
    failed: u32,
    /// Kinds of secrets that were masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masked: Vec<String>,
}

impl Tool for ResolveIncident {
    const INFO: ToolInfo = ToolInfo {
        name: "resolve_incident",
        title: "Resolve an incident",
        description: "Records on this machine how an incident ended: its fix then counts for its symptoms. Changes \
                      nothing in AWS.",
        toolset: Toolset::Knowledge,
        effect: Effect::Records,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let Input { id, fix, fix_of, root_cause, cause, tried, prevention, resolved } = input;
        let end = End { id, fix, fix_of, root_cause, cause, tried, prevention, resolved };
        let Recorded { incident, masked } = resolve(app, end)?;
        // It is stored: whatever happens now must not look as if it were not.
        let tally = match app.experience() {
            Ok(known) => incident.fix.as_deref().map(|fix| known.base.tally(fix)).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "the fix could not be counted");
                Tally::default()
            }
        };
        Ok(Output {
            minutes: incident.duration().map(|seconds| seconds / 60),
            id: incident.id,
            worked: tally.worked,
            failed: tally.failed,
            masked: masked.iter().map(ToString::to_string).collect(),
        })
    }

    fn text(output: &Output) -> String {
        let mut text = format!("{} is resolved", one_line(&output.id));
        if let Some(minutes) = output.minutes {
            text.push_str(&format!(" after {minutes} minutes"));
        }
        text.push_str(&format!(". This fix has worked {} times and failed {}.\n", output.worked, output.failed));
        if !output.masked.is_empty() {
            text.push_str(&format!("Masked before it was stored: {}.\n", output.masked.join(", ")));
        }
        text
    }
}
