//! `cloudops doctor`: what is wrong, and how to mend it.

use std::io::Write;
use std::path::Path;

use cloudops_indexes::embed::Embedder;
use cloudops_indexes::store::{IndexError, IndexSummary, IndexWriter};
use cloudops_ingest::ledger::{Ledger, LedgerError, RunState};
use cloudops_models::TransformerOptions;
use serde::Serialize;

use crate::app::{App, open_existing};
use crate::config::EmbedProvider;
use crate::corpus;
use crate::embedding;
use crate::report::error::{CommandError, CommandResult};
use crate::report::{BAD, DIM, GOOD, Output, WARN, bytes, count, one_line, styled, time};
use crate::scheduling::{Standing, standings};

/// Bytes that should be free to ingest something sizeable.
const COMFORTABLE: u64 = 2_000_000_000;
const TIGHT: u64 = 200_000_000;
/// Seconds without anybody who looks whether a source is due, after which nobody is expected to.
const LONG_UNSEEN: i64 = 60 * 60;

/// Check the installation, and say how to mend what is wrong
///
/// The exit code is 1 if a check fails. Warnings do not change it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops doctor
  cloudops doctor --deep --json      read every file of the index, too")]
pub(crate) struct Args {
    /// Read every file of the index and every document
    #[arg(long)]
    deep: bool,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Check {
    fn new(name: &'static str, status: Status, message: impl Into<String>, hint: Option<&str>) -> Self {
        Self { name, status, message: message.into(), hint: hint.map(str::to_owned) }
    }

    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Status::Ok, message, None)
    }

    fn failed(name: &'static str, error: &IndexError) -> Self {
        Self::new(name, Status::Fail, error.to_string(), error.hint())
    }
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let mut checks = vec![config(app), data_dir(app.data_dir()), disk(app.data_dir())];
    checks.push(lock(app));
    checks.extend(index(app, args.deep));
    checks.extend(ledger(app.data_dir(), args.deep));
    checks.extend(schedule(app));
    let failed = checks.iter().filter(|check| check.status == Status::Fail).count();
    if out.is_json() {
        out.json(&checks)?;
    } else {
        for check in &checks {
            let (style, word) = match check.status {
                Status::Ok => (GOOD, "ok  "),
                Status::Warn => (WARN, "warn"),
                Status::Fail => (BAD, "fail"),
            };
            writeln!(out, "{} {:<9} {}", styled(style, word), check.name, check.message)?;
            if let Some(hint) = &check.hint {
                writeln!(out, "               {} {hint}", styled(DIM, "hint:"))?;
            }
        }
        out.flush()?;
    }
    match failed {
        0 => Ok(()),
        1 => Err(CommandError::check("a check failed")),
        n => Err(CommandError::check(format!("{n} checks failed"))),
    }
}

/// What ingestion remembers between runs, and the sources whose last crawl did not end well.
fn ledger(data_dir: &Path, deep: bool) -> Vec<Check> {
    const NAME: &str = "ledger";
    let fail = |error: &LedgerError| vec![Check::new(NAME, Status::Fail, error.to_string(), error.hint().as_deref())];
    let ledger = match Ledger::open_existing(data_dir) {
        Ok(Some(ledger)) => ledger,
        Ok(None) => return Vec::new(),
        Err(error) => return fail(&error),
    };
    if deep {
        match ledger.integrity() {
            Ok(wrong) if wrong.is_empty() => {}
            Ok(wrong) => {
                let hint = "Move `ingest.sqlite` away and ingest again: pages are only fetched and compared anew.";
                return vec![Check::new(NAME, Status::Fail, wrong.join("; "), Some(hint))];
            }
            Err(error) => return fail(&error),
        }
    }
    let runs = match ledger.latest_runs() {
        Ok(runs) => runs,
        Err(error) => return fail(&error),
    };
    let mut checks = vec![Check::ok(NAME, format!("{} crawled", count(runs.len() as u64, "source")))];
    for run in runs {
        let said = run.message.as_deref().map(|message| format!(": {}", one_line(message))).unwrap_or_default();
        let message = |what: &str| format!("`{}` {what}, {}{said}", run.source, time::age(run.started, time::now()));
        let hint = format!("`cloudops ingest report {}` has what went wrong.", run.id);
        checks.extend(match run.state {
            RunState::Failed | RunState::Abandoned => {
                Some(Check::new(NAME, Status::Warn, message("could not be crawled"), Some(&hint)))
            }
            RunState::Guarded => Some(Check::new(NAME, Status::Warn, message("was not believed"), Some(&hint))),
            RunState::Running | RunState::Done | RunState::Stopped => None,
        });
    }
    checks
}

