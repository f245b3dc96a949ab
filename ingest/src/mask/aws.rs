//! Credentials of AWS by their form and by what stands around them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::form::{
    distinct, entropy, is_mask, is_placeholder, is_wordy, regex, run, starts_word, window, window_before,
};
use super::{Found, Secret};

/// Bytes in front of a value in which a word, or an access key id, makes a secret access key of it; half of it behind.
const NEAR: usize = 200;

/// Characters of a secret access key.
const SECRET_CHARS: usize = 40;

/// Session tokens have some hundred characters, with large policies some thousand.
const MAX_SESSION_TOKEN: usize = 16 * 1024;

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    key_ids(text, found);
    secret_keys(text, found);
    session_tokens(text, found);
    signatures(text, found);
}

static KEY_ID: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,24}"));
static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?i-u:X-Amz-Credential|AWSAccessKeyId)(?:=|%3D|["']?: ?["']?)([A-Za-z0-9]{6,128})(?:/|%2F|&|["'\s]|$)"#)
});

fn key_ids(text: &str, found: &mut Vec<Found>) {
    for id in KEY_ID.find_iter(text) {
        let upper = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let bytes = text.as_bytes();
        let before = id.start().checked_sub(1).and_then(|at| bytes.get(at));
        let whole = !upper(bytes.get(id.end())) && (!upper(before) || starts_word(text, id.start()));
        if whole && distinct(&id.as_str()[4..]) >= 4 {
            found.push(Found { range: id.range(), kind: Secret::AwsAccessKeyId });
        }
    }
    for credential in CREDENTIAL.captures_iter(text).filter_map(|captures| captures.get(1)) {
        let value = credential.as_str();
        if distinct(value) >= 4 && !value.to_ascii_lowercase().starts_with("your") {
            found.push(Found { range: credential.range(), kind: Secret::AwsAccessKeyId });
        }
    }
}

static NEAR_WORD: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i-u:secret|access[ _.-]?key|aws[ _.-]?key|credential)|(?:AKIA|ASIA)[A-Z0-9]{16}|\[aws_access_key_id")
});

