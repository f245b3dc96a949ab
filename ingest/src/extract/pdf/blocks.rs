//! Lines to headings, paragraphs, list items, tables and code.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lines::Line;
use super::table;
use crate::extract::builder::Builder;
use crate::extract::{Extracted, FrontMatter};

/// Text of this share of the body's size or more is a heading.
const HEADING: f64 = 1.12;
const MAX_HEADING_LINES: usize = 3;
const MAX_HEADING_CHARS: usize = 160;
/// Levels of headings by their size; smaller ones are of the last.
const MAX_SIZES: usize = 4;

/// What most of a document looks like.
struct Style {
    /// Size of most text, in points.
    size: f64,
    bold: bool,
    mono: bool,
    /// Distance of lines, in sizes.
    leading: f64,
    /// Sizes of headings, largest first, in half points.
    headings: Vec<i64>,
    /// Words that are written with a hyphen inside a line, such as `on-demand`.
    hyphenated: FxHashSet<String>,
}

/// Writes the lines as clean Markdown.
pub(super) fn write(lines: &[Line]) -> Extracted {
    let style = Style::of(lines);
    let mut out = Builder::with_capacity(lines.len() * 80);
    let mut writer = Writer { style: &style, out: &mut out, page: 0, pending: None, items: Vec::new() };
    let mut at = 0;
    while at < lines.len() {
        at += writer.block(&lines[at..]);
    }
    writer.flush();
    out.finish(FrontMatter::default())
}

impl Style {
    fn of(lines: &[Line]) -> Self {
        let mut looks: FxHashMap<(i64, bool, bool), usize> = FxHashMap::default();
        let mut leadings: FxHashMap<i64, usize> = FxHashMap::default();
        let mut hyphenated = FxHashSet::default();
        for line in lines {
            *looks.entry((half_points(line.size), line.bold, line.mono)).or_default() += line.chars();
            for cell in &line.cells {
                for word in cell.text.split_whitespace().filter(|word| word.contains('-') && !word.ends_with('-')) {
                    hyphenated.insert(bare(word).to_lowercase());
                }
            }
        }
        let ((size, bold, mono), _) =
            looks.iter().max_by_key(|(look, chars)| (**chars, **look)).unwrap_or((&(20, false, false), &0));
        let (size, bold, mono) = (*size, *bold, *mono);
        for pair in lines.windows(2) {
            let distance = (pair[0].across - pair[1].across) / pair[1].size.max(1.0);
            if half_points(pair[1].size) == size && (0.9..2.5).contains(&distance) {
                *leadings.entry((distance * 20.0).round() as i64).or_default() += 1;
            }
        }
        // Of distances that are equally frequent, the smaller is within paragraphs.
        let leading =
            leadings.iter().max_by_key(|(leading, count)| (**count, -**leading)).map_or(24, |(leading, _)| *leading);
        let body = size as f64 / 2.0;
        let mut headings: Vec<i64> = lines
            .iter()
            .filter(|line| line.size >= body * HEADING && looks_like_heading(&line.text()))
            .map(|line| half_points(line.size))
            .collect();
        headings.sort_unstable_by(|a, b| b.cmp(a));
        headings.dedup();
        Self { size: body, bold, mono, leading: leading as f64 / 20.0, headings, hyphenated }
    }

    /// The level of a block as a heading, if it looks like one.
    fn heading(&self, lines: &[Line], text: &str) -> Option<u8> {
        let first = lines.first()?;
        if lines.len() > MAX_HEADING_LINES || !looks_like_heading(text) || item(text).is_some_and(|item| item.0 == "-")
        {
            return None;
        }
        let rank = |size: f64| self.headings.iter().position(|known| *known == half_points(size));
        if first.size >= self.size * HEADING {
            return Some(rank(first.size)?.min(MAX_SIZES - 1) as u8 + 1);
        }
        let emphatic = first.bold && !self.bold && !first.mono && first.size >= self.size * 0.95;
        let short = lines.len() <= 2 && text.chars().count() <= 100 && !text.ends_with([':', ';', ',']);
        (emphatic && short).then(|| self.headings.len().min(MAX_SIZES) as u8 + 1)
    }
}

struct Writer<'a> {
    style: &'a Style,
    out: &'a mut Builder,
    page: usize,
    /// A paragraph whose end is not known yet: it may go on behind a column or a page.
    pending: Option<Pending>,
    /// Where the markers of the open list stand, one for each of its levels.
    items: Vec<f64>,
}

struct Pending {
    marker: String,
    text: String,
    size: i64,
    bold: bool,
}

