//! `cloudops ingest report`: what runs came to.

use std::io::Write;

use cloudops_ingest::ledger::{Ledger, Run, Tally, Trouble};
use serde::Serialize;

use crate::app::App;
use crate::report::error::{CommandError, CommandResult};
use crate::report::table::{Align, Table};
use crate::report::{BAD, DIM, Output, TITLE, WARN, bytes, count, grouped, one_line, styled, time};

/// Show what crawls came to: pages, failures and what they cost
///
/// Without RUN, the latest runs; with it, one of them and the pages that could not be read.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  cloudops ingest report
  cloudops ingest report 12 --json
  cloudops ingest report --source aws-docs --limit 5")]
pub(crate) struct Args {
    /// Number of a run
    run: Option<i64>,
    /// Only runs of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Runs, or pages of one run, that are shown at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
}

/// One run with its troubles, as JSON.
#[derive(Debug, Serialize)]
struct Detail {
    #[serde(flatten)]
    run: Run,
    troubles: Vec<Trouble>,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let none = || {
        CommandError::input("nothing has been crawled yet")
            .hint("To crawl guides of the AWS documentation, run `cloudops ingest aws-docs --guide ec2`.")
    };
    let ledger = Ledger::open_existing(app.data_dir())?.ok_or_else(none)?;
    if let Some(id) = args.run {
        let run = ledger.run(id)?.ok_or_else(|| {
            CommandError::input(format!("there is no run {id}")).hint("`cloudops ingest report` lists the latest runs.")
        })?;
        let run = Run { tally: if run.ended.is_some() { run.tally } else { ledger.tally(&run.source, id)? }, ..run };
        let troubles = ledger.troubles(id, args.limit)?;
        if out.is_json() {
            out.json(&Detail { run, troubles })?;
            return Ok(());
        }
        write_run(&run, out)?;
        for Trouble { code, message, .. } in &troubles {
            writeln!(out, "  {} {}", styled(DIM, one_line(code)), one_line(message))?;
        }
        return Ok(());
    }
    let runs = ledger.runs(args.source.as_deref(), args.limit)?;
    if out.is_json() {
        out.json(&runs)?;
        return Ok(());
    }
    let now = time::now();
    let mut table = Table::new(&[
        ("RUN", Align::Right),
        ("SOURCE", Align::Left),
        ("STARTED", Align::Left),
        ("STATE", Align::Left),
        ("FOUND", Align::Right),
        ("ADDED", Align::Right),
        ("CHANGED", Align::Right),
        ("REMOVED", Align::Right),
        ("FAILED", Align::Right),
        ("TRANSFERRED", Align::Right),
        ("SECONDS", Align::Right),
    ]);
    for run in &runs {
        table.row([
            run.id.to_string(),
            one_line(&run.source),
            time::age(run.started, now),
            run.state.as_str().to_owned(),
            grouped(run.tally.found),
            grouped(run.tally.added),
            grouped(run.tally.changed),
            grouped(run.tally.removed),
            grouped(run.tally.failures()),
            bytes(run.transferred),
            format!("{:.1}", run.seconds),
        ]);
    }
    table.write(out)?;
    Ok(())
}

/// A run in a few lines.
pub(super) fn write_run(run: &Run, out: &mut impl Write) -> std::io::Result<()> {
    let resumed = if run.resumed > 0 { format!(", taken up again {} times", run.resumed) } else { String::new() };
    let heading = format!("run {} of {}", run.id, one_line(&run.source));
    writeln!(
        out,
        "{} {}",
        styled(TITLE, heading),
        styled(DIM, format!("{}, {}{resumed}", run.state.as_str(), time::age(run.started, time::now())))
    )?;
    let Tally { found, added, changed, unchanged, removed, gone, moved, refused, unwanted, failed, left } = &run.tally;
    let mut parts = vec![
        format!("{} found", grouped(*found)),
        format!("{} added", grouped(*added)),
        format!("{} changed", grouped(*changed)),
        format!("{} removed", grouped(*removed)),
        format!("{} unchanged", grouped(*unchanged)),
    ];
    for (number, word) in [(gone, "missing, to be confirmed"), (moved, "moved"), (left, "left")] {
        if *number > 0 {
            parts.push(format!("{} {word}", grouped(*number)));
        }
    }
    writeln!(out, "  {}", parts.join(", "))?;
    for (style, word, reasons) in
        [(BAD, "failed", failed), (WARN, "nothing to index", refused), (DIM, "not wanted by the site", unwanted)]
    {
        if !reasons.is_empty() {
            let reasons: Vec<_> =
                reasons.iter().map(|(code, n)| format!("{} {}", grouped(*n), one_line(code))).collect();
            writeln!(out, "  {}: {}", styled(style, word), reasons.join(", "))?;
        }
    }
    let rate = found.saturating_sub(*left) as f64 / run.seconds.max(0.001);
    writeln!(
        out,
        "  {}, {} transferred, {:.1} s, {rate:.0} pages/s",
        count(run.requests, "request"),
        bytes(run.transferred),
        run.seconds
    )?;
    if let Some(message) = &run.message {
        writeln!(out, "  {}", one_line(message))?;
    }
    Ok(())
}
