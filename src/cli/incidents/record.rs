//! `cloudops incidents record`: a new incident, and the past ones like it.

use serde_json::json;

use super::super::reply::{arguments, print};
use crate::app::App;
use crate::recorded;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Record a new incident, and see past ones like it
///
/// Names of services, error codes, ARNs and Regions in the description are recognized. Secrets and e-mail addresses are
/// masked before anything is stored.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents record \"Checkout returns 502\" --severity sev2 --service elbv2
  cloudops incidents record \"Imports stuck\" --description \"AccessDenied on s3:PutObject since 08:10\" --error-code AccessDenied")]
pub(crate) struct Args {
    /// One line that says what is wrong
    title: String,
    /// More about it: what is seen, who is affected, what was done so far
    #[arg(short, long, value_name = "TEXT")]
    description: Option<String>,
    /// What people see, in their words (repeatable)
    #[arg(long, value_name = "TEXT")]
    symptom: Vec<String>,
    /// `sev1` (worst) to `sev5`
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<String>,
    /// When it began: `2026-11-25T08:30:00Z` [default: now]
    #[arg(long, value_name = "WHEN")]
    started: Option<String>,
    /// AWS services, separated by commas (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    service: Vec<String>,
    /// Error code as it is printed (repeatable)
    #[arg(long, value_name = "CODE")]
    error_code: Vec<String>,
    /// Name of an alarm, or type of a finding (repeatable)
    #[arg(long, value_name = "NAME")]
    alarm: Vec<String>,
    /// ARN or id (repeatable)
    #[arg(long, value_name = "ARN")]
    resource: Vec<String>,
    /// Address of a ticket or a dashboard (repeatable)
    #[arg(long, value_name = "URL")]
    link: Vec<String>,
    /// Free word (repeatable)
    #[arg(long, value_name = "WORD")]
    tag: Vec<String>,
    /// The tracker's id [default: the next free one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let given = arguments([
        ("title", json!(args.title)),
        ("description", json!(args.description)),
        ("symptoms", json!(args.symptom)),
        ("severity", json!(args.severity)),
        ("started", json!(args.started)),
        ("services", json!(args.service)),
        ("error_codes", json!(args.error_code)),
        ("alarms", json!(args.alarm)),
        ("resources", json!(args.resource)),
        ("links", json!(args.link)),
        ("tags", json!(args.tag)),
        ("id", json!(args.id)),
    ]);
    print(app, "record_incident", given, out)?;
    recorded::publish_or_warn(app);
    Ok(())
}
