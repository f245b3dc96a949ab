//! What stands behind a name, and how it is tied to it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::form::{regex, run, window, window_before};

/// How a value is tied to its name, from the surest to the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// `name=value`, `<name>value</name>`, `"name": "X", "value": "…"`.
    Equals,
    /// `--name value`.
    Flag,
    /// `name: value`.
    Colon,
    /// `name("value")`, `"name", "value"`.
    Call,
    /// In the next cell of a table, on the next line, behind `is`.
    Loose,
    /// In quotes just behind.
    Blank,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) tie: Tie,
    pub(super) quoted: bool,
    /// Whether the line goes on with more words.
    pub(super) goes_on: bool,
    /// Whether there is a blank in front of it.
    pub(super) spaced: bool,
}

/// `"`, as texts write it.
const QUOTES: &[(&str, &str)] = &[
    ("\\\\\\\"", "\\\\\\\""),
    ("\\\"", "\\\""),
    ("\\'", "\\'"),
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("“", "”"),
    ("„", "“"),
    ("‘", "’"),
    ("&quot;", "&quot;"),
    ("%22", "%22"),
];

/// What may stand between a name and what ties a value to it: quotes, brackets, marks of emphasis.
static CLOSERS: LazyLock<Regex> = LazyLock::new(|| regex(r#"^(?:\\{1,3}["']|&quot;|["'`*\]]){0,4}"#));
static TIE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)^(?:
        (?P<hint> (?:[\ \t]{0,2}\[ | [\ \t]{1,2}\()[^\])\n]{0,40}[\])] )? [\ \t]{0,64} (?: (?P<equals> :=|===?|=>|=|%3D|\\u003d|→|->) | (?P<colon> ::?) )
        | [\ \t]{0,8} (?P<cell> \|)
        | (?P<tag> >)
        | (?P<call> \( | ,[\ \t]{0,4})
        | (?P<prose> (?:[\ \t]{1,2}(?:for|of|on)(?:[\ \t][\w@'’`-]{1,40}(?:\.[\w-]{1,40}){0,4}){1,5}?)? (?: [\ \t]{1,2}(?:is|was|were|to|as|became|=)(?:[\ \t](?:now|set|changed|reset|updated)){0,2}(?:[\ \t]to)?[\ \t]?:? | : )[\ \t] )
        | (?P<blank> [\ \t]{1,8})
        )",
    )
});
/// The value of a variable whose name is a value itself: `name: DB_PASSWORD`, then `value: …`.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"^["'\\]{0,2}(?:</[A-Za-z]{1,20}>)?\s{0,40}[,;]?\s{0,40}[-{<"'\\]{0,3}\s?(?i-u:value|parametervalue|parameter_value)["'\\]{0,2}\s{0,20}[:=>][ \t]{0,20}"#,
    )
});
/// `password: str = "…"`: what looks like a value is a type.
static TYPE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^&?'?[A-Za-z][\w.<>\[\]|?]{0,30}(?: [\w.<>\[\]|?]{1,20})?[ \t]{0,4}=[ \t]{0,4}["'`]"#));

/// The value of the name that ends at `end`. `flag`: the name starts with a hyphen; `tag`: with `<`.
pub(super) fn of_name(text: &str, end: usize, flag: bool, tag: bool, max: usize) -> Option<Value> {
    if let Some(pair) = PAIR.find(window(text, end, 160)) {
        return value_at(text, end + pair.end(), Tie::Equals, max);
    }
    let closers = CLOSERS.find(window(text, end, 16)).map_or("", |closers| closers.as_str());
    let at = end + closers.len();
    let rest = window(text, at, 320);
    let ties = TIE.captures(rest)?;
    let behind = at + ties[0].len();
    let has = |name: &str| ties.name(name).is_some();
    if has("equals") {
        return value_at(text, skip(text, behind), Tie::Equals, max);
    }
    if has("colon") {
        // `**Password:** x`
        let stars = if closers.contains('*') || text[behind..].starts_with("**") {
            run(text, behind, 3, |byte| byte == b'*')
        } else {
            behind
        };
        return after_colon(text, stars, max);
    }
    if has("cell") {
        // `'password' | DISABLE` is a choice.
        if !window_before(text, end, 200).rsplit('\n').next().unwrap_or_default().trim_start().starts_with('|') {
            return None;
        }
        return value_at(text, skip(text, behind), Tie::Loose, max).filter(|value| ends_cell(text, value));
    }
    if has("tag") {
        let closed = |value: &Value| text[value.range.end..].starts_with("</");
        return if tag { value_at(text, behind, Tie::Equals, max).filter(closed) } else { None };
    }
    if has("call") {
        return value_at(text, behind, Tie::Call, max).filter(|value| value.quoted);
    }
    if has("prose") {
        return value_at(text, behind, Tie::Loose, max);
    }
    // A flag in quotes is spoken about.
    let flag = flag && closers.is_empty();
    let value = value_at(text, behind, if flag { Tie::Flag } else { Tie::Blank }, max)?;
    (flag || value.quoted).then_some(value)
}

fn after_colon(text: &str, at: usize, max: usize) -> Option<Value> {
    let start = skip(text, at);
    let line = window(text, start, 80);
    if let Some(ty) = TYPE.find(line) {
        return value_at(text, start + ty.end() - 1, Tie::Equals, max);
    }
    // A block of YAML.
    let block = line.strip_prefix(['|', '>']).map(|rest| rest.trim_start_matches(['-', '+']));
    let (start, tie) = match block.unwrap_or(line).trim_start_matches([' ', '\r']).strip_prefix('\n') {
        Some(next) if block.is_some() => (start + line.len() - next.len(), Tie::Colon),
        Some(next) => (start + line.len() - next.len(), Tie::Loose),
        None => return value_at(text, start, Tie::Colon, max),
    };
    let value = value_at(text, skip(text, start), tie, max)?;
    (!value.goes_on).then_some(value)
}

fn skip(text: &str, at: usize) -> usize {
    run(text, at, 64, |byte| matches!(byte, b' ' | b'\t'))
}

fn ends_cell(text: &str, value: &Value) -> bool {
    window(text, value.range.end, 16).trim_start_matches(['`', '"', '\'', '*']).trim_start().starts_with(['|', '\n'])
}