impl Writer<'_> {
    /// Writes the block that starts with the first line, and returns how many lines it has.
    fn block(&mut self, lines: &[Line]) -> usize {
        let first = &lines[0];
        let text = first.text();
        if is_contents_entry(&text) {
            return 1;
        }
        let rows = table::rows(lines);
        if rows > 0 && !first.mono {
            self.flush();
            self.turn_to(first.page);
            table::write(&lines[..rows], self.out);
            return rows;
        }
        if first.mono && !self.style.mono {
            let length = lines
                .iter()
                .take_while(|line| line.mono && line.page == first.page && line.angle == first.angle)
                .count();
            self.code(&lines[..length]);
            return length;
        }
        let length = self.paragraph_length(lines);
        let block = &lines[..length];
        let text = self.joined(block);
        if let Some(level) = self.style.heading(block, &text) {
            self.flush();
            self.items.clear();
            self.page = first.page;
            self.out.heading(level, &text, &text, Some(anchor(first.page)));
            return length;
        }
        self.paragraph(block, text);
        length
    }

    fn paragraph(&mut self, lines: &[Line], text: String) {
        let first = &lines[0];
        if let Some((marker, rest)) = item(&text) {
            self.flush();
            self.turn_to(first.page);
            while self.items.last().is_some_and(|start| *start > first.start() + 2.0) {
                self.items.pop();
            }
            if self.items.last().is_none_or(|start| *start < first.start() - 2.0) && self.items.len() < 6 {
                self.items.push(first.start());
            }
            let indent = "  ".repeat(self.items.len().saturating_sub(1));
            let pending = Pending {
                marker: format!("{indent}{marker} "),
                text: rest.to_owned(),
                size: half_points(first.size),
                bold: first.bold,
            };
            self.pending = Some(pending);
            return;
        }
        let goes_on = self.pending.as_ref().is_some_and(|pending| {
            pending.size == half_points(first.size)
                && pending.bold == first.bold
                && !pending.text.ends_with(['.', '!', '?', ':', ';'])
                && text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit())
        });
        if let Some(pending) = self.pending.as_mut().filter(|_| goes_on) {
            join(&mut pending.text, &text, &self.style.hyphenated);
            return;
        }
        self.flush();
        if self.items.last().is_none_or(|start| first.start() < *start + 2.0) {
            self.items.clear();
        }
        self.turn_to(first.page);
        let (size, bold) = (half_points(first.size), first.bold);
        self.pending = Some(Pending { marker: String::new(), text, size, bold });
    }

    /// Writes the paragraph that is waiting.
    fn flush(&mut self) {
        let Some(Pending { marker, text, .. }) = self.pending.take() else { return };
        if marker.is_empty() {
            self.out.blank();
            self.out.text_line(&text);
            self.out.blank();
        } else {
            self.out.line(&format!("{marker}{text}"));
        }
    }

    fn turn_to(&mut self, page: usize) {
        if page != self.page {
            self.page = page;
            self.out.continued(anchor(page));
        }
    }

    fn code(&mut self, lines: &[Line]) {
        self.flush();
        self.items.clear();
        let first = &lines[0];
        self.turn_to(first.page);
        let left = lines.iter().map(Line::start).fold(f64::INFINITY, f64::min);
        self.out.blank();
        self.out.line("```");
        for line in lines {
            // Letters of such a font are six tenths of its size wide.
            let indent = ((line.start() - left) / (line.size * 0.6).max(1.0)).round().clamp(0.0, 80.0) as usize;
            let cells: Vec<&str> = line.cells.iter().map(|cell| cell.text.as_str()).collect();
            let text = cells.join("  ").replace("```", "'''");
            self.out.raw_line(&format!("{}{text}", " ".repeat(indent)));
        }
        self.out.line("```");
        self.out.blank();
    }

    /// How many lines at the start belong to one paragraph.
    fn paragraph_length(&self, lines: &[Line]) -> usize {
        let mut widest = lines[0].end();
        let mut length = 1;
        while let Some(next) = lines.get(length) {
            if !self.goes_on(&lines[..length], next, widest)
                || (next.cells.len() > 1 && table::rows(&lines[length..]) > 0)
            {
                break;
            }
            widest = widest.max(next.end());
            length += 1;
        }
        length
    }

    fn goes_on(&self, lines: &[Line], next: &Line, widest: f64) -> bool {
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        let same_look =
            (next.size - last.size).abs() <= last.size * 0.06 && next.bold == last.bold && next.mono == last.mono;
        let distance = (last.across - next.across) / last.size.max(1.0);
        let near = distance > 0.5 && distance <= (self.style.leading * 1.25).max(1.3);
        if next.page != last.page || next.angle != last.angle || !same_look || !near {
            return false;
        }
        let text = next.text();
        if item(&text).is_some() || is_contents_entry(&text) {
            return false;
        }
        let em = last.size;
        let apart = next.start() > last.end() || next.end() < last.start();
        let is_item = item(&first.text()).is_some();
        // The text of an item is set in from its marker; that of a paragraph starts where its lines do.
        let set_in = next.start() - last.start() > em * 0.8 && lines.len() > 1 && !is_item;
        let set_out = is_item && next.start() < first.start() + em * 0.3 && first.end() + em < widest;
        let ended = last.text().ends_with(['.', '!', '?', ':']) && last.end() < widest.max(next.end()) - em * 4.0;
        !apart && !set_in && !set_out && !ended
    }

    fn joined(&self, lines: &[Line]) -> String {
        let mut text = String::new();
        for line in lines {
            join(&mut text, &line.text(), &self.style.hyphenated);
        }
        text
    }
}

