//! `cloudops source`: which sources there are, in the file that names them.

use std::io::Write;
use std::path::PathBuf;

use cloudops_indexes::model::Kind;
use cloudops_ingest::schedule::{self, EditError, Export, Folder, NewSource, Source, What};
use cloudops_ingest::source::folder;
use cloudops_ingest::web::catalog;
use serde::Serialize;
use serde_json::json;

use super::ingest::{check_source_name, source_name};
use crate::app::App;
use crate::report::error::{CommandError, CommandResult, Kind as ErrorKind, note};
use crate::report::table::{Align, Table};
use crate::report::{BAD, DIM, GOOD, Output, WARN, count, one_line, styled, time};
use crate::scheduling::{self, folder_options, resolve, sources_file, standings};

/// Choose which sources are ingested by themselves, and when
///
/// Sources are kept in `sources.toml`, beside the configuration file. It is meant to be edited by hand as well: these
/// commands leave comments and order as they are. docs/sources.md describes every key. What is named here is ingested by
/// `cloudops schedule run`; `cloudops sources` shows what is indexed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Add a source to the file
    #[command(subcommand)]
    Add(Box<Add>),
    /// Show the sources of the file, and how each stands
    #[command(after_help = "Examples:
  cloudops source list
  cloudops source list --json")]
    List,
    /// Remove a source from the file
    ///
    /// The comment right above it goes too, every other one stays. Documents that were ingested stay searchable.
    #[command(after_help = "Examples:
  cloudops source remove runbooks")]
    Remove {
        /// Its name
        name: String,
    },
    /// Check a source without changing anything: can it be read, and how much is there
    ///
    /// The exit code is 1 if it cannot be ingested as it is.
    #[command(after_help = "Examples:
  cloudops source test runbooks
  cloudops source test aws --json")]
    Test {
        /// Its name
        name: String,
    },
    /// Have a source run by itself again
    #[command(after_help = "Examples:
  cloudops source enable runbooks")]
    Enable {
        /// Its name
        name: String,
    },
    /// Keep a source in the file, but do not run it by itself
    #[command(after_help = "Examples:
  cloudops source disable runbooks")]
    Disable {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Subcommand)]
enum Add {
    AwsDocs(AwsDocsArgs),
    Website(WebsiteArgs),
    Folder(FolderArgs),
    Export(ExportArgs),
}

/// Add guides of the AWS documentation
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops source add aws-docs --guide ec2,rds --every 24h
  cloudops source add aws-docs --guide lambda --name lambda --cron '0 3 * * MON' --time-zone Europe/Berlin")]
