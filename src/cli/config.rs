//! `cloudops config`: the settings in force, and where they come from.

use std::io::Write;

use serde_json::{Map, Value};

use crate::app::App;
use crate::report::Output;
use crate::report::error::{CommandError, CommandResult};
use crate::report::table::{Align, Table};

/// Show the settings in force
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show every setting with its value
    ///
    /// Flags go over environment variables, those over the configuration file, and that over the defaults.
    #[command(after_help = "Examples:
  cloudops config show
  cloudops config show --origin")]
    Show {
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Print the path of the configuration file, whether it is there or not
    Path,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let config = &app.config;
    match args.command {
        Command::Show { origin: true } if out.is_json() => out.json(&config.origins)?,
        Command::Show { origin: false } if out.is_json() => {
            let values = config.origins.iter().map(|origin| (origin.key.clone(), origin.value.clone()));
            out.json(&values.collect::<Map<String, Value>>())?;
        }
        Command::Show { origin } => {
            let mut header = vec![("SETTING", Align::Left), ("VALUE", Align::Left)];
            header.extend(origin.then_some(("FROM", Align::Left)));
            let mut table = Table::new(&header);
            for setting in &config.origins {
                let mut cells = vec![setting.key.clone(), shown(&setting.value)];
                cells.extend(origin.then(|| setting.from.clone()));
                table.row(cells);
            }
            table.write(out)?;
        }
        Command::Path => {
            let file = config.file.as_ref().ok_or_else(|| {
                CommandError::input("there is no home directory, so there is no default configuration file")
            })?;
            if out.is_json() {
                out.json(file)?;
            } else {
                writeln!(out, "{}", file.display())?;
            }
        }
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
