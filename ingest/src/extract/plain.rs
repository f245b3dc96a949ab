//! Text without markup: paragraphs, and headings where a text plainly marks them.

use super::builder::Builder;
use super::{Extracted, FrontMatter};

/// Takes a plain text over. Its lines stay as they are.
pub(super) fn extract(text: &str) -> Extracted {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out = Builder::with_capacity(text.len());
    let mut headed = false;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_end();
        let before = at.checked_sub(1).map_or("", |before| lines[before].trim());
        let next = lines.get(at + 1).map_or("", |next| next.trim());
        let heading = line.trim();
        if before.is_empty() && is_underline(next, heading) {
            let level = if !headed && next.starts_with('=') { 1 } else { 2 };
            out.heading(level, heading, heading, None);
            headed = true;
            at += 2;
        } else if before.is_empty() && next.is_empty() && is_shouted(heading) {
            out.heading(if headed { 2 } else { 1 }, heading, heading, None);
            headed = true;
            at += 1;
        } else {
            out.text_line(line);
            headed |= !heading.is_empty();
            at += 1;
        }
    }
    let mut extracted = out.finish(FrontMatter::default());
    if extracted.title.is_none() {
        extracted.title = first_line(&lines);
    }
    extracted
}

/// Whether `line` underlines `text`.
pub(super) fn is_underline(line: &str, text: &str) -> bool {
    let Some(mark) = line.bytes().next().filter(|byte| matches!(byte, b'=' | b'-' | b'~' | b'^' | b'#' | b'*')) else {
        return false;
    };
    let width = text.chars().take(200).count();
    line.len() >= 3
        && line.len() + 2 >= width
        && line.bytes().all(|byte| byte == mark)
        && text.chars().any(char::is_alphanumeric)
        && width < 200
}

/// Whether a line on its own is a heading in capital letters.
fn is_shouted(line: &str) -> bool {
    let mut letters = 0;
    for c in line.chars().take(101) {
        if c.is_lowercase() {
            return false;
        }
        letters += usize::from(c.is_uppercase());
    }
    letters >= 4
        && line.len() <= 100
        && line.contains(char::is_alphabetic)
        && !line.ends_with(['.', ',', ';', '}'])
        && line.starts_with(|c: char| c.is_alphanumeric())
}

/// A short first line on its own is as good as a title.
fn first_line(lines: &[&str]) -> Option<String> {
    let at = lines.iter().position(|line| !line.trim().is_empty())?;
    let line = lines[at].trim();
    let alone = lines.get(at + 1).is_none_or(|next| next.trim().is_empty());
    let short = line.chars().nth(80).is_none() && !line.ends_with(['.', ',', ';', ':', '{']);
    (alone && short).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_paragraphs() {
        let text = "Runbook for the cache\n=====================\n\nFirst.\n\nRESTART PROCEDURE\n\n  1. Drain.\n# not a heading\n\nLogs\n----\nend";
        let extracted = extract(text);
        assert_eq!(extracted.title.as_deref(), Some("Runbook for the cache"));
        let headings: Vec<_> = extracted.sections.iter().map(|s| (s.level, s.heading.as_str())).collect();
        assert_eq!(headings, [(1, "Runbook for the cache"), (2, "RESTART PROCEDURE"), (2, "Logs")]);
        assert!(extracted.text.contains("  1. Drain.\n\\# not a heading\n"), "{}", extracted.text);
    }

    #[test]
    fn the_first_line_may_be_the_title() {
        assert_eq!(extract("How we page people\n\nText.").title.as_deref(), Some("How we page people"));
        assert_eq!(extract("A sentence that ends.\n\nText.").title, None);
        assert_eq!(extract("").title, None);
    }
}