struct AwsDocsArgs {
    /// Services, ids of guides or prefixes of addresses, separated by commas
    #[arg(long = "guide", value_name = "GUIDE", value_delimiter = ',', required = true)]
    guides: Vec<String>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Add a website
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops source add website https://docs.example.com/guide/ --every 12h
  cloudops source add website --sitemap https://example.com/sitemap.xml --prefix https://example.com/docs/ --max-pages 500")]
struct WebsiteArgs {
    /// Pages to start from
    #[arg(value_name = "URL", required_unless_present_any = ["sitemaps", "prefixes"])]
    start: Vec<String>,
    /// Sitemap to read (repeatable) [default: those that the site names]
    #[arg(long = "sitemap", value_name = "URL")]
    sitemaps: Vec<String>,
    /// Only pages whose address starts with this (repeatable) [default: the folder of each start page]
    #[arg(long = "prefix", value_name = "URL")]
    prefixes: Vec<String>,
    /// Only pages whose path matches this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Add a folder, or the work tree of a git repository
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops source add folder ~/runbooks --every 10m --kind troubleshooting
  cloudops source add folder ./docs --name handbook --include '*.md' --cron '@daily'")]
struct FolderArgs {
    /// The folder, or a single file
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    path: PathBuf,
    /// Only files that match this glob (repeatable); without `/` it matches at any depth
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Leave out files and folders that match this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Follow symbolic links
    #[arg(long)]
    follow_symlinks: bool,
    /// Skip larger files, in bytes
    #[arg(long, value_name = "BYTES")]
    max_file_size: Option<u64>,
    /// Address under which the folder is published, for links
    #[arg(long, value_name = "URL")]
    url_base: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Add a file of records: JSON, JSON lines or CSV
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops source add export ./tickets.csv --field title=Summary --field text=Description --every 1h")]
struct ExportArgs {
    /// The file
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    path: PathBuf,
    /// Which field of a record is what (repeatable)
    #[arg(long = "field", value_name = "WHAT=FIELD", value_parser = field)]
    fields: Vec<(String, String)>,
    /// Where the list of records is in a JSON file, as a JSON pointer such as `/issues` [default: the file is the list]
    #[arg(long, value_name = "POINTER")]
    records: Option<String>,
    #[command(flatten)]
    common: Common,
}

fn field(text: &str) -> Result<(String, String), String> {
    let (what, field) = text.split_once('=').ok_or("it must look like `title=Summary`")?;
    Ok((what.trim().to_owned(), field.trim().to_owned()))
}

/// What every kind of source has.
#[derive(Debug, clap::Args)]
struct Common {
    /// Name of the source, the first part of every document id [default: made of what is added]
    #[arg(long)]
    name: Option<String>,
    /// Run it so long after the last start: `30m`, `24h`, `7d`
    #[arg(long, value_name = "LENGTH", conflicts_with = "cron")]
    every: Option<String>,
    /// Run it at these times: a cron expression, or `@hourly`, `@daily`, `@weekly`, `@monthly`
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Zone that the times of `--cron` are in [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "cron")]
    time_zone: Option<String>,
    /// Start up to so much later, a different time for every source
    #[arg(long, value_name = "LENGTH")]
    jitter: Option<String>,
    /// Leave out starts that were missed, instead of making up for them by one
    #[arg(long)]
    no_catch_up: bool,
    /// Kind of documents that do not say it themselves [default: guessed]
    #[arg(long)]
    kind: Option<Kind>,
    /// Tag every document (repeatable)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// AWS service of every document (repeatable)
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// Do not run it by itself yet
    #[arg(long)]
    disabled: bool,
}

impl Common {
    fn fill(&self, new: NewSource) -> NewSource {
        let new = new
            .with_some("kind_of_documents", self.kind.map(Kind::as_str))
            .with_list("services", &self.service)
            .with_list("tags", &self.tag)
            .with_some("every", self.every.as_deref())
            .with_some("cron", self.cron.as_deref())
            .with_some("time_zone", self.time_zone.as_deref())
            .with_some("jitter", self.jitter.as_deref())
            .with_some("catch_up", self.no_catch_up.then_some(false));
        new.with_some("enabled", self.disabled.then_some(false))
    }
}

/// How much of a site is read, and how fast.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How much is read, and how fast")]
struct LimitArgs {
    /// Leave out pages whose path matches this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Pages of one run
    #[arg(long, value_name = "NUMBER")]
    max_pages: Option<u32>,
    /// Requests to one host per second; 0 for no limit
    #[arg(long, value_name = "NUMBER")]
    per_second: Option<f64>,
    /// Requests to one host at a time
    #[arg(long, value_name = "NUMBER")]
    concurrency: Option<u32>,
    /// Bytes of a page, decompressed
    #[arg(long, value_name = "BYTES")]
    max_page_bytes: Option<u32>,
    /// How long a request may take: `20s`
    #[arg(long, value_name = "LENGTH")]
    timeout: Option<String>,
    /// Ask private and link-local addresses too
    #[arg(long)]
    allow_private: bool,
}

impl LimitArgs {
    fn fill(&self, new: NewSource) -> NewSource {
        new.with_list("exclude", &self.exclude)
            .with_some("max_pages", self.max_pages.map(i64::from))
            .with_some("per_second", self.per_second)
            .with_some("concurrency", self.concurrency.map(i64::from))
            .with_some("max_page_bytes", self.max_page_bytes.map(i64::from))
            .with_some("timeout", self.timeout.as_deref())
            .with_some("allow_private", self.allow_private.then_some(true))
    }
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    match &args.command {
        Command::Add(what) => add(app, what, out),
        Command::List => list(app, out),
        Command::Remove { name } => {
            edit(app, |text| schedule::remove(text, name))?;
            let kept = "Documents that were ingested stay searchable.";
            done(app, name, "removed", "from", kept, out)
        }
        Command::Test { name } => test(app, name, out),
        Command::Enable { name } => {
            edit(app, |text| schedule::set_enabled(text, name, true))?;
            done(app, name, "enabled", "in", "", out)
        }
        Command::Disable { name } => {
            edit(app, |text| schedule::set_enabled(text, name, false))?;
            done(app, name, "disabled", "in", "", out)
        }
    }
}

fn edit(app: &App, change: impl FnOnce(&str) -> Result<String, EditError>) -> CommandResult {
    let file = sources_file(app)?;
    schedule::edit_file(&file, change).map_err(|error| {
        let hints: Vec<String> = match &error {
            EditError::Before(mistake) => mistake.hint.iter().cloned().collect(),
            EditError::Exists(_) => vec!["Choose another with `--name NAME`, or remove that one first.".to_owned()],
            EditError::Missing { known, .. } => vec![there_are(known)],
            EditError::Unusual(_) => vec![format!("Change `{}` with an editor.", file.display())],
            EditError::New(_) | EditError::Io(_) => Vec::new(),
        };
        let kind = if matches!(error, EditError::Io(_)) { ErrorKind::Failure } else { ErrorKind::Input };
        let error = match error {
            EditError::Before(mistake) => anyhow::anyhow!("`{}`, {mistake}", file.display()),
            error => error.into(),
        };
        CommandError { kind, error, hints }
    })
}

fn there_are(names: &[String]) -> String {
    if names.is_empty() {
        return "There are none: `cloudops source add` adds one.".to_owned();
    }
    format!("There are {}.", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
}

fn done(app: &App, name: &str, what: &'static str, how: &str, follow: &str, out: &mut Output) -> CommandResult {
    let file = sources_file(app)?;
    if out.is_json() {
        out.json(&json!({"source": name, "done": what, "file": file}))?;
        return Ok(());
    }
    writeln!(out, "{} `{name}` {how} {}", styled(GOOD, what), file.display())?;
    if !follow.is_empty() {
        writeln!(out, "{}", styled(DIM, follow))?;
    }
    Ok(())
}

fn add(app: &App, what: &Add, out: &mut Output) -> CommandResult {
    let (common, new) = match what {
        Add::AwsDocs(args) => {
            catalog::choose(&args.guides).map_err(|error| {
                CommandError::input(error.to_string())
                    .hint("`cloudops ingest guides` lists all guides of the catalogue.")
            })?;
            let name = if let [one] = args.guides.as_slice() { source_name(one) } else { "aws-docs".to_owned() };
            let new = NewSource::new(&name, "aws-docs").with_list("guides", &args.guides);
            (&args.common, args.limits.fill(new))
        }
        Add::Website(args) => {
            let first = args.start.iter().chain(&args.prefixes).chain(&args.sitemaps).next();
            let host = first.and_then(|url| url.split("://").nth(1)?.split(['/', ':', '?']).next());
            let new = NewSource::new(&source_name(host.unwrap_or_default()), "website")
                .with_list("start", &args.start)
                .with_list("sitemaps", &args.sitemaps)
                .with_list("prefixes", &args.prefixes)
                .with_list("include", &args.include);
            (&args.common, args.limits.fill(new))
        }
        Add::Folder(args) => {
            let path = absolute(&args.path)?;
            let new = NewSource::new(&name_of(&path), "folder")
                .with("path", path)
                .with_list("include", &args.include)
                .with_list("exclude", &args.exclude)
                .with_some("follow_symlinks", args.follow_symlinks.then_some(true))
                .with_some("max_file_bytes", args.max_file_size.map(u64::cast_signed))
                .with_some("url_base", args.url_base.as_deref());
            (&args.common, new)
        }
        Add::Export(args) => {
            let path = absolute(&args.path)?;
            let new = NewSource::new(&name_of(&path), "export")
                .with("path", path)
                .with_table("fields", &args.fields)
                .with_some("records", args.records.as_deref());
            (&args.common, new)
        }
    };
    let new = common.fill(match &common.name {
        Some(name) => new.named(name),
        None => new,
    });
    let name = new.name();
    check_source_name(name)?;
    edit(app, |text| schedule::add(text, &new))?;
    let scheduled = scheduling::load(app)?.get(name).is_some_and(|source| source.schedule.is_some());
    let follow = if scheduled {
        format!("`cloudops source test {name}` looks whether it can be read, `cloudops schedule run` runs it")
    } else {
        format!("it has no schedule: `cloudops schedule run --now {name}` runs it")
    };
    done(app, name, "added", "to", &follow, out)
}

/// A path as it is written down: absolute, and there.
fn absolute(path: &std::path::Path) -> Result<String, CommandError> {
    let found = fs_err::canonicalize(path).map_err(|error| CommandError { kind: ErrorKind::Input, ..error.into() })?;
    let text = found.to_str().map(str::to_owned);
    text.ok_or_else(|| CommandError::input(format!("`{}` is not UTF-8, so it cannot be written down", found.display())))
}

fn name_of(path: &str) -> String {
    source_name(&std::path::Path::new(path).file_stem().unwrap_or_default().to_string_lossy())
}

fn list(app: &App, out: &mut Output) -> CommandResult {
    let standings = standings(app)?;
    if out.is_json() {
        out.json(&standings)?;
        return Ok(());
    }
    if standings.sources.is_empty() {
        writeln!(out, "no sources in {}", standings.file)?;
        note(out, "to add one: `cloudops source add folder PATH --every 1h`");
        return Ok(());
    }
    let now = time::now();
    let mut table = Table::new(&[
        ("NAME", Align::Left),
        ("KIND", Align::Left),
        ("SCHEDULE", Align::Left),
        ("REFRESHED", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for source in &standings.sources {
        let schedule = match &source.schedule {
            _ if !source.enabled => "disabled".to_owned(),
            Some(schedule) => schedule.clone(),
            None => "by hand".to_owned(),
        };
        let refreshed = source.last_success.map_or_else(|| "never".to_owned(), |success| time::age(success, now));
        table.row([source.name.clone(), source.kind.to_owned(), schedule, refreshed, one_line(&source.what)]);
    }
    table.write(out)?;
    Ok(())
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: &'static str,
    message: String,
}

impl Check {
    fn new(name: &'static str, status: &'static str, message: impl Into<String>) -> Self {
        Self { name, status, message: message.into() }
    }
}

fn test(app: &App, name: &str, out: &mut Output) -> CommandResult {
    let sources = scheduling::load(app)?;
    let source = sources.get(name).ok_or_else(|| {
        let names: Vec<_> = sources.list.iter().map(|source| source.name.clone()).collect();
        CommandError::input(format!("there is no source `{name}`")).hint(there_are(&names))
    })?;
    check_source_name(name)?;
    let schedule = match (&source.schedule, source.enabled) {
        (_, false) => Check::new("schedule", "warn", "it is disabled"),
        (None, _) => Check::new("schedule", "ok", "none: it runs when somebody says so"),
        (Some(schedule), _) => {
            let now = jiff::Timestamp::now();
            let next = schedule.next(&source.name, now, now);
            let next = next.map(|next| time::until(next.at.as_second(), now.as_second())).unwrap_or_default();
            Check::new("schedule", "ok", format!("a start now would be followed by one {next}"))
        }
    };
    let mut checks = vec![Check::new("config", "ok", sources_file(app)?.display().to_string()), schedule];
    checks.extend(match &source.what {
        What::Folder(folder) => look_at_folder(app, source, folder),
        What::Export(export) => look_at_export(app, export),
        What::AwsDocs(_) | What::Website(_) => look_at_site(source),
    });
    if out.is_json() {
        out.json(&checks)?;
    } else {
        for check in &checks {
            let style = match check.status {
                "ok" => GOOD,
                "warn" => WARN,
                _ => BAD,
            };
            writeln!(
                out,
                "{} {:<9} {}",
                styled(style, format!("{:<4}", check.status)),
                check.name,
                one_line(&check.message)
            )?;
        }
        out.flush()?;
    }
    match checks.iter().find(|check| check.status == "fail") {
        Some(_) => Err(CommandError::check(format!("the source `{name}` cannot be ingested"))),
        None => Ok(()),
    }
}

fn look_at_folder(app: &App, source: &Source, folder: &Folder) -> Vec<Check> {
    let options = match folder_options(app, source, folder) {
        Ok(options) => options,
        Err(error) => return vec![Check::new("folder", "fail", format!("{error:#}"))],
    };
    let mut checks = vec![Check::new("folder", "ok", options.root.display().to_string())];
    match folder::walk(&options) {
        Ok(walk) => {
            let status = if walk.files.is_empty() { "warn" } else { "ok" };
            checks.push(Check::new("files", status, format!("{} to read", count(walk.files.len() as u64, "file"))));
            let troubles = walk.unreadable_dirs.len() + walk.failures.len();
            if troubles > 0 {
                let first = walk.unreadable_dirs.first().or(walk.failures.first().map(|failure| &failure.path));
                let first = first.map_or("", String::as_str);
                let message = format!("{troubles} cannot be read, the first is `{first}`");
                checks.push(Check::new("troubles", "warn", message));
            }
        }
        Err(error) => checks.push(Check::new("files", "fail", format!("{:#}", anyhow::Error::from(error)))),
    }
    checks
}

fn look_at_export(app: &App, export: &Export) -> Vec<Check> {
    let opened = resolve(app, &export.path).map_err(anyhow::Error::from).and_then(|path| Ok(fs_err::File::open(path)?));
    vec![match opened {
        Ok(file) => Check::new("file", "ok", file.path().display().to_string()),
        Err(error) => Check::new("file", "fail", format!("{error:#}")),
    }]
}

#[cfg(feature = "crawl")]
fn look_at_site(source: &Source) -> Vec<Check> {
    use crate::crawling::{self, Wishes};

    let probe = match crawling::probe(source, &Wishes::default()) {
        Ok(probe) => probe,
        Err(error) => return vec![Check::new("site", "fail", format!("{:#}", error.error))],
    };
    let mut checks: Vec<_> = probe
        .troubles
        .iter()
        .map(|trouble| Check::new("site", "warn", format!("{}: {}", trouble.url, trouble.message)))
        .collect();
    let by_guide = probe.by_guide.iter().filter(|(guide, _)| !guide.is_empty());
    checks.extend(
        by_guide.map(|(guide, pages)| Check::new("guide", "ok", format!("{guide}: {}", count(*pages, "page")))),
    );
    let status = if probe.pages == 0 || !probe.reachable { "fail" } else { "ok" };
    let more = if probe.complete { "" } else { ", and what links lead to" };
    checks.push(Check::new("pages", status, format!("{} listed{more}", count(probe.pages, "page"))));
    checks
}

#[cfg(not(feature = "crawl"))]
fn look_at_site(_source: &Source) -> Vec<Check> {
    vec![Check::new("site", "fail", "this program was built without what reads websites")]
}
