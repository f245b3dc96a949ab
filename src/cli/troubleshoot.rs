//! `cloudops troubleshoot`: from a symptom to ordered steps.

use serde_json::json;

use super::reply::{arguments, print};
use crate::app::App;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Lead from a symptom to its cause: steps, past incidents, pages
///
/// Finds the guide that fits, in any words, and shows its steps with commands and decisions; then past incidents like it
/// with what ended them, and the pages behind it. Nothing is run. Guides are built in; folders of your own named
/// `runbooks` or `troubleshooting` add to them, if they have numbered steps.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops troubleshoot our ALB started returning 502 after the deploy
  cloudops troubleshoot \"access denied although the policy allows it\" --service s3
  cloudops troubleshoot 502 --guide corpus/troubleshooting/alb-502-503-504.md --from-step 4
  cloudops troubleshoot \"pods are pending\" --json")]
pub(crate) struct Args {
    /// What is wrong, in your words
    #[arg(required = true)]
    symptom: Vec<String>,
    /// Only about these AWS services, separated by commas (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    service: Vec<String>,
    /// Another guide than the one that fits best, by its document
    #[arg(long, value_name = "DOCUMENT")]
    guide: Option<String>,
    /// First step to show in full
    #[arg(long, value_name = "N")]
    from_step: Option<u32>,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let given = arguments([
        ("symptom", json!(args.symptom.join(" "))),
        ("service", json!(args.service)),
        ("guide", json!(args.guide)),
        ("from_step", json!(args.from_step)),
    ]);
    print(app, "troubleshoot", given, out)
}
