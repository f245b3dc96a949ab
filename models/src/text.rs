//! How the parts of a passage become the one text that a transformer reads.

use cloudops_indexes::embed::PassageText;

/// Tokens of a passage that models read, if they can read as many. Three of four passages of the AWS documentation are
/// no longer, and three of four are longer than 128, which is twice as fast and finds less (docs/retrieval.md).
pub(crate) const PASSAGE_TOKENS: usize = 256;

/// Changes whenever [`passage`] gives another text: part of the version of every embedder.
pub(crate) const VERSION: u32 = 1;

/// Bytes of a text that are looked at: far more than the tokens that a model reads, so that a page without paragraphs
/// is not split into words for nothing.
const MOST_BYTES: usize = 8 * 1024;

/// See [`PassageText::joined`].
pub(crate) fn passage(text: &PassageText<'_>) -> String {
    text.joined(cut)
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
