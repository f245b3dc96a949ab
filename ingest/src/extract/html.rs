//! Web pages to clean Markdown: the main column only, without navigation.

mod callout;
mod chrome;
mod column;
mod elements;
mod follow;
mod inline;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node};

use self::callout::{box_label, is_box_title, label};
use self::chrome::is_dropped;
use self::column::Column;
use self::elements::{is_block, language};
pub(super) use self::inline::inline_text;
use self::inline::{inline, inline_children, push_collapsed};
use super::builder::{Builder, MAX_HEADING_CHARS, shorten};
use super::html_table;
use super::{Extracted, FrontMatter};

/// Elements nested deeper than this are read as plain text.
const MAX_DEPTH: usize = 200;

/// Extracts the main column of a page.
pub(super) fn extract(text: &str) -> Extracted {
    match parse(text) {
        // Of a file that somebody chose to keep no words are lost.
        Some(page) => extract_column(&Column::of(&page, false), text.len()),
        None => extract_flat(text),
    }
}

/// Parses a page; `None` if it is built to make parsers slow.
pub(crate) fn parse(text: &str) -> Option<Html> {
    (!super::tags::nests_too_deeply(text)).then(|| Html::parse_document(text))
}

/// The words of a page that is not worth parsing.
pub(crate) fn extract_flat(text: &str) -> Extracted {
    super::plain::extract(&super::tags::without_tags(text))
}

/// Extracts the main column of a parsed page of the web of about so many bytes. Where the page does not say which part
/// of it that is, blocks of links are left out.
pub(crate) fn extract_parsed(page: &Html, bytes: usize) -> Extracted {
    extract_column(&Column::of(page, true), bytes)
}

fn extract_column(column: &Column<'_>, bytes: usize) -> Extracted {
    let mut walker = Walker { out: Builder::with_capacity(bytes / 4), column: Some(column), ..Walker::default() };
    walker.children(column.element, 0);
    walker.end_callout();
    walker.flush();
    let front_matter = FrontMatter { url: column.canonical.clone(), ..FrontMatter::default() };
    let mut extracted = walker.out.finish(front_matter);
    if !extracted.sections.iter().any(|section| section.is_title)
        && let Some(title) = column.title
    {
        let title: String = title.text().collect();
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if !title.is_empty() {
            extracted.title = Some(shorten(&title, MAX_HEADING_CHARS).to_owned());
        }
    }
    extracted
}

struct List {
    number: Option<u64>,
}

#[derive(Default)]
struct Walker<'a> {
    out: Builder,
    column: Option<&'a Column<'a>>,
    /// The paragraph being collected; `\n` is a forced line break.
    line: String,
    lists: Vec<List>,
    /// Marker that the next paragraph starts with: a bullet, a number.
    marker: Option<String>,
    /// `Note`, when the next paragraph is one.
    label: Option<String>,
    quotes: usize,
    /// Level of the last heading.
    level: u8,
    /// The last of a row of tabs or sections that readers open, and whether they become sections here.
    row: Option<(NodeId, bool)>,
    /// Fragment of an enclosing section that no heading has claimed yet.
    anchor: Option<String>,
}

