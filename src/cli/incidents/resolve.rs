//! `cloudops incidents resolve`: how an incident ended.

use serde_json::json;

use super::super::reply::{arguments, print};
use crate::app::App;
use crate::recorded;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Record how an incident ended, so that its fix counts for the next one
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents resolve INC-7 --fix \"raised max_connections\" --cause \"connection limit\"
  cloudops incidents resolve INC-8 --fix-of INC-7
  cloudops incidents resolve INC-9 --fix \"restored the key policy\" --failed \"restart of the tasks\"")]
pub(crate) struct Args {
    /// Its id
    id: String,
    /// What ended it
    #[arg(long, value_name = "TEXT", required_unless_present = "fix_of")]
    fix: Option<String>,
    /// The past incident whose fix ended this one too
    #[arg(long, value_name = "ID", conflicts_with = "fix")]
    fix_of: Option<String>,
    /// Why it happened
    #[arg(long, value_name = "TEXT")]
    root_cause: Option<String>,
    /// Kind of cause in one to three words, such as `expired certificate`
    #[arg(long, value_name = "WORDS")]
    cause: Option<String>,
    /// What was tried and did not help (repeatable)
    #[arg(long, value_name = "TEXT")]
    failed: Vec<String>,
    /// What was tried and helped for a while (repeatable)
    #[arg(long, value_name = "TEXT")]
    helped: Vec<String>,
    /// What keeps it from happening again (repeatable)
    #[arg(long, value_name = "TEXT")]
    prevention: Vec<String>,
    /// When it ended [default: now]
    #[arg(long, value_name = "WHEN")]
    resolved: Option<String>,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let failed = args.failed.iter().map(|what| json!({ "what": what, "worked": false }));
    let helped = args.helped.iter().map(|what| json!({ "what": what, "worked": true }));
    let given = arguments([
        ("id", json!(args.id)),
        ("fix", json!(args.fix)),
        ("fix_of", json!(args.fix_of)),
        ("root_cause", json!(args.root_cause)),
        ("cause", json!(args.cause)),
        ("tried", failed.chain(helped).collect()),
        ("prevention", json!(args.prevention)),
        ("resolved", json!(args.resolved)),
    ]);
    print(app, "resolve_incident", given, out)?;
    recorded::publish_or_warn(app);
    Ok(())
}
