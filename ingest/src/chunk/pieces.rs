//! What must not be torn: paragraphs, list items, code blocks, table rows.

use std::ops::Range;

use super::tear::tear;
use super::{HARD_MAX_CHARS, MAX_CONTEXT_CHARS, SOFT_MAX_CHARS, TARGET_CHARS, facts};
use crate::extract::Section;
use crate::extract::markup::{closes, fence_start, is_delimiter_row, is_list_item};

/// Longer paragraphs stand on their own, whatever follows them.
const MAX_LEAD_CHARS: usize = 300;

/// A stretch of text that belongs together. Pieces tile their group: blank lines count to the piece before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) chars: usize,
    /// What has to be repeated if a passage begins with this piece.
    pub(super) context: Option<Range<usize>>,
    /// Headings and lead-ins say nothing without the piece behind them.
    pub(super) leads: bool,
    pub(super) kind: Kind,
}

/// What a piece is made of, where that decides what it may be packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Prose,
    /// (Part of) a code block.
    Code,
    /// The header of a table with its first row.
    TableStart,
    /// Another row of the table before it.
    Row,
    /// The first item of a list of values.
    ListStart,
    /// Another item of the list before it, with what is nested in it.
    Item,
}

impl Kind {
    /// Whether it is a row of a table or an item of a list whose rows or items are about different things.
    pub(super) fn is_row(self) -> bool {
        !matches!(self, Self::Prose | Self::Code)
    }
}

/// Cuts `range` of a text into pieces.
pub(super) fn pieces(text: &str, range: Range<usize>, sections: &[Section]) -> Vec<Piece> {
    let mut cutter = Cutter { text, at: range.start, end: range.end, pieces: Vec::new(), judged: range.start };
    let has_line = |section: &&Section| section.level > 0 && !section.continues;
    let mut headings = sections.iter().filter(has_line).map(|section| section.range.start).peekable();
    while cutter.at < cutter.end {
        if headings.next_if_eq(&cutter.at).is_some() {
            let end = cutter.line_end(cutter.at);
            cutter.push(cutter.at..end, None, true, Kind::Prose, SOFT_MAX_CHARS);
            continue;
        }
        let stop = headings.peek().copied().unwrap_or(cutter.end).min(cutter.end);
        cutter.block(stop);
    }
    let mut pieces = cutter.pieces;
    for at in 1..pieces.len() {
        // Code is explained by the short paragraph in front of it.
        let opens_code = pieces[at].kind == Kind::Code && pieces[at].context.is_none();
        let before = &mut pieces[at - 1];
        before.leads |=
            opens_code && before.kind != Kind::Code && before.context.is_none() && before.chars < MAX_LEAD_CHARS;
    }
    pieces
}

impl Piece {
    /// Whether this is a sentence or two, or a term, that say what the list behind them is about.
    fn introduces(&self, text: &str) -> bool {
        let text = text[self.range.clone()].trim();
        self.chars < MAX_LEAD_CHARS && !text.is_empty() && !text.starts_with('#')
    }
}

struct Cutter<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    pieces: Vec<Piece>,
    /// Lists that begin before this are known to state no values.
    judged: usize,
}

