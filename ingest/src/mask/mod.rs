//! Secrets and personal data in the notes of users, masked before anything is stored.
//!
//! ```text
//! rules: private keys, AWS, tokens, assignments, passwords, personal data → what was found, without overlaps → same-length masks
//! ```
//!
//! Every rule looks for a form (`ghp_…`, a PEM block, a card number with its check digit) or for a place (what is assigned
//! to `password`), and then asks `form` whether a value is one or only stands where one would: `${DB_PASSWORD}`,
//! `<your password>`. A mask is as long as what it hides, so ranges into the text stay valid.

mod assignment;
mod aws;
mod command;
mod document;
mod form;
mod header;
mod name;
mod password;
mod personal;
mod private_key;
mod token;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use regex::Regex;
use serde::Serialize;

use self::form::is_password_like;

pub(crate) use document::{is_masked_kind, mask_extracted};

/// A mask can be what the rules of the next round rest on, if somebody wrote the text to make it so.
const MAX_ROUNDS: usize = 4;

/// Of passwords beyond this many in one text, no other places are looked for.
const MAX_KNOWN: usize = 100;

/// What kind of thing was masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// A private key, in PEM or otherwise.
    PrivateKey,
    /// A session token of temporary credentials.
    AwsSessionToken,
    /// An access key id, `AKIA…` or `ASIA…`.
    AwsAccessKeyId,
    /// A secret access key.
    AwsSecretAccessKey,
    /// The signature of a request or of an address.
    AwsSignature,
    /// A token or key of some service, a bearer token, the secret part of a webhook's address.
    Token,
    /// A password.
    Password,
    /// The number of a payment card.
    CreditCard,
    /// An e-mail address.
    Email,
    /// A telephone number.
    PhoneNumber,
}

impl Secret {
    /// Every kind, the ones that win where two overlap first.
    pub const ALL: [Self; 10] = [
        Self::PrivateKey,
        Self::AwsSessionToken,
        Self::AwsAccessKeyId,
        Self::AwsSecretAccessKey,
        Self::AwsSignature,
        Self::Token,
        Self::Password,
        Self::CreditCard,
        Self::Email,
        Self::PhoneNumber,
    ];

    /// The name that stands in masks and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKey => "private_key",
            Self::AwsSessionToken => "aws_session_token",
            Self::AwsAccessKeyId => "aws_access_key_id",
            Self::AwsSecretAccessKey => "aws_secret_access_key",
            Self::AwsSignature => "aws_signature",
            Self::Token => "token",
            Self::Password => "password",
            Self::CreditCard => "credit_card",
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
        }
    }

    /// Whether it says who somebody is, and opens nothing.
    const fn is_personal(self) -> bool {
        matches!(self, Self::CreditCard | Self::Email | Self::PhoneNumber)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that was masked. What it was is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Masked {
    /// What it was.
    pub kind: Secret,
    /// 1-based line on which it starts, in the text that was masked.
    pub line: u32,
}

/// Masks what is secret or personal, and says what was found, in order.
///
/// A mask has as many bytes as what it hides, and lines stay lines. Masking a text again finds nothing.
pub fn mask(text: &mut String) -> Vec<Masked> {
    let found = mask_found(text);
    lines_of(text, &found)
}

/// Masks a text, and says where.
fn mask_found(text: &mut String) -> Vec<Found> {
    let mut all = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let found = find(text);
        if found.is_empty() {
            break;
        }
        *text = masked(text, &found);
        all.extend(found);
    }
    all.sort_by_key(|found| found.range.start);
    all
}

/// The lines of what was found. Masks leave line ends alone, so the text may be masked already or not yet.
fn lines_of(text: &str, found: &[Found]) -> Vec<Masked> {
    let (mut line, mut seen) = (1, 0);
    let place = |found: &Found| {
        line += text[seen..found.range.start].matches('\n').count() as u32;
        seen = found.range.start;
        Masked { kind: found.kind, line }
    };
    found.iter().map(place).collect()
}

/// Something to mask.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    range: Range<usize>,
    kind: Secret,
}

/// Everything to mask in a text: in order, without overlaps, on character boundaries.
fn find(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    private_key::find(text, &mut found);
    aws::find(text, &mut found);
    token::find(text, &mut found);
    header::find(text, &mut found);
    assignment::find(text, &mut found);
    command::find(text, &mut found);
    password::find(text, &mut found);
    personal::find(text, &mut found);
    let found = united(found);
    match known(text, &found) {
        Some(known) => {
            let again = known.find_iter(text).filter(|again| is_whole(text, &again.range()));
            let again = again.map(|again| Found { range: again.range(), kind: Secret::Password });
            united(found.iter().cloned().chain(again).collect())
        }
        None => found,
    }
}

/// What is found in a place of secrets is one wherever else it stands, unless it could be a word.
fn known(text: &str, found: &[Found]) -> Option<Regex> {
    let values = found.iter().filter(|found| found.kind == Secret::Password).map(|found| &text[found.range.clone()]);
    let known: BTreeSet<String> =
        values.filter(|value| value.len() >= 7 && is_password_like(value)).map(regex::escape).take(MAX_KNOWN).collect();
    // Longer ones first: of two that start alike, the longer one counts.
    let pattern = known.into_iter().rev().collect::<Vec<_>>().join("|");
    if pattern.is_empty() { None } else { Regex::new(&pattern).ok() }
}

/// Whether a range is no part of a longer word.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !part(text[..range.start].chars().next_back()) && !part(text[range.end..].chars().next())
}

/// Of what overlaps, one that covers all of it, of the kind that says most.
fn united(mut found: Vec<Found>) -> Vec<Found> {
    found.retain(|found| !found.range.is_empty());
    found.sort_by_key(|found| (found.range.start, found.kind));
    let mut out: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match out.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                // `s3cret@db.example.com` in an address is a password and a host, not a person.
                if last.kind.is_personal() && !next.kind.is_personal() {
                    *last = next;
                } else if last.kind.is_personal() || !next.kind.is_personal() {
                    last.range.end = last.range.end.max(next.range.end);
                    last.kind = last.kind.min(next.kind);
                }
            }
            _ => out.push(next),
        }
    }
    out
}

/// The text with masks in it.
fn masked(text: &str, found: &[Found]) -> String {
    let mut out = String::with_capacity(text.len());
    for Found { range, kind } in found {
        out.push_str(&text[out.len()..range.start]);
        for (at, line) in text[range.clone()].split_inclusive('\n').enumerate() {
            // What quotes or indents a line belongs to the text around it.
            let margin = |c: char| c.is_whitespace() || c == '>';
            let start = if at == 0 { 0 } else { line.len() - line.trim_start_matches(margin).len() };
            let end = line.trim_end().len().max(start);
            out.push_str(&line[..start]);
            push_mask(*kind, end - start, &mut out);
            out.push_str(&line[end..]);
        }
    }
    out.push_str(&text[out.len()..]);
    out
}

/// Writes `[kind***]` with as many stars as there is room for, cut if there is none.
fn push_mask(kind: Secret, len: usize, out: &mut String) {
    let name = kind.as_str();
    match len.checked_sub(name.len() + 2) {
        Some(stars) => {
            out.extend(["[", name]);
            out.extend(std::iter::repeat_n('*', stars));
            out.push(']');
        }
        None => out.extend(std::iter::once('[').chain(name.chars()).take(len)),
    }
}

#[cfg(test)]
mod tests;
