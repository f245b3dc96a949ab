//! `cloudops ingest`: folders and websites into the index.

mod guides;
mod report;
#[cfg(feature = "crawl")]
mod web;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;
use cloudops_indexes::model::Kind;
use cloudops_indexes::store::{CommitReport, Index, IndexError, IndexWriter, TrainReport, TrainWhen};
use cloudops_ingest::schedule::is_name;
use cloudops_ingest::source::folder::{self, FolderOptions};
use serde::Serialize;

use crate::app::{App, open_existing};
use crate::corpus;
#[cfg(feature = "crawl")]
use crate::ingestion::start_embedding;
use crate::ingestion::{Comparison, How, Ingested, Outcome, SourceNote, Target, Trouble, ingest_folders};
use crate::report::error::{CommandError, CommandResult, Kind as ErrorKind, warn};
use crate::report::progress::Bars;
use crate::report::{BAD, DIM, GOOD, Output, TITLE, WARN, bytes, count, grouped, one_line, styled};

/// Troubles of one kind that are listed before it is only counted.
const LISTED: usize = 10;

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
/// Index folders and websites, or bring them up to date
///
/// Reads Markdown, HTML, plain text and reStructuredText. A folder that was ingested before is compared with the
/// index: only files that are new or changed are read, and documents whose file is gone are removed. Without PATH,
/// every folder that was ever ingested is brought up to date, read as it was the last time.
///
/// Files that cannot be read are reported and left out; they never remove the last good version of a document and do
/// not change the exit code. The result is visible at once when everything is done, or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops ingest ~/aws-docs --name aws
  cloudops ingest ./runbooks --kind troubleshooting --tag team-a --exclude drafts
  cloudops ingest                    bring every folder up to date
  cloudops ingest aws-docs --guide ec2,rds
  cloudops ingest web https://runbooks.example.com/ops/ --name runbooks
  cloudops ingest ~/aws-docs --name aws --dry-run --json")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Folders or single files
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    folder: FolderArgs,
    /// Read every file, even if its size and time are those of the last run
    #[arg(long)]
    checksum: bool,
    /// Take nothing for unchanged. Without PATH, or if the index cannot be read, delete the whole index first
    #[arg(long)]
    rebuild: bool,
    /// Train vectors on the index, whatever the thresholds of the configuration say
    #[arg(long, conflicts_with = "no_train")]
    train: bool,
    /// Do not train vectors
    #[arg(long)]
    no_train: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// What is no folder.
#[derive(Debug, clap::Subcommand)]
enum What {
    #[cfg(feature = "crawl")]
    AwsDocs(web::AwsDocsArgs),
    #[cfg(feature = "crawl")]
    Web(web::WebsiteArgs),
    Guides(guides::Args),
    Report(report::Args),
}

/// How a folder is read.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "How a folder is read (needs PATH)")]
struct FolderArgs {
    /// Name of the source, the first part of every document id [default: the name of the folder]
    #[arg(long, requires = "paths")]
    name: Option<String>,
    /// Only files that match this glob (repeatable); without `/` it matches at any depth
    #[arg(long, value_name = "GLOB", requires = "paths")]
    include: Vec<String>,
    /// Leave out files and folders that match this glob (repeatable)
    #[arg(long, value_name = "GLOB", requires = "paths")]
    exclude: Vec<String>,
    /// Follow symbolic links
    #[arg(long, requires = "paths")]
    follow_symlinks: bool,
    /// Kind of documents that do not say it themselves [default: guessed]
    #[arg(long, requires = "paths")]
    kind: Option<Kind>,
    /// Tag every document (repeatable)
    #[arg(long, value_name = "TAG", requires = "paths")]
    tag: Vec<String>,
    /// AWS service of every document (repeatable)
    #[arg(long, value_name = "SERVICE", requires = "paths")]
    service: Vec<String>,
    /// Address under which the folder is published, for links
    #[arg(long, value_name = "URL", requires = "paths")]
    url_base: Option<String>,
    /// Skip larger files, in bytes [default: `ingest.max_file_bytes` of the configuration]
    #[arg(long, value_name = "BYTES", requires = "paths")]
    max_file_size: Option<u64>,
}

/// The result as JSON.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    sources: Vec<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<TrainReport>,
    /// Whether a process was started that makes the vectors of the model in use.
    embedding: bool,
    seconds: f64,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    match &args.what {
        #[cfg(feature = "crawl")]
        Some(What::AwsDocs(args)) => web::aws_docs(app, args, out),
        #[cfg(feature = "crawl")]
        Some(What::Web(args)) => web::website(app, args, out),
        Some(What::Guides(args)) => guides::run(args, out),
        Some(What::Report(args)) => report::run(app, args, out),
        None => folders(app, args, out),
    }
}

