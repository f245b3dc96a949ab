//! `cloudops incidents import`: incidents of a tracker, or of AWS.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use cloudops_incidents::import::{Imported, Origin, import};
use cloudops_incidents::store::Store;
use serde_json::json;

use crate::app::App;
use crate::recorded;
use crate::recording::mask_incident;
use crate::report::error::{CommandError, CommandResult, warn};
use crate::report::{GOOD, Output, count, one_line, styled, time};

/// Skipped records that a warning names.
const NAMED: usize = 5;

/// Import incidents from a tracker or from AWS
///
/// Reads JSON or JSON Lines as APIs and command lines print it: operational items of Systems Manager, records of Incident
/// Manager, events of AWS Health, findings of `GuardDuty`, and issues of Jira, `PagerDuty`, `ServiceNow` and GitHub. Incidents of the same id
/// are replaced. Secrets are masked before anything is stored.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aws ssm describe-ops-items --output json > ops.json && cloudops incidents import ops.json
  cloudops incidents import findings.json --from guardduty
  cloudops incidents import - --from jira < issues.json")]
pub(crate) struct Args {
    /// JSON file, or `-` for standard input
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// What it is from [default: recognized]: ops-item, incident-manager, health, guardduty, jira, pagerduty, servicenow,
    /// github, cloudops
    #[arg(long, value_name = "ORIGIN")]
    from: Option<String>,
    /// Say what would be imported, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    use std::io::Write;

    let origin = args.from.as_deref().map(str::parse::<Origin>).transpose();
    let origin = origin.map_err(|error| CommandError::input(error.to_string()))?;
    let text = if args.file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).context("failed to read standard input")?;
        text
    } else {
        fs_err::read_to_string(&args.file).map_err(|error| CommandError::input(error.to_string()))?
    };
    let Imported { mut incidents, origin, skipped } =
        import(&text, origin).map_err(|error| CommandError::input(error.to_string()))?;
    {
        // A note that somebody keeps is not replaced by a record of the same name.
        let experience = app.experience()?;
        let (notes, others): (Vec<_>, Vec<_>) =
            incidents.into_iter().partition(|incident| experience.is_of_note(&incident.id));
        incidents = others;
        if !notes.is_empty() {
            let ids = notes.iter().take(NAMED).map(|note| one_line(&note.id)).collect::<Vec<_>>().join(", ");
            warn(format!("{} left out, of which there are notes: {ids}", count(notes.len() as u64, "incident")));
        }
    }
    let masked: usize = incidents.iter_mut().map(|incident| mask_incident(incident).len()).sum();
    let new = if args.dry_run || incidents.is_empty() {
        None
    } else {
        let put = Store::open(app.data_dir())?.put_all(&incidents, origin.as_str(), time::now())?;
        recorded::publish_or_warn(app);
        if !put.refused.is_empty() {
            let ids = put.refused.iter().take(NAMED).map(|id| one_line(id)).collect::<Vec<_>>().join(", ");
            let what = count(put.refused.len() as u64, "incident");
            warn(format!("{what} left out, whose id belongs to one that is not from {}: {ids}", origin.as_str()));
        }
        Some(put.new)
    };
    if !skipped.is_empty() {
        let named =
            skipped.iter().take(NAMED).map(|skipped| format!("{}: {}", skipped.place, one_line(&skipped.reason)));
        warn(format!("{} skipped: {}", count(skipped.len() as u64, "record"), named.collect::<Vec<_>>().join("; ")));
    }
    if out.is_json() {
        let skipped: Vec<_> =
            skipped.iter().map(|skipped| json!({ "place": skipped.place, "reason": skipped.reason })).collect();
        let ids: Vec<_> = incidents.iter().map(|incident| &incident.id).collect();
        out.json(&json!({
            "origin": origin.as_str(), "incidents": ids, "new": new, "masked": masked, "skipped": skipped,
        }))?;
        return Ok(());
    }
    let what = count(incidents.len() as u64, "incident");
    let masked = if masked > 0 { format!(", {} masked", count(masked as u64, "secret")) } else { String::new() };
    match new {
        Some(new) => writeln!(out, "{} {what} from {}, {new} new{masked}", styled(GOOD, "imported"), origin.as_str())?,
        None => writeln!(out, "{what} from {} would be imported{masked}", origin.as_str())?,
    }
    out.flush()?;
    Ok(())
}
