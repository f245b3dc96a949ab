//! `cloudops completions`: for shells.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use crate::report::Output;
use crate::report::error::CommandResult;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops completions bash > ~/.local/share/bash-completion/completions/cloudops
  cloudops completions zsh > ~/.zfunc/_cloudops
  cloudops completions fish > ~/.config/fish/completions/cloudops.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, out: &mut Output) -> CommandResult {
    // Into memory first: the generator panics when its reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cloudops", &mut script);
    out.write_all(&script)?;
    out.flush()?;
    Ok(())
}
