//! A question as a sequence of words, with what people leave out when they write.

use crate::lexical::{Terms, is_stop_word, words};

/// Behind an apostrophe these are endings, not words.
const ENDINGS: &[&str] = &["d", "ll", "m", "re", "s", "ve"];

/// What a word is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is looked for.
    Content,
    /// It is no more than talk; looked for only where there is nothing else.
    Chatter,
    /// The index does not have it.
    Stop,
}

/// A word of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// As it was written.
    pub(crate) written: String,
    /// In lower case, without its ending behind an apostrophe (`doesn't` is `doesnt`, `bucket's` is `bucket`).
    pub(crate) lower: String,
    /// Its stem, of stop words too. What phrases are compared by.
    pub(crate) key: String,
    pub(crate) role: Role,
    /// A sentence or a part of one ends before it.
    pub(crate) breaks: bool,
    /// Part of a longer name without blanks (`us-east-1`, `ec2:Describe`, `a.b`).
    pub(crate) in_name: bool,
}

/// The words of a question.
pub(crate) fn tokens(text: &str, terms: &mut Terms) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut end = 0;
    for range in words(text) {
        let (gap, word) = (&text[end..range.start], &text[range.clone()]);
        end = range.end;
        let lower = word.to_lowercase();
        if matches!(gap, "'" | "’")
            && let Some(before) = tokens.last_mut()
        {
            if lower == "t" && before.lower.ends_with('n') {
                before.written.push('t');
                before.lower.push('t');
                before.key.clone_from(&before.lower);
                before.role = Role::Chatter;
                continue;
            }
            if ENDINGS.contains(&lower.as_str()) {
                continue;
            }
        }
        let joined = !tokens.is_empty() && !gap.is_empty() && gap.chars().all(|c| "-_./:*".contains(c));
        // A hyphen joins two words that may also be written apart; other joints make a name.
        let in_name = joined && gap != "-";
        if in_name && let Some(before) = tokens.last_mut() {
            before.in_name = true;
        }
        let breaks = !joined && (gap.contains([',', ';', '?', '!', '(', ')', '\n']) || gap.contains(". "));
        let role = match is_stop_word(&lower) {
            true => Role::Stop,
            false if super::chatter::is_chatter(&lower) => Role::Chatter,
            false => Role::Content,
        };
        let key = terms.stem(&lower);
        tokens.push(Token { written: word.to_owned(), lower, key, role, breaks, in_name });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower(text: &str) -> Vec<String> {
        tokens(text, &mut Terms::default()).into_iter().map(|token| token.lower).collect()
    }

    #[test]
    fn contractions_are_one_word_and_possessives_lose_their_ending() {
        assert_eq!(lower("it doesn't start, won’t it"), ["it", "doesnt", "start", "wont", "it"]);
        assert_eq!(lower("the bucket's policy we've made"), ["the", "bucket", "policy", "we", "made"]);
        assert_eq!(lower("t2.micro isn't 't'"), ["t2", "micro", "isnt", "t"]);
    }

    #[test]
    fn names_and_breaks_are_seen() {
        let found = tokens("stop it. auto-scaling of t2.micro", &mut Terms::default());
        let breaks: Vec<_> = found.iter().filter(|t| t.breaks).map(|t| t.lower.as_str()).collect();
        assert_eq!(breaks, ["auto"]);
        let named: Vec<_> = found.iter().filter(|t| t.in_name).map(|t| t.lower.as_str()).collect();
        assert_eq!(named, ["t2", "micro"]);
    }

    #[test]
    fn keys_are_stems_of_stop_words_too() {
        let found = tokens("getting rid of boxes", &mut Terms::default());
        assert_eq!(found.iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), ["get", "rid", "of", "box"]);
        assert_eq!(found[0].role, Role::Stop);
    }
}
