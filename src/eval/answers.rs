//! Whether a text holds an answer that is known word for word.

/// Text in which only words and punctuation matter: lower case, one space between words, and without what Markdown
/// adds to say how they look (backslashes before punctuation, asterisks and backticks).
pub(crate) fn normalized(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(char::is_ascii_punctuation) => {
                // What is escaped stands for itself, unless it is left out anyway.
                plain.extend(chars.next_if(|escaped| !matches!(escaped, '*' | '`')));
            }
            '*' | '`' => {}
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a normalized text holds a normalized answer as whole words: `25` is not in `1,256`, nor `eb` in `ebs`.
pub(crate) fn holds(text: &str, answer: &str) -> bool {
    if answer.is_empty() {
        return false;
    }
    let starts_in_word = answer.starts_with(char::is_alphanumeric);
    let ends_in_word = answer.ends_with(char::is_alphanumeric);
    text.match_indices(answer).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let joined = (starts_in_word && before.is_some_and(char::is_alphanumeric))
            || (ends_in_word && after.is_some_and(char::is_alphanumeric));
        !joined
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_and_white_space_do_not_matter() {
        let text = normalized("Set `max\\_connections`\n  to **at most** 5\\,000.\u{a0}See \\*.\\`c:\\temp");
        assert_eq!(text, "set max_connections to at most 5,000. see .c:\\temp");
        assert!(holds(&text, &normalized("MAX_CONNECTIONS to *at\nmost* 5,000")));
        assert_eq!(normalized("trailing \\"), "trailing \\");
    }

    #[test]
    fn answers_are_whole_words() {
        assert!(holds("up to 25 per region", "25"));
        assert!(holds("(25)", "25"));
        for text in ["up to 256", "up to 125", "x25", ""] {
            assert!(!holds(text, "25"), "{text}");
        }
        assert!(holds("125 and 25", "25"), "any place will do");
        assert!(holds("use--interactive", "--interactive"), "punctuation may touch a word");
        assert!(!holds("anything", ""));
    }
}
