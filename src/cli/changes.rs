//! `cloudops changes`: what became different in the index, page by page.

use std::collections::BTreeMap;
use std::io::Write;

use cloudops_ingest::ledger::{Change, ChangeFilter, Ledger, What};
use serde::Serialize;

use crate::app::App;
use crate::report::error::{CommandError, CommandResult};
use crate::report::{BAD, DIM, GOOD, Output, TITLE, WARN, count, one_line, styled, time};

/// Show what has changed in the indexed documentation, page by page
///
/// Every ingestion notes which documents are new, changed or gone, and where. What a source brought along when it was
/// ingested for the first time is no news and left out, unless `--first-runs` asks for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops changes --since 7d
  cloudops changes --since 7d --about ec2,rds
  cloudops changes --since 2026-01-31 --what removed --json")]
pub(crate) struct Args {
    /// Since a date (`2026-01-31`) or a time ago (`36h`, `7d`, `2w`)
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: String,
    /// Only services or guides of these names, separated by commas (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    about: Vec<String>,
    /// Only this source (repeatable)
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Only these: `added`, `changed`, `removed` (repeatable)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    what: Vec<What>,
    /// Count what a source brought along when it was ingested for the first time
    #[arg(long)]
    first_runs: bool,
    /// Changes that are shown at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
}

/// The result as JSON.
#[derive(Debug, Serialize)]
struct Report {
    /// Seconds since 1970.
    since: i64,
    total: usize,
    /// Changes by guide; those of no guide are under an empty name.
    guides: BTreeMap<String, Counts>,
    /// Newest first.
    changes: Vec<Change>,
    /// Whether there are more than are shown.
    truncated: bool,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    added: usize,
    changed: usize,
    removed: usize,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let since = time::parse_since(&args.since, time::now()).map_err(CommandError::input)?;
    let filter = ChangeFilter {
        since,
        sources: args.source.clone(),
        about: args.about.clone(),
        what: args.what.clone(),
        first_runs: args.first_runs,
    };
    let mut changes = match Ledger::open_existing(app.data_dir())? {
        Some(ledger) => ledger.changes(&filter)?,
        None => Vec::new(),
    };
    let total = changes.len();
    let mut guides: BTreeMap<String, Counts> = BTreeMap::new();
    for change in &changes {
        let counts = guides.entry(change.guide.clone().unwrap_or_default()).or_default();
        match change.what {
            What::Added => counts.added += 1,
            What::Changed => counts.changed += 1,
            What::Removed => counts.removed += 1,
        }
    }
    changes.truncate(args.limit);
    let report = Report { since, total, guides, truncated: total > changes.len(), changes };
    if out.is_json() {
        out.json(&report)?;
    } else {
        write(&report, out)?;
    }
    Ok(())
}

fn write(report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    if report.total == 0 {
        writeln!(out, "nothing has changed since {}", time::date(report.since))?;
        return Ok(());
    }
    let guides = report.guides.len();
    writeln!(
        out,
        "{} in {} since {}",
        count(report.total as u64, "change"),
        count(guides as u64, "guide"),
        time::date(report.since)
    )?;
    // One guide after another, so that a person can leave out those of no interest.
    let mut by_guide: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &report.changes {
        by_guide.entry(change.guide.as_deref().unwrap_or_default()).or_default().push(change);
    }
    for (guide, changes) in by_guide {
        let name = if guide.is_empty() { "no guide".to_owned() } else { one_line(guide) };
        let counts = &report.guides[guide];
        let numbers: Vec<_> = [(counts.added, "added"), (counts.changed, "changed"), (counts.removed, "removed")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
        writeln!(out, "\n{} {}", styled(TITLE, name), styled(DIM, numbers.join(", ")))?;
        for change in changes {
            write_change(change, out)?;
        }
    }
    if report.truncated {
        let left = report.total - report.changes.len();
        writeln!(out, "\n{}", styled(DIM, format!("{left} older ones are not shown: `--limit`, or `--json`")))?;
    }
    Ok(())
}

fn write_change(change: &Change, out: &mut impl Write) -> std::io::Result<()> {
    let style = match change.what {
        What::Added => GOOD,
        What::Changed => WARN,
        What::Removed => BAD,
    };
    let lines = match change.what {
        What::Added => format!("{} lines", change.lines_added),
        What::Changed => format!("+{} −{}", change.lines_added, change.lines_removed),
        What::Removed => String::new(),
    };
    let at = time::date(change.at);
    writeln!(
        out,
        "  {} {} {}",
        styled(style, format!("{:7}", change.what.as_str())),
        one_line(&change.title),
        styled(DIM, format!("{at} {lines}"))
    )?;
    if !change.sections.is_empty() {
        writeln!(out, "          {}", styled(DIM, format!("in {}", one_line(&change.sections.join(", ")))))?;
    }
    for line in &change.excerpt {
        let style = if line.starts_with('+') { GOOD } else { BAD };
        writeln!(out, "          {}", styled(style, one_line(line)))?;
    }
    let link = change.url.as_deref().unwrap_or(&change.document);
    writeln!(out, "          {}", styled(DIM, one_line(link)))
}
