//! What is assigned to a name that announces a secret: in code, settings, addresses, tables and prose.

use std::sync::LazyLock;

use regex::Regex;

use super::aws::token_end;
use super::form::{
    is_label, is_mask, is_password_like, is_path, is_placeholder, is_prose, is_random, is_reference, is_stopword,
    is_uuid, regex, run, window, window_before,
};
use super::name::{Meaning, meaning, words};
use super::value::{Tie, Value, of_name};
use super::{Found, Secret};

/// Names have at most so many bytes.
const MAX_NAME: usize = 64;

static HEAD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i-u:passw(?:or[dt]|d)|passphrase|pass|pwd|pw|token|secret|key|auth)"));

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let mut seen = 0;
    for head in HEAD.find_iter(text) {
        if head.start() < seen {
            continue;
        }
        let Some(name) = Name::around(text, head.start(), head.end()) else {
            continue;
        };
        seen = name.end;
        let Some(meaning) = name.meaning(text) else {
            continue;
        };
        let max = match meaning {
            Meaning::Password { .. } | Meaning::AwsSecret => 512,
            Meaning::Token { .. } | Meaning::PrivateKey => 2 * 1024,
            Meaning::AwsSession => 8 * 1024,
        };
        let Some(mut value) = of_name(text, name.end, name.flag, name.tag, max) else {
            continue;
        };
        // `${PASSWORD:-default}`
        if text[..name.start].ends_with("${") && text[value.range.clone()].starts_with('-') {
            value.range.start += 1;
        }
        let judged = judge(text, &value, meaning);
        if judged == Some(Secret::AwsSessionToken) {
            value.range.end = value.range.end.max(token_end(text, value.range.start));
        }
        // What was only looked at in part is masked as a whole.
        if judged.is_some() && value.range.len() + 8 >= max {
            let part = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'<');
            value.range.end = run(text, value.range.end, usize::MAX, part);
        }
        // In a long value that is none there is no name either.
        if judged.is_some() || value.range.len() > 256 {
            seen = value.range.end;
        }
        found.extend(judged.map(|kind| Found { range: value.range, kind }));
    }
}

/// Where a name stands.
struct Name {
    start: usize,
    end: usize,
    flag: bool,
    tag: bool,
}

impl Name {
    /// The whole name that has the bytes from `start` to `end`.
    fn around(text: &str, start: usize, end: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let before = bytes[..start].iter().rev().take(MAX_NAME).take_while(|byte| part(**byte)).count();
        let end = run(text, end, MAX_NAME, part);
        let name = &text[start - before..end];
        let end = end - (name.len() - name.trim_end_matches(['-', '.', '_']).len());
        let bare = name.trim_start_matches(['-', '.']);
        let begin = start - before + (name.len() - bare.len());
        let option = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'(' | b'[');
        let flag = name.starts_with('-') && bytes[..start - before].last().is_none_or(option);
        let tag = bytes[..begin].last() == Some(&b'<');
        // The names in masks announce nothing any more.
        let masked = bytes[..begin].last() == Some(&b'[') && is_mask(&text[begin - 1..end]);
        (!masked && begin < end).then_some(Self { start: begin, end, flag, tag })
    }

    fn meaning(&self, text: &str) -> Option<Meaning> {
        let name = &text[self.start..self.end];
        // `arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db` names a secret and is none.
        if text[..self.start].ends_with(':') {
            let before = window_before(text, self.start, 200);
            let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '`')).next().unwrap_or_default();
            let resolved = before.rfind("{{resolve:").is_some_and(|at| !before[at..].contains("}}"));
            let listed = before.rsplit('\n').next().is_some_and(|line| line.contains("arn:aws:secretsmanager"));
            if resolved || listed || word.contains("arn:") {
                return None;
            }
        }
        let mut words = words(name);
        // `Secret access key`, `API token`.
        if words.len() == 1 && matches!(words[0].as_str(), "key" | "token" | "secret" | "string") {
            let before = window_before(text, self.start, 40);
            let mut taken: Vec<&str> = Vec::new();
            let mut rest = before;
            while let Some(shorter) = rest.strip_suffix([' ', '_']).filter(|_| taken.len() < 3) {
                let word = shorter.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                if word.is_empty() {
                    break;
                }
                taken.push(word);
                rest = &shorter[..shorter.len() - word.len()];
            }
            for word in taken {
                words.insert(0, word.to_ascii_lowercase());
            }
            return meaning(&words).map(|meaning| match meaning {
                // `the token`, `old secret`: any word can stand there.
                Meaning::Token { vague: false } if !KNOWN.contains(&words[words.len() - 2].as_str()) => {
                    Meaning::Token { vague: true }
                }
                meaning => meaning,
            });
        }
        meaning(&words)
    }
}