fn folders(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let started = Instant::now();
    let stop = stop_on_interrupt()?;
    // An index that can be read is made anew as its next generation: the one before answers until then.
    let mut anew = false;
    let existing = match open_existing(app.data_dir()) {
        Err(error) if args.rebuild && !args.paths.is_empty() && error.needs_rebuild() => {
            warn(format!("the index cannot be read and is made anew, with these folders only: {error}"));
            anew = true;
            None
        }
        other => other?,
    };
    let targets = targets(app, args, existing.as_ref())?;
    drop(existing);

    let train = match (args.train, args.no_train) {
        (true, _) => TrainWhen::Always,
        (_, true) => TrainWhen::Never,
        _ => app.settings().train.when.into(),
    };
    let comparison = Comparison { checksum: args.checksum, rebuild: args.rebuild };
    let how = How { dry_run: args.dry_run, anew, comparison, train };
    let mut bars = Bars::new(out.is_json());
    let Ingested { sources, commit, training, embedding } =
        ingest_folders(app, &targets, how, &mut bars, &stop).map_err(cannot_ingest)?;
    let seconds = started.elapsed().as_secs_f64();
    let report = Report { dry_run: args.dry_run, sources, commit, training, embedding, seconds };
    if out.is_json() {
        out.json(&report)?;
    } else {
        write(&report, out)?;
    }
    Ok(())
}

/// Publishes what was written, with a bar for every stage.
pub(super) fn commit(
    writer: IndexWriter,
    bars: &mut Bars,
    stop: &AtomicBool,
) -> Result<(CommitReport, Option<TrainReport>), CommandError> {
    crate::ingestion::commit(writer, bars, stop).map_err(|error| as_before(error.into()))
}

/// A flag that Ctrl-C raises, and SIGTERM. The second ends the program where it stands, which the index survives.
pub(super) fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            #[expect(clippy::exit, clippy::disallowed_methods, reason = "the user insists, and the index survives it")]
            std::process::exit(i32::from(ErrorKind::Interrupted.exit_code()));
        }
    })
    .context("failed to listen for Ctrl-C")?;
    Ok(stop)
}

fn as_before(error: anyhow::Error) -> CommandError {
    let interrupted = matches!(error.downcast_ref(), Some(IndexError::Interrupted));
    let error = CommandError::from(error);
    if interrupted { error.hint("The index is as it was before.") } else { error }
}

fn cannot_ingest(error: anyhow::Error) -> CommandError {
    match error.downcast::<folder::Error>() {
        Ok(error) => cannot_walk(error),
        Err(error) => as_before(error),
    }
}

fn cannot_walk(error: folder::Error) -> CommandError {
    let hint = match &error {
        folder::Error::Unreadable { .. } => "Nothing was changed. A folder must be there and readable to be ingested.",
        _ => "Globs look like `*.md`, `drafts` or `guides/**/old-*.md`.",
    };
    CommandError { kind: ErrorKind::Input, error: error.into(), hints: vec![hint.to_owned()] }
}

/// The folders that are meant, with how to read each.
fn targets(app: &App, args: &Args, existing: Option<&Index>) -> Result<Vec<Target>, CommandError> {
    let summary = existing.map(Index::summary).transpose()?;
    let sources = summary.as_ref().map_or(&[][..], |summary| summary.sources.as_slice());
    let note = |source: &str| existing.and_then(|index| SourceNote::read(index, source));
    let mut targets: Vec<Target> = Vec::new();
    if args.paths.is_empty() {
        for source in sources {
            let (Some(origin), Some(note)) = (&source.origin, note(&source.name)) else { continue };
            let options = FolderOptions {
                include: note.include.clone(),
                exclude: note.exclude.clone(),
                follow_symlinks: note.follow_symlinks,
                max_file_bytes: note.max_file_bytes,
                kind: note.kind,
                tags: note.tags.clone(),
                services: note.services.clone(),
                url_base: note.url_base.clone(),
                ..FolderOptions::new(origin, &source.name)
            };
            targets.push(Target { options, note: Some(note) });
        }
        if targets.is_empty() && !args.rebuild {
            return Err(CommandError::input("no folder has been ingested yet")
                .hint("To ingest one, run `cloudops ingest FOLDER`."));
        }
        return Ok(targets);
    }

    if args.folder.name.is_some() && args.paths.len() > 1 {
        return Err(CommandError::input("`--name` names one source, and several paths were given"));
    }
    let settings = &app.settings().ingest;
    for path in &args.paths {
        let root = fs_err::canonicalize(path)
            .map_err(|source| cannot_walk(folder::Error::Unreadable { path: path.clone(), source }))?;
        let name = match &args.folder.name {
            Some(name) => name.clone(),
            None => source_name(&root.file_stem().unwrap_or_default().to_string_lossy()),
        };
        check_source_name(&name)?;
        if targets.iter().any(|target| target.options.source == name) {
            return Err(CommandError::input(format!("two folders would be the source `{name}`"))
                .hint("Ingest them one by one, with `--name NAME` for one of them."));
        }
        let origin = root.display().to_string();
        let other = sources.iter().find(|source| source.name == name).and_then(|source| source.origin.as_ref());
        if let Some(other) = other.filter(|other| **other != origin) {
            return Err(CommandError::input(format!("the source `{name}` was ingested from `{other}`"))
                .hint("Choose another name with `--name NAME`, or ingest that folder again."));
        }
        let folder = args.folder.clone();
        let mut exclude = settings.exclude.clone();
        exclude.extend(folder.exclude);
        let options = FolderOptions {
            include: folder.include,
            exclude,
            follow_symlinks: folder.follow_symlinks || settings.follow_symlinks,
            max_file_bytes: folder.max_file_size.unwrap_or(settings.max_file_bytes),
            kind: folder.kind,
            tags: folder.tag.iter().map(|tag| tag.to_lowercase()).collect(),
            services: folder.service.iter().map(|service| service.to_lowercase()).collect(),
            url_base: folder.url_base,
            ..FolderOptions::new(root, &name)
        };
        let note = note(&name);
        targets.push(Target { options, note });
    }
    Ok(targets)
}