fn config(app: &App) -> Check {
    let config = &app.config;
    if let Some(variable) = config.unknown_variables.first() {
        let hint =
            "Every variable is listed in docs/reference/env.md; `cloudops config show --origin` shows what is set.";
        return Check::new("config", Status::Warn, format!("nothing reads the variable {variable}"), Some(hint));
    }
    match &config.file {
        Some(file) if file.exists() => Check::ok("config", format!("read from {}", file.display())),
        Some(file) => Check::ok("config", format!("defaults; there is no {}", file.display())),
        None => Check::ok("config", "defaults; there is no home directory"),
    }
}

fn data_dir(dir: &Path) -> Check {
    const NAME: &str = "data dir";
    if !dir.exists() {
        return Check::ok(NAME, format!("{} will be made when it is needed", dir.display()));
    }
    match tempfile::Builder::new().prefix(".doctor").tempfile_in(dir) {
        Ok(_) => Check::ok(NAME, format!("{} can be written", dir.display())),
        Err(error) => {
            let hint = "The index is served as it is. To change it, make the directory writable or use `--data-dir`.";
            Check::new(NAME, Status::Warn, format!("{} cannot be written: {error}", dir.display()), Some(hint))
        }
    }
}

fn disk(dir: &Path) -> Check {
    const NAME: &str = "disk";
    let Some(existing) = dir.ancestors().find(|dir| dir.exists()) else {
        return Check::new(NAME, Status::Warn, "no directory above the data directory exists", None);
    };
    match fs4::available_space(existing) {
        Ok(free) => {
            let message = format!("{} free", bytes(free));
            let hint = "The whole AWS documentation takes about 0.5 GB while it is ingested.";
            match free {
                ..TIGHT => Check::new(NAME, Status::Fail, message, Some(hint)),
                TIGHT..COMFORTABLE => Check::new(NAME, Status::Warn, message, Some(hint)),
                _ => Check::ok(NAME, message),
            }
        }
        Err(error) => Check::new(NAME, Status::Warn, format!("free space is not known: {error}"), None),
    }
}

fn lock(app: &App) -> Check {
    const NAME: &str = "lock";
    if !matches!(open_existing(app.data_dir()), Ok(Some(_))) {
        return Check::ok(NAME, "nobody is writing");
    }
    match IndexWriter::is_running(app.data_dir()) {
        Ok(true) => {
            let error = IndexError::Locked(app.data_dir().to_owned());
            Check::new(NAME, Status::Warn, error.to_string(), error.hint())
        }
        Ok(false) => Check::ok(NAME, "nobody is writing"),
        // Whatever else is wrong, another check says it.
        Err(_) => Check::ok(NAME, "nobody is writing, as far as can be seen"),
    }
}

fn index(app: &App, deep: bool) -> Vec<Check> {
    const NAME: &str = "index";
    let index = match open_existing(app.data_dir()) {
        Ok(Some(index)) => index,
        Ok(None) => {
            let message = format!(
                "none yet; the first search makes one of the {}",
                count(corpus::len() as u64, "built-in document")
            );
            let hint = "To add documents of your own, run `cloudops ingest FOLDER`.";
            return vec![Check::new(NAME, Status::Ok, message, Some(hint))];
        }
        Err(error) => return vec![Check::failed(NAME, &error)],
    };
    let mut checks = Vec::new();
    match index.summary() {
        Ok(summary) => {
            let documents = count(summary.documents, "document");
            let size = bytes(summary.disk_bytes);
            checks.push(Check::ok(NAME, format!("generation {}, {documents}, {size}", summary.generation)));
            checks.push(vectors(&summary));
            checks.extend(meaning(app, &summary));
            checks.push(age(&summary));
        }
        Err(error) => checks.push(Check::failed(NAME, &error)),
    }
    if !corpus::is_in(|key| index.note(key)) {
        let hint = "The next search or ingestion brings them up to date, if the data directory can be written.";
        checks.push(Check::new("corpus", Status::Warn, "the built-in documents are of another version", Some(hint)));
    }
    if deep {
        checks.push(match index.verify() {
            Ok(wrong) if wrong.is_empty() => Check::ok("files", "every file and document is sound"),
            Ok(wrong) => {
                let more = if wrong.len() > 3 { format!(" and {} more", wrong.len() - 3) } else { String::new() };
                let message = format!("{}{more}", wrong[..wrong.len().min(3)].join("; "));
                let hint = "To make the index anew from its folders, run `cloudops ingest --rebuild`.";
                Check::new("files", Status::Fail, message, Some(hint))
            }
            Err(error) => Check::failed("files", &error),
        });
    }
    checks
}