/// Words that make a token or a key of what is written with blanks.
const KNOWN: &[&str] = &[
    "api",
    "access",
    "auth",
    "client",
    "refresh",
    "bearer",
    "secret",
    "webhook",
    "signing",
    "encryption",
    "app",
    "bot",
    "deploy",
    "account",
    "shared",
    "routing",
    "integration",
    "master",
    "personal",
];

/// What a value is, if it is a secret.
pub(super) fn judge(text: &str, value: &Value, meaning: Meaning) -> Option<Secret> {
    let content = &text[value.range.clone()];
    if is_placeholder(content) || is_reference(content, value.quoted) {
        return None;
    }
    match meaning {
        Meaning::Password { vague } => is_password(content, value, vague).then_some(if content.starts_with("eyJ") {
            Secret::Token
        } else {
            Secret::Password
        }),
        Meaning::Token { vague } => {
            // Where a name is as good as the value is bad, a short one or a UUID is one too.
            let is_one = if vague { is_random(content, 16, 5) } else { is_random(content, 10, 8) || is_uuid(content) };
            (is_one && (!vague || !is_uuid(content)) && !is_path(content) && !content.contains("://"))
                .then_some(Secret::Token)
        }
        Meaning::AwsSecret => {
            let is_one = content.len() >= 16 && is_random(content, 16, 5) && !is_path(content);
            is_one.then_some(Secret::AwsSecretAccessKey)
        }
        Meaning::AwsSession => is_random(content, 16, 6).then_some(if content.len() >= 64 {
            Secret::AwsSessionToken
        } else {
            Secret::Token
        }),
        Meaning::PrivateKey => {
            let encoded = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
            let is_one = content.bytes().all(encoded) && is_random(content, 40, 5) && !is_path(content);
            is_one.then_some(Secret::PrivateKey)
        }
    }
}

fn is_password(content: &str, value: &Value, vague: bool) -> bool {
    let padded = content.starts_with(char::is_whitespace) || content.ends_with(char::is_whitespace);
    // What a shell assigns can have blanks in it and be no sentence.
    let assigned = value.tie == Tie::Equals && !value.spaced && content.contains(|c: char| c.is_ascii_digit());
    let prose = if assigned { is_label(content) } else { is_prose(content) };
    if content.len() < 3
        || padded
        || is_mask(content)
        || is_path(content)
        || prose
        || content.starts_with(['{', '[', '('])
    {
        return false;
    }
    let plain = !vague || is_password_like(content);
    match value.tie {
        // `x = new Y(…)`: code, which is spaced, goes on where a shell goes on with the next word.
        Tie::Equals => plain && (value.quoted || !value.goes_on || !value.spaced || is_password_like(content)),
        Tie::Flag => plain && !content.starts_with('-') && (value.quoted || !is_stopword(content)),
        Tie::Colon => plain && (!value.goes_on || value.quoted || is_password_like(content)),
        Tie::Call | Tie::Loose => is_password_like(content),
        // `pass` is a verb.
        Tie::Blank => !vague && is_password_like(content),
    }
}

/// Whether the names of a column announce what stands below them.
pub(super) fn column(heading: &str) -> Option<Meaning> {
    meaning(&words(window(heading, 0, MAX_NAME)))
}
