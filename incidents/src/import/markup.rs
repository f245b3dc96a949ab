//! Texts of Jira as Markdown: documents in the Atlassian Document Format, and wiki markup.

use serde_json::Value;

use super::value::{instant, iso, list, text};

/// A document as Markdown. Nodes that are not known are passed through to what is in them.
pub(super) fn adf(node: &Value) -> String {
    let mut out = String::new();
    block(node, 0, &mut out);
    out.trim().to_owned()
}

fn block(node: &Value, indent: usize, out: &mut String) {
    let kind = text(node, &["type"]).unwrap_or_default();
    let content = list(node, "content");
    match kind.as_str() {
        "paragraph" => paragraph(&inline(content), indent, out),
        "heading" => {
            let level =
                text(node, &["attrs.level"]).and_then(|level| level.parse().ok()).unwrap_or(1_usize).clamp(1, 6);
            paragraph(&format!("{} {}", "#".repeat(level), inline(content)), 0, out);
        }
        "codeBlock" => paragraph(&format!("```\n{}\n```", inline(content)), indent, out),
        "bulletList" | "orderedList" | "taskList" | "decisionList" => {
            for item in content {
                list_item(item, indent, out);
            }
            out.push('\n');
        }
        "table" => table(content, out),
        "text" | "hardBreak" | "mention" | "emoji" | "inlineCard" | "blockCard" | "status" | "date" => {
            paragraph(&inline(std::slice::from_ref(node)), indent, out);
        }
        _ => content.iter().for_each(|child| block(child, indent, out)),
    }
}

