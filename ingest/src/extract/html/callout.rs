//! Boxes that stand out: notes, warnings, tips.

use scraper::node::Element;

use super::elements::classes;

/// Words that label a box; in classes they are written in lower case.
const LABELS: &[&str] = &[
    "Note",
    "Important",
    "Warning",
    "Tip",
    "Caution",
    "Danger",
    "Hint",
    "Attention",
    "See also",
    "Example",
    "Prerequisite",
    "Prerequisites",
];

/// The label of a callout, if that is all a text says.
pub(super) fn label(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(':').trim_end();
    LABELS.iter().find(|label| label.eq_ignore_ascii_case(text)).map(|label| (*label).to_owned())
}

/// The label that the classes of a box stand for: `awsdocs-note awsdocs-warning`, `admonition tip`, `alert-warning`.
pub(super) fn box_label(element: &Element) -> Option<&'static str> {
    if !matches!(element.name(), "div" | "section" | "aside" | "awsui-alert") {
        return None;
    }
    let mut found = None;
    for class in classes(element) {
        let class = ["awsdocs-", "admonition-", "alert-", "alert--", "callout-", "theme-admonition-"]
            .iter()
            .find_map(|prefix| class.strip_prefix(prefix))
            .unwrap_or(class);
        let label = match class {
            "note" | "info" => "Note",
            "important" => "Important",
            "warning" => "Warning",
            "tip" => "Tip",
            "caution" => "Caution",
            "danger" => "Danger",
            "hint" => "Hint",
            "attention" => "Attention",
            _ => continue,
        };
        // Every box of the AWS documentation is a note; a second class says which kind.
        if found.is_none() || found == Some("Note") {
            found = Some(label);
        }
    }
    // `class="info"` alone may be anything.
    found.filter(|label| *label != "Note" || classes(element).any(|class| class != "info"))
}

/// Whether an element holds nothing but the title of a box.
pub(super) fn is_box_title(element: &Element) -> bool {
    classes(element).any(|class| {
        matches!(
            class,
            "awsdocs-note-title" | "admonition-title" | "admonition-heading" | "alert-heading" | "callout-title"
        )
    })
}

/// A paragraph without the label that it repeats itself: `Note: text` in a box that is labelled already.
pub(super) fn without_label<'a>(text: &'a str, label: &str) -> &'a str {
    let bare = text.trim_start_matches('*');
    let Some(rest) = bare.get(label.len()..).filter(|_| bare[..label.len()].eq_ignore_ascii_case(label)) else {
        return text;
    };
    // `**Note:** text`, `**Note**: text`, `Note: text`, but not `Notes are` or `Note that`.
    let end = rest.trim_start_matches('*');
    if bare.len() < text.len() && end.len() == rest.len() && !rest.starts_with(':') {
        return text;
    }
    let Some(rest) = end.strip_prefix(':') else { return text };
    rest.trim_start_matches('*').trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_not_said_twice() {
        let cases = [
            ("Note: take care", "take care"),
            ("**Note:** take care", "take care"),
            ("**Note**: take care", "take care"),
            ("Note that", "Note that"),
            ("Notes: two", "Notes: two"),
            ("**Note** that", "**Note** that"),
            ("ü", "ü"),
            ("日本語", "日本語"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_label(text, "Note"), expected, "{text}");
        }
    }
}
