//! The command line: one file per subcommand, each with its arguments and its `run`.

mod call;
mod changes;
mod completions;
mod config;
mod doctor;
mod embed;
mod eval;
mod generate_docs;
mod incidents;
mod ingest;
mod model;
mod read;
mod recommend;
mod reply;
mod schedule;
mod search;
#[cfg(feature = "mcp")]
mod serve;
mod source;
mod sources;
mod tools;
mod troubleshoot;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::app::App;
use crate::config::Flags;
use crate::report::Output;
use crate::report::error::CommandResult;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Cyan.on_default().bold())
    .usage(AnsiColor::Cyan.on_default().bold())
    .literal(AnsiColor::Green.on_default().bold())
    .placeholder(AnsiColor::Green.on_default());

/// What the exit codes mean, in `--help` and in the reference.
pub(crate) const EXIT_CODES: &str = concat!(
    "  0  it was done, even if nothing was found or some files could not be read\n",
    "  1  the arguments or their values cannot be used, or a check did not pass\n",
    "  2  the work could not be done, or was interrupted",
);

/// AWS operations knowledge, offline first, for LLM clients and terminals.
///
/// Searches documentation, best practices, architecture patterns, troubleshooting guides and incidents on this
/// machine. Curated documents are built in; `ingest` adds folders of your own.
#[derive(Debug, Parser)]
#[command(
    name = "cloudops",
    version,
    styles = STYLES,
    max_term_width = 110,
    after_help = format!(
        "Examples:\n  \
           cloudops search \"s3 access denied although the policy allows it\"\n  \
           cloudops ingest ~/aws-docs --name aws\n  \
           cloudops read corpus/troubleshooting/s3-access-denied.md\n\n\
         Exit codes:\n{EXIT_CODES}"
    )
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Directory that holds the index [default: the XDG data directory]
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    data_dir: Option<PathBuf>,
    /// Configuration file [default: `cloudops/config.toml` in the XDG configuration directory]
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Print the result as JSON; errors too, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to log on standard error: `warn`, `info`, `debug`, or directives like `cloudops=debug`
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value_t = Color::Auto, hide_default_value = true)]
    pub(crate) color: Color,
}

impl Global {
    pub(crate) fn flags(&self) -> Flags {
        Flags { config: self.config.clone(), data_dir: self.data_dir.clone(), log: self.log.clone() }
    }
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// For a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        })
    }
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Search(search::Args),
    Read(read::Args),
    Troubleshoot(troubleshoot::Args),
    Recommend(recommend::Args),
    Incidents(Box<incidents::Args>),
    Ingest(Box<ingest::Args>),
    Sources(sources::Args),
    Changes(changes::Args),
    Source(source::Args),
    Schedule(schedule::Args),
    Embed(embed::Args),
    Model(model::Args),
    Eval(eval::Args),
    #[cfg(feature = "mcp")]
    Serve(serve::Args),
    Tools(tools::Args),
    Call(call::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    GenerateDocs(generate_docs::Args),
}

impl Command {
    /// Runs the command.
    #[cfg_attr(not(feature = "mcp"), expect(clippy::needless_pass_by_value, reason = "the server keeps it"))]
    pub(crate) fn run(self, app: App, out: &mut Output) -> CommandResult {
        match self {
            Self::Search(args) => search::run(&app, args, out),
            Self::Read(args) => read::run(&app, &args, out),
            Self::Troubleshoot(args) => troubleshoot::run(&app, &args, out),
            Self::Recommend(args) => recommend::run(&app, &args, out),
            Self::Incidents(args) => incidents::run(&app, &args, out),
            Self::Ingest(args) => ingest::run(&app, &args, out),
            Self::Sources(args) => sources::run(&app, &args, out),
            Self::Changes(args) => changes::run(&app, &args, out),
            Self::Source(args) => source::run(&app, &args, out),
            Self::Schedule(args) => schedule::run(&app, &args, out),
            Self::Embed(args) => embed::run(&app, args, out),
            Self::Model(args) => model::run(&app, &args, out),
            Self::Eval(args) => eval::run(&app, &args, out),
            #[cfg(feature = "mcp")]
            Self::Serve(args) => serve::run(app, &args),
            Self::Tools(args) => tools::run(&app, &args, out),
            Self::Call(args) => call::run(&app, &args, out),
            Self::Doctor(args) => doctor::run(&app, &args, out),
            Self::Config(args) => config::run(&app, &args, out),
            Self::Completions(args) => completions::run(&args, out),
            Self::GenerateDocs(args) => generate_docs::run(&args, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_with_an_example() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let nested = command.get_subcommands().next().is_some();
            assert!(nested || command.get_after_help().is_some(), "{}", command.get_name());
        }
    }
}
