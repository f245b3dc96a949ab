//! `cloudops call`: one tool, once, as a client would call it.

use std::io::{Read, Write};

use anyhow::Context;
use serde_json::{Map, Value};

use crate::app::App;
use crate::recorded;
use crate::report::error::{CommandError, CommandResult};
use crate::report::{Output, printable};
use crate::tools::{Effect, TOOLS, find};

/// Call a tool as an MCP client would
///
/// Prints the text that a model reads; with `--json`, the structured content.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops call list_sources
  cloudops call search_knowledge --args '{\"query\": \"NAT gateway cost\", \"limit\": 3}'
  echo '{\"document\": \"corpus/patterns/multi-az-web.md\"}' | cloudops call read_document --args - --json")]
pub(crate) struct Args {
    /// Name of the tool, as `cloudops tools` lists it
    tool: String,
    /// Its arguments: a JSON object, `@FILE`, or `-` for standard input
    #[arg(long = "args", value_name = "JSON", default_value = "{}")]
    given: String,
    /// Allow tools that record incidents on this machine
    #[arg(long)]
    record_incidents: bool,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let tool = find(&args.tool).ok_or_else(|| {
        let names: Vec<_> = TOOLS.iter().map(|tool| format!("`{}`", tool.info.name)).collect();
        CommandError::input(format!("there is no tool `{}`", args.tool))
            .hint(format!("There are {}.", names.join(", ")))
    })?;
    if tool.info.effect == Effect::Records && !args.record_incidents {
        return Err(CommandError::input(format!("`{}` records incidents, which is not allowed here", args.tool))
            .hint("Allow it with `--record-incidents`."));
    }
    let reply = tool.call(app, arguments(&args.given)?)?;
    if tool.info.effect == Effect::Records {
        recorded::publish_or_warn(app);
    }
    if out.is_json() {
        out.json(&reply.structured)?;
    } else {
        write!(out, "{}", printable(&reply.text))?;
        out.flush()?;
    }
    Ok(())
}

fn arguments(text: &str) -> Result<Map<String, Value>, CommandError> {
    let text = match text.strip_prefix('@') {
        Some(path) => fs_err::read_to_string(path).map_err(|error| CommandError::input(error.to_string()))?,
        None if text == "-" => {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text).context("failed to read standard input")?;
            text
        }
        None => text.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| {
        CommandError::input(format!("the arguments are not a JSON object: {error}"))
            .hint("Quote them for the shell: `--args '{\"query\": \"…\"}'`.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_from_the_line_or_a_file() {
        assert_eq!(arguments(r#"{"a": 1}"#).unwrap().len(), 1);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), r#"{"a": 1, "b": 2}"#).unwrap();
        assert_eq!(arguments(&format!("@{}", file.path().display())).unwrap().len(), 2);
        for bad in ["[]", "nothing", "@/nowhere/args.json"] {
            assert_eq!(arguments(bad).unwrap_err().kind.exit_code(), 1, "{bad}");
        }
    }
}
