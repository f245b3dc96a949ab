//! The part of a passage that answers: the window with the most of the question's words.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::request::Highlights;
use crate::lexical::{Terms, words};

/// Length of a snippet. Bytes.
const WINDOW: usize = 320;

/// Finds the question's words in a text, and the best window of it. Linear in the text.
pub(crate) fn snippet(text: &str, wanted: &FxHashSet<&str>, terms: &mut Terms) -> (Range<usize>, Highlights) {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for range in words(text) {
        if let Some(term) = terms.term(&text[range.clone()])
            && wanted.contains(term.as_str())
        {
            found.push((range, term));
        }
    }
    let mut inside: FxHashMap<&str, usize> = FxHashMap::default();
    let mut first = 0;
    // Most distinct words, then most words; the first such window.
    let mut best = (0, 0, 0..0);
    for (last, (range, term)) in found.iter().enumerate() {
        *inside.entry(term).or_default() += 1;
        while range.end - found[first].0.start > WINDOW {
            if let Some(count) = inside.get_mut(found[first].1.as_str()) {
                *count -= 1;
                if *count == 0 {
                    inside.remove(found[first].1.as_str());
                }
            }
            first += 1;
            if first > last {
                break;
            }
        }
        let count = (last + 1).saturating_sub(first);
        if count > 0 && (inside.len(), count) > (best.0, best.1) {
            best = (inside.len(), count, found[first].0.start..range.end);
        }
    }
    let window = widen(text, best.2);
    (window, found.into_iter().map(|(range, _)| range).collect())
}

/// Fills a range up to a snippet's length, to word boundaries, rather with what comes before than behind.
fn widen(text: &str, core: Range<usize>) -> Range<usize> {
    if text.len() <= WINDOW {
        return 0..text.len();
    }
    let spare = WINDOW.saturating_sub(core.len());
    let mut start = core.start.saturating_sub(spare / 3);
    let mut end = (start + WINDOW).max(core.end).min(text.len());
    start = start.min(end.saturating_sub(WINDOW.max(core.len())));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    // Begin and end between words where one is near.
    if start > 0
        && let Some(blank) = text[start..core.start.max(start)].find(char::is_whitespace)
    {
        start += blank;
    }
    if end < text.len()
        && let Some(blank) = text[core.end.min(end)..end].rfind(char::is_whitespace)
    {
        end = core.end.min(end) + blank;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(text: &'a str, question: &str) -> (&'a str, Vec<&'a str>) {
        let mut terms = Terms::default();
        let wanted = terms.distinct(question);
        let (window, highlights) = snippet(text, &wanted.iter().map(String::as_str).collect(), &mut terms);
        (&text[window], highlights.into_iter().map(|range| &text[range]).collect())
    }

    #[test]
    fn the_window_holds_the_words_asked_for() {
        let text =
            format!("{} The limit of buckets is 100. {}", "Nothing here. ".repeat(60), "More of it. ".repeat(60));
        let (window, highlights) = best(&text, "bucket limits");
        assert!(window.contains("limit of buckets is 100"), "{window}");
        assert!(window.len() <= WINDOW + 8);
        assert_eq!(highlights, ["limit", "buckets"]);
    }

    #[test]
    fn nothing_found_shows_the_start() {
        let text = "Ein Text ohne Treffer. ".repeat(40);
        assert!(best(&text, "zebra").0.starts_with("Ein Text"));
        assert_eq!(best("", "zebra").0, "");
    }

    #[test]
    fn long_words_and_wide_characters_are_safe() {
        let text = "ä🚀".repeat(500);
        assert!(!best(&text, "zebra").0.is_empty());
        let text = format!("{} instance {}", "ü".repeat(400), "ö".repeat(400));
        assert!(best(&text, "instances").0.contains("instance"));
    }
}
