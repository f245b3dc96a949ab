//! Passwords where no name is assigned one: in addresses, SQL, files of logins, tables, and after a user's name.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::assignment::{column, judge};
use super::form::{is_password_like, is_path, is_placeholder, is_prose, is_random, is_reference, regex, window};
use super::value::{Tie, Value};
use super::{Found, Secret};

/// The longest user and password of an address: some registries have one log in with a token.
const MAX_USERINFO: usize = 64 * 1024;

/// The same, where a slash in it has to be guessed.
const MAX_GUESSED: usize = 512;

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    addresses(text, found);
    phrases(text, found);
    tables(text, found);
}

static SCHEME: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://"));

/// `scheme://user:password@host`, and `scheme://token@host`.
fn addresses(text: &str, found: &mut Vec<Found>) {
    for scheme in SCHEME.find_iter(text) {
        let start = scheme.end();
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|');
        let up_to = |max: usize, end: &dyn Fn(char) -> bool| {
            let rest = window(text, start, max);
            &rest[..rest.find(end).unwrap_or(rest.len())]
        };
        let mut authority = up_to(MAX_USERINFO, &|c| ends(c) || matches!(c, '/' | '?' | '#'));
        if text[start + authority.len()..].starts_with('#') {
            // What is behind could be a fragment, but hosts have none.
            let longer = up_to(MAX_GUESSED, &|c| ends(c) || matches!(c, '/' | '?'));
            authority = if longer.len() > authority.len() && longer[authority.len()..].contains('@') {
                longer
            } else {
                authority
            };
        }
        let userinfo = match (authority.rfind('@'), authority.split_once(':')) {
            (Some(at), _) => &authority[..at],
            // A password with a slash in it, which should have been escaped.
            (None, Some((_, port))) if !port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit()) => {
                let rest = up_to(MAX_GUESSED, &ends);
                match rest.rfind('@') {
                    Some(at) => &rest[..at],
                    None => continue,
                }
            }
            _ => continue,
        };
        match userinfo.split_once(':') {
            Some((user, password)) => {
                let at = start + user.len() + 1;
                if is_plain(password) && !password.starts_with('$') {
                    found.push(Found { range: at..at + password.len(), kind: Secret::Password });
                }
            }
            None if is_random(userinfo, 20, 8) => {
                found.push(Found { range: start..start + userinfo.len(), kind: Secret::Token });
            }
            None => {}
        }
    }
}

/// Whether a value in a place of passwords is one.
fn is_plain(value: &str) -> bool {
    value.len() >= 3
        && !is_placeholder(value)
        && !is_reference(value, true)
        && !is_prose(value)
        && !value.starts_with(['[', '{'])
}

/// Places of passwords, and whether the value must look like one.
static PHRASES: LazyLock<Vec<(Regex, bool)>> = LazyLock::new(|| {
    let table = [
        (
            r#"(?i-u:\bidentified\s{1,4}(?:with\s{1,4}[\w'"]{1,40}\s{1,4})?by(?:\s{1,4}password)?)\s{1,4}['"]([^'"\n]{3,})['"]"#,
            false,
        ),
        (r"(?:^|[\s(])(?i-u:password)(?:\s{1,4}|\s?\(\s?)'([^'\s][^'\n]{2,})'", false),
        (
            r"(?i-u:\bmachine)\s{1,4}\S{1,200}\s{1,40}(?i-u:login)\s{1,4}\S{1,64}\s{1,40}(?i-u:password)\s{1,4}(\S{3,})",
            false,
        ),
        (r"(?i-u:\blogin|\buser(?:name)?)\s{1,4}\S{1,64}\s{1,40}(?i-u:password)\s{1,4}(\S{3,})", true),
        (r#"(?m)^\s{0,8}(?:requirepass|masterauth|bindpw|rootpw)\s{1,8}"?([^\s"]{3,})"#, false),
        (r#"(?:[\w.-]{1,40}):([^\s:@/"'`]{3,64})@(?:tcp|unix)\("#, false),
        (r"(?m)^[\w.*-]{1,100}:(?:[0-9]{4,5}|\*):[\w*-]{1,64}:[\w*.-]{1,64}:([^\s:]{3,})$", false),
        (r#"(?i-u:auth\w{0,12})\s?=?\s?\(\s?['"][^'"\n]{1,64}['"]\s?,\s?['"]([^'"\n]{3,})['"]"#, false),
        (
            r#"(?i-u:\b(?:creds|credentials|logins?|log in with|user/pass(?:word)?|username/password|user/pw))\b[ \t]?[:=]?[ \t]{0,4}(?:(?:with|as|is|are)[ \t])?[`"'*]{0,2}[\w.@-]{1,64}[`"']?[ \t]?[/:][ \t]?[`"']?([^\s`"'/:|]{5,64})"#,
            true,
        ),
    ];
    let phrase = |(pattern, looks): (&str, bool)| (regex(pattern), looks);
    table.into_iter().map(phrase).collect()
});

fn phrases(text: &str, found: &mut Vec<Found>) {
    for (pattern, looks) in PHRASES.iter() {
        for value in pattern.captures_iter(text).filter_map(|captures| captures.get(1)) {
            let word = value.as_str().trim_end_matches(['.', ',', ';', ')']);
            let range = value.start()..value.start() + word.len();
            if is_plain(word) && !is_path(word) && (!looks || is_password_like(word)) {
                found.push(Found { range, kind: Secret::Password });
            }
        }
    }
}

/// Columns of Markdown tables whose heading announces secrets.
fn tables(text: &str, found: &mut Vec<Found>) {
    let mut at = 0;
    let mut header: &str = "";
    // Columns of the table that the line is in, with what their headings say.
    let mut columns = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if !trimmed.contains('|') {
            columns.clear();
            header = "";
        } else if !header.is_empty() && trimmed.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ')) {
            let meaning = |(at, cell): (usize, Range<usize>)| Some((at, column(bare(&header[cell]))?));
            columns = cells(header).into_iter().enumerate().filter_map(meaning).collect();
        } else if columns.is_empty() {
            header = line;
        } else {
            let cells = cells(line);
            for (at, meaning) in &columns {
                let Some(cell) = cells.get(*at) else { continue };
                let content = bare(&line[cell.clone()]);
                let offset = start + cell.start + line[cell.clone()].find(content).unwrap_or(0);
                let value = Value {
                    range: offset..offset + content.len(),
                    tie: Tie::Loose,
                    quoted: false,
                    goes_on: false,
                    spaced: true,
                };
                found.extend(judge(text, &value, *meaning).map(|kind| Found { range: value.range, kind }));
            }
        }
    }
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut from = None;
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'|' && (at == 0 || line.as_bytes()[at - 1] != b'\\') {
            cells.extend(from.map(|from| from..at));
            from = Some(at + 1);
        } else if from.is_none() && !byte.is_ascii_whitespace() {
            from = Some(at);
        }
    }
    cells.extend(from.filter(|from| !line[*from..].trim().is_empty()).map(|from| from..line.len()));
    cells
}

/// A cell without blanks and marks around it.
fn bare(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '`' | '*'))
}
