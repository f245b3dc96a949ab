//! Link targets, and links where only documentation generators put them: inside code.

use super::inline::floor_char;

const MAX_TARGET_BYTES: usize = 4_000;
const MAX_LINK_TEXT_BYTES: usize = 2_000;

/// Whether a link's text is its own address.
pub(super) fn same_address(text: &str, url: &str) -> bool {
    let bare = |address: &str| {
        let address = address.trim_start_matches("https://").trim_start_matches("http://");
        address.trim_end_matches('/').to_owned()
    };
    bare(text) == bare(url)
}

/// The target in parentheses at the start of `text`, unescaped and without its title, and the length of it all.
pub(super) fn target(text: &str) -> Option<(String, usize)> {
    let bytes = &text.as_bytes()[..text.len().min(MAX_TARGET_BYTES)];
    let mut depth = 0_usize;
    let mut at = 0;
    let mut quoted = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' if quoted || bytes[at - 1] == b' ' => quoted = !quoted,
            b'(' if !quoted && depth > 32 => return None,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    let inside = text[1..at].trim();
                    let url = match inside.strip_prefix('<') {
                        Some(bracketed) => bracketed.split('>').next().unwrap_or_default(),
                        None => inside.split([' ', '\t']).next().unwrap_or_default(),
                    };
                    return Some((unescape(url).replace("&amp;", "&"), at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The length of `<https://…>` at the start of `rest`.
pub(super) fn autolink(rest: &str) -> Option<usize> {
    let inside = &rest[1..];
    if !inside.starts_with("http://") && !inside.starts_with("https://") {
        return None;
    }
    let end = inside[..floor_char(inside, MAX_TARGET_BYTES)].find(['>', ' ', '<'])?;
    (inside.as_bytes()[end] == b'>').then_some(end + 2)
}

/// A text without the backslashes in front of punctuation.
pub(super) fn unescape(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\\' && characters.peek().is_some_and(char::is_ascii_punctuation) {
            continue;
        }
        // An escaped backslash is rare in an address, and either reading of it leads nowhere.
        clean.push(c);
    }
    clean
}

/// Appends code, with the links that the AWS documentation puts inside code reduced to their text.
pub(super) fn unlink_code(code: &str, out: &mut String) {
    let mut rest = code;
    while let Some(middle) = rest.find("](") {
        let Some(open) = rest[..middle].rfind('[').filter(|open| middle - open < MAX_LINK_TEXT_BYTES) else {
            out.push_str(&rest[..middle + 2]);
            rest = &rest[middle + 2..];
            continue;
        };
        let after = &rest[middle + 2..];
        let end = after[..floor_char(after, MAX_TARGET_BYTES)].find([')', ' ', '\n']);
        let end = end.filter(|end| after.as_bytes()[*end] == b')' && is_page_target(&after[..*end]));
        if let Some(end) = end {
            out.push_str(&rest[..open]);
            out.push_str(&rest[open + 1..middle]);
            rest = &after[end + 1..];
        } else {
            out.push_str(&rest[..middle + 2]);
            rest = after;
        }
    }
    out.push_str(rest);
}

/// Whether a link target is one that only a documentation generator writes: an anchor or a page of AWS.
fn is_page_target(target: &str) -> bool {
    let page = target.split('#').next().unwrap_or_default();
    (page.is_empty() && target.len() > 1)
        || (page.strip_suffix(".md").is_some() && !page.contains(['/', '(']))
        || page.starts_with("https://docs.aws.amazon.com/")
        || page.starts_with("http://docs.aws.amazon.com/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_loses_generated_links_only() {
        let mut out = String::new();
        unlink_code(
            "\"[Name](#anchor)\" : [ [Tag](https://docs.aws.amazon.com/x.html), ... ] a[0](b) [k](v.md)",
            &mut out,
        );
        assert_eq!(out, "\"Name\" : [ Tag, ... ] a[0](b) k");
    }
}
