//! `cloudops embed`: the vectors of the index.

use std::io::Write;

use cloudops_indexes::store::{FillProgress, IndexError, IndexWriter, TrainWhen, WriterOptions};
use serde_json::json;

use super::ingest::{commit, stop_on_interrupt, write_training};
use crate::app::App;
use crate::config::EmbedProvider;
use crate::embedding::bedrock::{self, Paid};
use crate::embedding::{self, Filling};
use crate::report::error::{CommandError, CommandResult, note};
use crate::report::progress::Bars;
use crate::report::{DIM, GOOD, Output, count, grouped, styled};

/// Make the vectors of the index
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(RunArgs),
    Status(StatusArgs),
    Train(TrainArgs),
}

/// Make the vectors of the model in use that are missing, now
///
/// First every document by its title and first sentences, then every passage. What is there is used by searches every
/// few minutes. It may be stopped at any instant and goes on where it was. `ingest` and `serve` do the same in the
/// background, unless `embed.background` of the configuration is `false`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops embed run
  cloudops embed run --documents-only --json")]
struct RunArgs {
    /// Leave passages out, which take an hour for all of the AWS documentation; documents take minutes
    #[arg(long)]
    documents_only: bool,
    /// US dollars that may be spent where `embed.provider` of the configuration is `bedrock` [default:
    /// `embed.bedrock.max_usd`]
    #[arg(long, value_name = "USD")]
    max_usd: Option<f64>,
    /// Threads [default: `embed.threads` of the configuration, one per core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Give way to every other process
    #[arg(long)]
    background: bool,
}

/// Show how far the vectors of the model in use are
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops embed status
  cloudops embed status --json")]
struct StatusArgs {}

/// Train vectors on what is indexed, now
///
/// The table of token vectors is learned from the indexed text itself, so that the heading of a section finds its
/// body. It replaces the one in use only if it is no worse on pairs that were held out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops embed train
  cloudops embed train --seed 7 --json")]
struct TrainArgs {
    /// Seed of every random choice [default: `train.seed` of the configuration]
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(app: &App, args: Args, out: &mut Output) -> CommandResult {
    match args.command {
        Command::Run(args) => fill(app, &args, out),
        Command::Status(StatusArgs {}) => status(app, out),
        Command::Train(args) => train(app, &args, out),
    }
}

fn fill(app: &App, args: &RunArgs, out: &mut Output) -> CommandResult {
    let stop = stop_on_interrupt()?;
    if args.background {
        embedding::give_way();
    }
    // An index must be there, if only with the built-in documents.
    app.index()?;
    let settings = &app.settings().embed;
    let options = embedding::Options {
        threads: args.threads.unwrap_or(settings.threads),
        documents_only: args.documents_only || !settings.passages,
    };
    let paid = paid(app, args, options.documents_only, out)?;
    let mut bars = Bars::new(out.is_json());
    let mut follow = |progress: &FillProgress| bars.fill(progress);
    let report = match &paid {
        Some(paid) => embedding::fill_with(app, paid.embedder.as_ref(), options, &stop, &mut follow).map(Some),
        None => embedding::fill(app, options, &stop, &mut follow),
    };
    bars.finish();
    let spent = paid.map(|paid| paid.spent());
    if let Some(spent) = spent {
        note(out, format!("spent: {spent}"));
    }
    let other = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(IndexError::Filling(_)));
    if args.background && report.as_ref().is_err_and(other) {
        // Started twice at the same moment: what is wanted is being done.
        return Ok(());
    }
    let report = report.map_err(|error| {
        let interrupted = matches!(error.downcast_ref(), Some(IndexError::Interrupted));
        let error = CommandError::from(error);
        if interrupted { error.hint("What is there is used; the same command goes on.") } else { error }
    })?;
    let Some(report) = report else {
        return Err(CommandError::input("no model is in use").hint("To install one, run `cloudops model install`."));
    };
    if out.is_json() {
        let mut report = serde_json::to_value(report)?;
        if let (Some(report), Some(spent)) = (report.as_object_mut(), spent) {
            report.insert("spent".to_owned(), json!(spent));
        }
        out.json(&report)?;
        return Ok(());
    }
    let rate = report.embedded as f64 / report.embedding_seconds.max(1e-9);
    let rate = if report.embedded > 0 { format!(" ({rate:.0} a second)") } else { String::new() };
    writeln!(
        out,
        "{} {} embedded{rate}, {} known from before, generation {}, {:.1} s",
        styled(GOOD, "done:"),
        count(report.embedded, "text"),
        grouped(report.reused),
        report.generation,
        report.seconds
    )?;
    Ok(())
}

