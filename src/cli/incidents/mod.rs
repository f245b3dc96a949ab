//! `cloudops incidents`: what broke before, and what helped.

mod import;
pub(super) mod learn;
mod list;
mod record;
mod resolve;
mod show;
mod similar;
mod stats;

use clap::Subcommand;

use crate::app::App;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Record, find and learn from incidents
///
/// Incidents come from notes in ingested folders (in a folder named `incidents`, or with `kind: incident`), from trackers
/// (`import`), and from what is recorded here. Everything stays in the data directory; secrets are masked before anything
/// is stored.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Similar(similar::Args),
    List(list::Args),
    Show(show::Args),
    Record(record::Args),
    Resolve(resolve::Args),
    Import(import::Args),
    Learn(learn::Args),
    Stats(stats::Args),
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    match &args.command {
        Command::Similar(args) => similar::run(app, args, out),
        Command::List(args) => list::run(app, args, out),
        Command::Show(args) => show::run(app, args, out),
        Command::Record(args) => record::run(app, args, out),
        Command::Resolve(args) => resolve::run(app, args, out),
        Command::Import(args) => import::run(app, args, out),
        Command::Learn(args) => learn::run(app, args, out),
        Command::Stats(args) => stats::run(app, args, out),
    }
}
