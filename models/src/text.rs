//! How the parts of a passage become the one text that a transformer reads.

use cloudops_indexes::embed::PassageText;

/// Changes whenever [`passage`] gives another text: part of the version of every embedder.
pub(crate) const VERSION: u32 = 1;

/// Bytes of a text that are looked at: far more than the tokens that a model reads, so that a page without paragraphs
/// is not split into words for nothing.
const MOST_BYTES: usize = 8 * 1024;

/// Title and headings as a sentence, the body on the next line.
///
/// The title comes first because the end is cut off, and because it is what the passage is about.
pub(crate) fn passage(text: &PassageText<'_>) -> String {
    let head: Vec<&str> =
        [text.title, text.headings].into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut whole = head.join(". ");
    let body = cut(text.body.trim());
    if !whole.is_empty() && !body.is_empty() {
        whole.push_str(".\n");
    }
    whole.push_str(body);
    cut(&whole).to_owned()
}

/// A question as the model wants it; empty if there is nothing in it.
pub(crate) fn query(prefix: &str, text: &str) -> String {
    let text = cut(text.trim());
    if text.is_empty() { String::new() } else { format!("{prefix}{text}") }
}

/// The beginning that is looked at.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_and_empty_ones_left_out() {
        let of = |title, headings, body| passage(&PassageText { title, headings, body });
        assert_eq!(of("S3", "Errors > 403", " denied "), "S3. Errors > 403.\ndenied");
        assert_eq!(of("S3", "", "denied"), "S3.\ndenied");
        assert_eq!(of("", " ", "denied"), "denied");
        assert_eq!(of("S3", "", "\n"), "S3");
        assert_eq!(of("", "", ""), "");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let body = "ü".repeat(MOST_BYTES);
        let text = passage(&PassageText { title: "t", headings: "", body: &body });
        assert!(text.len() <= MOST_BYTES && text.len() > MOST_BYTES - 4, "{}", text.len());
    }

    #[test]
    fn a_question_gets_its_prefix_only_if_it_says_something() {
        assert_eq!(query("find: ", " why "), "find: why");
        assert_eq!(query("find: ", " \n"), "");
    }
}