fn vectors(summary: &IndexSummary) -> Check {
    const NAME: &str = "vectors";
    if summary.vectors.is_empty() {
        let hint = "To train them, run `cloudops embed train`.";
        return Check::new(NAME, Status::Warn, "none: searches rank by words only", Some(hint));
    }
    let sets = summary
        .vectors
        .iter()
        .map(|set| format!("{}: {} of {} {}", set.name, set.filled, set.total, set.granularity.as_str()));
    let message = sets.collect::<Vec<_>>().join(", ");
    match summary.vectors.iter().find(|set| set.name == "static" && set.filled < set.total) {
        Some(_) => Check::new(NAME, Status::Warn, message, Some("To fill them, run `cloudops ingest`.")),
        None => Check::ok(NAME, message),
    }
}

/// The transformer: whether one is installed, can be loaded, and how far its vectors are.
fn meaning(app: &App, summary: &IndexSummary) -> Vec<Check> {
    const NAME: &str = "model";
    const FILLED: &str = "embedding";
    let status = match embedding::status(app, summary) {
        Ok(status) => status,
        Err(error) => return vec![Check::new(NAME, Status::Warn, format!("{error:#}"), None)],
    };
    let settings = &app.settings().embed;
    if settings.provider == EmbedProvider::Bedrock
        && let Err(refusal) = embedding::bedrock::id(&settings.bedrock)
    {
        return vec![Check::new(NAME, Status::Fail, refusal.to_string(), refusal.hint.as_deref())];
    }
    let Some(model) = &status.model else {
        let hint = "Questions in other words than the documentation's are found much better with one: \
                    `cloudops model install`.";
        return vec![Check::new(NAME, Status::Ok, "none: searches rank by words and a table of them", Some(hint))];
    };
    let opened = match settings.provider {
        EmbedProvider::Local => {
            let opened = cloudops_models::open(&app.runtime_search(), model, TransformerOptions::queries());
            opened.map(|opened| format!("{model}, version {}", opened.id().version))
        }
        // Whether it answers is not tried: that costs money.
        EmbedProvider::Bedrock => Ok(format!("{model} of Amazon Bedrock, for at most ${}", settings.bedrock.max_usd)),
    };
    let mut checks = vec![match opened {
        Ok(opened) => Check::ok(NAME, opened),
        Err(error) => {
            let message = format!("{model} cannot be used, searches go without it: {error}");
            Check::new(NAME, Status::Fail, message, error.hint().as_deref())
        }
    }];
    let failed = status.filling.as_ref().and_then(|filling| filling.error.as_ref());
    checks.push(match (&status.filling, failed) {
        _ if status.complete => Check::ok(FILLED, "every document and passage"),
        (_, Some(error)) if !status.running => {
            let hint = "To go on where it was, run `cloudops embed run`.";
            Check::new(FILLED, Status::Warn, format!("it stopped: {error}"), Some(hint))
        }
        (Some(filling), _) => Check::ok(FILLED, format!("going on: {}", filling.describe())),
        _ => {
            let message = format!(
                "{} of {} documents, {} of {} passages",
                status.documents.done, status.documents.total, status.passages.done, status.passages.total
            );
            let hint = match settings.provider {
                EmbedProvider::Local => {
                    "To make the rest, run `cloudops embed run`; `serve` and `ingest` do it in the background."
                }
                EmbedProvider::Bedrock => "To make the rest, run `cloudops embed run`, which says what it costs.",
            };
            Check::new(FILLED, Status::Warn, message, Some(hint))
        }
    });
    checks
}

