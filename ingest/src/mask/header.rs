//! Headers of HTTP that let somebody in: `Authorization`, cookies of sessions, bearer tokens anywhere.

use std::sync::LazyLock;

use regex::Regex;

use super::form::{is_placeholder, is_random, is_reference, is_uuid, regex, run, starts_word, window};
use super::{Found, Secret};

/// A line of cookies has at most so many bytes.
const MAX_COOKIES: usize = 8 * 1024;

static AUTHORIZATION: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?i-u:authorization)["'`\\*\]]{0,3}[ \t]{0,8}(?:[:=,]|=>)\*{0,2}[ \t]{0,8}["'`\\]{0,3}"#)
});
static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?i-u:(Basic)|Bearer|Token(?:[ \t]{1,4}token)?|ApiKey|Api-Key|GenieKey|Splunk|SSWS|Negotiate|NTLM|Key|Bot|Apikey|OAuth|JWT)(?:[ \t]{1,4}|=)",
    )
});
static BEARER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:bearer)[ \t]{1,4}"));
static COOKIE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:cookie)[ \t]{0,4}:[ \t]{0,4}"));
static SESSION_COOKIE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i-u:[A-Za-z0-9_.-]{0,40}(?:sess|auth|token|jwt|\bsid)[A-Za-z0-9_.-]{0,40})=([!#-&(-+./0-:<-~-]{8,})")
});

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut seen = 0;
    for header in AUTHORIZATION.find_iter(text) {
        if header.start() < seen {
            continue;
        }
        let start = header.end();
        let scheme = SCHEME.captures(window(text, start, 40));
        let (skip, basic) = scheme.map_or((0, None), |scheme| (scheme[0].len(), scheme.get(1)));
        let start = start + skip + usize::from(skip > 0 && text[start + skip..].starts_with(['"', '\'']));
        let end = run(text, start, usize::MAX, is_credential);
        seen = end;
        let value = text[start..end].trim_end_matches(['.', ',']);
        // Behind a scheme there is nothing else it could be.
        let min = if skip > 0 { 8 } else { 16 };
        // The key id and the signature are found by their names.
        if value.starts_with("AWS4") {
            continue;
        }
        let is_one =
            if skip > 0 { value.len() >= min && !is_word(value) } else { is_random(value, min, 8) || is_uuid(value) };
        if is_one && !is_placeholder(value) && !is_reference(value, false) {
            let kind = if basic.is_some() { Secret::Password } else { Secret::Token };
            found.push(Found { range: start..start + value.len(), kind });
        }
    }
    for bearer in BEARER.find_iter(text).filter(|bearer| starts_word(text, bearer.start())) {
        let end = run(text, bearer.end(), usize::MAX, is_credential);
        let value = text[bearer.end()..end].trim_end_matches(['.', ',']);
        if is_random(value, 16, 8) && !is_placeholder(value) && !is_reference(value, false) {
            found.push(Found { range: bearer.end()..bearer.end() + value.len(), kind: Secret::Token });
        }
    }
    let mut seen = 0;
    for cookie in COOKIE.find_iter(text) {
        if cookie.start() < seen {
            continue;
        }
        let line = window(text, cookie.end(), MAX_COOKIES).split('\n').next().unwrap_or_default();
        seen = cookie.end() + line.len();
        for value in SESSION_COOKIE.captures_iter(line).filter_map(|captures| captures.get(1)) {
            if !is_placeholder(value.as_str()) && !is_reference(value.as_str(), false) {
                let range = cookie.end() + value.start()..cookie.end() + value.end();
                found.push(Found { range, kind: Secret::Token });
            }
        }
    }
}

const fn is_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~')
}

/// Whether it is a word, such as `required` or `authentication`.
fn is_word(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_lowercase())
        || value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}
