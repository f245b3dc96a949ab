//! A new incident, kept on this machine, and the past ones that are like it.

use cloudops_incidents::incident::Incident;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::find_similar_incidents::links;
use super::incident::{Fix, PastIncident, past, question_of};
use super::text::{Blocks, NOTICE};
use super::{Effect, Link, Tool, ToolError, ToolInfo, Toolset, input};
use crate::app::App;
use crate::recorded::document_id;
use crate::recording::{Recorded, Report, record};
use crate::report::one_line;

const SIMILAR: usize = 3;

pub(super) struct RecordIncident;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// One line.
    title: String,
    /// What is seen, who is affected, what was done so far. Names and codes in it are recognized; secrets are masked.
    #[serde(default)]
    description: String,
    /// What people see, each in their words.
    #[serde(default, deserialize_with = "input::list")]
    symptoms: Vec<String>,
    /// `sev1` (worst) to `sev5`.
    severity: Option<String>,
    /// ISO 8601, UTC unless it says otherwise (default now).
    started: Option<String>,
    /// AWS services, e.g. `ec2`.
    #[serde(default, deserialize_with = "input::list")]
    services: Vec<String>,
    /// Error codes as printed.
    #[serde(default, deserialize_with = "input::list")]
    error_codes: Vec<String>,
    /// Names of alarms or finding types.
    #[serde(default, deserialize_with = "input::list")]
    alarms: Vec<String>,
    /// ARNs or ids.
    #[serde(default, deserialize_with = "input::list")]
    resources: Vec<String>,
    /// Links to tickets or dashboards.
    #[serde(default, deserialize_with = "input::list")]
    links: Vec<String>,
    /// Free words.
    #[serde(default, deserialize_with = "input::list")]
    tags: Vec<String>,
    /// The tracker's id, if there is one.
    id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    notice: &'static str,
    /// For `resolve_incident`.
    id: String,
    document: String,
    /// Kinds of secrets that were masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    masked: Vec<String>,
    /// Past incidents like it.
    similar: Vec<PastIncident>,
    /// What ended such incidents, most successful first.
    fixes: Vec<Fix>,
}

impl Tool for RecordIncident {
    const INFO: ToolInfo = ToolInfo {
        name: "record_incident",
        title: "Record an incident",
        description: "Records a new incident on this machine and returns past ones like it with the fixes that worked. \
                      Changes nothing in AWS.",
        toolset: Toolset::Knowledge,
        effect: Effect::Records,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let incident = Incident {
            id: input.id.unwrap_or_default(),
            title: input.title,
            symptoms: input.symptoms,
            services: input.services,
            error_codes: input.error_codes,
            alarms: input.alarms,
            resources: input.resources,
            links: input.links,
            tags: input.tags,
            ..Incident::default()
        };
        let report =
            Report { incident, description: input.description, severity: input.severity, started: input.started };
        let Recorded { incident, masked } = record(app, report)?;
        // It is stored: whatever happens now must not look as if it were not.
        let found = app.experience().and_then(|known| past(&known, &question_of(&incident), 0, SIMILAR));
        let (similar, fixes, _) = found.unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "past incidents could not be looked for");
            (Vec::new(), Vec::new(), false)
        });
        let masked = masked.iter().map(ToString::to_string).collect();
        Ok(Output { notice: NOTICE, document: document_id(&incident.id), id: incident.id, masked, similar, fixes })
    }

    fn text(output: &Output) -> String {
        let mut blocks = Blocks::new();
        blocks.say(&format!("Recorded as {}.", one_line(&output.id)));
        if !output.masked.is_empty() {
            blocks.say(&format!("Masked before it was stored: {}.", output.masked.join(", ")));
        }
        for incident in &output.similar {
            blocks.data("Past incident:", &incident.lines());
        }
        if !output.fixes.is_empty() {
            blocks.data("What ended such incidents:", &output.fixes.iter().map(Fix::line).collect::<String>());
        }
        blocks.finish()
    }

    fn links(output: &Output) -> Vec<Link> {
        links(&output.similar)
    }
}
