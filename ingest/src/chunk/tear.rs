//! Tears text that is too long for one passage, at the best place in reach.

use std::ops::Range;

use super::{SOFT_MAX_CHARS, TARGET_CHARS};

/// Cuts `range` into parts of at most [`SOFT_MAX_CHARS`] characters: at a line end or the end of a sentence if there is
/// one in the second half of the part, else at a space, else between two characters. Linear in the length.
pub(super) fn tear(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let rest = &text[start..range.end];
        let Some(target) = byte_of_char(rest, TARGET_CHARS) else {
            parts.push(start..range.end);
            break;
        };
        if byte_of_char(rest, SOFT_MAX_CHARS).is_none() {
            parts.push(start..range.end);
            break;
        }
        let cut = start + best_cut(rest, target);
        parts.push(start..cut);
        start = cut;
    }
    parts
}

fn byte_of_char(text: &str, count: usize) -> Option<usize> {
    text.char_indices().nth(count).map(|(at, _)| at)
}

/// Where to cut `text`, at `target` at the latest; always on a character boundary and never at 0.
fn best_cut(text: &str, target: usize) -> usize {
    let window = &text[..target];
    let half = target / 2;
    let mut after_space = None;
    let mut next: Option<char> = None;
    for (at, c) in window.char_indices().rev() {
        let end = at + c.len_utf8();
        if end <= half {
            break;
        }
        let at_sentence_end = matches!(c, '.' | '!' | '?' | ';') && next.is_some_and(char::is_whitespace);
        if c == '\n' || matches!(c, '。' | '！' | '？') {
            return end;
        }
        if at_sentence_end {
            return end + next.map_or(0, char::len_utf8);
        }
        if c.is_whitespace() && after_space.is_none() {
            after_space = Some(end);
        }
        next = Some(c);
    }
    after_space.unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_sentences_then_spaces_then_anywhere() {
        let sentence = format!("{}. ", "word ".repeat(30).trim_end());
        let prose = sentence.repeat(40);
        for part in tear(&prose, 0..prose.len()) {
            assert!(prose[part.clone()].trim_end().ends_with('.'), "{:?}", &prose[part]);
        }
        let words = "word ".repeat(1_000);
        assert!(tear(&words, 0..words.len()).iter().all(|part| words[part.clone()].ends_with(' ')));
        let solid = "ä".repeat(10_000);
        let parts = tear(&solid, 0..solid.len());
        assert_eq!(parts.iter().map(Range::len).sum::<usize>(), solid.len());
        assert!(parts.len() <= 10);
    }
}
