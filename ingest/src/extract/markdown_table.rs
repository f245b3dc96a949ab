//! Pipe tables: recognized, cleaned, and written so that every row is one line with the columns of its header.

use super::builder::Builder;
use super::inline::{Style, clean};
use super::markup::is_delimiter_row;

/// Whether a table starts with `line`, given the line below it.
pub(super) fn starts_table(line: &str, next: Option<&&str>) -> bool {
    line.contains('|') && next.is_some_and(|next| is_delimiter_row(next))
}

/// Writes the table that starts at `lines[0]` and returns how many lines it has.
pub(super) fn write_table(lines: &[&str], style: Style<'_>, out: &mut Builder) -> usize {
    let columns = split_row(lines[1], None).len().max(1);
    out.blank();
    write_row(lines[0], columns, style, out);
    write_delimiter(columns, out);
    let mut taken = 2;
    for line in &lines[2..] {
        if line.trim().is_empty() || !line.contains('|') {
            break;
        }
        write_row(line, columns, style, out);
        taken += 1;
    }
    out.blank();
    taken
}

/// Writes `| --- | --- |`.
pub(super) fn write_delimiter(columns: usize, out: &mut Builder) {
    let mut row = String::with_capacity(2 + columns * 6);
    for _ in 0..columns {
        row.push_str("| --- ");
    }
    row.push('|');
    out.line(&row);
}

fn write_row(line: &str, columns: usize, style: Style<'_>, out: &mut Builder) {
    let style = Style { in_table: true, ..style };
    let cells = split_row(line, Some(columns));
    let mut row = String::with_capacity(line.len());
    for position in 0..columns.max(cells.len()) {
        row.push_str("| ");
        let before = row.len();
        if let Some(cell) = cells.get(position) {
            clean(cell, style, &mut row);
        }
        // A cell of nothing but a dash says "none": it stays.
        if row.len() > before {
            row.push(' ');
        }
    }
    row.push('|');
    out.line(&row);
}

/// The cells of a row. Pipes inside code count as separators unless that gives more cells than there are columns.
fn split_row(line: &str, columns: Option<usize>) -> Vec<&str> {
    let row = line.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = if row.ends_with('|') && !row.ends_with("\\|") { &row[..row.len() - 1] } else { row };
    let cells = split_at_pipes(row, false);
    if columns.is_some_and(|columns| cells.len() > columns) {
        let aware = split_at_pipes(row, true);
        if aware.len() < cells.len() {
            return aware;
        }
    }
    cells
}

fn split_at_pipes(row: &str, code_aware: bool) -> Vec<&str> {
    let bytes = row.as_bytes();
    let mut cells = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut in_code = false;
    let mut in_pre = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !in_code => at += 1,
            b'`' if code_aware && !in_pre => in_code = !in_code,
            b'<' if code_aware && bytes[at..].starts_with(b"<pre>") => in_pre = true,
            b'<' if code_aware && bytes[at..].starts_with(b"</pre>") => in_pre = false,
            b'|' if !in_code && !in_pre => {
                cells.push(&row[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    cells.push(&row[start.min(row.len())..]);
    cells
}

#[cfg(test)]
mod tests {
    use super::super::inline::References;
    use super::*;

    fn table(text: &str) -> (String, usize) {
        let lines: Vec<&str> = text.lines().collect();
        let mut out = Builder::default();
        let references = References::default();
        let style = Style { in_table: false, plain: false, aws: true, references: &references };
        let taken = write_table(&lines, style, &mut out);
        (out.finish(super::super::FrontMatter::default()).text, taken)
    }

    #[test]
    fn rows_are_tidied() {
        let (text, taken) =
            table("| Name | Limit | \n| --- | --- | \n|  Widgets per Region  |  5\\.5  | \n| a \\| b | \\- | \n\ntext");
        assert_eq!(text, "| Name | Limit |\n| --- | --- |\n| Widgets per Region | 5.5 |\n| a \\| b | - |\n");
        assert_eq!(taken, 4);
    }

    #[test]
    fn missing_cells_are_filled_and_code_keeps_its_pipes() {
        let (text, _) = table("a | b\n--- | ---\n| one\n| `x|y` | <pre>p|q</pre> |");
        assert_eq!(text, "| a | b |\n| --- | --- |\n| one | |\n| `x|y` | `p\\|q` |\n");
    }

    #[test]
    fn delimiters() {
        for (line, is) in [("| --- | :-: |", true), ("---", false), ("|", false), ("|---", true), ("| a |", false)] {
            assert_eq!(is_delimiter_row(line), is, "{line}");
        }
    }
}
