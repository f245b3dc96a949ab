//! Single HTML tags and character references inside running text.

/// Longest tag or comment inside a line that is recognized as one.
const MAX_TAG_BYTES: usize = 2_000;

/// A tag as it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) closing: bool,
    pub(super) attributes: &'a str,
    /// Length in bytes, from `<` to `>`.
    pub(super) len: usize,
}

/// The tag at the start of `text`, if there is a well-formed one.
pub(super) fn tag_at(text: &str) -> Option<Tag<'_>> {
    let bytes = text.as_bytes();
    let closing = bytes.get(1) == Some(&b'/');
    let start = if closing { 2 } else { 1 };
    if bytes.first() != Some(&b'<') || !bytes.get(start)?.is_ascii_alphabetic() {
        return None;
    }
    let name_len = bytes[start..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let name_end = start + name_len;
    if !matches!(bytes.get(name_end), Some(b' ' | b'/' | b'>' | b'\t')) {
        return None;
    }
    let mut quote = None;
    for (offset, &byte) in bytes[name_end..].iter().take(MAX_TAG_BYTES).enumerate() {
        match (quote, byte) {
            (None, b'>') => {
                let end = name_end + offset;
                let attributes = text[name_end..end].trim().trim_end_matches('/');
                return Some(Tag { name: &text[start..name_end], closing, attributes, len: end + 1 });
            }
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of an attribute of a tag.
pub(super) fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.rsplit(char::is_whitespace).next().unwrap_or(name);
        let after = after.trim_start();
        let (value, next) = match after.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let quote = *quote as char;
                after[1..].split_once(quote)?
            }
            _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
}

/// Names of the elements that Markdown files use for layout. Anything else in angle brackets, such as
/// `<account-id>`, is a placeholder that a reader needs.
pub(super) fn is_layout_tag(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "a",
        "abbr",
        "b",
        "big",
        "blockquote",
        "body",
        "br",
        "center",
        "cite",
        "code",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "iframe",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "nobr",
        "ol",
        "p",
        "picture",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "wbr",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The character that a reference such as `&amp;` or `&#169;` at the start of `text` stands for, and its length.
pub(super) fn entity_at(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let decoded = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code).filter(|c| !c.is_control())?
    } else {
        match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
            "copy" => '©',
            "reg" => '®',
            "trade" => '™',
            "mdash" => '—',
            "ndash" => '–',
            "hellip" => '…',
            "lsquo" => '‘',
            "rsquo" => '’',
            "ldquo" => '“',
            "rdquo" => '”',
            "laquo" => '«',
            "raquo" => '»',
            "bull" => '•',
            "middot" => '·',
            "times" => '×',
            "rarr" => '→',
            "larr" => '←',
            "le" => '≤',
            "ge" => '≥',
            "ne" => '≠',
            "micro" => 'µ',
            "deg" => '°',
            "plusmn" => '±',
            "sect" => '§',
            _ => return None,
        }
    };
    Some((decoded, end + 1))
}

/// Whether a page is built to make HTML parsers slow: elements or formatting nested deeper than on any real page.
///
/// Parsers walk the open elements at many tags, and open formatting elements again in every paragraph.
pub(crate) fn nests_too_deeply(text: &str) -> bool {
    const DEEPEST: usize = 2_000;
    const MOST_STEPS: usize = 300_000_000;
    const MOST_COPIES: usize = 10_000_000;
    // Elements that may be left open: they do not nest by themselves.
    const UNCLOSED: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
        "p", "li", "dt", "dd", "tr", "td", "th", "option",
    ];
    const FORMATTING: &[&str] =
        &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    let among = |names: &[&str], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let mut open: Vec<(&str, bool)> = Vec::new();
    let (mut formatting, mut steps, mut copies) = (0, 0, 0);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let Some(tag) = tag_at(rest) else {
            rest = &rest[1..];
            continue;
        };
        if tag.closing {
            // A closing tag without its opening one, within reach, closes nothing.
            let reach = open.len().saturating_sub(20);
            let matching = open[reach..].iter().rposition(|(name, _)| name.eq_ignore_ascii_case(tag.name));
            if let Some(position) = matching {
                formatting -= open.drain(reach + position..).filter(|(_, formats)| *formats).count();
            }
        } else if !among(UNCLOSED, tag.name) {
            let formats = among(FORMATTING, tag.name);
            formatting += usize::from(formats);
            open.push((tag.name, formats));
        }
        steps += open.len();
        copies += formatting;
        if open.len() > DEEPEST || steps > MOST_STEPS || copies > MOST_COPIES {
            return true;
        }
        rest = &rest[tag.len..];
    }
    false
}

/// A text with everything between angle brackets taken out.
pub(super) fn without_tags(text: &str) -> String {
    let mut clean = String::with_capacity(text.len() / 2);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = tag_at(rest).map_or(1, |tag| tag.len);
        clean.push(' ');
        rest = &rest[len..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_text() {
        let tag = tag_at("<a name=\"x>y\" id='z'></a>").unwrap();
        assert_eq!((tag.name, tag.closing, tag.len), ("a", false, 21));
        assert_eq!(attribute(tag.attributes, "name"), Some("x>y"));
        assert_eq!(attribute(tag.attributes, "id"), Some("z"));
        assert_eq!(attribute(tag.attributes, "class"), None);
        assert!(tag_at("</pre>").unwrap().closing);
        for text in ["<", "< a>", "<1>", "<a", "<https://example.org>", "a < b > c", "<a <b>"] {
            assert_eq!(tag_at(text), None, "{text}");
        }
        assert!(is_layout_tag("BR") && !is_layout_tag("account-id"));
    }

    #[test]
    fn references() {
        assert_eq!(entity_at("&amp; x"), Some(('&', 5)));
        assert_eq!(entity_at("&#169;"), Some(('©', 6)));
        assert_eq!(entity_at("&#x41;"), Some(('A', 6)));
        for text in ["&", "& b;", "&unknown;", "&#0;", "&#xffffffff;", "&limitType=vpc"] {
            assert_eq!(entity_at(text), None, "{text}");
        }
    }
}
