//! The inside of a paragraph of HTML.

use scraper::{ElementRef, Node};

use super::MAX_DEPTH;
use super::callout::is_box_title;
use super::chrome::is_dropped;
use super::elements::is_block;

/// Text of an element as one line of Markdown.
pub(in crate::extract) fn inline_text(element: ElementRef<'_>) -> String {
    let mut out = String::new();
    inline_children(element, &mut out, 0);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn inline_children(element: ElementRef<'_>, out: &mut String, depth: usize) {
    for child in element.children() {
        match child.value() {
            Node::Text(text) => push_collapsed(out, text),
            Node::Element(_) => {
                if let Some(child) = ElementRef::wrap(child) {
                    inline(child, out, depth + 1);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn inline(element: ElementRef<'_>, out: &mut String, depth: usize) {
    if depth > MAX_DEPTH {
        element.text().for_each(|text| push_collapsed(out, text));
        return;
    }
    let value = element.value();
    if is_dropped(element, true) {
        return;
    }
    match value.name() {
        "br" => out.push('\n'),
        "img" => {
            let alt = value.attr("alt").unwrap_or_default().trim();
            if !alt.is_empty() {
                push_collapsed(out, " ");
                push_collapsed(out, alt);
                push_collapsed(out, " ");
            }
        }
        "code" | "kbd" | "samp" | "tt" | "pre" => {
            let code: String = element.text().collect();
            let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
            let mark = if code.contains('`') || code.is_empty() { "" } else { "`" };
            out.extend([mark, code.as_str(), mark]);
        }
        "b" | "strong" => marked("**", element, out, depth),
        "em" | "i" => marked("*", element, out, depth),
        "a" => link(element, out, depth),
        name => {
            let block = is_block(name) || matches!(name, "li" | "ul" | "ol" | "td" | "th" | "tr" | "dt");
            if block {
                push_collapsed(out, " ");
            }
            inline_children(element, out, depth);
            if is_box_title(value) && out.ends_with(char::is_alphabetic) {
                out.push(':');
            }
            if block {
                push_collapsed(out, " ");
            }
        }
    }
}

fn marked(mark: &str, element: ElementRef<'_>, out: &mut String, depth: usize) {
    let mut inside = String::new();
    inline_children(element, &mut inside, depth);
    let text = inside.trim();
    if inside.starts_with(' ') {
        push_collapsed(out, " ");
    }
    if text.is_empty() || text.contains(['*', '\n']) {
        out.push_str(text);
    } else {
        out.extend([mark, text, mark]);
    }
    if inside.ends_with(' ') {
        out.push(' ');
    }
}

fn link(element: ElementRef<'_>, out: &mut String, depth: usize) {
    let mut inside = String::new();
    inline_children(element, &mut inside, depth);
    let text = inside.trim();
    let href = element.value().attr("href").unwrap_or_default().trim();
    let absolute = href.starts_with("https://") || href.starts_with("http://");
    if text.is_empty() || !absolute || href.contains([' ', '(', ')', '\n']) || text.contains("](") {
        out.push_str(text);
    } else if text == href {
        out.push_str(href);
    } else {
        out.extend(["[", text, "](", href, ")"]);
    }
    if inside.ends_with(' ') {
        out.push(' ');
    }
}

pub(super) fn push_collapsed(out: &mut String, text: &str) {
    for (position, word) in text.split(char::is_whitespace).enumerate() {
        if position > 0 && !out.is_empty() && !out.ends_with([' ', '\n']) {
            out.push(' ');
        }
        out.push_str(word);
    }
}