impl Walker<'_> {
    fn children(&mut self, element: ElementRef<'_>, depth: usize) {
        for child in element.children() {
            match child.value() {
                Node::Text(text) => push_collapsed(&mut self.line, text),
                Node::Element(_) => {
                    if let Some(child) = ElementRef::wrap(child) {
                        self.element(child, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            element.text().for_each(|text| push_collapsed(&mut self.line, text));
            return;
        }
        let value = element.value();
        let in_main = self.column.is_none_or(|column| column.is_main);
        if is_dropped(element, in_main) || self.column.is_some_and(|column| column.is_navigation(element)) {
            return;
        }
        match value.name() {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(element),
            "pre" => self.code_block(element),
            "table" => self.table(element, depth),
            "ul" | "ol" => self.list(element, depth),
            "li" => self.item(element, depth),
            "br" => self.line.push('\n'),
            "hr" => self.flush(),
            "dt" | "summary" => self.term(&inline_text(element)),
            "awsdocs-tabs" => self.tabs(element, depth),
            "awsui-expandable-section" => self.expandable(element, depth),
            "blockquote" => {
                self.flush();
                self.quotes += 1;
                self.children(element, depth);
                self.flush();
                self.quotes -= 1;
            }
            _ if is_box_title(value) => self.box_title(element),
            name if is_block(name) => {
                self.flush();
                if let Some(id) = value.id() {
                    self.anchor = Some(id.to_owned());
                }
                let callout = box_label(value);
                if callout.is_some() {
                    self.label = callout.map(str::to_owned);
                }
                self.children(element, depth);
                self.flush();
                if callout.is_some() {
                    // A box without words labels nothing that comes after it.
                    self.label = None;
                }
            }
            "a" | "b" | "strong" | "em" | "i" | "code" | "kbd" | "samp" | "tt" | "img" => {
                inline(element, &mut self.line, depth);
            }
            // Anything else, known or invented by the site, may hold paragraphs as well as words.
            _ => self.children(element, depth),
        }
    }

    fn heading(&mut self, element: ElementRef<'_>) {
        self.flush();
        let mut text = String::new();
        inline_children(element, &mut text, 0);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.trim_end_matches(['¶', '#']).trim();
        let plain: String = text.replace(['`', '*'], "");
        let level = element.value().name().as_bytes()[1] - b'0';
        if level >= 4
            && let Some(label) = label(&plain)
        {
            self.label = Some(label);
            return;
        }
        if level == 6 && matches!(plain.as_str(), "Topics" | "Contents") {
            return self.term(&plain);
        }
        self.end_callout();
        let own = element.value().id().map(str::to_owned);
        let inner = || {
            element
                .descendants()
                .filter_map(ElementRef::wrap)
                .find_map(|child| child.value().id().or_else(|| child.value().attr("name")).map(str::to_owned))
        };
        let anchor = own.or_else(inner).or_else(|| self.anchor.take()).filter(|anchor| !is_build_stamp(anchor));
        self.anchor = None;
        self.lists.clear();
        self.level = level;
        self.out.heading(level, text, &plain, anchor);
    }

    /// A line that names what stands below it.
    fn term(&mut self, term: &str) {
        self.flush();
        if !term.is_empty() {
            self.line = format!("**{}**", term.trim_matches('*'));
        }
        self.flush();
    }

    /// The title of a box: its label, or a line of its own.
    fn box_title(&mut self, element: ElementRef<'_>) {
        self.flush();
        let title = inline_text(element);
        match label(&title.replace('*', "")) {
            Some(label) => self.label = Some(label),
            None => self.term(&title),
        }
    }

    /// Content under a name that readers choose or open: a section of its own where nothing else could seem to belong
    /// to it, else below a bold line.
    fn named(&mut self, name: &str, anchor: Option<&str>, as_section: bool) {
        let plain = name.replace(['`', '*'], "");
        if as_section && self.lists.is_empty() && self.quotes == 0 && !plain.is_empty() {
            self.flush();
            self.end_callout();
            self.out.heading((self.level + 1).clamp(2, 6), name, &plain, anchor.map(str::to_owned));
            self.anchor = None;
        } else {
            self.term(name);
        }
    }

    /// Whether an element may be a section, decided for all of its kind in a row at once: of two neighbours, one as a
    /// section would swallow the other.
    fn heads_what_follows(&mut self, element: ElementRef<'_>) -> bool {
        let (last, answer) = match self.row {
            Some(row) => row,
            None => follow::row_from(element),
        };
        self.row = (last != element.id()).then_some((last, answer));
        answer
    }

    /// `<awsdocs-tabs><dl><dt>name<dd>panel`: every panel below its name. The list itself is hidden until a script runs.
    fn tabs(&mut self, tabs: ElementRef<'_>, depth: usize) {
        let as_section = self.heads_what_follows(tabs);
        let level = self.level;
        for list in tabs.child_elements() {
            let parts = if list.value().name() == "dl" { list } else { tabs };
            for part in parts.child_elements() {
                if part.value().name() == "dt" {
                    self.level = level;
                    let panel = part.next_siblings().find_map(ElementRef::wrap);
                    let anchor = part.value().id().or_else(|| panel.and_then(|panel| panel.value().id()));
                    self.named(&inline_text(part), anchor, as_section);
                } else {
                    self.flush();
                    self.children(part, depth + 2);
                    self.flush();
                }
            }
            if parts == tabs {
                break;
            }
        }
        self.level = level;
    }

    /// `<awsui-expandable-section header="name">content`.
    fn expandable(&mut self, section: ElementRef<'_>, depth: usize) {
        let level = self.level;
        let value = section.value();
        if let Some(name) = value.attr("header").or_else(|| value.attr("header-text")) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            let as_section = self.heads_what_follows(section);
            self.named(&name, value.id(), as_section);
        }
        self.children(section, depth);
        self.flush();
        self.level = level;
    }

    /// Writes a label whose box has no paragraph to stand in front of.
    fn end_callout(&mut self) {
        if let Some(label) = self.label.take() {
            self.line = format!("**{label}:**");
            self.flush();
        }
    }

    fn code_block(&mut self, element: ElementRef<'_>) {
        self.flush();
        self.end_callout();
        let code = verbatim(element);
        let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let marks = "`".repeat(longest.clamp(2, 15) + 1);
        let pad = " ".repeat(self.lists.len().min(6) * 2);
        let code = code.trim_matches('\n').trim_end();
        if code.is_empty() {
            return;
        }
        self.out.line(&format!("{pad}{marks}{}", language(element).unwrap_or_default()));
        for line in code.lines() {
            self.out.raw_line(&format!("{pad}{line}"));
        }
        self.out.line(&format!("{pad}{marks}"));
        self.out.blank();
    }

    fn table(&mut self, element: ElementRef<'_>, depth: usize) {
        self.flush();
        if let Some(table) = html_table::read(element) {
            self.end_callout();
            table.write(&mut self.out);
        } else {
            // A table for layout only: its cells are ordinary text.
            self.children(element, depth);
            self.flush();
        }
    }

    fn list(&mut self, element: ElementRef<'_>, depth: usize) {
        if self.lists.is_empty() {
            self.flush();
            self.out.blank();
        } else {
            self.flush_line();
        }
        let start = element.value().attr("start").and_then(|start| start.parse().ok()).unwrap_or(1);
        let number = (element.value().name() == "ol").then_some(start);
        self.lists.push(List { number });
        self.children(element, depth);
        self.flush_line();
        self.lists.pop();
        self.marker = None;
        if self.lists.is_empty() {
            self.out.blank();
        }
    }

    fn item(&mut self, element: ElementRef<'_>, depth: usize) {
        self.flush_line();
        self.marker = Some(match self.lists.last_mut() {
            Some(List { number: Some(number) }) => {
                *number = number.saturating_add(1);
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        });
        self.children(element, depth);
        self.flush_line();
    }

    /// Ends the paragraph, if one is open.
    fn flush(&mut self) {
        self.flush_line();
        if self.lists.is_empty() {
            self.out.blank();
        }
    }

    fn flush_line(&mut self) {
        if self.line.trim().is_empty() {
            self.line.clear();
            return;
        }
        let line = std::mem::take(&mut self.line);
        let indent = self.lists.len().saturating_sub(1).min(6) * 2;
        for part in line.split('\n').map(str::trim).filter(|part| !part.is_empty()) {
            let mut out = " ".repeat(indent);
            if self.quotes > 0 {
                out.push_str("> ");
            }
            match self.marker.take() {
                Some(marker) => out.push_str(&marker),
                None if self.lists.is_empty() => {}
                None => out.push_str("  "),
            }
            let mut part = part;
            if let Some(label) = self.label.take() {
                part = callout::without_label(part, &label);
                out = format!("{out}**{label}:** ");
            }
            out.push_str(part);
            self.out.text_line(&out);
        }
    }
}

/// Whether an id was made up when the page was built (`w6aab9d129c15`): the next build makes up another one.
fn is_build_stamp(id: &str) -> bool {
    let Some(rest) = id.strip_prefix('w') else { return false };
    rest.len() >= 6
        && rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, 'a'..='d'))
}

/// Text of a code block as it stands, line breaks included, without the buttons beside it.
fn verbatim(element: ElementRef<'_>) -> String {
    let mut code = String::new();
    let mut left_out = None;
    for edge in element.traverse() {
        match edge {
            Edge::Close(node) if left_out == Some(node.id()) => left_out = None,
            Edge::Open(node) if left_out.is_none() => match node.value() {
                Node::Text(text) => code.push_str(text),
                Node::Element(inner) if inner.name() == "br" => code.push('\n'),
                Node::Element(_) if ElementRef::wrap(node).is_some_and(|inner| is_dropped(inner, true)) => {
                    left_out = Some(node.id());
                }
                _ => {}
            },
            _ => {}
        }
    }
    code
}

#[cfg(test)]
mod tests;
