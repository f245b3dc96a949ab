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
use cloudops_ingest::source::export::{self, ExportFormat, ExportOptions, FieldMapping};
use cloudops_ingest::source::folder::{self, FolderOptions};
use serde::Serialize;

use super::incidents::learn::ACCEPTED;
use crate::app::{App, open_existing};
use crate::config::IngestSettings;
use crate::corpus;
#[cfg(feature = "crawl")]
use crate::ingestion::start_embedding;
use crate::ingestion::{
    Comparison, How, Ingested, MaskedIn, Outcome, PlanError, Source, SourceNote, Target, Trouble, ingest,
};
use crate::recorded;
use crate::report::error::{CommandError, CommandResult, Kind as ErrorKind, note, warn};
use crate::report::progress::Bars;
use crate::report::{BAD, DIM, GOOD, Output, TITLE, WARN, bytes, count, grouped, one_line, styled};
use crate::watching;

/// Troubles of one kind that are listed before it is only counted.
const LISTED: usize = 10;

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
/// Index folders and websites, or bring them up to date
///
/// Reads Markdown, HTML, plain text, reStructuredText, PDF and DOCX. A folder that was ingested before is compared with the
/// index: only files that are new or changed are read, and documents whose file is gone are removed. Without PATH,
/// every folder that was ever ingested is brought up to date, read as it was the last time.
///
/// With --map, PATH is a CSV, TSV, JSON Lines or JSON file of records, each of which becomes a document.
///
/// Files that cannot be read are reported and left out; they never remove the last good version of a document and do
/// not change the exit code. The result is visible at once when everything is done, or not at all.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  cloudops ingest ~/aws-docs --name aws
  cloudops ingest ./runbooks --kind troubleshooting --tag team-a --exclude drafts
  cloudops ingest tickets.csv --map id=Key --map title=Summary --map text=Description,Resolution
  cloudops ingest ./notes --watch    and again whenever a file changes
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
    /// Stay, and ingest what changes as it changes, until Ctrl-C
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// Folders that are not there at the moment.
    #[arg(skip)]
    absent: Vec<PathBuf>,
}

/// What is no folder.
#[derive(Debug, Clone, clap::Subcommand)]
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
    /// Do not date documents by their last commit where the folder is in a work tree of git
    #[arg(long, requires = "paths")]
    no_git_dates: bool,
    /// Field of the records that holds a part of their document (repeatable); parts are id, title, text (one or several,
    /// with commas), url, updated, services, tags and kind
    #[arg(long, value_name = "PART=FIELD", requires = "paths")]
    map: Vec<String>,
    /// Where the list of records is in a JSON file, as a JSON pointer such as `/issues` [default: the file is the list]
    #[arg(long, value_name = "POINTER", requires = "map")]
    records: Option<String>,
    /// How records are written: csv, tsv, jsonl or json [default: by the name of the file]
    #[arg(long, value_name = "FORMAT", requires = "map", value_parser = export_format)]
    format: Option<ExportFormat>,
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
        None => local(app, args, out),
    }
}

/// Folders and exports: once, or whenever they change.
fn local(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let stop = stop_on_interrupt()?;
    let roots = once(app, args, out, &stop, true)?;
    if !args.watch {
        return Ok(());
    }
    note(out, format!("watching {}; Ctrl-C ends it", count(roots.len() as u64, "source")));
    let args = Args { checksum: false, rebuild: false, train: false, ..args.clone() };
    watching::watch(&roots, app.data_dir(), &stop, |absent| {
        let args = Args { absent: absent.to_vec(), ..args.clone() };
        once(app, &args, out, &stop, false).map(drop)
    });
    Ok(())
}

/// Ingests once, and returns the folders and files that were looked at. What was done is told if it is anything, or if
/// `always`.
fn once(
    app: &App,
    args: &Args,
    out: &mut Output,
    stop: &AtomicBool,
    always: bool,
) -> Result<Vec<PathBuf>, CommandError> {
    let started = Instant::now();
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
        ingest(app, &targets, how, &mut bars, stop).map_err(cannot_ingest)?;
    let seconds = started.elapsed().as_secs_f64();
    let report = Report { dry_run: args.dry_run, sources, commit, training, embedding, seconds };
    let roots = targets.iter().map(|target| target.source.path().to_owned()).collect();
    if !always && !report.sources.iter().any(Outcome::changes) {
        return Ok(roots);
    }
    if out.is_json() {
        out.json(&report)?;
    } else {
        write(&report, out)?;
        out.flush()?;
    }
    Ok(roots)
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
    match error.downcast::<PlanError>() {
        Ok(error) => cannot_look(error),
        Err(error) => as_before(error),
    }
}

fn cannot_look(error: PlanError) -> CommandError {
    let hint = match &error {
        PlanError::Folder(folder::Error::Unreadable { .. }) | PlanError::Export(export::Error::Unreadable { .. }) => {
            "Nothing was changed. A folder must be there and readable to be ingested."
        }
        PlanError::Folder(_) => "Globs look like `*.md`, `drafts` or `guides/**/old-*.md`.",
        PlanError::Export(export::Error::UnknownColumn { .. }) => "Say which fields there are with `--map PART=FIELD`.",
        PlanError::Export(export::Error::NoList { .. }) => "Say where the list is with `--records POINTER`.",
        PlanError::Export(_) => "Nothing was changed. `--format` says how records are written.",
    };
    CommandError { kind: ErrorKind::Input, error: error.into(), hints: vec![hint.to_owned()] }
}

