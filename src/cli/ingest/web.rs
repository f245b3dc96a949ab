//! `cloudops ingest aws-docs` and `cloudops ingest web`: websites into the index.

use std::io::Write;
use std::time::Duration;

use cloudops_crawl::engine::Probe;
use cloudops_indexes::model::Kind;
use cloudops_indexes::store::TrainWhen;
use cloudops_ingest::ledger::{Ledger, RunState};
use cloudops_ingest::schedule::{AwsDocs, Limits, Source, Website, What};
use url::Url;

use super::report::write_run;
use super::{start_embedding, stop_on_interrupt, write_training};
use crate::app::App;
use crate::crawling::{self, Crawl, Report, Wishes};
use crate::report::error::{CommandError, CommandResult, Kind as ErrorKind};
use crate::report::progress::Bars;
use crate::report::{DIM, GOOD, Output, WARN, count, grouped, one_line, styled};

/// Crawl guides of the AWS documentation, or bring them up to date
///
/// Guides are chosen by service (`ec2`), by id (`ec2-user-guide`) or by address; `cloudops ingest guides` lists them. Pages are
/// found by the sitemaps and tables of contents of the guides and by their links, fetched politely, and compared with
/// what is known: what has not changed is not transferred again. What is cut off goes on where it was.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  cloudops ingest aws-docs --guide ec2,rds
  cloudops ingest aws-docs --guide https://docs.aws.amazon.com/lambda/latest/dg/ --dry-run
  cloudops ingest aws-docs --guide ec2 --mirror http://docs-cache.example/   fetch from a copy
  cloudops source add aws-docs --guide ec2,rds --every 24h                   keep it fresh from now on")]
pub(crate) struct AwsDocsArgs {
    /// Services, ids of guides or addresses, separated by commas (repeatable); `all` for every guide of the catalogue
    #[arg(long = "guide", value_name = "GUIDE", value_delimiter = ',', required = true)]
    guides: Vec<String>,
    /// Name of the source, the first part of every document id
    #[arg(long, default_value = "aws-docs")]
    name: String,
    #[command(flatten)]
    common: CommonArgs,
}

/// Crawl a website, or bring it up to date
///
/// Pages are found by the site's sitemaps (those of its robots.txt, unless some are named) and by links below the given
/// addresses. Everything else is as for the AWS documentation.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  cloudops ingest web https://runbooks.example.com/ops/ --name runbooks
  cloudops ingest web https://wiki.example.com/start --prefix https://wiki.example.com/pages/ --name wiki
  cloudops ingest web http://10.0.0.5/docs/ --name internal --allow-private")]
pub(crate) struct WebsiteArgs {
    /// Pages to start from; everything below their folder is read
    #[arg(value_name = "URL", required_unless_present = "sitemap")]
    start: Vec<Url>,
    /// Name of the source, the first part of every document id [default: the name of the host]
    #[arg(long)]
    name: Option<String>,
    /// Sitemap to read (repeatable)
    #[arg(long, value_name = "URL")]
    sitemap: Vec<Url>,
    /// Read only what lies below this address (repeatable) [default: the folder of each URL]
    #[arg(long, value_name = "URL")]
    prefix: Vec<Url>,
    /// Read only pages whose path matches this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// What both have in common.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, clap::Args)]
struct CommonArgs {
    /// Leave out pages whose path matches this glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Kind of the documents [default: guessed]
    #[arg(long)]
    kind: Option<Kind>,
    /// Tag every document (repeatable)
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// AWS service of every document (repeatable)
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// Fetch at most so many pages in this run; the next goes on
    #[arg(long, value_name = "PAGES")]
    limit: Option<u64>,
    /// Requests to one host per second, 0 for no limit [default: 10]
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,
    /// Requests to one host at a time [default: 4]
    #[arg(long, value_name = "NUMBER")]
    concurrency: Option<usize>,
    /// Seconds that one request may take [default: 60]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Allow addresses of private networks and of this machine
    #[arg(long)]
    allow_private: bool,
    /// Fetch from this copy of the site instead, under the same paths
    #[arg(long, value_name = "URL")]
    mirror: Option<Url>,
    /// Begin anew instead of taking up a run that was cut off
    #[arg(long)]
    fresh: bool,
    /// Believe the site even if most of its known pages vanish or become the same
    #[arg(long)]
    accept_mass_change: bool,
    /// Do not train vectors
    #[arg(long)]
    no_train: bool,
    /// Say what would be found, and keep nothing
    #[arg(long)]
    dry_run: bool,
}

impl CommonArgs {
    fn limits(&self) -> Limits {
        Limits {
            max_pages: None,
            per_second: self.rate,
            concurrency: self.concurrency,
            max_page_bytes: None,
            timeout: self.timeout.map(Duration::from_secs),
            allow_private: self.allow_private,
        }
    }

