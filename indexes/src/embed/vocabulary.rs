//! The pieces that have vectors of their own: frequent words, and letter sequences that stand in for all others.

use rustc_hash::FxHashMap;

/// Marks a piece that is a letter sequence and not a word. No word contains it.
const SEQUENCE_MARK: char = '#';
/// Letters of a sequence, the marks `^` and `$` of the ends of the word among them.
const SEQUENCE_LETTERS: usize = 4;
/// A word that fewer texts contain is made of letter sequences.
const MIN_TEXTS: u32 = 5;
/// A sequence that rare words contain less often is not worth a vector.
const MIN_USES: u32 = 20;

/// Pieces in alphabetical order, and how a word is made of them.
#[derive(Debug)]
pub(super) struct Vocabulary {
    text: String,
    ends: Vec<u32>,
}

impl Vocabulary {
    /// From pieces in any order, all different.
    pub(super) fn new(mut pieces: Vec<Box<str>>) -> Self {
        pieces.sort_unstable();
        let mut vocabulary = Self { text: String::new(), ends: Vec::with_capacity(pieces.len()) };
        for piece in &pieces {
            vocabulary.text.push_str(piece);
            vocabulary.ends.push(vocabulary.text.len() as u32);
        }
        vocabulary
    }

    /// From what [`Self::text`] and [`Self::ends`] gave; `None` if they do not belong together.
    pub(super) fn from_parts(text: String, ends: Vec<u32>) -> Option<Self> {
        let cuts = ends.is_sorted() && ends.iter().all(|&end| text.is_char_boundary(end as usize));
        (cuts && ends.last().is_none_or(|&end| end as usize == text.len())).then_some(Self { text, ends })
    }

    /// Chooses at most `most` pieces for words, given how many texts contain each of them: the most frequent words
    /// in three quarters of the places, sequences of the other words in the rest.
    pub(super) fn learn(words: &[Box<str>], texts: &[u32], most: usize) -> Self {
        let mut frequent: Vec<usize> = (0..words.len()).filter(|&word| texts[word] >= MIN_TEXTS).collect();
        // Equally frequent ones in alphabetical order: the choice must not depend on the order of reading.
        frequent.sort_unstable_by(|&a, &b| texts[b].cmp(&texts[a]).then_with(|| words[a].cmp(&words[b])));
        frequent.truncate(most - most / 4);
        let mut whole = vec![false; words.len()];
        for &word in &frequent {
            whole[word] = true;
        }
        let mut pieces: Vec<Box<str>> = frequent.iter().map(|&word| words[word].clone()).collect();

        let mut uses: FxHashMap<Box<str>, u32> = FxHashMap::default();
        for word in (0..words.len()).filter(|&word| !whole[word]) {
            let texts = texts[word].min(MIN_TEXTS);
            letter_sequences(&words[word], |sequence| {
                if let Some(uses) = uses.get_mut(sequence) {
                    *uses += texts;
                } else {
                    uses.insert(sequence.into(), texts);
                }
            });
        }
        let mut sequences: Vec<(Box<str>, u32)> = uses.into_iter().filter(|(_, uses)| *uses >= MIN_USES).collect();
        sequences.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sequences.truncate(most.saturating_sub(pieces.len()));
        pieces.extend(sequences.into_iter().map(|(sequence, _)| sequence));
        Self::new(pieces)
    }

    /// Number of pieces.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All pieces, one after the other.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where each piece ends in the text.
    pub(super) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Calls `found` with the pieces of a word and their shares: the word itself, or else its letter sequences.
    pub(super) fn pieces_of(&self, word: &str, mut found: impl FnMut(u32, f32)) {
        if let Some(whole) = self.find(word) {
            return found(whole, 1.0);
        }
        let mut known = Vec::new();
        letter_sequences(word, |sequence| known.extend(self.find(sequence)));
        // Vectors of unrelated sequences stand across each other: this makes their sum as long as a word's.
        let share = 1.0 / (known.len().max(1) as f32).sqrt();
        for piece in known {
            found(piece, share);
        }
    }

    fn find(&self, piece: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let start = if middle == 0 { 0 } else { self.ends[middle - 1] as usize };
            match self.text[start..self.ends[middle] as usize].cmp(piece) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle as u32),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Calls `found` with every sequence of `^word$`, marked as one.
fn letter_sequences(word: &str, mut found: impl FnMut(&str)) {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    let mut sequence = String::new();
    for window in letters.windows(SEQUENCE_LETTERS.min(letters.len())) {
        sequence.clear();
        sequence.push(SEQUENCE_MARK);
        sequence.extend(window);
        found(&sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(words: &[&str]) -> Vec<Box<str>> {
        words.iter().map(|&word| word.into()).collect()
    }

    fn pieces(vocabulary: &Vocabulary, word: &str) -> Vec<(u32, f32)> {
        let mut pieces = Vec::new();
        vocabulary.pieces_of(word, |piece, share| pieces.push((piece, share)));
        pieces
    }

    #[test]
    fn frequent_words_are_pieces_and_others_come_apart() {
        let words = boxed(&["bucket", "rarest", "rarely", "rares", "rared", "rarer", "instanc"]);
        let vocabulary = Vocabulary::learn(&words, &[90, 4, 4, 4, 4, 4, 70], 8);
        assert_eq!(pieces(&vocabulary, "bucket").len(), 1);
        assert_ne!(pieces(&vocabulary, "bucket"), pieces(&vocabulary, "instanc"));
        // `^rar` and `rare` occur in all rare words, and in one that was never seen.
        let unseen = pieces(&vocabulary, "rarefied");
        assert_eq!(unseen.len(), 2);
        assert!((unseen.iter().map(|(_, share)| share * share).sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(pieces(&vocabulary, "zzz").is_empty());
    }

    #[test]
    fn every_piece_is_found_again() {
        let vocabulary = Vocabulary::new(boxed(&["vpc", "#^ab$", "a", "über"]));
        for piece in ["vpc", "#^ab$", "a", "über"] {
            assert!(vocabulary.find(piece).is_some(), "{piece}");
        }
        assert_eq!((vocabulary.find(""), vocabulary.find("b"), vocabulary.find("zz")), (None, None, None));
        let (text, ends) = (vocabulary.text().to_owned(), vocabulary.ends().to_vec());
        assert!(Vocabulary::from_parts(text.clone(), ends.clone()).is_some());
        assert!(Vocabulary::from_parts(text.clone(), vec![3, 2]).is_none());
        assert!(Vocabulary::from_parts(text, vec![999]).is_none());
    }
}