/// The name of a folder as the name of a source.
pub(super) fn source_name(folder: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let name: String = folder.to_lowercase().chars().map(allowed).take(64).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "documents".to_owned() } else { name.to_owned() }
}

/// Refuses what cannot be the name of a source, or is taken.
pub(super) fn check_source_name(name: &str) -> CommandResult {
    if !is_name(name) {
        return Err(CommandError::input(format!("`{name}` cannot be the name of a source"))
            .hint("Use letters, digits, `.`, `_` and `-`, at most 64 of them, with `--name NAME`."));
    }
    if name == corpus::SOURCE {
        return Err(CommandError::input(format!("`{name}` is the name of the built-in documents"))
            .hint("Choose another with `--name NAME`."));
    }
    Ok(())
}

fn write(report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    for outcome in &report.sources {
        let would = if report.dry_run { "would be " } else { "" };
        writeln!(out, "{} {}", styled(TITLE, &outcome.source), styled(DIM, one_line(&outcome.origin)))?;
        let size = if outcome.bytes > 0 { format!("; {} read", bytes(outcome.bytes)) } else { String::new() };
        writeln!(
            out,
            "  {would}{} added, {} changed, {} removed, {} unchanged, {} failed, {} skipped{size}",
            grouped(outcome.added),
            grouped(outcome.changed),
            grouped(outcome.removed),
            grouped(outcome.unchanged),
            grouped(outcome.failed.len() as u64),
            grouped(outcome.skipped.len() as u64),
        )?;
        for (style, name, troubles) in [(BAD, "failed", &outcome.failed), (WARN, "skipped", &outcome.skipped)] {
            for Trouble { path, reason } in troubles.iter().take(LISTED) {
                writeln!(out, "  {} {}: {}", styled(style, name), one_line(path), one_line(reason))?;
            }
            if troubles.len() > LISTED {
                writeln!(out, "  {} {} more, all with --json", styled(style, name), troubles.len() - LISTED)?;
            }
        }
    }
    if let Some(training) = &report.training {
        write_training(training, out)?;
    }
    if let Some(commit) = &report.commit {
        let done = format!("{} in the index, generation {}", count(commit.passages, "passage"), commit.generation);
        writeln!(out, "{} {done}, {:.1} s", styled(GOOD, "done:"), report.seconds)?;
    }
    if report.embedding {
        let follow = "better answers follow as it is embedded in the background: `cloudops embed status`";
        writeln!(out, "{}", styled(DIM, follow))?;
    }
    Ok(())
}

pub(super) fn write_training(training: &TrainReport, out: &mut impl Write) -> std::io::Result<()> {
    let verdict = if training.installed { "installed" } else { "not installed: it is no better than the one in use" };
    writeln!(
        out,
        "trained vectors on {} in {:.1} s: held-out score {:.3} (before: {:.3}), {verdict}",
        count(training.passages, "passage"),
        training.seconds,
        training.score,
        training.incumbent,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_name_their_source() {
        let cases = [
            ("AWS Docs", "aws-docs"),
            ("..", "documents"),
            ("Übung", "bung"),
            ("a.b_c-1", "a.b_c-1"),
            ("", "documents"),
        ];
        for (folder, name) in cases {
            assert_eq!(source_name(folder), name);
            assert!(is_name(&source_name(folder)));
        }
        for name in ["", "a/b", ".hidden", "a b"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
