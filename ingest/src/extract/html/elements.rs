//! What HTML elements are for, by name, class and role.

use scraper::ElementRef;
use scraper::node::Element;

/// The language of a code block, by its classes.
pub(super) fn language(element: ElementRef<'_>) -> Option<String> {
    const KNOWN: &[&str] = &[
        "bash",
        "sh",
        "shell",
        "json",
        "yaml",
        "yml",
        "python",
        "java",
        "javascript",
        "typescript",
        "go",
        "ruby",
        "php",
        "sql",
        "xml",
        "html",
        "powershell",
        "csharp",
        "cpp",
        "c",
        "rust",
        "hcl",
        "toml",
        "ini",
        "dockerfile",
        "kotlin",
        "swift",
        "none",
    ];
    let inner = element.children().filter_map(ElementRef::wrap).find(|child| child.value().name() == "code");
    let classes = element.value().classes().chain(inner.into_iter().flat_map(|code| code.value().classes()));
    for class in classes {
        let prefixed = ["language-", "lang-", "highlight-"].iter().find_map(|prefix| class.strip_prefix(prefix));
        let name = prefixed.or_else(|| KNOWN.contains(&class).then_some(class));
        if let Some(name) = name.filter(|name| *name != "none" && name.len() < 20 && !name.contains('`')) {
            return Some(name.to_lowercase());
        }
    }
    None
}

/// The label of a callout, if that is all a heading says.
pub(super) fn label(text: &str) -> Option<String> {
    const LABELS: &[&str] =
        &["Note", "Important", "Warning", "Tip", "Caution", "Danger", "Hint", "Attention", "See also", "Example"];
    let text = text.trim().trim_end_matches(':');
    LABELS.iter().find(|label| label.eq_ignore_ascii_case(text)).map(|label| (*label).to_owned())
}

/// Whether an element starts a paragraph of its own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "main"
            | "body"
            | "figure"
            | "figcaption"
            | "dl"
            | "dd"
            | "details"
            | "summary"
            | "header"
            | "address"
            | "fieldset"
            | "center"
            | "html"
            | "tbody"
            | "thead"
            | "tfoot"
            | "tr"
            | "td"
            | "th"
            | "caption"
    )
}

/// Whether an element is not part of what a reader reads.
pub(super) fn is_dropped(element: &Element, in_main: bool) -> bool {
    let dropped = matches!(
        element.name(),
        "script"
            | "style"
            | "nav"
            | "footer"
            | "aside"
            | "noscript"
            | "template"
            | "svg"
            | "button"
            | "iframe"
            | "head"
            | "input"
            | "select"
            | "textarea"
            | "object"
            | "canvas"
            | "math"
            | "audio"
            | "video"
            | "title"
    );
    let hidden = element.attr("hidden").is_some() || element.attr("aria-hidden") == Some("true");
    let navigation = matches!(element.attr("role"), Some("navigation" | "banner" | "contentinfo" | "search"))
        || has_class(element, "headerlink");
    dropped || hidden || navigation || (element.name() == "header" && !in_main)
}

pub(super) fn has_class(element: &Element, wanted: &str) -> bool {
    element.classes().any(|class| class == wanted)
}
