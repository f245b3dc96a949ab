//! `cloudops incidents stats`: how often, how long, and what repeats.

use std::io::Write;

use cloudops_incidents::statistics::{Row, statistics};

use crate::app::App;
use crate::report::error::{CommandError, CommandResult};
use crate::report::table::{Align, Table};
use crate::report::{DIM, Output, TITLE, one_line, styled, time};

/// Rows of a table; `--json` has all.
const ROWS: usize = 15;

/// Count incidents: repeat rate and time to resolve by service, cause, severity and month
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents stats
  cloudops incidents stats --since 90d --json")]
pub(crate) struct Args {
    /// Only since a date (`2026-01-31`) or a time ago (`36h`, `7d`, `2w`)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let now = time::now();
    let since = args.since.as_deref().map(|since| time::parse_since(since, now)).transpose();
    let since = since.map_err(CommandError::input)?;
    let experience = app.experience()?;
    let counted = statistics(experience.base.iter(), since, now);
    if out.is_json() {
        out.json(&counted)?;
        return Ok(());
    }
    writeln!(out, "{} incidents, {} open, {} resolved", counted.incidents, counted.open, counted.resolved)?;
    let tables = [
        ("SERVICE", &counted.by_service),
        ("CAUSE", &counted.by_cause),
        ("SEVERITY", &counted.by_severity),
        ("MONTH", &counted.by_month),
    ];
    for (name, rows) in tables {
        write_table(name, rows, out)?;
    }
    out.flush()?;
    Ok(())
}

fn write_table(name: &'static str, rows: &[Row], out: &mut Output) -> std::io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", styled(TITLE, format!("by {}", name.to_lowercase())))?;
    let mut table = Table::new(&[
        (name, Align::Left),
        ("INCIDENTS", Align::Right),
        ("OPEN", Align::Right),
        ("REPEATS", Align::Right),
        ("MEDIAN", Align::Right),
        ("P90", Align::Right),
    ]);
    let span = |seconds: i64| time::span(seconds.unsigned_abs());
    for row in rows.iter().take(ROWS) {
        table.row([
            one_line(&row.name),
            row.incidents.to_string(),
            row.open.to_string(),
            format!("{:.0} %", 100.0 * row.repeat_rate),
            row.time_to_resolve.as_ref().map(|times| span(times.median)).unwrap_or_default(),
            row.time_to_resolve.as_ref().map(|times| span(times.p90)).unwrap_or_default(),
        ]);
    }
    table.write(out)?;
    if rows.len() > ROWS {
        writeln!(out, "{}", styled(DIM, format!("and {} more: `--json`", rows.len() - ROWS)))?;
    }
    Ok(())
}
