//! `cloudops incidents list`: what is known, newest first.

use std::io::Write;

use cloudops_incidents::incident::{Incident, Status};

use crate::app::App;
use crate::report::error::{CommandError, CommandResult};
use crate::report::table::{Align, Table};
use crate::report::{DIM, Output, count, one_line, styled, time};

/// List the incidents that are known, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents list
  cloudops incidents list --open --service rds
  cloudops incidents list --since 90d --json")]
pub(crate) struct Args {
    /// Only incidents that go on
    #[arg(long)]
    open: bool,
    /// Only about these AWS services, separated by commas (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    service: Vec<String>,
    /// Only since a date (`2026-01-31`) or a time ago (`36h`, `7d`, `2w`)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Incidents that are shown at most
    #[arg(short, long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let since = args.since.as_deref().map(|since| time::parse_since(since, time::now())).transpose();
    let since = since.map_err(CommandError::input)?;
    let experience = app.experience()?;
    let wanted = |incident: &&Incident| {
        (!args.open || incident.status == Status::Open)
            && (args.service.is_empty() || incident.services.iter().any(|service| args.service.contains(service)))
            && since.is_none_or(|since| incident.when().is_some_and(|when| when >= since))
    };
    let mut incidents: Vec<&Incident> = experience.base.iter().filter(wanted).collect();
    incidents.sort_by(|a, b| b.when().cmp(&a.when()).then_with(|| a.id.cmp(&b.id)));
    let total = incidents.len();
    incidents.truncate(args.limit);
    if out.is_json() {
        out.json(&serde_json::json!({ "total": total, "incidents": incidents }))?;
        return Ok(());
    }
    if incidents.is_empty() {
        writeln!(out, "no incident is known that fits")?;
        return Ok(());
    }
    let columns = ["ID", "BEGAN", "STATUS", "SEV", "SERVICES", "TITLE"].map(|name| (name, Align::Left));
    let mut table = Table::new(&columns);
    for incident in &incidents {
        table.row([
            one_line(&incident.id),
            incident.started.map(time::date).unwrap_or_default(),
            incident.status.to_string(),
            incident.severity.map(|severity| severity.to_string()).unwrap_or_default(),
            one_line(&incident.services.iter().take(3).cloned().collect::<Vec<_>>().join(" ")),
            one_line(&incident.title),
        ]);
    }
    table.write(out)?;
    if total > incidents.len() {
        let left = count((total - incidents.len()) as u64, "older one");
        writeln!(out, "{}", styled(DIM, format!("{left} not shown: `--limit`")))?;
    }
    out.flush()?;
    Ok(())
}