fn export_format(name: &str) -> Result<ExportFormat, String> {
    ExportFormat::of_path(&format!(".{name}")).ok_or_else(|| "formats are csv, tsv, jsonl and json".to_owned())
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
            if !args.absent.iter().any(|path| path.as_os_str() == origin.as_str()) {
                targets.push(Target { source: note.source(origin, &source.name), note: Some(note) });
            }
        }
        if targets.is_empty() && !args.rebuild && args.absent.is_empty() {
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
        let root = match fs_err::canonicalize(path) {
            Ok(root) if args.absent.contains(&root) => continue,
            Err(_) if !args.absent.is_empty() => continue,
            found => {
                found.map_err(|source| cannot_look(folder::Error::Unreadable { path: path.clone(), source }.into()))?
            }
        };
        let name = match &args.folder.name {
            Some(name) => name.clone(),
            None => source_name(&root.file_stem().unwrap_or_default().to_string_lossy()),
        };
        check_source_name(&name)?;
        if targets.iter().any(|target| target.source.name() == name) {
            return Err(CommandError::input(format!("two folders would be the source `{name}`"))
                .hint("Ingest them one by one, with `--name NAME` for one of them."));
        }
        let origin = root.display().to_string();
        let other = sources.iter().find(|source| source.name == name).and_then(|source| source.origin.as_ref());
        if let Some(other) = other.filter(|other| **other != origin) {
            return Err(CommandError::input(format!("the source `{name}` was ingested from `{other}`"))
                .hint("Choose another name with `--name NAME`, or ingest that folder again."));
        }
        let source = source(root, name, args.folder.clone(), settings)?;
        let note = note(source.name());
        targets.push(Target { source, note });
    }
    Ok(targets)
}

/// The source that a path and its options mean.
fn source(root: PathBuf, name: String, args: FolderArgs, settings: &IngestSettings) -> Result<Source, CommandError> {
    let lower = |words: Vec<String>| words.iter().map(|word| word.to_lowercase()).collect();
    let (kind, tags, services) = (args.kind, lower(args.tag), lower(args.service));
    let by_name = if root.is_file() { ExportFormat::of_path(&root.to_string_lossy()) } else { None };
    if args.map.is_empty() {
        if by_name.is_some() {
            return Err(CommandError::input(format!("`{}` is a file of records", root.display()))
                .hint("Say which fields hold what: `--map title=Summary --map text=Description,Resolution`.")
                .hint("To read it as the last time, run `cloudops ingest` without PATH."));
        }
        let mut exclude = settings.exclude.clone();
        exclude.extend(args.exclude);
        return Ok(Source::Folder(FolderOptions {
            include: args.include,
            exclude,
            follow_symlinks: args.follow_symlinks || settings.follow_symlinks,
            max_file_bytes: args.max_file_size.unwrap_or(settings.max_file_bytes),
            kind,
            tags,
            services,
            url_base: args.url_base,
            git_dates: settings.git_dates && !args.no_git_dates,
            ..FolderOptions::new(root, name)
        }));
    }
    let mapping = FieldMapping::parse(&args.map).map_err(|error| {
        CommandError { kind: ErrorKind::Input, error: error.into(), hints: Vec::new() }
            .hint("A mapping looks like `--map id=Key --map title=Summary --map text=Description,Resolution`.")
    })?;
    if !root.is_file() {
        return Err(CommandError::input(format!("`{}` is not a file of records", root.display()))
            .hint("`--map` is for CSV, TSV, JSON Lines and JSON files."));
    }
    let format = args.format.or(by_name).ok_or_else(|| {
        CommandError::input(format!("the name of `{}` does not say how records are written", root.display()))
            .hint("Say it with `--format csv`, `tsv`, `jsonl` or `json`.")
    })?;
    Ok(Source::Export(ExportOptions {
        path: root,
        source: name,
        format,
        records: args.records,
        mapping,
        kind,
        tags,
        services,
        max_record_bytes: args.max_file_size.unwrap_or(export::DEFAULT_MAX_RECORD_BYTES),
    }))
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
    let own = [
        (corpus::SOURCE, "the built-in documents"),
        (recorded::SOURCE, "the incidents that are recorded here"),
        (ACCEPTED, "the guides that were accepted"),
    ];
    if let Some((_, whose)) = own.iter().find(|(own, _)| *own == name) {
        return Err(
            CommandError::input(format!("`{name}` is the name of {whose}")).hint("Choose another with `--name NAME`.")
        );
    }
    Ok(())
}

/// Where something was masked, and what it was: never what it said.
fn write_masked(masked: &[MaskedIn], out: &mut impl Write) -> std::io::Result<()> {
    let total = count(masked.len() as u64, "secret or personal detail");
    writeln!(out, "  {} {total} before anything was stored", styled(WARN, "masked"))?;
    for MaskedIn { path, masked } in masked.iter().take(LISTED) {
        writeln!(out, "  {} {} in {}, line {}", styled(WARN, "masked"), masked.kind, one_line(path), masked.line)?;
    }
    if masked.len() > LISTED {
        writeln!(out, "  {} {} more, all with --json", styled(WARN, "masked"), masked.len() - LISTED)?;
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
        if !outcome.masked.is_empty() {
            write_masked(&outcome.masked, out)?;
        }
        for warning in &outcome.warnings {
            writeln!(out, "  {} {}", styled(WARN, "warning:"), one_line(warning))?;
        }
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
