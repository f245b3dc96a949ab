//! `cloudops tools`: what can be called.

use std::io::Write;

use serde_json::json;

use crate::app::App;
use crate::report::Output;
use crate::report::error::{CommandError, CommandResult};
use crate::report::table::{Align, Table};
use crate::tools::{Allowed, Toolset, select};

/// List the tools that `call` and the MCP server offer
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops tools
  cloudops tools --json              with the schemas of input and output")]
pub(crate) struct Args {
    /// Only tools of these toolsets
    #[arg(long, value_name = "TOOLSET", value_delimiter = ',')]
    toolsets: Vec<String>,
    /// Only tools that change nothing
    #[arg(long)]
    read_only: bool,
    /// Also tools that record incidents on this machine
    #[arg(long)]
    record_incidents: bool,
}

pub(crate) fn run(_app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let tools = select(&args.toolsets, Allowed { read_only: args.read_only, record: args.record_incidents })
        .map_err(CommandError::input)?;
    if out.is_json() {
        let tools: Vec<_> = tools
            .iter()
            .map(|tool| {
                let mut value = json!(tool.info);
                value["input_schema"] = tool.input_schema().into();
                value["output_schema"] = tool.output_schema().into();
                value
            })
            .collect();
        out.json(&tools)?;
        return Ok(());
    }
    let mut table =
        Table::new(&[("TOOL", Align::Left), ("TOOLSET", Align::Left), ("EFFECT", Align::Left), ("TITLE", Align::Left)]);
    for tool in tools {
        let info = tool.info;
        let cells = [info.name, Toolset::as_str(info.toolset), info.effect.as_str(), info.title];
        table.row(cells.map(str::to_owned));
    }
    table.write(out)?;
    out.flush()?;
    Ok(())
}
