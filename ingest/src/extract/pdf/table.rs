//! Lines whose parts stand below each other: rows of a table.

use super::lines::{Cell, Line};
use crate::extract::builder::Builder;
use crate::extract::markdown_table::write_delimiter;

/// Points that the edges of a column may be apart.
const TOLERANCE: f64 = 4.0;
const MAX_COLUMNS: usize = 24;

/// How many lines at the start of `lines` are rows of one table; 0 if there is none.
pub(super) fn rows(lines: &[Line]) -> usize {
    let Some(first) = lines.first().filter(|line| (2..=MAX_COLUMNS).contains(&line.cells.len())) else { return 0 };
    let mut above = first.across;
    let rows = lines.iter().take_while(|line| {
        // The gap between rows is what a page has room for, not that of paragraphs.
        let near = above - line.across < line.size * 4.0 && line.across <= above;
        above = line.across;
        near && line.page == first.page && line.angle == first.angle && columns(line, first).is_some()
    });
    let rows = rows.count();
    if rows >= 2 { rows } else { 0 }
}

/// The columns of the first row that the cells of a line stand below, if all do and there are several.
fn columns(line: &Line, first: &Line) -> Option<Vec<usize>> {
    let near = |a: f64, b: f64| (a - b).abs() <= TOLERANCE;
    let mut columns = Vec::with_capacity(line.cells.len());
    for cell in &line.cells {
        let from = columns.last().map_or(0, |last| last + 1);
        let below = |head: &Cell| {
            near(cell.start, head.start)
                || near(cell.end, head.end)
                || near(cell.start + cell.end, head.start + head.end)
        };
        columns.push(from + first.cells.get(from..)?.iter().position(below)?);
    }
    (columns.len() >= 2).then_some(columns)
}

/// Writes rows as a table; the first is its header.
pub(super) fn write(rows: &[Line], out: &mut Builder) {
    out.blank();
    let Some(first) = rows.first() else { return };
    for (at, row) in rows.iter().enumerate() {
        let mut cells = vec![String::new(); first.cells.len()];
        for (column, cell) in columns(row, first).unwrap_or_default().into_iter().zip(&row.cells) {
            cells[column] = cell.text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        }
        let mut line = String::from("|");
        for cell in cells {
            line.push(' ');
            line.push_str(&cell);
            line.push_str(if cell.is_empty() { "|" } else { " |" });
        }
        out.line(&line);
        if at == 0 {
            write_delimiter(first.cells.len(), out);
        }
    }
    out.blank();
}
