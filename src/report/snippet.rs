//! The part of a passage that answers, on a few lines, with the words of the question marked.

use std::ops::Range;

use clap::builder::styling::Style;

/// Cuts `snippet` out of `text`, joins it to flowing text, marks the highlights that lie inside, and wraps it.
///
/// Ranges that do not lie on character boundaries are ignored: they come from stored data.
pub(crate) fn lines(
    text: &str,
    snippet: &Range<usize>,
    highlights: &[Range<usize>],
    style: Style,
    width: usize,
) -> Vec<String> {
    let whole = 0..text.len();
    let snippet = if text.get(snippet.clone()).is_some() { snippet.clone() } else { whole };
    let marked = |at: usize| highlights.iter().any(|range| range.contains(&at));
    let hidden = link_targets(text);
    let shown = |at: usize, c: char| !c.is_control() && !hidden.iter().any(|range| range.contains(&at));

    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in words(text, &snippet) {
        let size = text[word.clone()].char_indices().filter(|&(at, c)| shown(word.start + at, c)).count();
        if size == 0 {
            continue;
        }
        if length > 0 && length + 1 + size > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        length += size;
        let mut inside = false;
        for (offset, c) in text[word.clone()].char_indices() {
            if !shown(word.start + offset, c) {
                continue;
            }
            let now = marked(word.start + offset);
            if now != inside {
                line.push_str(&if now { format!("{style}") } else { format!("{style:#}") });
                inside = now;
            }
            line.push(c);
        }
        if inside {
            line.push_str(&format!("{style:#}"));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// What of Markdown links is not read by a person: `[` and `](address)`.
fn link_targets(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut from = 0;
    while let Some(middle) = text[from..].find("](").map(|at| from + at) {
        let Some(end) = text[middle..].find([')', ' ', '\n']).map(|at| middle + at) else { break };
        let line = text[..middle].rfind('\n').map_or(0, |at| at + 1).max(from);
        let open = text[line..middle].rfind('[').map(|at| line + at);
        if let (Some(open), true) = (open, text[end..].starts_with(')')) {
            hidden.extend([open..open + 1, middle..end + 1]);
        }
        from = end;
    }
    hidden
}

/// Ranges of the words of a part of a text.
fn words<'a>(text: &'a str, part: &Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let start = part.start;
    let base = text.as_ptr() as usize;
    text[start..part.end].split_whitespace().map(move |word| {
        let at = word.as_ptr() as usize - base;
        at..at + word.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::new().bold();

    fn plain(text: &str, snippet: Range<usize>, highlights: &[Range<usize>], width: usize) -> Vec<String> {
        let styled = lines(text, &snippet, highlights, STYLE, width);
        let (on, off) = (format!("{STYLE}"), format!("{STYLE:#}"));
        styled.into_iter().map(|line| line.replace(&on, "[").replace(&off, "]")).collect()
    }

    #[test]
    fn highlights_are_marked_and_lines_wrapped() {
        let text = "Before. The bucket\npolicy denies plain HTTP. After.";
        assert_eq!(plain(text, 8..45, &[12..18, 26..32], 16), ["The [bucket]", "policy [denies]", "plain HTTP."]);
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one highlight is a list of one")]
    fn bad_ranges_and_control_characters_do_no_harm() {
        assert_eq!(plain("é\u{1b}[2J x", 1..3, &[0..1], 80), ["[é][2J x"]);
        assert_eq!(plain("abc", 2..99, &[1..99], 80), ["a[bc]"]);
        assert!(plain("", 0..0, &[], 80).is_empty());
    }

    #[test]
    fn links_are_shown_without_their_targets() {
        let text = "See [the guide](https://example.com/a) and [x](y z) or a[0](b)";
        let shown = plain(text, 0..text.len(), &[9..14, 15..20], 80);
        assert_eq!(shown, ["See the [guide] and [x](y z) or a0"]);
    }

    #[test]
    fn a_long_word_stands_on_its_own_line() {
        assert_eq!(plain("a arn:aws:s3:::bucket b", 0..23, &[], 8), ["a", "arn:aws:s3:::bucket", "b"]);
    }
}
