//! Bytes to text: byte order marks, guessed encodings, line ends, control characters.

use std::borrow::Cow;

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8};

/// How much of a file is looked at to tell text from binary data, and to guess an encoding.
const SNIFFED: usize = 8 * 1024;
const GUESSED: usize = 256 * 1024;
/// How far into a page its own declaration is looked for. The standard says 1,024 bytes; many pages are late.
const DECLARED: usize = 4 * 1024;

/// The bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not text")]
pub struct Undecodable;

/// Decodes a file: UTF-8, what its byte order mark says, or else the most likely legacy encoding.
///
/// Sequences that are invalid become U+FFFD, line ends become `\n`, and control characters other than tab and line
/// end are dropped.
pub fn decode(bytes: &[u8]) -> Result<String, Undecodable> {
    let text = if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        encoding.decode_without_bom_handling(&bytes[mark..]).0
    } else if bytes[..bytes.len().min(SNIFFED)].contains(&0) {
        return Err(Undecodable);
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        Cow::Borrowed(text)
    } else {
        guess(bytes).decode_without_bom_handling(bytes).0
    };
    if mostly_broken(&text) {
        return Err(Undecodable);
    }
    Ok(normalize(&text))
}

/// Decodes a page of the web: what its byte order mark says, else what its server or it itself declares, unless the
/// bytes speak against it.
///
/// Declarations are often wrong, and nobody notices as long as all is ASCII. Text that is well-formed UTF-8 beyond ASCII
/// is UTF-8 whatever is declared, since other encodings practically never look like it; a declared encoding in which the
/// bytes are malformed is passed over, and when none is left the most likely one is guessed as in [`decode`].
pub fn decode_with(bytes: &[u8], declared: Option<&str>) -> Result<String, Undecodable> {
    let utf8 = std::str::from_utf8(bytes).is_ok();
    if Encoding::for_bom(bytes).is_some() || (utf8 && !bytes.is_ascii()) {
        return decode(bytes);
    }
    let inside = declared_inside(bytes);
    for label in [declared, inside.as_deref()].into_iter().flatten() {
        let Some(encoding) = Encoding::for_label(label.trim().as_bytes()).filter(|encoding| *encoding != UTF_8) else {
            continue;
        };
        if encoding.is_ascii_compatible() && bytes[..bytes.len().min(SNIFFED)].contains(&0) {
            return Err(Undecodable);
        }
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
            && !mostly_broken(&text)
        {
            return Ok(normalize(&text));
        }
    }
    decode(bytes)
}

