//! `cloudops embed`: the vectors of the index.

use std::io::Write;

use cloudops_indexes::store::{IndexWriter, TrainWhen, WriterOptions};
use serde_json::json;

use super::ingest::{commit, stop_on_interrupt, write_training};
use crate::app::App;
use crate::report::Output;
use crate::report::error::CommandResult;
use crate::report::progress::Bars;

/// Make the vectors of the index
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Train(TrainArgs),
}

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
        Command::Train(args) => train(app, &args, out),
    }
}

fn train(app: &App, args: &TrainArgs, out: &mut Output) -> CommandResult {
    let stop = stop_on_interrupt()?;
    // An index must be there, if only with the built-in documents.
    app.index()?;
    let mut train = app.settings().train.policy(TrainWhen::Always);
    train.seed = args.seed.unwrap_or(train.seed);
    let writer = IndexWriter::open(app.data_dir(), WriterOptions { train })?;
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
