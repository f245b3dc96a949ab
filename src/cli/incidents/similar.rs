//! `cloudops incidents similar`: past incidents like the one at hand.

use serde_json::json;

use super::super::reply::{arguments, print};
use crate::app::App;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Find past incidents like a symptom, code, alarm or resource
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents similar checkout pages time out in the evening
  cloudops incidents similar --error-code TooManyConnections --service rds
  cloudops incidents similar --incident INC-7 --resolved-only --json")]
pub(crate) struct Args {
    /// The symptom, an error message or a finding, in any words
    symptom: Vec<String>,
    /// Exact error code (repeatable)
    #[arg(long, value_name = "CODE")]
    error_code: Vec<String>,
    /// Name of an alarm, or type of a finding (repeatable)
    #[arg(long, value_name = "NAME")]
    alarm: Vec<String>,
    /// ARN or id (repeatable)
    #[arg(long, value_name = "ARN")]
    resource: Vec<String>,
    /// AWS services, separated by commas (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    service: Vec<String>,
    /// Like this known incident
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// Only incidents that are over
    #[arg(long)]
    resolved_only: bool,
    /// Incidents to show
    #[arg(short, long, value_name = "N")]
    limit: Option<u64>,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let given = arguments([
        ("symptom", json!(args.symptom.join(" "))),
        ("error_code", json!(args.error_code)),
        ("alarm", json!(args.alarm)),
        ("resource", json!(args.resource)),
        ("service", json!(args.service)),
        ("incident", json!(args.incident)),
        ("resolved_only", json!(args.resolved_only)),
        ("limit", json!(args.limit)),
    ]);
    print(app, "find_similar_incidents", given, out)
}
