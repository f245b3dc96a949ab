//! How the parts of a passage become the one text that a model is sent.

use cloudops_indexes::embed::PassageText;

/// Changes whenever [`passage`] gives another text: part of the version of every embedder.
pub(super) const VERSION: u32 = 1;

/// See [`PassageText::joined`]; as far as the model reads.
pub(super) fn passage(text: &PassageText<'_>, most_units: usize) -> String {
    text.joined(|text| cut(text, most_units))
}

/// A question, as far as the model reads.
pub(super) fn query(text: &str, most_units: usize) -> String {
    cut(text.trim(), most_units).to_owned()
}

/// The beginning of at most so many UTF-16 units: whatever a service means by a character, there are no more of them.
fn cut(text: &str, most_units: usize) -> &str {
    // No character takes more units than bytes.
    if text.len() <= most_units {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > most_units
    });
    text[..end.map_or(text.len(), |(at, _)| at)].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let rockets = "🚀".repeat(600);
        let text = passage(&PassageText { title: "t", headings: "", body: &rockets }, 1_001);
        // `t.`, a line end, and what fits into the other 998 units, two for each.
        assert_eq!(text.encode_utf16().count(), 1_001);
        assert_eq!(query(&rockets, 1_001).encode_utf16().count(), 1_000);
        assert_eq!(query("größe", 5), "größe");
        assert_eq!(query("größe", 3), "grö");
        assert_eq!(query("ab cd", 3), "ab", "no blank is left at the end");
    }
}
