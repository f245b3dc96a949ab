//! What HTML elements are for, by name, class and role.

use scraper::ElementRef;
use scraper::node::Element;

/// The language of a code block, by its classes or attributes, or those of what is directly around it.
pub(super) fn language(block: ElementRef<'_>) -> Option<String> {
    let inner = block.children().filter_map(ElementRef::wrap).find(|child| child.value().name() == "code");
    let around = block.ancestors().filter_map(ElementRef::wrap).take(2);
    let own = inner.into_iter().chain([block]).find_map(|element| named_language(element.value(), true));
    let named = own.or_else(|| around.into_iter().find_map(|element| named_language(element.value(), false)));
    named.filter(|name| !name.is_empty())
}

/// The language that an element names; empty if it says that the code is in none.
fn named_language(element: &Element, loose: bool) -> Option<String> {
    const KNOWN: &[&str] = &[
        "bash",
        "c",
        "console",
        "cpp",
        "csharp",
        "css",
        "diff",
        "dockerfile",
        "go",
        "graphql",
        "groovy",
        "hcl",
        "html",
        "http",
        "ini",
        "java",
        "javascript",
        "json",
        "kotlin",
        "makefile",
        "nginx",
        "none",
        "perl",
        "php",
        "powershell",
        "properties",
        "python",
        "r",
        "ruby",
        "rust",
        "scala",
        "sh",
        "shell",
        "sql",
        "swift",
        "terraform",
        "toml",
        "typescript",
        "xml",
        "yaml",
        "yml",
    ];
    let stated = ["data-lang", "data-language"].iter().find_map(|name| element.attr(name));
    let by_class = || {
        classes(element).find_map(|class| {
            let prefixed = ["language-", "lang-", "highlight-"].iter().find_map(|prefix| class.strip_prefix(prefix));
            prefixed.or_else(|| (loose && KNOWN.binary_search(&class).is_ok()).then_some(class))
        })
    };
    let name = stated.or_else(by_class)?.trim().to_ascii_lowercase();
    let name = match name.as_str() {
        "python3" | "py" => "python",
        "js" | "node" | "nodejs" => "javascript",
        "ts" => "typescript",
        "none" | "default" | "nohighlight" | "plaintext" | "text" | "plain" => "",
        name => name,
    };
    let sound =
        name.len() < 20 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '#' | '_'));
    sound.then(|| name.to_owned())
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

/// Whether an element never holds words for readers, by its name.
pub(super) fn is_no_text(element: &Element) -> bool {
    matches!(
        element.name(),
        "script"
            | "style"
            | "nav"
            | "footer"
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
    )
}

/// The classes of an element. [`Element::classes`] interns every one of them, which costs more than all else here.
pub(super) fn classes(element: &Element) -> impl Iterator<Item = &str> {
    element.attr("class").unwrap_or_default().split_ascii_whitespace()
}
