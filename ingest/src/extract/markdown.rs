//! Markdown to clean Markdown, line by line, with the conventions of the AWS documentation understood.

mod lines;

use self::lines::{
    alert, atx_heading, callout, heading_id, indent_of, is_reference, is_rule, loose_bold, pad, references,
    setext_level, strip_indent,
};
use super::builder::Builder;
use super::front_matter::split_front_matter;
use super::inline::{Style, clean};
use super::links::unlink_code;
use super::markdown_table::{starts_table, write_table};
use super::markup::{Fence, Marker, closes, fence_start, list_item};
use super::tags::{attribute, tag_at};
use super::{Extracted, html};

/// Cleans a Markdown text.
pub(super) fn extract(text: &str) -> Extracted {
    let (front_matter, body) = split_front_matter(text);
    let lines: Vec<&str> = body.split('\n').collect();
    let references = references(&lines);
    let aws = body.contains("<a name=\"");
    let style = Style { in_table: false, plain: false, aws, references: &references };
    let out = Builder::with_capacity(body.len());
    let mut cleaner =
        Cleaner { lines: &lines, at: 0, out, style, lists: Vec::new(), scratch: String::new(), endless: Vec::new() };
    cleaner.run();
    let mut extracted = cleaner.out.finish(front_matter);
    if let Some(title) = &extracted.front_matter.title {
        extracted.title = Some(super::builder::shorten(title, super::builder::MAX_HEADING_CHARS).to_owned());
    }
    extracted
}

/// An open list: its indentation and the number of its last item, 0 for bullets.
struct List {
    indent: usize,
    number: u64,
}

struct Cleaner<'a> {
    lines: &'a [&'a str],
    at: usize,
    out: Builder,
    style: Style<'a>,
    lists: Vec<List>,
    scratch: String,
    /// Ends that were looked for and do not come any more.
    endless: Vec<&'static str>,
}