    fn source(&self, name: String, what: What) -> Result<Source, CommandError> {
        super::check_source_name(&name)?;
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect();
        Ok(Source {
            kind_of_documents: self.kind,
            services: lower(&self.service),
            tags: lower(&self.tag),
            ..Source::new(name, what)
        })
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            limit: self.limit,
            mirror: self.mirror.clone(),
            fresh: self.fresh,
            accept_mass_change: self.accept_mass_change,
        }
    }
}

pub(crate) fn aws_docs(app: &App, args: &AwsDocsArgs, out: &mut Output) -> CommandResult {
    let what = What::AwsDocs(AwsDocs {
        guides: args.guides.clone(),
        exclude: args.common.exclude.clone(),
        limits: args.common.limits(),
    });
    run(app, &args.common.source(args.name.clone(), what)?, &args.common, out)
}

pub(crate) fn website(app: &App, args: &WebsiteArgs, out: &mut Output) -> CommandResult {
    let host = args.start.iter().chain(&args.sitemap).find_map(|url| url.host_str()).unwrap_or("web");
    let name = args.name.clone().unwrap_or_else(|| super::source_name(host));
    let what = What::Website(Website {
        start: args.start.clone(),
        sitemaps: args.sitemap.clone(),
        prefixes: args.prefix.clone(),
        include: args.include.clone(),
        exclude: args.common.exclude.clone(),
        limits: args.common.limits(),
    });
    run(app, &args.common.source(name, what)?, &args.common, out)
}

fn run(app: &App, source: &Source, args: &CommonArgs, out: &mut Output) -> CommandResult {
    let wishes = args.wishes();
    if args.dry_run {
        let probe = crawling::probe(source, &wishes)?;
        return if out.is_json() { Ok(out.json(&probe)?) } else { Ok(write_probe(&probe, out)?) };
    }
    let stop = stop_on_interrupt()?;
    let train = if args.no_train { TrainWhen::Never } else { app.settings().train.when.into() };
    let mut bars = Bars::new(out.is_json());
    let report = Crawl { app, source, wishes: &wishes, train, stop }.run(&mut bars)?;
    bars.finish();
    let embedding = report.commit.is_some() && start_embedding(app);
    if out.is_json() {
        out.json(&report)?;
    } else {
        write(&report, out)?;
        if embedding {
            let follow = "better answers follow as it is embedded in the background: `cloudops embed status`";
            writeln!(out, "{}", styled(DIM, follow))?;
        }
    }
    verdict(app, &report)
}

/// A run that did not do its work is an error, with what to do about it.
fn verdict(app: &App, report: &Report) -> CommandResult {
    let run = &report.run;
    let message = run.message.as_deref().map(one_line).unwrap_or_default();
    let failure = |message: String| CommandError::from(anyhow::Error::msg(message));
    if report.interrupted {
        let left = Ledger::open(app.data_dir())?.tally(&run.source, run.id)?.left;
        return Err(CommandError {
            kind: ErrorKind::Interrupted,
            ..failure(format!("interrupted, {} pages are left", grouped(left)))
        }
        .hint("Run the same command again: it goes on where it was."));
    }
    match run.state {
        RunState::Guarded => Err(CommandError { kind: ErrorKind::Check, ..failure(message) }.hint(format!(
            "Look at the site. If it really has changed so much, add `--accept-mass-change`; `cloudops ingest report {}` has \
             the pages.",
            run.id
        ))),
        RunState::Failed => {
            Err(failure(message).hint(format!("`cloudops ingest report {}` has what went wrong, page by page.", run.id)))
        }
        _ => Ok(()),
    }
}

fn write(report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    write_run(&report.run, out)?;
    if let Some(training) = &report.training {
        write_training(training, out)?;
    }
    if let Some(commit) = &report.commit {
        let done = format!("{} in the index, generation {}", count(commit.passages, "passage"), commit.generation);
        writeln!(out, "{} {done}", styled(GOOD, "done:"))?;
    }
    Ok(())
}

fn write_probe(probe: &Probe, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{} would be looked at", count(probe.pages, "listed page"))?;
    for (guide, pages) in probe.by_guide.iter().filter(|(guide, _)| !guide.is_empty()) {
        writeln!(out, "  {:>8} {}", grouped(*pages), one_line(guide))?;
    }
    for example in &probe.examples {
        writeln!(out, "  {}", styled(DIM, format!("such as {}", one_line(example))))?;
    }
    if !probe.complete {
        writeln!(out, "  {}", styled(DIM, "more pages may be found by links: no complete list of them could be read"))?;
    }
    for trouble in &probe.troubles {
        writeln!(out, "  {} {}", styled(WARN, &trouble.code), one_line(&trouble.message))?;
    }
    Ok(())
}
