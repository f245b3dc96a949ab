//! Private keys: PEM blocks as they are, on one line or in Base64, and other forms that carry a mark.

use std::sync::LazyLock;

use regex::Regex;

use super::form::{distinct, regex, run, starts_word, window};
use super::{Found, Secret};

/// A block goes on for at most so many bytes: keys of 16,384 bits have 13,000.
const MAX_BYTES: usize = 32 * 1024;

static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"-{2,5} ?BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{2,5}|LS0tLS1CRUdJTi|AGE-SECRET-KEY-1|Private-Lines: [0-9]{1,4}\r?\n",
    )
});
static END: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^-{2,5} ?END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{2,5}"));
/// What stands above the Base64 in old and in PGP blocks.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:Proc-Type|DEK-Info|Version|Comment|Hash|MessageID|Charset|Subject|X-[A-Za-z-]{1,30}): [^\n\\]{0,200}")
});

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut seen = 0;
    for begin in BEGIN.find_iter(text) {
        if begin.start() < seen {
            continue;
        }
        let range = match begin.as_str() {
            "AGE-SECRET-KEY-1" => {
                let end = run(text, begin.end(), 100, |byte| byte.is_ascii_alphanumeric());
                (end - begin.end() >= 50).then_some(begin.start()..end)
            }
            "LS0tLS1CRUdJTi" => {
                let hidden = starts_word(text, begin.start()) && names_private_key(window(text, begin.start(), 80));
                hidden.then(|| material(text, begin.start())).flatten().map(|end| begin.start()..end)
            }
            mark if mark.starts_with('P') => material(text, begin.end()).map(|end| begin.end()..end),
            _ => material(text, begin.end()).map(|end| begin.start()..end),
        };
        if let Some(range) = range {
            seen = range.end;
            found.push(Found { range, kind: Secret::PrivateKey });
        }
    }
}

/// Where the block whose Base64 starts at `start` ends; `None` if there is no Base64.
///
/// A block that was pasted without its last line ends where the Base64 does.
fn material(text: &str, start: usize) -> Option<usize> {
    let limit = start + window(text, start, MAX_BYTES).len();
    let mut at = start;
    let mut end = None;
    // A word is the last piece of a key only on a line of its own, and not behind a blank line.
    let mut lines = 0;
    let mut is_key = false;
    while at < limit {
        let rest = &text[at..limit];
        let byte = rest.as_bytes()[0];
        if let Some(last) = END.find(rest) {
            return is_key.then_some(at + last.end());
        }
        if byte == b'\n' {
            lines += 1;
            at += 1;
            continue;
        }
        if rest.starts_with("\\n") || rest.starts_with("\\r") || rest.starts_with("\\t") {
            lines += usize::from(rest.starts_with("\\n"));
            at += 2;
            continue;
        }
        if byte.is_ascii_whitespace() || b"\"'`>|,.\\".contains(&byte) {
            at += 1;
            continue;
        }
        if let Some(header) = HEADER.find(rest) {
            at += header.end();
            continue;
        }
        let piece = run(text, at, limit - at, is_base64);
        // In source code lines are joined with `+`, which is Base64 as well.
        let length = piece - at;
        if &text[at..piece] == "+" {
            at = piece;
            continue;
        }
        if length == 0 {
            break;
        }
        let long = length >= if lines >= 2 && is_key { 40 } else { 16 };
        if !(long && distinct(&text[at..piece]) >= 6 || is_key && lines < 2 && stands_alone(&text[piece..limit])) {
            break;
        }
        is_key |= long;
        end = Some(piece);
        lines = 0;
        at = piece;
    }
    end.filter(|_| is_key)
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Whether a line, or what stands for one, ends here.
fn stands_alone(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t', '\r', '"', '\'', '`', ',']);
    rest.is_empty() || rest.starts_with(['\n', '\\', '<', '+']) || rest.starts_with("--")
}

/// Whether the Base64 at the start of a text is that of a PEM block with a private key.
fn names_private_key(encoded: &str) -> bool {
    let mut decoded = Vec::with_capacity(encoded.len());
    let (mut bits, mut held) = (0_u32, 0);
    for byte in encoded.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = ((bits << 6) | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
        }
    }
    decoded.windows(11).any(|word| word == b"PRIVATE KEY")
}