fn paragraph(text: &str, indent: usize, out: &mut String) {
    for line in text.lines() {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

/// An item's texts on one line, and the lists in it below.
fn list_item(item: &Value, indent: usize, out: &mut String) {
    let is_list = |node: &&Value| text(node, &["type"]).is_some_and(|kind| kind.ends_with("List"));
    let content = list(item, "content");
    let mut words = String::new();
    if text(item, &["type"]).is_some_and(|kind| kind != "listItem") {
        // Tasks and decisions have no paragraph in them.
        words = inline(content);
    } else {
        content.iter().filter(|node| !is_list(node)).for_each(|node| block(node, 0, &mut words));
    }
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str("- ");
    out.push_str(&words.split_whitespace().collect::<Vec<_>>().join(" "));
    out.push('\n');
    content
        .iter()
        .filter(is_list)
        .flat_map(|inner| list(inner, "content"))
        .for_each(|inner| list_item(inner, indent + 2, out));
}

fn table(rows: &[Value], out: &mut String) {
    for (number, row) in rows.iter().enumerate() {
        let cells = list(row, "content").iter().map(|cell| {
            let mut words = String::new();
            for node in list(cell, "content") {
                block(node, 0, &mut words);
            }
            words.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/")
        });
        let cells: Vec<String> = cells.collect();
        out.extend(["| ", &cells.join(" | "), " |\n"]);
        if number == 0 {
            out.extend(["|", &" --- |".repeat(cells.len()), "\n"]);
        }
    }
    out.push('\n');
}

fn inline(nodes: &[Value]) -> String {
    let mut out = String::new();
    for node in nodes {
        let of = |path: &str| text(node, &[path]).unwrap_or_default();
        match of("type").as_str() {
            // Not trimmed: blanks between marks are texts of their own.
            "text" => out.push_str(node.get("text").and_then(Value::as_str).unwrap_or_default()),
            "hardBreak" => out.push('\n'),
            "mention" | "status" => out.push_str(&of("attrs.text")),
            "emoji" => out.push_str(&text(node, &["attrs.text", "attrs.shortName"]).unwrap_or_default()),
            "inlineCard" | "blockCard" => out.push_str(&of("attrs.url")),
            "date" => {
                let at = node.pointer("/attrs/timestamp").and_then(instant).and_then(iso);
                out.push_str(at.as_deref().and_then(|at| at.get(..10)).unwrap_or_default());
            }
            _ => out.push_str(&inline(list(node, "content"))),
        }
    }
    out
}

/// Wiki markup as Markdown: headings, blocks of code, quotes, tables and numbered lists. Markdown stays what it is.
pub(super) fn wiki(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let is_mark = ["{code", "{noformat"].iter().any(|mark| bare.starts_with(mark)) && bare.contains('}');
        if is_mark {
            // A block on one line ends on it.
            let inside = bare.split_once('}').map_or("", |(_, rest)| rest);
            let (inside, ends) = match inside.split_once(['{']) {
                Some((inside, end)) if end.starts_with("code}") || end.starts_with("noformat}") => (inside, true),
                _ => (inside, false),
            };
            out.push_str("```\n");
            if !inside.is_empty() {
                out.push_str(inside);
                out.push('\n');
            }
            if ends {
                out.push_str("```\n");
            } else {
                in_code = !in_code;
            }
            continue;
        }
        if in_code {
            out.push_str(line);
        } else {
            let neighbour =
                |at: Option<usize>| at.and_then(|at| lines.get(at)).is_some_and(|line| line.starts_with('#'));
            let is_list = neighbour(at.checked_sub(1)) || neighbour(Some(at + 1));
            out.push_str(&wiki_line(line, is_list));
        }
        out.push('\n');
    }
    if in_code {
        out.push_str("```\n");
    }
    out.trim().to_owned()
}

/// `is_list` tells whether a line with `#` has others next to it: then it is an item, and else a heading of Markdown.
fn wiki_line(line: &str, is_list: bool) -> String {
    if let Some((level, heading)) = line.trim_start().strip_prefix('h').and_then(|rest| rest.split_once(". "))
        && let Ok(level @ 1..=6) = level.parse::<usize>()
    {
        return format!("{} {}", "#".repeat(level), heading.trim());
    }
    if is_list && line.starts_with('#') {
        return format!("1. {}", line.trim_start_matches('#').trim());
    }
    let line = line.replace("||", "|").replace("{{", "`").replace("}}", "`");
    ["{quote}", "{panel}", "{color}"].iter().fold(line, |line, mark| line.replace(mark, ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_become_markdown() {
        let document = json!({"type": "doc", "version": 1, "content": [
            {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Root cause"}]},
            {"type": "paragraph", "content": [
                {"type": "text", "text": "A "}, {"type": "text", "text": "full", "marks": [{"type": "strong"}]},
                {"type": "text", "text": " disk"}, {"type": "hardBreak"}, {"type": "mention", "attrs": {"text": "@ana"}},
                {"type": "date", "attrs": {"timestamp": "1773475200000"}}]},
            {"type": "bulletList", "content": [{"type": "listItem", "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "one"}]},
                {"type": "orderedList", "content": [{"type": "listItem", "content": [
                    {"type": "paragraph", "content": [{"type": "text", "text": "inner"}]}]}]}]}]},
            {"type": "codeBlock", "content": [{"type": "text", "text": "df -h"}]},
            {"type": "table", "content": [
                {"type": "tableRow", "content": [{"type": "tableHeader", "content": [
                    {"type": "paragraph", "content": [{"type": "text", "text": "Time"}]}]}]},
                {"type": "tableRow", "content": [{"type": "tableCell", "content": [
                    {"type": "paragraph", "content": [{"type": "text", "text": "08:00"}]}]}]}]},
            {"type": "panel", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "end"}]}]},
            7, null,
        ]});
        assert_eq!(
            adf(&document),
            "## Root cause\n\nA full disk\n@ana2026-03-14\n\n- one\n  - inner\n\n```\ndf -h\n```\n\n\
             | Time |\n| --- |\n| 08:00 |\n\nend"
        );
        assert_eq!(adf(&json!(null)), "");
    }

    #[test]
    fn wiki_markup_becomes_markdown() {
        let wiki_text = "h2. Root cause\n{code:java}\n# no item\n{code}\n# one\n# two\n\n# Heading\n{{kubectl}} {noformat}x{noformat}\n\
                         ||a||b||\n{noformat}y{noformat}\nhello. there";
        assert_eq!(
            wiki(wiki_text),
            "## Root cause\n```\n# no item\n```\n1. one\n1. two\n\n# Heading\n`kubectl` {noformat}x{noformat}\n|a|b|\n```\ny\n```\n\
             hello. there"
        );
    }
}
