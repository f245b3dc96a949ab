//! What stands around the text of a page and is no part of it: navigation, feedback, banners.
//!
//! Names of the AWS documentation were read off its pages; classes of other sites are told by the words that their
//! makers agree on. Ids are told by whole names only: documentation generators make ids out of headings, and a chapter
//! about cookies is no cookie banner.

use scraper::ElementRef;
use scraper::node::Element;

use super::callout::box_label;
use super::elements::{classes, is_no_text};

/// What is named like navigation but has more text than this, in bytes, is something else.
const MAX_CHROME_BYTES: usize = 2_000;
/// A form with more text than this, in bytes, holds more than fields: some sites put whole pages into one.
const MAX_FORM_BYTES: usize = 400;

const IDS: &[&str] = &[
    "aws-page-footer",
    "aws-page-header",
    "awsccc-cb",
    "awsdocs-doc-page-footer",
    "awsdocs-filter-selector",
    "awsdocs-page-utility-container",
    "breadcrumb",
    "breadcrumbs",
    "doc-conventions",
    "guide-toc",
    "js_error_message",
    "main-col-footer",
    "onetrust-banner-sdk",
    "onetrust-consent-sdk",
    "page-loading-indicator",
    "page-toc-src",
    "quick-feedback-no",
    "quick-feedback-yes",
    "tools-panel",
];

const CLASSES: &[&str] = &[
    "awsdocs-page-banner",
    "awsdocs-page-header-container",
    "awsdocs-page-utilities",
    "btn-copy-code",
    "code-btn-container",
    "copy-button",
    "copyright",
    "copyright-print",
    "edit-page-link",
    "edit-this-page",
    "headerlink",
    "hash-link",
    "lang-selector",
    "language-selector",
    "locale-selector",
    "next-link",
    "on-this-page",
    "page-next-section",
    "page-toc",
    "pager",
    "prev-link",
    "prev-next",
    "share-buttons",
    "skip-link",
    "social-share",
];

/// Parts of class names.
const WORDS: &[&str] = &["breadcrumb", "cookie", "feedback", "pagination"];

/// Whether an element is not part of what a reader reads.
pub(super) fn is_dropped(element: ElementRef<'_>, in_main: bool) -> bool {
    let value = element.value();
    if is_no_text(value) || is_hidden(value) {
        return true;
    }
    match value.name() {
        "aside" => box_label(value).is_none(),
        "header" => !in_main,
        "form" => !has_more_text_than(element, MAX_FORM_BYTES),
        _ => is_chrome(value) && !has_more_text_than(element, MAX_CHROME_BYTES),
    }
}

/// Whether browsers do not show the element at all.
pub(super) fn is_hidden(element: &Element) -> bool {
    // One pass over the attributes: most elements have none or one.
    let hidden = element.attrs().any(|(name, value)| match name {
        "hidden" => value != "until-found",
        "aria-hidden" => value == "true",
        "style" => {
            value.contains("none") && {
                let style: String = value.chars().filter(|c| !c.is_whitespace()).collect();
                style.to_ascii_lowercase().contains("display:none")
            }
        }
        _ => false,
    });
    // Of tabs all but one are hidden until they are chosen.
    hidden && element.attr("role") != Some("tabpanel")
}

fn is_chrome(element: &Element) -> bool {
    if matches!(element.attr("role"), Some("navigation" | "banner" | "contentinfo" | "search")) {
        return true;
    }
    let name = element.name();
    if let Some(widget) = name.strip_prefix("awsdocs-") {
        // Widgets that scripts fill; where one has words, they are not the page's. Tabs and views hold content.
        return !matches!(widget, "tabs" | "view" | "content");
    }
    if matches!(name, "p" | "pre" | "code" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6") {
        return false;
    }
    if element.attr("id").is_some_and(|id| IDS.binary_search(&id).is_ok()) {
        return true;
    }
    classes(element).any(|class| CLASSES.contains(&class) || WORDS.iter().any(|word| class.contains(word)))
}

/// Whether the text of an element is longer than so many bytes; stops counting there.
fn has_more_text_than(element: ElementRef<'_>, bytes: usize) -> bool {
    let mut left = bytes;
    for text in element.text() {
        match left.checked_sub(text.trim().len()) {
            Some(less) => left = less,
            None => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted() {
        assert!(IDS.is_sorted());
    }
}