impl Cutter<'_> {
    /// The end of the line at `at`, its line end included.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..self.end].find('\n').map_or(self.end, |offset| at + offset + 1)
    }

    fn line(&self, at: usize) -> &str {
        &self.text[at..self.line_end(at)]
    }

    /// Adds a piece and the blank lines behind it. One longer than `max_chars` is torn.
    fn push(&mut self, range: Range<usize>, context: Option<Range<usize>>, leads: bool, kind: Kind, max_chars: usize) {
        let mut end = range.end;
        while end < self.end && self.line(end).trim().is_empty() {
            end = self.line_end(end);
        }
        self.at = end;
        let range = range.start..end;
        let chars = self.text[range.clone()].trim_end().chars().count();
        if chars <= max_chars {
            self.pieces.push(Piece { range, chars, context, leads, kind });
            return;
        }
        for part in tear(self.text, range) {
            let chars = self.text[part.clone()].chars().count();
            self.pieces.push(Piece { range: part, chars, context: context.clone(), leads: false, kind });
        }
    }

    /// Cuts the block that starts here. It ends at `stop` at the latest.
    fn block(&mut self, stop: usize) {
        let start = self.at;
        let first = self.line(start);
        let text = first.trim();
        if text.is_empty() {
            let end = self.line_end(start);
            // Blank lines at the start of a group have no piece in front of them.
            self.push(start..end, None, false, Kind::Prose, usize::MAX);
        } else if fence_start(text).is_some() {
            self.fence(stop);
        } else if text.contains('|') && is_delimiter_row(self.line_at(self.line_end(start), stop)) {
            self.table(stop);
        } else if start < self.judged || !self.facts(stop) {
            self.paragraph(stop);
        }
    }

    fn line_at(&self, at: usize, stop: usize) -> &str {
        if at < stop { self.line(at) } else { "" }
    }

    fn fence(&mut self, stop: usize) {
        let start = self.at;
        let opening = start..self.line_end(start);
        let Some(fence) = fence_start(self.text[opening.clone()].trim()) else {
            return self.paragraph(stop);
        };
        let mut end = opening.end;
        while end < stop {
            let line = self.line(end);
            let closed = closes(line.trim(), &fence);
            end += line.len();
            if closed {
                break;
            }
        }
        let chars = self.text[start..end].chars().count();
        if chars <= HARD_MAX_CHARS {
            self.push(start..end, None, false, Kind::Code, usize::MAX);
            return;
        }
        // Parts of about the target length, at line ends. The first has the opening line, the others repeat it.
        let mut part = start;
        let mut part_chars = 0;
        let mut at = start;
        while at < end {
            let next = self.line_end(at).min(end);
            let line_chars = self.text[at..next].chars().count();
            if part_chars > 0 && part_chars + line_chars > TARGET_CHARS + TARGET_CHARS / 2 {
                self.code_part(part..at, &opening);
                part = at;
                part_chars = 0;
            }
            part_chars += line_chars;
            at = next;
        }
        self.code_part(part..end, &opening);
    }

    fn code_part(&mut self, part: Range<usize>, opening: &Range<usize>) {
        let first = part.start == opening.start;
        let before = self.pieces.len();
        self.push(part, (!first).then(|| opening.clone()), false, Kind::Code, HARD_MAX_CHARS);
        if first {
            // A first part that was torn itself holds the opening line only once.
            self.pieces[before..].iter_mut().skip(1).for_each(|piece| piece.context = Some(opening.clone()));
        }
    }

    fn table(&mut self, stop: usize) {
        let start = self.at;
        let header_end = self.line_end(self.line_end(start));
        let header = start..header_end;
        let short = self.text[header.clone()].chars().count() <= MAX_CONTEXT_CHARS;
        let context = short.then(|| header.clone());
        // The header goes with its first row.
        let mut end = header_end;
        if self.is_row(end, stop) {
            end = self.line_end(end);
        }
        let before = self.pieces.len();
        self.push(start..end, None, false, Kind::TableStart, HARD_MAX_CHARS);
        for piece in self.pieces[before..].iter_mut().skip(1) {
            piece.context = context.clone().filter(|header| header.end <= piece.range.start);
            piece.kind = Kind::Row;
        }
        while self.is_row(self.at, stop) && self.at == end {
            end = self.line_end(self.at);
            self.push(self.at..end, context.clone(), false, Kind::Row, HARD_MAX_CHARS);
        }
    }

    fn is_row(&self, at: usize, stop: usize) -> bool {
        let line = self.line_at(at, stop);
        line.contains('|') && !line.trim().is_empty()
    }

    /// A list of values, if one starts here.
    fn facts(&mut self, stop: usize) -> bool {
        let list = facts::items(&self.text[..stop], self.at);
        self.judged = list.end.max(self.at);
        if list.items.is_empty() {
            return false;
        }
        // What introduces the list belongs to every item.
        let context = self.pieces.last().filter(|before| before.kind == Kind::Prose && before.introduces(self.text));
        let context = context.map(|before| before.range.clone());
        for (at, item) in list.items.into_iter().enumerate() {
            let (kind, context) = if at == 0 { (Kind::ListStart, None) } else { (Kind::Item, context.clone()) };
            self.push(item, context, false, kind, SOFT_MAX_CHARS);
        }
        true
    }

    /// A paragraph, or one item of a list.
    fn paragraph(&mut self, stop: usize) {
        let start = self.at;
        let mut end = self.line_end(start).min(stop);
        while end < stop {
            let line = self.line(end);
            let text = line.trim();
            let ends = text.is_empty()
                || is_list_item(text)
                || fence_start(text).is_some()
                || (text.contains('|') && is_delimiter_row(self.line_at(self.line_end(end), stop)));
            if ends {
                break;
            }
            end += line.len();
        }
        let text = self.text[start..end].trim();
        let leads = text.len() < MAX_LEAD_CHARS && (text.ends_with(':') || is_bold_line(text));
        self.push(start..end, None, leads, Kind::Prose, SOFT_MAX_CHARS);
    }
}

/// Whether a paragraph is one bold line, as in `**To start an instance**`.
fn is_bold_line(text: &str) -> bool {
    text.len() > 4 && text.starts_with("**") && text.ends_with("**") && !text[2..text.len() - 2].contains("**")
}
