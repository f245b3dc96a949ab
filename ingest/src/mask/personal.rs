//! E-mail addresses, telephone numbers, numbers of payment cards.

use std::sync::LazyLock;

use regex::Regex;

use super::form::{regex, run, window, window_before};
use super::{Found, Secret};

pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    emails(text, found);
    cards(text, found);
    phones(text, found);
}

/// Ends of names that are files, units and hosts rather than domains.
#[rustfmt::skip]
const NO_DOMAINS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "cjs", "ts", "tsx", "jsx", "css", "scss", "html", "htm", "json",
    "yaml", "yml", "toml", "xml", "txt", "log", "gz", "tgz", "tar", "bz", "zip", "whl", "jar", "war", "lock", "sock", "service",
    "socket", "timer", "mount", "slice", "scope", "target", "path", "conf", "cfg", "ini", "sh", "bat", "exe", "dll", "internal",
    "local", "localdomain", "localhost", "lan", "home", "arpa", "release", "final", "beta", "alpha", "rc", "git", "sql", "csv",
    "pem", "crt", "tf", "go", "java",
];

/// Domains whose addresses are those of machines.
const MACHINES: &[&str] =
    &["amazonaws.com", "amazonaws.com.cn", "amazonses.com", "gserviceaccount.com", "compute.internal"];

static SHELL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\b(?:ssh|scp|sftp|rsync|mosh|autossh|sshfs|ssh-copy-id|ssh-keyscan|ProxyJump|HostName)\b[ \t]")
});

fn emails(text: &str, found: &mut Vec<Found>) {
    for (at, _) in text.match_indices('@') {
        let before = window_before(text, at, 64);
        let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '\'' | '-');
        let name = before.rsplit(|c: char| !local(c)).next().unwrap_or_default();
        let name = name.trim_start_matches(['.', '\'', '-', '%', '+']);
        let start = at - name.len();
        let end = run(text, at + 1, 253, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let domain = text[at + 1..end].trim_end_matches(['.', '-']);
        let end = at + 1 + domain.len();
        if !name.is_empty() && is_domain(domain) && !is_login(text, start, end) {
            found.push(Found { range: start..end, kind: Secret::Email });
        }
    }
}

/// Whether a name is that of a domain in which people have addresses.
fn is_domain(domain: &str) -> bool {
    let lower = domain.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let [first, .., top] = labels[..] else {
        return false;
    };
    let number = |label: &str| label.trim_start_matches('v').bytes().all(|byte| byte.is_ascii_digit());
    (2..=24).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_lowercase())
        && labels.iter().all(|label| !label.is_empty() && !label.starts_with('-'))
        // `1.2.RELEASE` is a version, `163.com` a domain.
        && !(number(first) && labels.len() > 2)
        && !NO_DOMAINS.contains(&top)
        && !MACHINES.iter().any(|machine| lower.strip_suffix(machine).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Whether it is a user on a host: in an address, in a command, or with a path or a port behind it.
fn is_login(text: &str, start: usize, end: usize) -> bool {
    let behind = &text.as_bytes()[end..];
    if let [b':', next, ..] = behind
        && (next.is_ascii_alphanumeric() || matches!(next, b'/' | b'~' | b'.'))
    {
        return true;
    }
    let line = window_before(text, start, 200).rsplit('\n').next().unwrap_or_default();
    let word =
        line.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '(')).next().unwrap_or_default();
    let authority = word.rfind("://").is_some_and(|scheme| !word[scheme + 3..].contains(['/', '?', '#']));
    authority
        || MAIL_ID.is_match(line)
        || SHELL.is_match(line)
        || line.ends_with("git@")
        || &text[start..end] == "git@github.com"
}

/// Headers that name a message, not a person.
static MAIL_ID: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:message-id|in-reply-to|references)\W{1,4}"));

static DIGITS: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9](?:[ -]?[0-9]){12,18}"));

fn cards(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    for number in DIGITS.find_iter(text) {
        let joined = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+'))
        };
        let before = number.start().checked_sub(1).and_then(|at| bytes.get(at));
        let ends = match &bytes[number.end()..] {
            [b'.' | b'-', next, ..] => !next.is_ascii_alphanumeric(),
            [b' ', next, ..] => !next.is_ascii_digit(),
            [next, ..] => !next.is_ascii_alphanumeric() && *next != b'_',
            [] => true,
        };
        if ends && !joined(before) && is_card(number.as_str()) {
            found.push(Found { range: number.range(), kind: Secret::CreditCard });
        }
    }
}

/// Whether a number is that of a card: whose it is, how it is grouped, and its check digit.
fn is_card(number: &str) -> bool {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let groups: Vec<usize> = number.split([' ', '-']).map(str::len).collect();
    let prefix = digits.iter().take(4).fold(0_u32, |prefix, digit| prefix * 10 + u32::from(*digit));
    let (length, grouping): (usize, &[usize]) = match prefix {
        3400..=3499 | 3700..=3799 => (15, &[4, 6, 5]),
        3000..=3059 | 3600..=3699 | 3800..=3999 => (14, &[4, 6, 4]),
        4000..=4999 | 5100..=5599 | 2221..=2720 | 6011 | 6440..=6599 | 3528..=3589 => (16, &[4, 4, 4, 4]),
        _ => return false,
    };
    // Fourteen digits in a row are a time more often than a card.
    let grouped = if groups.len() == 1 { length > 14 } else { groups == grouping };
    digits.len() == length && grouped && luhn(&digits)
}

fn luhn(digits: &[u8]) -> bool {
    let value = |(at, digit): (usize, &u8)| match (at % 2, u32::from(*digit)) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => digit * 2 - 9,
        (_, digit) => digit * 2,
    };
    digits.iter().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}

/// A number in the international form, in the American one, or any behind a word that says so.
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\+[1-9][0-9]{0,2}(?:[ .\-/]?\(0?[0-9]{1,4}\))?(?:[ .\-/]?[0-9]{2,5}){1,6}|\([2-9][0-9]{2}\)[ -]?[0-9]{3}-[0-9]{4}|[2-9][0-9]{2}[-.][0-9]{3}[-.][0-9]{4}",
    )
});
static PHONE_WORD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i-u:phone|tel|telephone|telefon|mobile|handy|cell|call|sms|text|pager|fax|whatsapp|hotline|signal|dial|ring)",
    )
});

fn phones(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    for number in PHONE.find_iter(text) {
        let value = number.as_str();
        let before = number.start().checked_sub(1).and_then(|at| bytes.get(at));
        let joined = before.is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=')
        });
        let goes_on = bytes.get(number.end()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        if joined || goes_on || !(10..=15).contains(&digits) {
            continue;
        }
        let said = || PHONE_WORD.is_match(window_before(text, number.start(), 30));
        let groups: Vec<&str> = value.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
        let is_one = match value.as_bytes()[0] {
            // Digits in a row, and groups of three, are other numbers as well.
            b'+' if groups.len() == 1 || groups[1..].iter().all(|group| group.len() == 3) => said(),
            b'+' => groups.iter().any(|group| group.len() >= 3) && (groups[0] != "1" || digits == 11),
            b'(' => true,
            _ => said(),
        };
        if is_one && !window(text, number.end(), 8).starts_with(" bytes") {
            found.push(Found { range: number.range(), kind: Secret::PhoneNumber });
        }
    }
}
