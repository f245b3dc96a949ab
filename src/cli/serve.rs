//! `cloudops serve`: the tools over MCP.

use std::io::IsTerminal;

use crate::app::App;
use crate::mcp;
use crate::report::error::{CommandError, CommandResult, warn};
use crate::tools::{Allowed, select};

/// Serve the tools to an MCP client, over standard input and output
///
/// Nothing but the protocol is written to standard output; the log is on standard error. The server ends when its
/// input does, after the calls that are running then. It notices when the index changes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops serve
  claude mcp add cloudops -- cloudops serve
  cloudops serve --toolsets knowledge --read-only --log info
  cloudops serve --record-incidents")]
pub(crate) struct Args {
    /// Only tools of these toolsets, separated by commas [default: `serve.toolsets` of the configuration, all]
    #[arg(long, value_name = "TOOLSET", value_delimiter = ',')]
    toolsets: Vec<String>,
    /// Only tools that change nothing
    #[arg(long)]
    read_only: bool,
    /// Also tools that record incidents on this machine; `--read-only` goes before
    #[arg(long)]
    record_incidents: bool,
}

pub(crate) fn run(app: App, args: &Args) -> CommandResult {
    let settings = &app.settings().serve;
    let toolsets = if args.toolsets.is_empty() { &settings.toolsets } else { &args.toolsets };
    let allowed = Allowed {
        read_only: args.read_only || settings.read_only,
        record: args.record_incidents || settings.record_incidents,
    };
    let tools = select(toolsets, allowed).map_err(CommandError::input)?;
    if std::io::stdin().is_terminal() {
        warn(
            "this speaks MCP on standard input and output, and is meant to be started by an MCP client (Ctrl-D ends it)",
        );
    }
    mcp::serve(app, tools)?;
    Ok(())
}