/// The value that starts at `start`: what is in quotes, or everything up to a blank or what ends a value.
fn value_at(text: &str, start: usize, tie: Tie, max: usize) -> Option<Value> {
    let rest = window(text, start, max);
    let spaced = text[..start].ends_with([' ', '\t']);
    // `b"…"`, `f'…'`, `**…**`.
    let prefix = match rest.as_bytes() {
        [b'b' | b'r' | b'u' | b'f' | b'B' | b'R' | b'@', b'"' | b'\'', ..] => 1,
        [b'*', b'*', b'`' | b'"', ..] => 2,
        _ => 0,
    };
    let quoted = QUOTES.iter().find_map(|(open, close)| {
        let body = rest[prefix..].strip_prefix(open)?;
        Some((prefix + open.len(), closing(body, close)?))
    });
    if let Some((open, length)) = quoted {
        let range = start + open..start + open + length;
        return (length > 0).then_some(Value { range, tie, quoted: true, goes_on: false, spaced });
    }
    let opened = rest.len() - rest.trim_start_matches(['"', '\'', '“', '‘']).len();
    let body = &rest[opened..];
    let length = unquoted(body);
    let range = start + opened..start + opened + length;
    let behind = &body[length..];
    let goes_on = goes_on(behind);
    (length > 0).then_some(Value { range, tie, quoted: false, goes_on, spaced })
}

/// Whether a line goes on with words: with a sentence, or with code.
fn goes_on(behind: &str) -> bool {
    let rest = behind.trim_start_matches([',', ';']);
    let next = rest.trim_start_matches([' ', '\t']);
    let listed = rest.len() < behind.len();
    let name = next.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let pair = listed && name.trim_start().starts_with([':', '=']);
    next.len() < rest.len()
        && next.trim_start_matches(['*', '_', '`', '"', '\'']).starts_with(|c: char| c.is_alphabetic() || c == '$')
        && !pair
}

/// How long what is in quotes is: up to the first closing quote on the same line that is not escaped.
fn closing(body: &str, close: &str) -> Option<usize> {
    let line = body.split('\n').next().unwrap_or_default();
    let mut from = 0;
    while let Some(at) = line[from..].find(close).map(|at| from + at) {
        let escapes = line[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if escapes % 2 == 0 || close.starts_with('\\') {
            return Some(at);
        }
        from = at + close.len();
    }
    None
}

/// How long a value without quotes is.
fn unquoted(body: &str) -> usize {
    let bytes = body.as_bytes();
    let mut end = bytes.len();
    for (at, &byte) in bytes.iter().enumerate() {
        let stops = match byte {
            b'"' | b'\'' | b'`' | b'<' => true,
            b'\\' => matches!(bytes[at + 1..], [b'n' | b'r' | b't' | b'"' | b'\'', ..] | [b'u', b'0', b'0', ..]),
            // Only before another pair of name and value, or at the end of a line; passwords have such characters too.
            b'&' | b';' | b',' | b'|' => next_pair(&bytes[at + 1..]),
            byte => byte.is_ascii_whitespace() || byte.is_ascii_control(),
        };
        if stops {
            end = at;
            break;
        }
    }
    let mut value = &body[..end];
    // What closes a bracket that the value does not open belongs to the text, as does the end of a sentence.
    while let Some(last) = value.chars().next_back() {
        let opened = |open: char, close: char| value.matches(open).count() >= value.matches(close).count();
        let keeps = match last {
            ')' => opened('(', ')'),
            ']' => opened('[', ']'),
            '}' => opened('{', '}'),
            '.' | ',' | ';' | ':' | '\\' | '”' | '’' => false,
            '*' => !value.ends_with("**") || value.starts_with('*'),
            _ => true,
        };
        if keeps {
            break;
        }
        value = &value[..value.len() - last.len_utf8()];
    }
    value.len()
}

/// Whether a name with a value comes next, or nothing.
fn next_pair(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"amp;")).unwrap_or(rest);
    let name =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'$' | b'"' | b'\'');
    let length = rest.iter().take(40).take_while(name).count();
    match rest.get(length) {
        None => true,
        Some(byte) if length == 0 => {
            byte.is_ascii_whitespace() || matches!(byte, b'|' | b'&' | b')' | b'}' | b']' | b'<')
        }
        Some(byte) => matches!(byte, b'=' | b':'),
    }
}
