//! Spans of text that stand on one line, with the gaps between them.

/// Gaps of more than this many sizes are spaces.
const SPACE: f64 = 0.17;
/// Gaps of more than this many sizes are columns of a table.
const COLUMN: f64 = 1.0;

/// Text that was shown at once.
#[derive(Debug)]
pub(super) struct Span<'a> {
    /// Direction of writing, in degrees.
    pub(super) angle: i32,
    /// Where it starts and ends in the direction of writing, in points.
    pub(super) start: f64,
    pub(super) end: f64,
    /// Where its line is, across the direction of writing: larger is higher.
    pub(super) across: f64,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) mono: bool,
    pub(super) text: &'a str,
}

/// A part of a line that stands apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) text: String,
}

/// A line of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// From 1.
    pub(super) page: usize,
    pub(super) angle: i32,
    pub(super) across: f64,
    /// The size of most of its text, in points.
    pub(super) size: f64,
    /// Whether all of its letters are.
    pub(super) bold: bool,
    pub(super) mono: bool,
    /// At least one.
    pub(super) cells: Vec<Cell>,
}

impl Line {
    pub(super) fn start(&self) -> f64 {
        self.cells.first().map_or(0.0, |cell| cell.start)
    }

    pub(super) fn end(&self) -> f64 {
        self.cells.last().map_or(0.0, |cell| cell.end)
    }

    /// The whole line as text.
    pub(super) fn text(&self) -> String {
        let words = self.cells.iter().flat_map(|cell| cell.text.split_whitespace());
        words.collect::<Vec<_>>().join(" ")
    }

    /// Characters that are seen.
    pub(super) fn chars(&self) -> usize {
        self.cells.iter().map(|cell| cell.text.chars().filter(|c| !c.is_whitespace()).count()).sum()
    }
}

/// Puts lines together as spans come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    page: usize,
    done: Vec<Line>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    line: Line,
    /// Letters of each size so far, of which the line has few.
    sizes: Vec<(f64, usize)>,
    last: (f64, String),
}

impl Lines {
    pub(super) fn begin_page(&mut self, page: usize) {
        self.close();
        self.page = page;
    }

    pub(super) fn finish(mut self) -> Vec<Line> {
        self.close();
        self.done
    }

    fn close(&mut self) {
        let Some(Open { mut line, sizes, .. }) = self.open.take() else { return };
        for cell in &mut line.cells {
            if !line.mono {
                cell.text = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
        line.cells.retain(|cell| !cell.text.trim().is_empty());
        if line.cells.is_empty() {
            return;
        }
        if let Some((size, _)) = sizes.iter().max_by_key(|(_, letters)| *letters) {
            line.size = *size;
        }
        self.done.push(line);
    }

    pub(super) fn push(&mut self, span: &Span<'_>) {
        if span.text.is_empty() {
            return;
        }
        let blank = span.text.trim().is_empty();
        if let Some(open) = &mut self.open {
            let line = &mut open.line;
            let size = span.size.max(line.size);
            let same_line = span.angle == line.angle && (span.across - line.across).abs() <= size * 0.4;
            let again = open.last.1 == span.text && (span.start - open.last.0).abs() < size * 0.2;
            if same_line && again && !blank {
                // Printed twice, a little apart, to look bold.
                return;
            }
            let gap = span.start - line.end();
            if same_line && gap > -size * 0.5 {
                open.add(span, gap, size);
                return;
            }
        }
        if blank {
            return;
        }
        self.close();
        let letters = span.text.chars().filter(|c| !c.is_whitespace()).count();
        self.open = Some(Open {
            line: Line {
                page: self.page,
                angle: span.angle,
                across: span.across,
                size: span.size,
                bold: span.bold,
                mono: span.mono,
                cells: vec![Cell { start: span.start, end: span.end, text: span.text.to_owned() }],
            },
            sizes: vec![(span.size, letters)],
            last: (span.start, span.text.to_owned()),
        });
    }
}

impl Open {
    fn add(&mut self, span: &Span<'_>, gap: f64, size: f64) {
        let line = &mut self.line;
        let letters = span.text.chars().filter(|c| !c.is_whitespace()).count();
        if letters > 0 {
            line.bold &= span.bold;
            line.mono &= span.mono;
            match self.sizes.iter().position(|(known, _)| (known - span.size).abs() < 0.1) {
                Some(at) => self.sizes[at].1 += letters,
                None if self.sizes.len() < 16 => self.sizes.push((span.size, letters)),
                None => {}
            }
        }
        self.last = (span.start, span.text.to_owned());
        let wide = gap > size * COLUMN && letters > 0;
        match line.cells.last_mut() {
            Some(cell) if !wide => {
                if gap > size * SPACE && !cell.text.ends_with(' ') && !span.text.starts_with(' ') {
                    cell.text.push(' ');
                }
                cell.text.push_str(span.text);
                cell.end = cell.end.max(span.end);
            }
            _ => line.cells.push(Cell { start: span.start, end: span.end, text: span.text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, across: f64, text: &str) -> Span<'_> {
        let end = start + text.len() as f64 * 5.0;
        Span { angle: 0, start, end, across, size: 10.0, bold: false, mono: false, text }
    }

    #[test]
    fn spans_become_lines_words_and_cells() {
        let mut lines = Lines::default();
        lines.begin_page(3);
        for (start, across, text) in [
            (0.0, 100.0, "Hel"),
            (15.0, 100.0, "lo"),
            (28.0, 101.0, "you"),
            (80.0, 100.0, "there"),
            (0.0, 88.0, "next"),
        ] {
            lines.push(&span(start, across, text));
        }
        lines.push(&span(0.3, 88.0, "next"));
        let lines = lines.finish();
        let texts: Vec<Vec<&str>> =
            lines.iter().map(|line| line.cells.iter().map(|cell| cell.text.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["Hello you", "there"], vec!["next"]]);
        assert_eq!((lines[0].page, lines[0].text().as_str()), (3, "Hello you there"));
    }
}
