//! `cloudops incidents show`: one incident, whole.

use std::io::Write;

use cloudops_incidents::render::render;

use crate::app::App;
use crate::report::error::{CommandError, CommandResult};
use crate::report::{Output, printable};

/// Show everything that is known of an incident
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops incidents show INC-7
  cloudops incidents show INC-7 --json")]
pub(crate) struct Args {
    /// Its id, as `incidents list` shows it
    id: String,
}

pub(super) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let experience = app.experience()?;
    let incident = experience.base.get(&args.id).ok_or_else(|| {
        CommandError::input(format!("there is no incident `{}`", args.id))
            .hint("`cloudops incidents list` shows those that are known.")
    })?;
    if out.is_json() {
        out.json(incident)?;
    } else {
        write!(out, "{}", printable(&render(incident)))?;
        out.flush()?;
    }
    Ok(())
}
