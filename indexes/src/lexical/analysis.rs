//! Text to terms: lower case, split at everything that is not a letter or digit, stop words out, English stems.

use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Longer words are data, not language; they are cut here so that an index of noise stays small. Bytes.
const MAX_WORD: usize = 64;

/// Distinct words whose stem is remembered per thread. Beyond it (data, not language) stems are worked out anew.
const STEM_CACHE: usize = 200_000;

/// Words that say nothing about what a text is about, and the words of which questions are made.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "both", "but", "by", "can", "cannot", "could", "did", "do", "does", "doing", "done", "during",
    "each", "either", "else", "for", "from", "further", "get", "gets", "getting", "give", "given", "gives", "had",
    "has", "have", "having", "he", "her", "here", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its",
    "just", "many", "may", "me", "might", "more", "most", "much", "must", "my", "no", "nor", "not", "of", "off", "on",
    "once", "only", "or", "other", "our", "out", "own", "please", "same", "shall", "she", "should", "so", "some",
    "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to",
    "too", "under", "until", "up", "very", "was", "we", "were", "what", "when", "where", "whether", "which", "while",
    "who", "whom", "whose", "why", "will", "with", "within", "without", "would", "you", "your",
];

/// Whether a lower-case word is no term.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Byte ranges of the words of a text, longest runs of letters and digits.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut chars = text.char_indices();
    std::iter::from_fn(move || {
        let (start, _) = chars.find(|(_, c)| c.is_alphanumeric())?;
        let end = chars.find(|(_, c)| !c.is_alphanumeric()).map_or(text.len(), |(at, _)| at);
        Some(start..end)
    })
}

/// Turns words into terms. Keeps what it has worked out.
#[derive(Clone)]
pub(crate) struct Terms {
    stemmer: Stemmer,
    /// Lower-case word to its stem; `None` for a stop word.
    known: FxHashMap<Box<str>, Option<Box<str>>>,
    lower: String,
}

impl Default for Terms {
    fn default() -> Self {
        Self { stemmer: Stemmer::new(Algorithm::English), known: FxHashMap::default(), lower: String::new() }
    }
}

impl Terms {
    /// Appends the term of a word to `out`; returns `false`, leaving `out` alone, for a stop word.
    fn push_term(&mut self, word: &str, out: &mut String) -> bool {
        let mut end = word.len().min(MAX_WORD);
        while !word.is_char_boundary(end) {
            end -= 1;
        }
        let word = &word[..end];
        self.lower.clear();
        if word.is_ascii() {
            self.lower.push_str(word);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.extend(word.chars().flat_map(char::to_lowercase));
        }
        if let Some(known) = self.known.get(self.lower.as_str()) {
            return known.as_deref().is_some_and(|stem| {
                out.push_str(stem);
                true
            });
        }
        let stem = (!is_stop_word(&self.lower)).then(|| self.stemmer.stem(&self.lower).into_owned().into_boxed_str());
        if let Some(stem) = &stem {
            out.push_str(stem);
        }
        let found = stem.is_some();
        if self.known.len() < STEM_CACHE {
            self.known.insert(self.lower.as_str().into(), stem);
        }
        found
    }

    /// The term of one word, or `None` for a stop word.
    pub(crate) fn term(&mut self, word: &str) -> Option<String> {
        let mut out = String::new();
        self.push_term(word, &mut out).then_some(out)
    }

    /// The stem of a word, of a stop word too. The cut of endless words is that of [`Self::term`].
    pub(crate) fn stem(&mut self, word: &str) -> String {
        self.term(word).unwrap_or_else(|| self.stemmer.stem(&word.to_lowercase()).into_owned())
    }

    /// Distinct terms of a text in the order in which they come. A text of stop words only keeps them out
    /// too: there is nothing in the index that they could match.
    pub(crate) fn distinct(&mut self, text: &str) -> Vec<String> {
        let mut seen = FxHashSet::default();
        let mut terms = Vec::new();
        for range in words(text) {
            if let Some(term) = self.term(&text[range])
                && !seen.contains(&term)
            {
                seen.insert(term.clone());
                terms.push(term);
            }
        }
        terms
    }
}

/// [`Terms`] as tantivy wants it, for indexing.
#[derive(Clone, Default)]
pub(crate) struct EnglishTokenizer {
    terms: Terms,
    token: Token,
}

pub(crate) struct EnglishTokenStream<'a> {
    text: &'a str,
    words: Box<dyn Iterator<Item = Range<usize>> + 'a>,
    terms: &'a mut Terms,
    token: &'a mut Token,
}

impl Tokenizer for EnglishTokenizer {
    type TokenStream<'a> = EnglishTokenStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> EnglishTokenStream<'a> {
        self.token.reset();
        EnglishTokenStream { text, words: Box::new(words(text)), terms: &mut self.terms, token: &mut self.token }
    }
}

impl TokenStream for EnglishTokenStream<'_> {
    fn advance(&mut self) -> bool {
        for range in self.words.by_ref() {
            self.token.text.clear();
            self.token.position = self.token.position.wrapping_add(1);
            if self.terms.push_term(&self.text[range.clone()], &mut self.token.text) {
                self.token.offset_from = range.start;
                self.token.offset_to = range.end;
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        Terms::default().distinct(text)
    }

    #[test]
    fn stop_words_are_sorted_for_binary_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn questions_lose_their_question_words() {
        assert_eq!(terms("What is the maximum number of load balancers?"), ["maximum", "number", "load", "balanc"]);
        assert_eq!(terms("how can I do this"), Vec::<String>::new());
    }

    #[test]
    fn punctuation_emoji_and_nothing_are_safe() {
        assert_eq!(terms("C++ s3:* \"unbalanced 🚀 us-east-2"), ["c", "s3", "unbalanc", "us", "east", "2"]);
        assert_eq!(terms(""), Vec::<String>::new());
        assert_eq!(terms("ÄRGER Straße"), ["ärger", "straße"]);
    }

    #[test]
    fn endless_words_are_cut_on_a_character() {
        assert_eq!(terms(&"ä".repeat(1000))[0].chars().count(), MAX_WORD / 2);
    }

    #[test]
    fn indexing_and_asking_agree() {
        let text = "Connecting instances to the VPC";
        let mut tokenizer = EnglishTokenizer::default();
        let mut stream = tokenizer.token_stream(text);
        let mut indexed = Vec::new();
        while stream.advance() {
            indexed.push(stream.token().text.clone());
        }
        assert_eq!(indexed, terms(text));
    }
}
