//! Replies of tools, for people: the same words without the marks that models need.

use std::io::Write;

use serde_json::{Map, Value};

use crate::app::App;
use crate::report::error::CommandResult;
use crate::report::{BOLD, DIM, Output, TITLE, WARN, printable, styled};
use crate::tools::{NOTICE, find};

/// Calls a tool and prints its reply; with `--json`, the structured one.
pub(super) fn print(app: &App, tool: &str, arguments: Map<String, Value>, out: &mut Output) -> CommandResult {
    let Some(tool) = find(tool) else { return Err(anyhow::anyhow!("the tool `{tool}` is missing").into()) };
    let reply = tool.call(app, arguments)?;
    if out.is_json() {
        out.json(&reply.structured)?;
        return Ok(());
    }
    write(&reply.text, out)?;
    Ok(())
}

/// Arguments of a tool: what is given, under the names that the tool has for it.
pub(super) fn arguments<const N: usize>(given: [(&str, Value); N]) -> Map<String, Value> {
    let is_given = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    given.into_iter().filter(|(_, value)| is_given(value)).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn write(text: &str, out: &mut impl Write) -> std::io::Result<()> {
    let mut in_code = false;
    for line in text.lines() {
        let line = printable(line);
        // A note for models.
        if line.starts_with(NOTICE) {
            continue;
        }
        if line.starts_with("</retrieved-") {
            continue;
        }
        if let Some((words, _)) = line.split_once("<retrieved-") {
            if !words.trim().is_empty() {
                writeln!(out, "{}", styled(TITLE, words.trim()))?;
            }
            continue;
        }
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let is_step = line.strip_prefix("Step ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if in_code {
            writeln!(out, "    {}", styled(DIM, line))?;
        } else if is_step {
            let style = if line.contains("[changes something") { WARN } else { BOLD };
            writeln!(out, "{}", styled(style, line))?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_see_no_marks() {
        let text = "\nGuide: <retrieved-ab>\nStep 1: look\n```bash\nls\n```\n</retrieved-ab>\nend\n";
        let mut out = anstream::StripStream::new(Vec::new());
        write(text, &mut out).unwrap();
        assert_eq!(String::from_utf8(out.into_inner()).unwrap(), "\nGuide:\nStep 1: look\n    ls\nend\n");
    }

    #[test]
    fn what_is_not_given_is_left_out() {
        let given = arguments([("a", json!(null)), ("b", json!([])), ("c", json!("")), ("d", json!(3))]);
        assert_eq!(Value::Object(given), json!({"d": 3}));
    }
}