static OTHER_NAME: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i-u:token|api[ _-]?key|password)["']?[ \t]{0,4}[:= ][ \t]{0,4}["']?$"#));

fn secret_keys(text: &str, found: &mut Vec<Found>) {
    for range in runs_of_40(text) {
        let value = &text[range.clone()];
        let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
        // Commits and hashes have letters of one case, names and paths are made of words.
        let random =
            has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && entropy(value) >= 3.9 && !is_wordy(value, 5);
        if !random {
            continue;
        }
        let before = window_before(text, range.start, NEAR);
        let behind = window(text, range.end, NEAR / 2);
        // Another rule knows what is assigned to these, and whether it is a secret.
        if OTHER_NAME.is_match(before) {
            continue;
        }
        if [before, behind].into_iter().any(|around| NEAR_WORD.find_iter(around).any(|word| !in_mask(around, &word))) {
            found.push(Found { range, kind: Secret::AwsSecretAccessKey });
        }
    }
}

/// Whether a word is part of a mask, which would otherwise make secrets of what stands around it.
fn in_mask(text: &str, word: &regex::Match<'_>) -> bool {
    let before = window_before(text, word.start(), 24);
    let name = before.rsplit(|c: char| !(c.is_ascii_lowercase() || c == '_')).next().unwrap_or_default();
    let start = word.start() - name.len();
    let end = run(text, word.end(), 24, |byte| byte.is_ascii_lowercase() || byte == b'_');
    start > 0 && text.as_bytes()[start - 1] == b'[' && is_mask(&text[start - 1..end])
}

/// Every run of exactly 40 characters of Base64, however `/` and `+` are written.
fn runs_of_40(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut runs = Vec::new();
    let (mut at, mut start, mut chars) = (0, 0, 0);
    while at <= bytes.len() {
        let (length, is_char) = unit(&bytes[at..]);
        if is_char {
            if chars == 0 {
                start = at;
            }
            chars += 1;
        } else {
            // `AKIA…/secret`: one run, and yet two values.
            let pair = (chars == 20 + 1 + SECRET_CHARS && bytes[start + 20] == b'/').then_some(start + 21);
            let from = if chars == SECRET_CHARS { Some(start) } else { pair };
            if let Some(from) = from.filter(|from| !is_inside(bytes, *from, at)) {
                runs.push(from..at);
            }
            chars = 0;
        }
        at += length;
    }
    runs
}

/// Whether a run is a piece of a longer token, with characters in it that are not those of a key.
fn is_inside(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = matches!(bytes[..start], [.., byte, b'-' | b'_'] if byte.is_ascii_alphanumeric());
    let behind = match bytes[end..] {
        // Base64 of this length needs no padding.
        [b'=', ..] => true,
        [b'-' | b'_' | b'.', next, ..] => next.is_ascii_alphanumeric(),
        _ => false,
    };
    before || behind
}

/// The length of what comes next, and whether it is a character of Base64.
fn unit(rest: &[u8]) -> (usize, bool) {
    match rest {
        [b'%', b'2', b'F' | b'f' | b'B' | b'b', ..] => (3, true),
        [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => (3, false),
        [b'\\', b'/', ..] => (2, true),
        [b'\\', b'n' | b't' | b'r', ..] => (2, false),
        [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => (6, false),
        [byte, ..] => (1, byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')),
        [] => (1, false),
    }
}

/// `origin…`, `er/aws`, `u/aws` and `aws` in Base64: how all of them start.
static SESSION_TOKEN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AQoDYXdz|AQoEXAMPLE|FQoDYXdz|FwoDYXdz"));

fn session_tokens(text: &str, found: &mut Vec<Found>) {
    let mut seen = 0;
    for start in SESSION_TOKEN.find_iter(text) {
        if start.start() < seen || !starts_word(text, start.start()) {
            continue;
        }
        let end = token_end(text, start.start());
        seen = end;
        if end - start.start() >= 50 {
            found.push(Found { range: start.start()..end, kind: Secret::AwsSessionToken });
        }
    }
}

/// Where a session token ends that starts at `start`. Consoles and documents break them into lines.
pub(super) fn token_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(start + MAX_SESSION_TOKEN);
    let piece = |start: usize| {
        let mut at = start;
        while at < limit {
            match unit(&bytes[at..]) {
                (length, true) => at += length,
                _ if matches!(bytes[at], b'=' | b'-' | b'_') => at += 1,
                _ if bytes[at..].starts_with(b"%3D") || bytes[at..].starts_with(b"%3d") => at += 3,
                _ => break,
            }
        }
        at.min(bytes.len())
    };
    let mut end = piece(start);
    while end - start >= 50 && bytes.get(end) == Some(&b'\n') {
        let next = run(text, end + 1, 40, |byte| matches!(byte, b' ' | b'\t'));
        let line_end = piece(next);
        let alone = bytes.get(line_end).is_none_or(|byte| matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'<' | b','));
        let value = &text[next..line_end];
        // A name with a value is another line, and so is a word.
        let assigned = value.trim_end_matches('=').contains('=');
        if value.len() < 20 || !alone || assigned || is_wordy(value, 5) {
            break;
        }
        end = line_end;
    }
    end
}

static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:(?i-u:X-(?:Amz|Goog)-Signature)(?:=|%3D|["']?: ?["']?)|[?&;,\s](?i-u:Signature)(?:=|%3D))([0-9A-Za-z%+/=~_.-]{20,})"#,
    )
});
static SIGNED_HEADER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"AWS (?:[A-Z0-9]{16,128}|\[aws_access_key_id\**\]?):([A-Za-z0-9+/]{20,60}={0,2})"));

fn signatures(text: &str, found: &mut Vec<Found>) {
    for pattern in [&SIGNATURE, &SIGNED_HEADER] {
        for value in pattern.captures_iter(text).filter_map(|captures| captures.get(1)) {
            if !is_placeholder(value.as_str()) && !is_wordy(value.as_str(), 5) {
                found.push(Found { range: value.range(), kind: Secret::AwsSignature });
            }
        }
    }
}
