//! Passages to learn from, kept as numbered words: each distinct word is cut up once, however often it occurs.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::random::Random;
use super::vocabulary::Vocabulary;
use super::words::{Stems, spellings, without_leading_headings};

/// Number of the words that say nothing.
const EMPTY: u32 = u32::MAX;
/// Passages that are held out, about.
const HELD_OUT: f64 = 2_000.0;
/// Share of the passages that is held out at most.
const MOST_HELD_OUT: f64 = 0.1;

/// Passages to learn from and to embed, in the order of adding.
///
/// Five bytes for each distinct word of a passage and about a hundred for each distinct word of the set: some 100 MB
/// for 180,000 passages.
pub struct TrainingSet {
    lexicon: Lexicon,
    groups: FxHashMap<Box<str>, u32>,
    pub(super) passages: Vec<Source>,
    pub(super) titles: Bags,
    pub(super) headings: Bags,
    pub(super) bodies: Bags,
}

/// Where a passage comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) document: u64,
    pub(super) group: u32,
}

impl Default for TrainingSet {
    fn default() -> Self {
        Self::new()
    }
}

impl TrainingSet {
    /// An empty set.
    pub fn new() -> Self {
        Self {
            lexicon: Lexicon::new(),
            groups: FxHashMap::default(),
            passages: Vec::new(),
            titles: Bags::default(),
            headings: Bags::default(),
            bodies: Bags::default(),
        }
    }

    /// What tells a document from others by what it says, so that the same page is held out in every index.
    pub fn document_key(title: &str, first_passage: &str) -> u64 {
        let hash =
            blake3::Hasher::new().update(title.as_bytes()).update(b"\0").update(first_passage.as_bytes()).finalize();
        hash.as_bytes().first_chunk().map_or(0, |key| u64::from_le_bytes(*key))
    }

    /// Adds a passage. `document` tells documents apart ([`Self::document_key`]) and decides which are held out; `group` is
    /// what hard counter-examples are taken from: the guide, or the source where there is none. Headings are joined
    /// by anything that is not a letter.
    pub fn add(&mut self, document: u64, group: &str, title: &str, headings: &str, body: &str) {
        let next = self.groups.len() as u32;
        let group = *self.groups.entry(group.into()).or_insert(next);
        self.passages.push(Source { document, group });
        self.titles.push(&mut self.lexicon.words_of(title));
        self.headings.push(&mut self.lexicon.words_of(headings));
        // With its own heading in it, a text would be found without learning anything.
        self.bodies.push(&mut self.lexicon.words_of(without_leading_headings(body)));
    }

    /// Number of passages.
    pub fn len(&self) -> usize {
        self.passages.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }

    /// Numbers of the passages to learn from, and of those to judge by: about 2,000, at most a tenth of all, and whole
    /// documents. A document is held out for what its key is, so when the set grows, hardly any that was learned from
    /// is judged by. A `general` table will be judged by sets of any size: it learns from nothing that any of them
    /// could hold out.
    pub(super) fn split(&self, general: bool) -> (Vec<u32>, Vec<u32>) {
        let share = (HELD_OUT / self.len().max(1) as f64).min(MOST_HELD_OUT);
        let limit = |share: f64| (share * u64::MAX as f64) as u64;
        let (judged_by, held_out) = (limit(share), limit(if general { MOST_HELD_OUT } else { share }));
        // Keys may be small numbers: one round of the generator spreads them.
        let place = |at: u32| Random::new(self.passages[at as usize].document).number();
        let all = 0..self.len() as u32;
        (all.clone().filter(|at| place(*at) >= held_out).collect(), all.filter(|at| place(*at) < judged_by).collect())
    }

    /// Every word of the set, by number.
    pub(super) fn words(&self) -> &[Box<str>] {
        &self.lexicon.words
    }

    /// How many texts contain each word.
    pub(super) fn texts(&self) -> Vec<u32> {
        let mut texts = vec![0; self.words().len()];
        for bags in [&self.titles, &self.headings, &self.bodies] {
            bags.words.iter().for_each(|&word| texts[word as usize] += 1);
        }
        texts
    }

