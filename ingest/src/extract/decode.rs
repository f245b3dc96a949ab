//! Bytes to text: byte order marks, guessed encodings, line ends, control characters.

use std::borrow::Cow;

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8};

/// How much of a file is looked at to tell text from binary data, and to guess an encoding.
const SNIFFED: usize = 8 * 1024;
const GUESSED: usize = 256 * 1024;

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
    fn binary_is_refused() {
        assert_eq!(decode(b"PK\x03\x04\0\0\x08\0"), Err(Undecodable));
        assert_eq!(decode(&[0x01; 100]), Err(Undecodable));
    }
}