/// The configured embedder that costs money, if that is the one, and if what it is to do stays below the cap.
fn paid(app: &App, args: &RunArgs, documents_only: bool, out: &Output) -> Result<Option<Paid>, CommandError> {
    let settings = &app.settings().embed;
    if settings.provider == EmbedProvider::Local {
        return match args.max_usd {
            Some(_) => Err(CommandError::input("`--max-usd` was given, but the model in use costs nothing")
                .hint("To embed with Amazon Bedrock, set `embed.provider` to `bedrock`.")),
            None => Ok(None),
        };
    }
    let summary = app.index()?.summary()?;
    let status = embedding::status(app, &summary)?;
    let estimate = bedrock::estimate(&settings.bedrock, &summary, &status, documents_only)?;
    let max_usd = args.max_usd.unwrap_or(settings.bedrock.max_usd);
    if estimate.tokens > 0 && max_usd <= 0.0 {
        let message =
            format!("embedding with `{}` will cost about {estimate}, and no cap is given", settings.bedrock.model);
        let hint = "Say how much it may cost with `--max-usd USD`, or set `embed.bedrock.max_usd`.";
        return Err(CommandError::input(message).hint(hint));
    }
    if estimate.usd > max_usd {
        let message = format!(
            "embedding with `{}` will cost about {estimate}, which is more than the cap of ${max_usd}",
            settings.bedrock.model
        );
        let hint = "Allow more with `--max-usd USD`, or begin with `--documents-only`.";
        return Err(CommandError::input(message).hint(hint));
    }
    note(out, format!("estimate: {estimate} by `{}`, at most ${max_usd}", settings.bedrock.model));
    Ok(Some(bedrock::for_filling(&settings.bedrock, max_usd)?))
}

fn status(app: &App, out: &mut Output) -> CommandResult {
    let status = embedding::status(app, &app.index()?.summary()?)?;
    if out.is_json() {
        out.json(&status)?;
        return Ok(());
    }
    let Some(model) = &status.model else {
        writeln!(out, "no model is in use: `cloudops model install` installs one")?;
        return Ok(());
    };
    writeln!(out, "{} {model}", styled(DIM, "model     "))?;
    for (name, share) in [("documents ", status.documents), ("passages  ", status.passages)] {
        writeln!(out, "{} {} of {}", styled(DIM, name), grouped(share.done), grouped(share.total))?;
    }
    let now = match &status.filling {
        Some(Filling { error: Some(error), .. }) if !status.running => format!("stopped: {error}"),
        Some(filling) => format!("{} ({:.0} a second)", filling.describe(), filling.per_second),
        None if status.running => "starting".to_owned(),
        None if status.complete => "done".to_owned(),
        None => "nothing is running: `cloudops embed run` makes the rest".to_owned(),
    };
    writeln!(out, "{} {now}", styled(DIM, "now       "))?;
    Ok(())
}

fn train(app: &App, args: &TrainArgs, out: &mut Output) -> CommandResult {
    let stop = stop_on_interrupt()?;
    // An index must be there, if only with the built-in documents.
    app.index()?;
    let mut train = app.settings().train.policy(TrainWhen::Always);
    train.seed = args.seed.unwrap_or(train.seed);
    let writer = embedding::patiently(app.data_dir(), || IndexWriter::open(app.data_dir(), WriterOptions { train }))?;
    let mut bars = Bars::new(out.is_json());
    let (report, training) = commit(writer, &mut bars, &stop)?;
    bars.finish();
    if out.is_json() {
        out.json(&json!({"commit": report, "training": training}))?;
    } else if let Some(training) = &training {
        write_training(training, out)?;
    } else {
        writeln!(out, "nothing was trained")?;
    }
    Ok(())
}
