//! Web pages to clean Markdown: the main column only, without navigation.

mod elements;
mod inline;

use scraper::{ElementRef, Html, Node, Selector};

use self::elements::{has_class, is_block, is_dropped, label, language};
pub(super) use self::inline::inline_text;
use self::inline::{inline, inline_children, push_collapsed};
use super::builder::Builder;
use super::html_table;
use super::{Extracted, FrontMatter};

/// Elements nested deeper than this are read as plain text.
const MAX_DEPTH: usize = 200;

/// Where the text of a page usually stands, best first.
const MAIN: [&str; 6] = ["#main-col-body", "main", "[role=main]", "#main-content", "article", "#content"];

/// Extracts the main column of a page.
pub(super) fn extract(text: &str) -> Extracted {
    if super::tags::nests_too_deeply(text) {
        return super::plain::extract(&super::tags::without_tags(text));
    }
    let page = Html::parse_document(text);
    let main = main_column(&page);
    let mut walker = Walker { out: Builder::with_capacity(text.len() / 4), ..Walker::default() };
    walker.in_main = !matches!(main.value().name(), "body" | "html");
    walker.children(main, 0);
    walker.flush();
    let front_matter = FrontMatter { url: canonical(&page), ..FrontMatter::default() };
    let mut extracted = walker.out.finish(front_matter);
    if !extracted.sections.iter().any(|section| section.is_title)
        && let Some(title) = first(&page, "title")
    {
        let title: String = title.text().collect();
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if !title.is_empty() {
            extracted.title = Some(super::builder::shorten(&title, super::builder::MAX_HEADING_CHARS).to_owned());
        }
    }
    extracted
}

fn first<'a>(page: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    let selector = Selector::parse(selector).ok()?;
    page.select(&selector).next()
}

fn canonical(page: &Html) -> Option<String> {
    let href = first(page, "link[rel=canonical]")?.value().attr("href")?;
    href.starts_with("http").then(|| href.to_owned())
}

fn main_column(page: &Html) -> ElementRef<'_> {
    let has_text = |element: &ElementRef<'_>| element.text().any(|text| !text.trim().is_empty());
    let main = MAIN.iter().find_map(|selector| first(page, selector).filter(has_text));
    main.or_else(|| first(page, "body")).unwrap_or_else(|| page.root_element())
}

struct List {
    number: Option<u64>,
}

#[derive(Default)]
struct Walker {
    out: Builder,
    /// The paragraph being collected; `\n` is a forced line break.
    line: String,
    lists: Vec<List>,
    /// Marker that the next paragraph starts with: a bullet, a number.
    marker: Option<String>,
    /// `Note`, when the next paragraph is one.
    label: Option<String>,
    quotes: usize,
    in_main: bool,
    /// Fragment of an enclosing section that no heading has claimed yet.
    anchor: Option<String>,
}

impl Walker {
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
        if is_dropped(value, self.in_main) {
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
            "dt" => {
                self.flush();
                let term = inline_text(element);
                if !term.is_empty() {
                    self.line = format!("**{}**", term.trim_matches('*'));
                }
                self.flush();
            }
            "blockquote" => {
                self.flush();
                self.quotes += 1;
                self.children(element, depth);
                self.flush();
                self.quotes -= 1;
            }
            "p" if has_class(value, "admonition-title") => {
                self.flush();
                self.label = label(&inline_text(element));
            }
            name if is_block(name) => {
                self.flush();
                if let Some(id) = value.id() {
                    self.anchor = Some(id.to_owned());
                }
                self.children(element, depth);
                self.flush();
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
        let own = element.value().id().map(str::to_owned);
        let inner = || {
            element
                .descendants()
                .filter_map(ElementRef::wrap)
                .find_map(|child| child.value().id().or_else(|| child.value().attr("name")).map(str::to_owned))
        };
        let anchor = own.or_else(inner).or_else(|| self.anchor.take());
        self.anchor = None;
        self.lists.clear();
        self.out.heading(level, text, &plain, anchor);
    }

    fn code_block(&mut self, element: ElementRef<'_>) {
        self.flush();
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
            if let Some(label) = self.label.take() {
                out = format!("{out}**{label}:** ");
            }
            out.push_str(part);
            self.out.text_line(&out);
        }
    }
}

/// Text of a code block as it stands, line breaks included.
fn verbatim(element: ElementRef<'_>) -> String {
    let mut code = String::new();
    for node in element.descendants() {
        match node.value() {
            Node::Text(text) => code.push_str(text),
            Node::Element(element) if element.name() == "br" => code.push('\n'),
            _ => {}
        }
    }
    code
}

#[cfg(test)]
mod tests;
