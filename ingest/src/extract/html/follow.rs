//! What stands behind an element.

use ego_tree::NodeId;
use scraper::{ElementRef, Node};

/// Layout around an element is at most so many levels deep.
const MAX_LAYOUT: usize = 12;

/// What comes next in the text.
enum Next<'a> {
    /// Nothing that belongs to what is in front of it.
    End,
    /// Another element of the same kind.
    Same(ElementRef<'a>),
    /// Something else, which would seem to belong below it.
    Text,
}

/// The last of the elements of one kind that follow each other directly, and whether no text follows it that could seem
/// to belong to it: its part of the page ends there, or a heading comes next.
pub(super) fn row_from(element: ElementRef<'_>) -> (NodeId, bool) {
    let mut last = element;
    loop {
        match next(last) {
            Next::End => return (last.id(), true),
            Next::Text => return (last.id(), false),
            Next::Same(next) => last = next,
        }
    }
}

fn next(element: ElementRef<'_>) -> Next<'_> {
    let kind = element.value().name();
    let mut at = element;
    for _ in 0..MAX_LAYOUT {
        for next in at.next_siblings() {
            match next.value() {
                Node::Text(text) if !text.trim().is_empty() => return Next::Text,
                Node::Element(_) => {
                    let Some(next) = ElementRef::wrap(next) else { continue };
                    if super::is_dropped(next, true) || !has_words(next, kind) {
                        continue;
                    }
                    return start_of(next, kind);
                }
                _ => {}
            }
        }
        let Some(parent) = at.parent().and_then(ElementRef::wrap) else { return Next::End };
        match parent.value().name() {
            "li" | "td" | "th" | "dd" => return Next::Text,
            "main" | "article" | "body" => return Next::End,
            _ if parent.value().attr("id") == Some("main-col-body") => return Next::End,
            _ => at = parent,
        }
    }
    Next::Text
}

fn has_words(element: ElementRef<'_>, kind: &str) -> bool {
    element.value().name() == kind || element.text().any(|text| !text.trim().is_empty())
}

/// What an element begins with.
fn start_of<'a>(element: ElementRef<'a>, kind: &str) -> Next<'a> {
    let mut at = element;
    for _ in 0..MAX_LAYOUT {
        let name = at.value().name();
        if name == kind {
            return Next::Same(at);
        }
        if matches!(name, "h1" | "h2" | "h3" | "h4" | "h5") {
            return Next::End;
        }
        let mut inside = None;
        for child in at.children() {
            match child.value() {
                Node::Text(text) if !text.trim().is_empty() => return Next::Text,
                Node::Element(_) => {
                    inside = ElementRef::wrap(child);
                    break;
                }
                _ => {}
            }
        }
        let Some(inside) = inside else { return Next::Text };
        at = inside;
    }
    Next::Text
}
