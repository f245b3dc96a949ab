//! HTML tables as rows of text, with row and column spans resolved.

use scraper::ElementRef;

use super::builder::Builder;
use super::html::inline_text;
use super::markdown_table::write_delimiter;

const MAX_COLUMNS: usize = 64;
/// Longer cells are not repeated in the rows that they span.
const MAX_REPEATED_CHARS: usize = 200;

/// A table of one header and rows of equal width.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    caption: Option<String>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Reads a table; `None` if it only arranges other content: tables within tables, or a single cell.
pub(super) fn read(table: ElementRef<'_>) -> Option<Table> {
    let mut caption = None;
    let mut header: Vec<Vec<String>> = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    // Text and number of rows left, for every column that a cell from above reaches into.
    let mut spanning: Vec<Option<(String, usize)>> = Vec::new();
    for node in table.descendants().skip(1) {
        let Some(element) = ElementRef::wrap(node) else { continue };
        match element.value().name() {
            "table" => return None,
            "caption" => caption = Some(inline_text(element)).filter(|text| !text.is_empty()),
            "tr" => {
                let (cells, headings_only) = read_row(element, &mut spanning);
                let in_head = element.parent().and_then(ElementRef::wrap).is_some_and(|p| p.value().name() == "thead");
                if in_head || (headings_only && rows.is_empty() && header.is_empty()) {
                    header.push(cells);
                } else {
                    rows.push(cells);
                }
            }
            _ => {}
        }
    }
    let columns = header.iter().chain(&rows).map(Vec::len).max()?;
    if columns < 2 && header.is_empty() {
        return None;
    }
    let header = join_headers(&header, columns);
    for row in &mut rows {
        row.resize(columns, String::new());
    }
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    Some(Table { caption, header, rows })
}

fn read_row(row: ElementRef<'_>, spanning: &mut Vec<Option<(String, usize)>>) -> (Vec<String>, bool) {
    let mut cells = Vec::new();
    let mut headings_only = true;
    for cell in row.children().filter_map(ElementRef::wrap) {
        let name = cell.value().name();
        if !matches!(name, "td" | "th") || cells.len() >= MAX_COLUMNS {
            continue;
        }
        headings_only &= name == "th";
        fill_spanned(&mut cells, spanning);
        let span = |attribute: &str| {
            cell.value().attr(attribute).and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(1).max(1)
        };
        let text = inline_text(cell).replace('|', "\\|");
        let short = text.chars().nth(MAX_REPEATED_CHARS).is_none();
        let rows_below = span("rowspan").min(10_000) - 1;
        for position in 0..span("colspan").min(MAX_COLUMNS.saturating_sub(cells.len()).max(1)) {
            let column = cells.len();
            let repeated = position == 0 || (name == "th" && short);
            let content = if repeated { text.clone() } else { String::new() };
            if rows_below > 0 {
                spanning.resize(spanning.len().max(column + 1), None);
                let below = if short { content.clone() } else { String::new() };
                spanning[column] = Some((below, rows_below));
            }
            cells.push(content);
        }
    }
    fill_spanned(&mut cells, spanning);
    (cells, headings_only)
}

/// Adds the cells that reach into this row from above, up to the next free column.
fn fill_spanned(cells: &mut Vec<String>, spanning: &mut [Option<(String, usize)>]) {
    while let Some(slot) = spanning.get_mut(cells.len()) {
        let Some((text, left)) = slot else { break };
        cells.push(text.clone());
        *left -= 1;
        if *left == 0 {
            *slot = None;
        }
    }
}

/// One header out of several rows: `Read` above `units` becomes `Read units`.
fn join_headers(rows: &[Vec<String>], columns: usize) -> Vec<String> {
    let mut header = vec![String::new(); columns];
    for row in rows {
        for (whole, part) in header.iter_mut().zip(row) {
            // Every header cell stands out: marks in it say nothing more.
            let part = part.trim_matches('*');
            if !part.is_empty() && whole != part {
                if !whole.is_empty() {
                    whole.push(' ');
                }
                whole.push_str(part);
            }
        }
    }
    header
}

impl Table {
    /// Writes the table as Markdown.
    pub(super) fn write(&self, out: &mut Builder) {
        if let Some(caption) = &self.caption {
            out.text_line(caption);
        }
        out.blank();
        out.line(&pipe_row(&self.header));
        write_delimiter(self.header.len(), out);
        for row in &self.rows {
            out.line(&pipe_row(row));
        }
        out.blank();
    }
}

fn pipe_row(cells: &[String]) -> String {
    let mut row = String::from("|");
    for cell in cells {
        row.push(' ');
        row.push_str(cell);
        if !cell.is_empty() {
            row.push(' ');
        }
        row.push('|');
    }
    row
}
