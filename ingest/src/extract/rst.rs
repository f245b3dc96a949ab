//! reStructuredText to clean Markdown: sections, code, notes and roles; tables stay aligned text.

mod roles;

use self::roles::{inline, inline_roles};
use super::builder::{Builder, shorten};
use super::{Extracted, FrontMatter};

/// Extracts a reStructuredText file.
pub(super) fn extract(text: &str) -> Extracted {
    let lines: Vec<&str> = text.split('\n').collect();
    let out = Builder::with_capacity(text.len());
    let mut reader = Reader { lines: &lines, at: 0, out, styles: Vec::new(), anchor: None, label: None };
    while reader.at < lines.len() {
        reader.block();
    }
    reader.out.finish(FrontMatter::default())
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    out: Builder,
    /// Underlines in order of appearance: that order is the level.
    styles: Vec<(u8, bool)>,
    anchor: Option<String>,
    label: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn line(&self, offset: usize) -> &'a str {
        self.lines.get(self.at + offset).map_or("", |line| line.trim_end())
    }

    fn block(&mut self) {
        let line = self.line(0);
        let text = line.trim_start();
        if text.is_empty() {
            self.out.blank();
            self.at += 1;
        } else if let Some((mark, overlined, title, taken)) = self.section() {
            let level = self.level(mark, overlined);
            let title = inline(title);
            let plain = title.replace(['`', '*'], "");
            let anchor = self.anchor.take();
            self.out.heading(level, &title, &plain, anchor);
            self.at += taken;
        } else if text.starts_with(".. ") || text == ".." {
            self.directive(line, text);
        } else if is_table_border(text) {
            self.table(text);
        } else {
            self.paragraph(line);
        }
    }

    /// A section title here: its mark, whether it has an overline, its text, and how many lines it takes.
    fn section(&self) -> Option<(u8, bool, &'a str, usize)> {
        let (first, second, third) = (self.line(0), self.line(1), self.line(2));
        if let Some(mark) = rule_mark(first)
            && rule_mark(third) == Some(mark)
            && !second.trim().is_empty()
            && rule_mark(second).is_none()
            && second.trim().chars().count() <= first.len()
        {
            return Some((mark, true, second.trim(), 3));
        }
        let mark = rule_mark(second)?;
        let starts = self.at == 0 || self.lines[self.at - 1].trim().is_empty() || self.anchor.is_some();
        let width = first.chars().take(300).count();
        let underlined = starts && !first.starts_with(' ') && rule_mark(first).is_none() && second.len() + 2 >= width;
        underlined.then_some((mark, false, first, 2))
    }

    fn level(&mut self, mark: u8, overlined: bool) -> u8 {
        let known = self.styles.iter().position(|style| *style == (mark, overlined));
        let place = known.unwrap_or_else(|| {
            self.styles.push((mark, overlined));
            self.styles.len() - 1
        });
        (place + 1).min(6) as u8
    }

    fn directive(&mut self, line: &str, text: &'a str) {
        let rest = text[2..].trim_start();
        let indent = line.len() - text.len();
        if let Some(target) = rest.strip_prefix('_')
            && let Some(name) = target.strip_suffix(':')
        {
            self.anchor = Some(name.trim_matches('`').to_lowercase().replace([' ', '_'], "-"));
            self.at += 1;
            return;
        }
        let Some((name, argument)) = rest.split_once("::") else {
            self.at += 1;
            self.skip_body(indent);
            return;
        };
        let argument = argument.trim();
        match name.trim() {
            "code-block" | "code" | "sourcecode" | "parsed-literal" | "prompt" => {
                self.at += 1;
                self.code(indent, argument);
            }
            name @ ("note" | "important" | "warning" | "tip" | "caution" | "danger" | "hint" | "attention"
            | "seealso") => {
                self.label = Some(label(name));
                self.at += 1;
                self.out.blank();
                if !argument.is_empty() {
                    let argument = inline(argument);
                    self.text_line("", &argument);
                }
            }
            "versionadded" | "versionchanged" | "deprecated" | "topic" | "rubric" | "admonition" | "list-table"
            | "glossary" | "only" | "tabs" | "tab" | "table" | "figure" | "container" => {
                self.at += 1;
                self.skip_options(indent);
                self.out.blank();
                if !argument.is_empty() && name.trim() != "only" && name.trim() != "figure" {
                    self.text_line("", &format!("**{}**", inline(argument)));
                    self.out.blank();
                }
            }
            _ => {
                self.at += 1;
                self.skip_body(indent);
            }
        }
    }

    fn skip_options(&mut self, indent: usize) {
        while let Some(line) = self.lines.get(self.at) {
            let text = line.trim();
            if !(text.starts_with(':') && indent_of(line) > indent) {
                break;
            }
            self.at += 1;
        }
    }

    /// Moves behind the lines that are indented deeper than `indent`.
    fn skip_body(&mut self, indent: usize) {
        while let Some(line) = self.lines.get(self.at) {
            if !line.trim().is_empty() && indent_of(line) <= indent {
                break;
            }
            self.at += 1;
        }
        self.out.blank();
    }

    fn code(&mut self, indent: usize, language: &str) {
        self.skip_options(indent);
        let start = self.at;
        self.skip_body(indent);
        let body = &self.lines[start..self.at];
        let inner = body.iter().filter(|line| !line.trim().is_empty()).map(|line| indent_of(line)).min().unwrap_or(0);
        let (Some(first), Some(last)) = (
            body.iter().position(|line| !line.trim().is_empty()),
            body.iter().rposition(|line| !line.trim().is_empty()),
        ) else {
            return;
        };
        let marks = if body.iter().any(|line| line.contains("```")) { "~~~~~~" } else { "```" };
        let language = language.split_whitespace().next().unwrap_or_default().replace('`', "");
        self.out.blank();
        self.out.line(&format!("{marks}{}", shorten(&language, 30)));
        for line in &body[first..=last] {
            self.out.raw_line(line.get(inner..).unwrap_or(""));
        }
        self.out.line(marks);
        self.out.blank();
    }

    /// Keeps a grid or simple table as it is drawn.
    fn table(&mut self, border: &str) {
        let grid = border.starts_with('+');
        let start = self.at;
        let mut end = start;
        let mut borders = 0;
        while let Some(line) = self.lines.get(end).map(|line| line.trim()) {
            if line.is_empty() && (grid || borders > 2 || borders == 0) {
                break;
            }
            borders += usize::from(is_table_border(line));
            end += 1;
            let closes = !grid && borders >= 2 && is_table_border(line);
            let blank_next = self.lines.get(end).is_none_or(|next| next.trim().is_empty());
            if closes && blank_next && borders >= 3 {
                break;
            }
        }
        self.out.blank();
        self.out.line("```text");
        for line in &self.lines[start..end.max(start + 1)] {
            self.out.raw_line(&inline_roles(line.trim_end()));
        }
        self.out.line("```");
        self.out.blank();
        self.at = end.max(start + 1);
    }

    fn paragraph(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        self.at += 1;
        if let Some(before) = text.strip_suffix("::") {
            let before = before.trim_end();
            if !before.is_empty() {
                let before = format!("{}:", inline(before));
                self.text_line("", &before);
            }
            let next = self.lines[self.at..].iter().find(|line| !line.trim().is_empty());
            if next.is_some_and(|next| indent_of(next) > indent) {
                self.code(indent, "");
            }
            return;
        }
        let (marker, rest) = match text.strip_prefix("* ").or_else(|| text.strip_prefix("- ")) {
            Some(rest) => ("- ", rest),
            None => match text.strip_prefix("#. ") {
                Some(rest) => ("1. ", rest),
                None => ("", text),
            },
        };
        let cleaned = format!("{marker}{}", inline(rest));
        let pad = " ".repeat(if marker.is_empty() { 0 } else { indent.min(12) });
        self.text_line(&pad, &cleaned);
    }

    fn text_line(&mut self, pad: &str, text: &str) {
        match self.label.take() {
            Some(label) => self.out.line(&format!("**{label}:** {text}")),
            None => self.out.text_line(&format!("{pad}{text}")),
        }
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "important" => "Important",
        "warning" => "Warning",
        "tip" | "hint" => "Tip",
        "caution" | "danger" => "Caution",
        "seealso" => "See also",
        _ => "Note",
    }
}

fn indent_of(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The mark that a line consists of, if it can underline a title.
fn rule_mark(line: &str) -> Option<u8> {
    let line = line.trim_end();
    let mark = *line.as_bytes().first()?;
    (mark.is_ascii_punctuation() && line.len() >= 3 && line.bytes().all(|byte| byte == mark)).then_some(mark)
}

fn is_table_border(text: &str) -> bool {
    let grid = text.starts_with("+-") && text.len() > 4 && text.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'='));
    let simple = text.starts_with("==") && text.contains("= =") || text.starts_with("==") && text.contains("=  =");
    grid || (simple && text.bytes().all(|byte| matches!(byte, b'=' | b' ')))
}

#[cfg(test)]
mod tests;