/// Appends a line to a paragraph, undoing hyphenation.
fn join(text: &mut String, line: &str, hyphenated: &FxHashSet<String>) {
    if text.is_empty() {
        text.push_str(line);
        return;
    }
    let Some(before) = text.strip_suffix('-').filter(|before| before.ends_with(char::is_alphanumeric)) else {
        text.push(' ');
        text.push_str(line);
        return;
    };
    if before.ends_with(char::is_alphabetic) && line.starts_with(char::is_lowercase) {
        let left = text.rsplit(char::is_whitespace).next().unwrap_or_default();
        let right = line.split_whitespace().next().unwrap_or_default();
        if !hyphenated.contains(&bare(&format!("{left}{right}")).to_lowercase()) {
            text.pop();
        }
    }
    text.push_str(line);
}

/// A word without the signs around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The marker of a list item as Markdown has it, and the text behind it.
fn item(text: &str) -> Option<(&str, &str)> {
    let (marker, rest) = text.split_once(' ')?;
    let rest = rest.trim_start();
    if rest.is_empty() {
        return None;
    }
    if matches!(
        marker,
        "•" | "·"
            | "◦"
            | "▪"
            | "■"
            | "□"
            | "○"
            | "●"
            | "‣"
            | "∙"
            | "–"
            | "—"
            | "-"
            | "*"
            | "►"
            | "➢"
            | "✓"
    ) {
        return Some(("-", rest));
    }
    let digits = marker.strip_suffix(['.', ')'])?;
    (!digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some((marker, rest))
}

/// `Limits . . . . . . 12`: a line of the table of contents, which repeats a heading.
fn is_contents_entry(text: &str) -> bool {
    let end = text.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, 'i' | 'v' | 'x'));
    // Old fonts of TeX have a full stop where others have a colon, and do not say so.
    let dots = end.chars().rev().take_while(|c| matches!(c, '.' | ':' | ' ' | '…')).filter(|c| *c != ' ').count();
    end.len() < text.trim_end().len() && dots >= 4
}

fn looks_like_heading(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 2 && text.chars().count() <= MAX_HEADING_CHARS && !text.ends_with(['.', ',', ';'])
}

fn half_points(size: f64) -> i64 {
    (size * 2.0).round() as i64
}

fn anchor(page: usize) -> String {
    format!("page={page}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_were_torn_are_joined() {
        let known: FxHashSet<String> = ["on-demand".to_owned()].into_iter().collect();
        let cases = [
            ("the config-", "uration of", "the configuration of"),
            ("an on-", "demand instance", "an on-demand instance"),
            ("of us-east-", "1 and", "of us-east-1 and"),
            ("a plain", "line", "a plain line"),
            ("a dash -", "here", "a dash - here"),
        ];
        for (first, second, joined) in cases {
            let mut text = first.to_owned();
            join(&mut text, second, &known);
            assert_eq!(text, joined);
        }
    }

    #[test]
    fn small_helpers() {
        assert_eq!(item("• one two"), Some(("-", "one two")));
        assert_eq!(item("12. one"), Some(("12.", "one")));
        assert_eq!(item("2024. one"), None);
        assert_eq!(item("word one"), None);
        assert!(
            is_contents_entry("Limits . . . . . . . 12")
                && is_contents_entry("Costs ..... iv")
                && is_contents_entry("Use ::::: 1")
        );
        assert!(!is_contents_entry("It takes a while ...") && !is_contents_entry("Version 1.2.3"));
    }
}
