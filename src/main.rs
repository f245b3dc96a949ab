//! The program `cloudops`: parse, log on standard error, run, turn an error into an exit code.

#![allow(clippy::format_push_string, reason = "texts are small, and `write!` has an error that cannot be")]

mod app;
mod cli;
mod config;
mod corpus;
#[cfg(feature = "crawl")]
mod crawling;
mod embedding;
mod eval;
mod experience;
mod ingestion;
#[cfg(feature = "mcp")]
mod mcp;
mod recorded;
mod recording;
mod report;
mod scheduling;
mod source_lock;
mod tools;
mod watching;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::cli::Cli;
use crate::report::Output;
use crate::report::error::{CommandError, CommandResult};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    anstream::ColorChoice::from(cli.global.color).write_global();
    let json = cli.global.json;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            error.print(json);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

fn run(cli: Cli) -> CommandResult {
    let config = config::load(&cli.global.flags(), &config::environment()?)?;
    start_logging(&config.settings.log)?;
    let mut out = Output::stdout(cli.global.json);
    cli.command.run(App::new(config), &mut out)
}

/// Help and version go to standard output; mistakes are the user's input.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nobody reads it: nothing is left to do.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let message: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        CommandError::input(message.join(" ").trim_start_matches("error: "))
            .hint("For the usage, add `--help`.")
            .print(true);
    } else {
        drop(error.print());
    }
    ExitCode::from(1)
}

/// Logs on standard error. Dependencies speak at `warn` unless asked by name.
fn start_logging(level: &str) -> CommandResult {
    let directives = match level {
        "off" | "error" => level.to_owned(),
        // rmcp warns of every request that it answers with an error, which the client is told anyway.
        "warn" => "warn,rmcp=error".to_owned(),
        "info" | "debug" | "trace" => {
            format!("warn,cloudops={level},cloudops_indexes={level},cloudops_ingest={level}")
        }
        directives => directives.to_owned(),
    };
    let filter = EnvFilter::try_new(&directives).map_err(|error| {
        CommandError::input(format!("`{level}` is not a log level: {error}"))
            .hint("Use `error`, `warn`, `info`, `debug`, or directives like `cloudops=debug,rmcp=info`.")
    })?;
    let ansi =
        io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(ansi).init();
    Ok(())
}
