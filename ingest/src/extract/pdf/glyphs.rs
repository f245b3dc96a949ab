//! What text the codes and glyph names of simple fonts stand for.

use std::sync::LazyLock;

use lopdf::{Dictionary, Document, Object};

/// The text of each of 256 codes.
pub(super) type Table = [Option<char>; 256];

static STANDARD: LazyLock<Box<Table>> = LazyLock::new(|| table("StandardEncoding"));
static MAC_ROMAN: LazyLock<Box<Table>> = LazyLock::new(|| table("MacRomanEncoding"));
static WIN_ANSI: LazyLock<Box<Table>> = LazyLock::new(|| table("WinAnsiEncoding"));

/// The table of a named encoding; unknown names are what most fonts have.
pub(super) fn encoding(name: &[u8]) -> &'static Table {
    match name {
        b"MacRomanEncoding" => &MAC_ROMAN,
        b"WinAnsiEncoding" => &WIN_ANSI,
        _ => &STANDARD,
    }
}

/// Asks the library, which keeps its tables to itself.
fn table(name: &str) -> Box<Table> {
    let document = Document::new();
    let font = Dictionary::from_iter([
        ("Type", Object::Name(b"Font".to_vec())),
        ("Encoding", Object::Name(name.as_bytes().to_vec())),
    ]);
    let mut table = Box::new([None; 256]);
    if let Ok(encoding) = font.get_font_encoding(&document) {
        for (code, slot) in (0..=u8::MAX).zip(table.iter_mut()) {
            *slot = encoding.bytes_to_string(&[code]).ok().and_then(|text| text.chars().next());
        }
    }
    table
}

/// The text of a glyph by its name: of the Adobe list, `uni0041`, `u1F600`, `f_i`, with or without `.suffix`.
pub(super) fn named(name: &[u8]) -> Option<String> {
    let name = name.split(|byte| *byte == b'.').next().filter(|name| !name.is_empty() && name.len() <= 64)?;
    if name.contains(&b'_') {
        let parts: Option<Vec<String>> = name.split(|byte| *byte == b'_').map(part).collect();
        return parts.map(|parts| parts.concat());
    }
    part(name)
}

fn part(name: &[u8]) -> Option<String> {
    listed(name).or_else(|| {
        let name = std::str::from_utf8(name).ok()?;
        let hex = name.strip_prefix("uni").or_else(|| name.strip_prefix('u')).filter(|hex| hex.len() >= 4)?;
        let hex = if name.starts_with("uni") { hex.get(..4)? } else { hex };
        char::from_u32(u32::from_str_radix(hex, 16).ok()?).map(String::from)
    })
}

fn listed(name: &[u8]) -> Option<String> {
    let document = Document::new();
    let differences = Object::Array(vec![Object::Integer(1), Object::Name(name.to_vec())]);
    let encoding = Object::Dictionary(Dictionary::from_iter([("Differences", differences)]));
    let font = Dictionary::from_iter([("Type", Object::Name(b"Font".to_vec())), ("Encoding", encoding)]);
    // An unknown name makes the library fall back to an encoding that does not know the code.
    let text = font.get_font_encoding(&document).ok()?.bytes_to_string(&[1]).ok()?;
    (!text.is_empty() && text != "\u{1}").then_some(text)
}

/// Writes a text as it should be searched for: ligatures taken apart, bullets of symbol fonts as bullets.
pub(super) fn push(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\u{fb00}' => out.push_str("ff"),
            '\u{fb01}' => out.push_str("fi"),
            '\u{fb02}' => out.push_str("fl"),
            '\u{fb03}' => out.push_str("ffi"),
            '\u{fb04}' => out.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => out.push_str("st"),
            // Word writes the hyphen that it shows as a soft one.
            '\u{ad}' | '\u{2010}' | '\u{2011}' => out.push('-'),
            // Bullets of Symbol and Wingdings, as Word maps them.
            '\u{f0b7}' | '\u{f0a7}' | '\u{f076}' | '\u{f0d8}' | '\u{f0fc}' | '\u{f06c}' | '\u{f06e}' => out.push('•'),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{e000}'..='\u{f8ff}' => {}
            c if super::super::decode::is_dropped(c) => {}
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs() {
        let cases = [
            (&b"A"[..], Some("A")),
            (b"quoteright", Some("\u{2019}")),
            (b"uni00E4", Some("ä")),
            (b"u1F600", Some("😀")),
            (b"f_i.alt", Some("fi")),
            (b"g23", None),
            (b"", None),
        ];
        for (name, text) in cases {
            assert_eq!(named(name).as_deref(), text, "{}", String::from_utf8_lossy(name));
        }
        assert_eq!(encoding(b"WinAnsiEncoding")[0xe4], Some('ä'));
        assert_eq!(encoding(b"?")[usize::from(b'A')], Some('A'));
    }

    #[test]
    fn texts_are_tidied() {
        let mut text = String::new();
        push("e\u{fb03}cient\u{a0}\u{f0b7}\u{202e}", &mut text);
        assert_eq!(text, "efficient •");
    }
}
