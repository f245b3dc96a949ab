//! `cloudops incidents learn`: incidents that repeat, as drafts of guides.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use cloudops_incidents::guide;
use cloudops_incidents::incident::Incident;
use cloudops_incidents::learn::{Group, LearnOptions, draft, groups};
use cloudops_indexes::model::Kind;
use cloudops_indexes::store::TrainWhen;
use cloudops_ingest::source::folder::{self, FolderOptions, Found};
use serde_json::json;

use crate::app::{App, open_existing};
use crate::ingestion::{Comparison, How, Source, Target, ingest};
use crate::report::error::{CommandError, CommandResult};
use crate::report::progress::Bars;
use crate::report::table::{Align, Table};
use crate::report::{DIM, GOOD, Output, TITLE, one_line, printable, styled, time};

/// Folder in the data directory, and source in the index, of guides that were accepted.
pub(crate) const ACCEPTED: &str = "accepted-guides";

/// Group incidents that repeat, and draft guides from them
///
/// Incidents of one shape (service, codes, causes, words) are grouped. Each group makes a draft of a troubleshooting guide
/// and a list of what would prevent it. Nothing is kept before somebody accepts it; an accepted guide is found by
/// `troubleshoot` and by search like any other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents learn
  cloudops incidents learn --draft rds-toomanyconnections-1a2b > draft.md
  cloudops incidents learn --accept rds-toomanyconnections-1a2b --file draft.md")]
pub(crate) struct Args {
    /// Incidents that a group has at least
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..))]
    least: u64,
    /// Print the draft of this group's guide
    #[arg(long, value_name = "KEY", conflicts_with = "accept")]
    draft: Option<String>,
    /// Keep this group's guide
    #[arg(long, value_name = "KEY")]
    accept: Option<String>,
    /// The guide as somebody edited it, instead of the draft
    #[arg(long, value_name = "FILE", requires = "accept", value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let incidents: Vec<Incident> = app.experience()?.base.iter().cloned().collect();
    let options = LearnOptions { least: args.least as usize, ..LearnOptions::default() };
    let groups = groups(incidents.iter(), &options);
    let of = |key: &str| {
        groups.iter().find(|group| group.key == key).ok_or_else(|| {
            CommandError::input(format!("there is no group `{key}`")).hint("`cloudops incidents learn` lists them.")
        })
    };
    if let Some(key) = &args.draft {
        let text = draft(of(key)?, time::now());
        if out.is_json() {
            out.json(&json!({ "key": key, "draft": text }))?;
        } else {
            write!(out, "{}", printable(&text))?;
            out.flush()?;
        }
        return Ok(());
    }
    if let Some(key) = &args.accept {
        let group = of(key)?;
        let text = match &args.file {
            Some(path) => fs_err::read_to_string(path).map_err(|error| CommandError::input(error.to_string()))?,
            None => draft(group, time::now()),
        };
        return accept(app, key, &text, out);
    }
    if out.is_json() {
        out.json(&json!({ "incidents": incidents.len(), "groups": groups }))?;
    } else {
        write_groups(incidents.len(), &groups, args, out)?;
    }
    Ok(())
}

/// Keeps a guide in the data directory and puts it into the index.
fn accept(app: &App, key: &str, text: &str, out: &mut Output) -> CommandResult {
    let folder = app.data_dir().join(ACCEPTED);
    let mut options = FolderOptions::new(&folder, ACCEPTED);
    options.kind = Some(Kind::Troubleshooting);
    options.git_dates = false;
    let path = folder.join(format!("{key}.md"));
    let found = Found {
        path: path.clone(),
        relative: format!("{key}.md"),
        size: text.len() as u64,
        modified_ns: 0,
        committed: None,
    };
    let prepared = folder::prepare(&found, text.as_bytes(), &options)
        .map_err(|failure| CommandError::input(format!("the guide cannot be read: {}", failure.reason)))?;
    let (document, steps) = (prepared.document.id.clone(), guide::parse(&prepared.document).steps.len());
    if steps == 0 {
        return Err(CommandError::input("the guide has no numbered steps, so nobody could follow it")
            .hint("Steps are the items of ordered lists at the left margin: `1. Look ...`."));
    }
    fs_err::create_dir_all(&folder).map_err(anyhow::Error::new)?;
    // Complete or not there: a guide cut in half would lead astray.
    let new = folder.join(format!(".{key}.new"));
    fs_err::write(&new, text).map_err(anyhow::Error::new)?;
    fs_err::rename(&new, &path).map_err(anyhow::Error::new)?;
    let target = Target::new(Source::Folder(options), open_existing(app.data_dir())?.as_ref());
    let how = How { dry_run: false, anew: false, comparison: Comparison::default(), train: TrainWhen::Never };
    ingest(app, &[target], how, &mut Bars::new(true), &AtomicBool::new(false))?;
    if out.is_json() {
        out.json(&json!({ "key": key, "document": document, "path": path, "steps": steps }))?;
    } else {
        writeln!(out, "{} {document} with {steps} steps", styled(GOOD, "accepted"))?;
        out.flush()?;
    }
    Ok(())
}

fn write_groups(incidents: usize, groups: &[Group<'_>], args: &Args, out: &mut Output) -> std::io::Result<()> {
    if groups.is_empty() {
        let least = args.least;
        writeln!(out, "of {incidents} incidents no {least} have one shape: nothing to learn from yet (`--least`)")?;
        return Ok(());
    }
    let mut table = Table::new(&[
        ("KEY", Align::Left),
        ("INCIDENTS", Align::Right),
        ("LAST", Align::Left),
        ("MEDIAN", Align::Right),
        ("TITLE", Align::Left),
    ]);
    for group in groups {
        table.row([
            group.key.clone(),
            group.incidents.len().to_string(),
            group.last_seen.map(time::date).unwrap_or_default(),
            group.median_time_to_resolve.map(|seconds| time::span(seconds.unsigned_abs())).unwrap_or_default(),
            one_line(group.title),
        ]);
    }
    table.write(out)?;
    for group in groups.iter().take(5) {
        writeln!(out, "\n{}", styled(TITLE, &group.key))?;
        for fix in group.fixes.iter().take(2) {
            let failed = if fix.failed > 0 { format!(", failed {}", fix.failed) } else { String::new() };
            writeln!(out, "  fix: {} {}", one_line(fix.what), styled(DIM, format!("worked {}{failed}", fix.worked)))?;
        }
        for prevention in group.prevention.iter().take(3) {
            let named = styled(DIM, format!("named by {}", prevention.incidents));
            writeln!(out, "  prevention: {} {named}", one_line(prevention.what))?;
        }
    }
    writeln!(out, "\n{}", styled(DIM, "`--draft KEY` prints a guide made of them, `--accept KEY` keeps it"))?;
    out.flush()
}