/// Sources that are to be run by themselves: which fail, which are out of date, and whether anybody runs them. Nothing
/// where there are none.
fn schedule(app: &App) -> Vec<Check> {
    const NAME: &str = "schedule";
    let standings = match standings(app) {
        Ok(standings) => standings,
        Err(error) => {
            let error = CommandError::from(error);
            let hint = error.hints.first().map(String::as_str);
            return vec![Check::new(NAME, Status::Fail, format!("{:#}", error.error), hint)];
        }
    };
    let now = time::now();
    let mut checks = Vec::new();
    let refreshed = |source: &Standing| match source.last_success {
        Some(success) => format!("it was last refreshed {}", time::age(success, now)),
        None => "it was never refreshed".to_owned(),
    };
    for source in standings.sources.iter().filter(|source| source.is_failing()) {
        let why = source.last.as_ref().and_then(|last| last.message.as_deref()).unwrap_or("it was cut off");
        let times = count(u64::from(source.failures), "time");
        let next = source.next.map_or_else(String::new, |next| format!(", next try {}", time::until(next, now)));
        let message = format!("`{}` failed {times}, {}{next}: {why}", source.name, refreshed(source));
        let hint = format!("To look at it without changing anything, run `cloudops source test {}`.", source.name);
        checks.push(Check::new(NAME, Status::Warn, one_line(&message), Some(&hint)));
    }
    for source in standings.sources.iter().filter(|source| source.overdue && !source.is_failing()) {
        let message = format!("`{}` is out of date, {}", source.name, refreshed(source));
        let hint = format!("To run it now, run `cloudops schedule run --now {}`.", source.name);
        checks.push(Check::new(NAME, Status::Warn, message, Some(&hint)));
    }
    let scheduled: Vec<_> =
        standings.sources.iter().filter(|source| source.enabled && source.schedule.is_some()).collect();
    let recently = standings.scheduler_seen.is_some_and(|seen| now - seen < LONG_UNSEEN);
    match scheduled.iter().filter_map(|source| Some((source.next?, source))).min_by_key(|(next, _)| *next) {
        _ if scheduled.is_empty() => {}
        Some(_) if !standings.scheduler_running && !recently => {
            let message =
                format!("nobody runs the {} that are due by themselves", count(scheduled.len() as u64, "source"));
            let hint = "To have them run, run `cloudops schedule run`, or see `cloudops schedule install`.";
            checks.push(Check::new(NAME, Status::Warn, message, Some(hint)));
        }
        Some((next, source)) => {
            let message = format!(
                "{} by themselves, next is `{}` {}",
                count(scheduled.len() as u64, "source"),
                source.name,
                time::until(next, now)
            );
            checks.push(Check::ok(NAME, message));
        }
        None => checks.push(Check::ok(NAME, format!("{} by themselves", count(scheduled.len() as u64, "source")))),
    }
    checks
}

fn age(summary: &IndexSummary) -> Check {
    const NAME: &str = "age";
    let now = time::now();
    let folders = summary.sources.iter().filter(|source| source.origin.is_some());
    let Some(oldest) = folders.min_by_key(|source| source.ingested) else {
        return Check::ok(NAME, "only built-in documents");
    };
    let message = format!("`{}` was ingested {}", oldest.name, time::age(oldest.ingested, now));
    // What was crawled comes from no folder.
    let folder = |origin: &String| Path::new(origin).is_absolute();
    let missing = summary
        .sources
        .iter()
        .find(|source| source.origin.as_ref().is_some_and(|origin| folder(origin) && !Path::new(origin).exists()));
    match missing {
        Some(source) => {
            let message =
                format!("the folder of `{}` is not there: {}", source.name, source.origin.as_deref().unwrap_or(""));
            let hint = "Its documents stay searchable. They can be brought up to date when the folder is back.";
            Check::new(NAME, Status::Warn, message, Some(hint))
        }
        None => Check::ok(NAME, message),
    }
}
