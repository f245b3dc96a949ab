//! What a single line of Markdown is.

use super::super::inline::References;

pub(super) fn pad(out: &mut String, indent: usize) {
    for _ in 0..indent.min(12) {
        out.push(' ');
    }
}

pub(super) fn indent_of(line: &str) -> usize {
    let mut indent = 0;
    for byte in line.bytes() {
        match byte {
            b' ' => indent += 1,
            b'\t' => indent += 4,
            _ => break,
        }
    }
    indent
}

/// `line` without up to `indent` columns of leading space.
pub(super) fn strip_indent(line: &str, indent: usize) -> &str {
    let mut left = indent;
    let mut rest = line;
    while left > 0 {
        if let Some(after) = rest.strip_prefix(' ') {
            rest = after;
            left -= 1;
        } else if let Some(after) = rest.strip_prefix('\t') {
            rest = after;
            left = left.saturating_sub(4);
        } else {
            break;
        }
    }
    rest
}

pub(super) fn atx_heading(text: &str) -> Option<(u8, &str)> {
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    let rest = &text[level..];
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let rest = rest.trim();
    let unclosed = rest.trim_end_matches('#');
    let rest = if unclosed.is_empty() || unclosed.ends_with(' ') { unclosed.trim_end() } else { rest };
    Some((level as u8, rest))
}

/// Splits `Heading {#id}`.
pub(super) fn heading_id(markup: &str) -> (&str, Option<&str>) {
    let parts = markup.strip_suffix('}').and_then(|markup| markup.rsplit_once("{#"));
    match parts {
        Some((heading, id)) if !id.contains(char::is_whitespace) => (heading.trim_end(), Some(id)),
        _ => (markup, None),
    }
}

pub(super) fn setext_level(line: &str) -> Option<u8> {
    let line = line.trim_end();
    match line.bytes().next()? {
        b'=' if line.bytes().all(|byte| byte == b'=') => Some(1),
        b'-' if line.len() > 1 && line.bytes().all(|byte| byte == b'-') => Some(2),
        _ => None,
    }
}

pub(super) fn is_rule(text: &str) -> bool {
    let Some(mark) = text.bytes().next().filter(|byte| matches!(byte, b'-' | b'*' | b'_')) else {
        return false;
    };
    text.bytes().all(|byte| byte == mark || byte == b' ') && text.bytes().filter(|byte| *byte == mark).count() >= 3
}

const LABELS: &[&str] = &["Note", "Important", "Warning", "Tip", "Caution", "Example"];

/// The label of a line that is nothing but `**Note**`.
pub(super) fn callout(text: &str) -> Option<&'static str> {
    let inside = text.strip_prefix("**")?.strip_suffix("**")?.trim().trim_end_matches(':');
    LABELS.iter().find(|label| **label == inside).copied()
}

/// The label of `[!NOTE]`, as GitHub writes it.
pub(super) fn alert(text: &str) -> Option<&'static str> {
    let inside = text.trim().strip_prefix("[!")?.strip_suffix(']')?;
    LABELS.iter().find(|label| label.eq_ignore_ascii_case(inside)).copied()
}

pub(super) struct Loose<'a> {
    pub(super) line: &'a str,
    pub(super) bold: Option<&'a str>,
}

/// Recognizes `** Term **`, which is bold only once the spaces inside are gone.
pub(super) fn loose_bold(line: &str) -> Loose<'_> {
    // Anchors may follow the term on its line.
    let end = line.find("<a name=").unwrap_or(line.len());
    let term = line[..end].trim();
    let bold = term.strip_prefix("** ").and_then(|term| term.strip_suffix(" **")).filter(|term| !term.contains("**"));
    Loose { line, bold }
}

pub(super) fn is_reference(text: &str) -> Option<(&str, &str)> {
    let (label, target) = text.strip_prefix('[')?.split_once("]:")?;
    let target = target.trim().split(' ').next().unwrap_or_default();
    let target = target.trim_start_matches('<').trim_end_matches('>');
    let looks =
        target.starts_with("http") || target.starts_with(['#', '/', '.']) || target.strip_suffix(".md").is_some();
    (looks && !label.is_empty() && !label.contains([']', '^'])).then_some((label, target))
}

pub(super) fn references(lines: &[&str]) -> References {
    let mut references = References::default();
    for line in lines {
        let text = line.trim_start();
        if line.len() - text.len() < 4
            && text.starts_with('[')
            && let Some((label, target)) = is_reference(text)
        {
            references.entry(label.to_lowercase()).or_insert_with(|| target.to_owned());
        }
    }
    references
}