impl Cleaner<'_> {
    fn run(&mut self) {
        while let Some(&line) = self.lines.get(self.at) {
            self.block(line);
        }
    }

    /// Handles the block that starts at `line` and moves behind it.
    fn block(&mut self, line: &str) {
        let text = line.trim();
        let indent = indent_of(line);
        if text.is_empty() {
            self.out.blank();
            self.at += 1;
            return;
        }
        if let Some(fence) = fence_start(text) {
            return self.fence(indent, fence);
        }
        if let Some((level, rest)) = atx_heading(text).filter(|_| indent < 4) {
            return self.heading(level, rest, 1);
        }
        let next = self.lines.get(self.at + 1);
        if starts_table(line, next) {
            self.lists.clear();
            self.at += write_table(&self.lines[self.at..], self.style, &mut self.out);
            return;
        }
        if text.starts_with('<') && self.html_block(text) {
            return;
        }
        if is_rule(text) || is_reference(text).is_some() {
            self.out.blank();
            self.at += 1;
            return;
        }
        if let Some((marker, rest)) = list_item(text) {
            return self.item(indent, marker, rest);
        }
        let after_blank = self.at == 0 || self.lines[self.at - 1].trim().is_empty();
        if let Some(level) = next.and_then(|next| setext_level(next)).filter(|_| after_blank && indent < 4) {
            return self.heading(level, text, 2);
        }
        if after_blank && indent >= 4 && self.lists.is_empty() && !self.style.aws {
            return self.indented_code();
        }
        if text == "**Topics**" && self.skip_topics() {
            return;
        }
        if after_blank && indent == 0 && callout(text).is_none() && !text.starts_with("![") {
            self.lists.clear();
        }
        self.paragraph_line(text, indent);
    }

    fn heading(&mut self, level: u8, markup: &str, lines: usize) {
        self.lists.clear();
        let (markup, explicit) = heading_id(markup);
        let mut line = String::new();
        let anchor = clean(markup, self.style, &mut line);
        let mut plain = String::new();
        clean(markup, Style { plain: true, ..self.style }, &mut plain);
        // The tabs of a page become headings in brackets.
        let tab = plain.strip_prefix("[ ").and_then(|tab| tab.strip_suffix(" ]")).filter(|_| self.style.aws);
        let (line, plain) = tab.map_or((line.as_str(), plain.as_str()), |tab| (tab, tab));
        self.out.heading(level, line, plain, explicit.map(str::to_owned).or(anchor));
        self.at += lines;
    }

    fn fence(&mut self, indent: usize, fence: Fence<'_>) {
        let indent = if self.lists.is_empty() { 0 } else { indent.min(12) };
        let original = indent_of(self.lines[self.at]);
        let marks = if fence.mark == '`' { "```" } else { "~~~" };
        let marks = marks.chars().next().unwrap_or('`').to_string().repeat(fence.len.min(16));
        let pad = " ".repeat(indent);
        self.out.line(&format!("{pad}{marks}{}", fence.info));
        self.at += 1;
        while let Some(&line) = self.lines.get(self.at) {
            self.at += 1;
            if closes(line.trim(), &fence) {
                break;
            }
            let inside = strip_indent(line, original);
            self.scratch.clear();
            self.scratch.push_str(&pad);
            if inside.contains("](") {
                unlink_code(inside, &mut self.scratch);
            } else {
                self.scratch.push_str(inside);
            }
            self.out.raw_line(&self.scratch);
        }
        self.out.line(&format!("{pad}{marks}"));
    }

    fn indented_code(&mut self) {
        let indent = indent_of(self.lines[self.at]);
        self.out.line("```");
        let mut blank = 0;
        while let Some(&line) = self.lines.get(self.at) {
            if line.trim().is_empty() {
                blank += 1;
            } else if indent_of(line) < 4 {
                break;
            } else {
                for _ in 0..blank {
                    self.out.raw_line("");
                }
                blank = 0;
                self.out.raw_line(strip_indent(line, indent));
            }
            self.at += 1;
        }
        self.out.line("```");
        self.out.blank();
    }

    fn item(&mut self, indent: usize, marker: Marker, rest: &str) {
        while self.lists.last().is_some_and(|list| list.indent > indent) {
            self.lists.pop();
        }
        let number = match marker {
            Marker::Bullet => 0,
            Marker::Number(number) => match self.lists.last() {
                // The documentation numbers every step `1.` and leaves counting to the reader's program.
                Some(list) if list.indent == indent && list.number > 0 && number <= 1 => list.number + 1,
                _ => number.max(1),
            },
        };
        if self.lists.last().is_some_and(|list| list.indent == indent) {
            self.lists.pop();
        }
        if self.lists.len() < 16 {
            self.lists.push(List { indent, number });
        }
        self.scratch.clear();
        pad(&mut self.scratch, indent);
        if number == 0 {
            self.scratch.push_str("- ");
        } else {
            self.scratch.push_str(&number.to_string());
            self.scratch.push_str(". ");
        }
        clean(rest, self.style, &mut self.scratch);
        self.out.line(&self.scratch);
        self.at += 1;
    }

    fn paragraph_line(&mut self, text: &str, indent: usize) {
        self.scratch.clear();
        if !self.lists.is_empty() {
            pad(&mut self.scratch, indent);
        }
        let mut text = text;
        if text.starts_with('>') {
            let quoted = text.trim_start_matches(['>', ' ']);
            self.scratch.push_str("> ");
            match alert(quoted) {
                Some(label) => {
                    self.scratch.push_str("**");
                    self.scratch.push_str(label);
                    self.scratch.push_str(":**");
                    text = "";
                }
                None => text = quoted,
            }
        }
        if let Some(label) = callout(text) {
            // `**Note**  ` on a line of its own labels the paragraph below it.
            let next = self.lines.get(self.at + 1).map(|line| line.trim()).unwrap_or_default();
            self.scratch.push_str("**");
            self.scratch.push_str(label);
            self.scratch.push_str(":** ");
            let continues = !next.is_empty()
                && fence_start(next).is_none()
                && list_item(next).is_none()
                && !starts_table(next, self.lines.get(self.at + 2));
            if continues {
                clean(next, self.style, &mut self.scratch);
                self.at += 1;
            }
        } else {
            let text = loose_bold(text);
            if let Some(inside) = text.bold {
                self.scratch.push_str("**");
                clean(inside, self.style, &mut self.scratch);
                self.scratch.push_str("**");
            } else {
                clean(text.line, self.style, &mut self.scratch);
            }
        }
        self.out.line(&self.scratch);
        self.at += 1;
    }

    /// Leaves out a list of the page's own headings, which says nothing that they do not.
    fn skip_topics(&mut self) -> bool {
        let mut end = self.at + 1;
        while let Some(&line) = self.lines.get(end) {
            let text = line.trim();
            if text.is_empty() {
                break;
            }
            let Some((Marker::Bullet, item)) = list_item(text) else {
                return false;
            };
            if !item.starts_with('[') || !item.contains("](#") {
                return false;
            }
            end += 1;
        }
        if end == self.at + 1 {
            return false;
        }
        self.at = end;
        true
    }

    /// Handles comments, scripts, HTML tables and HTML headings that start a line. False if `text` is ordinary text.
    fn html_block(&mut self, text: &str) -> bool {
        if text.starts_with("<!--") {
            return self.skip_past("-->");
        }
        let Some(tag) = tag_at(text) else {
            return false;
        };
        match tag.name.to_ascii_lowercase().as_str() {
            "script" if !self.style.aws => self.skip_past("</script>"),
            "style" if !self.style.aws => self.skip_past("</style>"),
            "table" if !tag.closing => self.html_lines("</table>"),
            "pre" if !tag.closing => self.html_lines("</pre>"),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if !tag.closing && !self.style.aws => {
                let level = tag.name.as_bytes()[1] - b'0';
                let Some(end) = text.find("</h") else {
                    return false;
                };
                let id = attribute(tag.attributes, "id").map(str::to_owned);
                let mut plain = String::new();
                clean(&text[tag.len..end], Style { plain: true, ..self.style }, &mut plain);
                self.lists.clear();
                self.out.heading(level, &plain, &plain, id);
                self.at += 1;
                true
            }
            _ => false,
        }
    }

    fn find_end(&mut self, end: &'static str) -> Option<usize> {
        if self.endless.contains(&end) {
            return None;
        }
        let found = self.lines[self.at..].iter().position(|line| line.contains(end));
        if found.is_none() {
            self.endless.push(end);
        }
        found.map(|offset| self.at + offset)
    }

    fn skip_past(&mut self, end: &'static str) -> bool {
        let Some(last) = self.find_end(end) else {
            return false;
        };
        let line = self.lines[last];
        let rest = line.find(end).map_or("", |at| &line[at + end.len()..]).trim();
        self.at = last;
        if rest.is_empty() {
            self.at += 1;
        } else {
            self.paragraph_line(rest, 0);
        }
        true
    }

    /// Hands lines of HTML to the HTML extractor.
    fn html_lines(&mut self, end: &'static str) -> bool {
        let Some(last) = self.find_end(end) else {
            return false;
        };
        let fragment = self.lines[self.at..=last].join("\n");
        let extracted = html::extract(&fragment);
        self.out.blank();
        for line in extracted.text.lines() {
            self.out.raw_line(line);
        }
        self.out.blank();
        self.at = last + 1;
        true
    }
}

#[cfg(test)]
mod tests;