/// The encoding that a page declares near its start: `<meta charset="…">`, `<meta … content="text/html; charset=…">`,
/// `<?xml … encoding="…"?>`.
fn declared_inside(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARED)]).to_ascii_lowercase();
    let value = |after: &str| {
        let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')));
        Some(value[..end.unwrap_or(value.len())].to_owned()).filter(|label| !label.is_empty())
    };
    let in_xml = start.strip_prefix("<?xml").and_then(|xml| {
        let head = &xml[..xml.find('>')?];
        value(&head[head.find("encoding")? + "encoding".len()..])
    });
    let in_meta = start.match_indices("<meta").find_map(|(at, _)| {
        let tag = &start[at..];
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        value(&tag[tag.find("charset")? + "charset".len()..])
    });
    // A page that could be read as far as its declaration is in no UTF-16, whatever it says (HTML standard).
    in_meta.or(in_xml).filter(|label| !label.starts_with("utf-16"))
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // A text in UTF-8 with a few broken bytes is still UTF-8: a legacy encoding would garble all of it.
    let sample = &bytes[..bytes.len().min(GUESSED)];
    let mut multibyte = 0_usize;
    let mut broken = 0_usize;
    for chunk in sample.utf8_chunks() {
        multibyte += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if multibyte > 2 * broken {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, sample.len() == bytes.len());
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// Whether so much of the text is replacement or control characters that it is binary data after all.
fn mostly_broken(text: &str) -> bool {
    let (mut broken, mut seen) = (0_usize, 0_usize);
    for c in text.chars().take(SNIFFED) {
        seen += 1;
        broken += usize::from(c == '\u{fffd}' || is_dropped(c));
    }
    seen >= 16 && broken * 4 > seen
}

pub(super) const fn is_dropped(c: char) -> bool {
    // Zero-width no-break space and the bidirectional controls can hide text from a reader; none of them is content.
    matches!(c,
        '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{feff}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{ad}')
}

fn normalize(text: &str) -> String {
    let unusual = |c: char| c == '\r' || c == '\u{85}' || c == '\u{2028}' || c == '\u{2029}' || is_dropped(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(unusual) {
        clean.push_str(&rest[..at]);
        let c = rest[at..].chars().next().unwrap_or('\n');
        rest = &rest[at + c.len_utf8()..];
        match c {
            '\r' if rest.starts_with('\n') => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            _ => {}
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let utf16: Vec<u8> = "\u{feff}Größe\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16_be: Vec<u8> = "\u{feff}Größe".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let cases: [(&[u8], &str); 8] = [
            (b"", ""),
            ("\u{feff}plain".as_bytes(), "plain"),
            (b"one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
            (b"a\x07b\x1b[0m\x7f", "ab[0m"),
            (&utf16, "Größe\n"),
            (&utf16_be, "Größe"),
            (b"Die Gr\xf6\xdfe der Stra\xdfe f\xfcr \xdcbung", "Die Größe der Straße für Übung"),
            ("zero\u{200b}width \u{202e}hidden".as_bytes(), "zerowidth hidden"),
        ];
        for (bytes, text) in cases {
            assert_eq!(decode(bytes).as_deref(), Ok(text), "{bytes:?}");
        }
    }

    #[test]
    fn broken_utf8_stays_utf8() {
        let mut bytes = "Größe, Straße, Übung, Äpfel".as_bytes().to_vec();
        bytes.insert(7, 0xff);
        let text = decode(&bytes).unwrap();
        assert!(text.contains('\u{fffd}') && text.contains("Straße"), "{text}");
    }

    #[test]
    fn declared_encodings() {
        let meta = |charset: &str, body: &[u8]| [b"<meta charset=", charset.as_bytes(), b">", body].concat();
        let http_equiv =
            b"<META http-equiv=x content='text/html; CHARSET=windows-1251'>\xcf\xf0\xe8\xe2\xe5\xf2".to_vec();
        let cases: [(Vec<u8>, Option<&str>, &str); 10] = [
            (b"\xcf\xf0\xe8\xe2\xe5\xf2".to_vec(), Some("windows-1251"), "Привет"),
            (http_equiv, None, "Привет"),
            (meta("shift_jis", b"\x93\xfa\x96\x7b\x8c\xea"), None, "日本語"),
            // The header comes first.
            (meta("shift_jis", b"caf\xe9"), Some("iso-8859-1"), "café"),
            // Wrong declarations.
            ("Größe".into(), Some("iso-8859-1"), "Größe"),
            (
                b"Die Gr\xf6\xdfe der Stra\xdfe f\xfcr \xdcbung".to_vec(),
                Some("utf-8"),
                "Die Größe der Straße für Übung",
            ),
            (b"caf\xe9 and more".to_vec(), Some("no-such-charset"), "café and more"),
            ("\u{feff}Größe".into(), Some("windows-1252"), "Größe"),
            (b"<?xml version='1.0' encoding='windows-1251'?>\xcf\xf0\xe8".to_vec(), None, "При"),
            (b"h\0i\0".to_vec(), Some("utf-16le"), "hi"),
        ];
        for (bytes, declared, expected) in cases {
            let text = decode_with(&bytes, declared).unwrap();
            assert!(text.ends_with(expected), "{declared:?}: {text}");
        }
        assert_eq!(decode_with(b"\x89PNG\0\0", Some("iso-8859-1")), Err(Undecodable));
    }

    #[test]
    fn binary_is_refused() {
        assert_eq!(decode(b"PK\x03\x04\0\0\x08\0"), Err(Undecodable));
        assert_eq!(decode(&[0x01; 100]), Err(Undecodable));
    }
}