    /// The pieces of every word of the set.
    pub(super) fn spell(&self, vocabulary: &Vocabulary) -> Spelled {
        let words: Vec<Vec<(u32, f32)>> = self
            .words()
            .par_iter()
            .map(|word| {
                let mut pieces = Vec::new();
                vocabulary.pieces_of(word, |piece, share| pieces.push((piece, share)));
                pieces
            })
            .collect();
        let mut spelled = Spelled { ends: Vec::with_capacity(words.len()), pieces: Vec::new() };
        for pieces in words {
            spelled.pieces.extend(pieces);
            spelled.ends.push(spelled.pieces.len());
        }
        spelled
    }
}

/// Numbers for words, and for every spelling that was met.
struct Lexicon {
    stems: Stems,
    spellings: FxHashMap<Box<str>, u32>,
    numbers: FxHashMap<Box<str>, u32>,
    words: Vec<Box<str>>,
}

impl Lexicon {
    fn new() -> Self {
        Self { stems: Stems::new(), spellings: FxHashMap::default(), numbers: FxHashMap::default(), words: Vec::new() }
    }

    fn words_of(&mut self, text: &str) -> Vec<u32> {
        let mut words = Vec::new();
        spellings(text, |spelling| {
            let word = self.spellings.get(spelling).copied().unwrap_or_else(|| self.meet(spelling));
            if word != EMPTY {
                words.push(word);
            }
        });
        words
    }

    fn meet(&mut self, spelling: &str) -> u32 {
        let word = match self.stems.stem(spelling) {
            None => EMPTY,
            Some(stem) => *self.numbers.entry(stem.into_boxed_str()).or_insert_with_key(|stem| {
                self.words.push(stem.clone());
                self.words.len() as u32 - 1
            }),
        };
        self.spellings.insert(spelling.into(), word);
        word
    }
}

/// Bags of words: the distinct words of each text and how often they occur in it.
#[derive(Debug, Default)]
pub(super) struct Bags {
    ends: Vec<usize>,
    words: Vec<u32>,
    counts: Vec<u8>,
}

impl Bags {
    fn push(&mut self, words: &mut [u32]) {
        words.sort_unstable();
        for same in words.chunk_by(|a, b| a == b) {
            self.words.push(same[0]);
            self.counts.push(same.len().min(255) as u8);
        }
        self.ends.push(self.words.len());
    }

    /// Words of one text and how often each occurs.
    pub(super) fn get(&self, at: usize) -> impl Iterator<Item = (u32, u8)> + '_ {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        let range = start..self.ends[at];
        self.words[range.clone()].iter().copied().zip(self.counts[range].iter().copied())
    }
}

/// The pieces of every word of a set, each with its weight.
pub(super) struct Spelled {
    ends: Vec<usize>,
    pieces: Vec<(u32, f32)>,
}

impl Spelled {
    /// The pieces of one word.
    pub(super) fn get(&self, word: u32) -> &[(u32, f32)] {
        let start = if word == 0 { 0 } else { self.ends[word as usize - 1] };
        &self.pieces[start..self.ends[word as usize]]
    }

    /// Multiplies the weight of every piece by what it is worth.
    pub(super) fn weigh(&mut self, worth: &[f32]) {
        self.pieces.iter_mut().for_each(|(piece, weight)| *weight *= worth[*piece as usize]);
    }

    /// Adds the weighted pieces of a text to `entries`.
    pub(super) fn extend(&self, entries: &mut Vec<(u32, f32)>, bags: &Bags, at: usize) {
        for (word, count) in bags.get(at) {
            let worth = occurrences(count);
            entries.extend(self.get(word).iter().map(|&(piece, weight)| (piece, weight * worth)));
        }
    }
}

/// What the number of occurrences of a word in a text counts for.
pub(super) fn occurrences(count: u8) -> f32 {
    1.0 + f32::from(count.max(1)).ln()
}
