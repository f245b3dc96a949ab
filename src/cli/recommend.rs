//! `cloudops recommend`: patterns and best practices for requirements.

use serde_json::json;

use super::reply::{arguments, print};
use crate::app::App;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Recommend architecture patterns and best practices for requirements
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops recommend web shop that must survive the loss of a Region --rto 15m --rpo 1m
  cloudops recommend \"nightly jobs on cheap compute\" --workload batch --max-cost low
  cloudops recommend \"keep card data apart\" --industry finance --json")]
pub(crate) struct Args {
    /// What is needed, in your words
    #[arg(required = true)]
    requirements: Vec<String>,
    /// Kind of workload, such as `web`, `data`, `batch`, `serverless`, `containers`, `ml`, `sap`
    #[arg(long, value_name = "NAME")]
    workload: Option<String>,
    /// Industry, such as `finance`, `healthcare`, `public-sector`, `retail`
    #[arg(long, value_name = "NAME")]
    industry: Option<String>,
    /// Longest time to serve again: `15m`, `4h`
    #[arg(long, value_name = "TIME")]
    rto: Option<String>,
    /// Most data that may be lost: `30s`, `1h`
    #[arg(long, value_name = "TIME")]
    rpo: Option<String>,
    /// Highest running cost: `low`, `medium` or `high`
    #[arg(long, value_name = "LEVEL")]
    max_cost: Option<String>,
    /// AWS services that are wanted, separated by commas (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    service: Vec<String>,
    /// Patterns to show
    #[arg(short, long, value_name = "N")]
    limit: Option<u64>,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let given = arguments([
        ("requirements", json!(args.requirements.join(" "))),
        ("workload", json!(args.workload)),
        ("industry", json!(args.industry)),
        ("rto", json!(args.rto)),
        ("rpo", json!(args.rpo)),
        ("max_cost", json!(args.max_cost)),
        ("service", json!(args.service)),
        ("limit", json!(args.limit)),
    ]);
    print(app, "recommend_pattern", given, out)
}
