//! Bulleted lists whose items state values: limits, sizes, versions, times.
//!
//! Such a list is a table without lines, and each item an answer of its own. The items of other lists (reasons, choices,
//! terms and what they mean, what one can read next) are found better together: cutting those as well was measured, and
//! cost questions in the documentation's words 0.02 in nDCG@10 by words.

use std::ops::Range;

use crate::extract::markup::{Marker, fence_start, list_item};

/// A list that was looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// Its items, each with what is nested in it; none if they state no values.
    pub(super) items: Vec<Range<usize>>,
    /// Where the list ends.
    pub(super) end: usize,
}

/// Looks at the bulleted list that starts at `start`, if one does. Linear in the length of the list.
pub(super) fn items(text: &str, start: usize) -> Items {
    let mut items: Vec<Range<usize>> = Vec::new();
    let mut margin = 0;
    let mut at = start;
    let mut after_blank = false;
    let mut whole = true;
    for line in text[start..].split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            after_blank = true;
            at += line.len();
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let marker = list_item(trimmed).map(|(marker, _)| marker);
        if items.is_empty() {
            margin = indent;
        }
        if marker == Some(Marker::Bullet) && indent <= margin + 1 && indent + 1 >= margin {
            items.push(at..at);
        } else if items.is_empty() || indent < margin || (indent <= margin + 1 && (after_blank || marker.is_some())) {
            break;
        }
        // Code that is not indented would be cut in two.
        whole &= fence_start(trimmed).is_none();
        after_blank = false;
        at += line.len();
        if let Some(item) = items.last_mut() {
            item.end = at;
        }
    }
    let values = items.iter().filter(|item| has_number(&text[(*item).clone()])).count();
    if !whole || items.len() < 2 || values * 2 < items.len() {
        items.clear();
    }
    Items { items, end: at }
}

/// Whether there is a digit outside of the addresses of links.
fn has_number(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        if digit(&rest[..at]) {
            return true;
        }
        rest = rest[at..].find(')').map_or("", |end| &rest[at + end..]);
    }
    digit(rest)
}

fn digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        items(text, 0).items.into_iter().map(|item| text[item].trim_end()).collect()
    }

    #[test]
    fn a_list_of_values_is_its_items() {
        let list = "- 50 tags\n- Keys of 128\n  characters\n\n- **Values**:\n  - 256 characters\n  - no spaces\n\nAsk for 3.\n- 4\n";
        assert_eq!(
            texts(list),
            ["- 50 tags", "- Keys of 128\n  characters", "- **Values**:\n  - 256 characters\n  - no spaces"]
        );
        assert_eq!(&list[items(list, 0).end..], "Ask for 3.\n- 4\n");
        assert_eq!(texts("   - 1 GB\n   - 2 GB\n1. next 3\n"), ["   - 1 GB", "   - 2 GB"]);
    }

    #[test]
    fn other_lists_are_left_alone() {
        assert!(texts("- Read this\n- Read that\n- Wait 5 minutes\n").is_empty(), "most state no value");
        assert!(texts("1. Wait 5 minutes\n2. Wait 6 minutes\n").is_empty(), "steps");
        assert!(
            texts("- See [one](https://example.com/1)\n- See [two](https://example.com/2)\n").is_empty(),
            "addresses"
        );
        assert!(texts("- Run 1:\n  ```\n  x\n  ```\n- Run 2\n").is_empty(), "code");
        assert!(texts("- 50 tags\n").is_empty(), "one item");
        assert!(texts("").is_empty() && texts("text 1\n- 1\n- 2\n").is_empty());
    }
}
