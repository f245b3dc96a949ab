//! Words of the texts in memory: BM25 with weighted fields, and other words for those of a question.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Field;
use crate::lexical::{Occur, ParsedQuery, Terms, words};
use crate::words::{Expansion, SYMPTOMS, Told, Vocabulary, tokens};

/// How fast more of the same word counts less.
const K1: f32 = 1.2;
/// How much long texts are held to account for their length.
const B: f32 = 0.4;
/// How fast more words of the same class count less.
const CLASS_K1: f32 = 2.4;
/// What a word of the same class counts, by the square of the class's rarity: a class that many texts have says little.
const CLASS_WEIGHT: f32 = 0.5;
/// A class that more texts have says nothing, and would cost the most.
const MAX_OF_CLASS: u32 = 20_000;
/// What a text gains that has something for all that a question tells.
const COVERAGE: f32 = 0.5;

#[derive(Default)]
pub(super) struct Postings {
    terms: Terms,
    known: FxHashMap<Box<str>, u32>,
    lists: Vec<List>,
    /// By class of [`SYMPTOMS`].
    classes: Vec<List>,
    /// Weighted words of each text; 0 for one that is gone.
    lengths: Vec<f32>,
    total_length: f64,
    alive: usize,
}

/// What a text is listed under.
pub(super) struct Listed {
    terms: Box<[u32]>,
    classes: Box<[u32]>,
}

/// Texts with a term, by number. Those that are gone stay until half of a list is.
#[derive(Default)]
struct List {
    entries: Vec<(u32, f32)>,
    alive: u32,
}

impl List {
    fn push(&mut self, number: u32, weight: f32) {
        self.entries.push((number, weight));
        self.alive += 1;
    }

    /// Forgets one text, which is of length 0 already.
    fn forget(&mut self, lengths: &[f32]) {
        self.alive -= 1;
        if (self.alive as usize) < self.entries.len() / 2 {
            self.entries.retain(|(number, _)| lengths[*number as usize] > 0.0);
        }
    }
}

impl Postings {
    /// Adds a text, whose number is the next one.
    pub(super) fn insert(&mut self, number: u32, fields: &[Field<'_>]) -> Listed {
        let mut counts: FxHashMap<u32, f32> = FxHashMap::default();
        let mut length = 0.0;
        let mut told: FxHashMap<u32, f32> = FxHashMap::default();
        for field in fields {
            for range in words(field.text) {
                let Some(term) = self.terms.term(&field.text[range]) else { continue };
                let id = *self.known.entry(term.into_boxed_str()).or_insert_with(|| {
                    self.lists.push(List::default());
                    self.lists.len() as u32 - 1
                });
                *counts.entry(id).or_default() += field.weight;
                length += field.weight;
            }
            let tokens = tokens(field.text, &mut self.terms);
            SYMPTOMS.of_text(&tokens, |class| *told.entry(class).or_default() += field.weight);
        }
        let listed = Listed { terms: counts.keys().copied().collect(), classes: told.keys().copied().collect() };
        for (term, weight) in counts {
            self.lists[term as usize].push(number, weight);
        }
        self.classes.resize_with(SYMPTOMS.count(), List::default);
        for (class, weight) in told {
            self.classes[class as usize].push(number, weight);
        }
        self.lengths.push(length);
        self.total_length += f64::from(length);
        self.alive += 1;
        listed
    }

    pub(super) fn remove(&mut self, number: u32, listed: &Listed) {
        let length = std::mem::take(&mut self.lengths[number as usize]);
        self.total_length -= f64::from(length);
        self.alive -= 1;
        for term in &listed.terms {
            self.lists[*term as usize].forget(&self.lengths);
        }
        for class in &listed.classes {
            self.classes[*class as usize].forget(&self.lengths);
        }
    }

    /// For every number, the share of what a text of just the question's words would score. `told` are the words and
    /// phrases of the question that have classes.
    pub(super) fn scores(&self, question: &ParsedQuery, told: &[Told]) -> Vec<f32> {
        let mut scores = vec![0.0; self.lengths.len()];
        let average = (self.total_length / self.alive.max(1) as f64).max(1.0) as f32;
        let mut most = 0.0;
        let asked = question.clauses.iter().filter(|clause| clause.occur != Occur::MustNot);
        for term in asked.flat_map(|clause| &clause.terms) {
            most += self.idf(term) * (K1 + 1.0);
            self.add(term, 1.0, average, &mut scores);
        }
        if most == 0.0 {
            return scores;
        }
        self.add_expansions(&question.expansions, average, &mut scores);
        self.add_classes(told, average, &mut scores);
        for score in &mut scores {
            *score /= most;
        }
        scores
    }

    fn add_expansions(&self, expansions: &[Expansion], average: f32, scores: &mut [f32]) {
        let (mut own, mut meant) = (Sparse::new(scores.len()), Sparse::new(scores.len()));
        let mut gain = Sparse::new(scores.len());
        for expansion in expansions {
            for term in &expansion.of {
                self.add_sparse(term, 1.0, average, &mut own);
            }
            // Of several things that may be meant, the best one counts, and only as far as it beats what was said.
            for alternative in &expansion.alternatives {
                for term in &alternative.terms {
                    self.add_sparse(term, alternative.weight, average, &mut meant);
                }
                for (number, score) in meant.drain() {
                    gain.raise(number, score - own.values[number as usize]);
                }
            }
            for (number, more) in gain.drain() {
                scores[number as usize] += more;
            }
            own.drain().for_each(drop);
        }
    }

    /// The same for classes: a text that tells of the same in any words.
    fn add_classes(&self, told: &[Told], average: f32, scores: &mut [f32]) {
        let (mut own, mut gain) = (Sparse::new(scores.len()), Sparse::new(scores.len()));
        let mut covered = vec![0.0; scores.len()];
        for told in told {
            for term in &told.of {
                self.add_sparse(term, 1.0, average, &mut own);
            }
            for list in told.classes.iter().filter_map(|class| self.classes.get(*class as usize)) {
                if list.alive > MAX_OF_CLASS {
                    continue;
                }
                let weight = CLASS_WEIGHT * self.rarity(list.alive).powi(2);
                self.each(list, weight, CLASS_K1, average, |number, score| {
                    gain.raise(number, score - own.values[number as usize]);
                });
            }
            for (number, _) in own.drain().filter(|(number, _)| gain.values[*number as usize] == 0.0) {
                covered[number as usize] += 1.0;
            }
            for (number, more) in gain.drain() {
                scores[number as usize] += more;
                covered[number as usize] += 1.0;
            }
        }
        for (score, covered) in scores.iter_mut().zip(covered) {
            *score *= 1.0 + COVERAGE * covered / told.len().max(1) as f32;
        }
    }

    fn idf(&self, term: &str) -> f32 {
        self.rarity(self.known.get(term).map_or(0, |id| self.lists[*id as usize].alive))
    }

    /// What it says that a text has what so many have. What none has must not make all of them look bad: it counts as
    /// what one text has.
    fn rarity(&self, with: u32) -> f32 {
        let (all, with) = (self.alive as f32, with as f32);
        (1.0 + (all - with + 0.5).max(0.0) / (with.max(1.0) + 0.5)).ln()
    }

    fn each(&self, list: &List, weight: f32, k1: f32, average: f32, mut found: impl FnMut(u32, f32)) {
        for (number, count) in &list.entries {
            let length = self.lengths[*number as usize];
            if length > 0.0 {
                found(*number, weight * (k1 + 1.0) * count / (count + k1 * (1.0 - B + B * length / average)));
            }
        }
    }

    fn each_with(&self, term: &str, weight: f32, average: f32, found: impl FnMut(u32, f32)) {
        if let Some(id) = self.known.get(term) {
            let list = &self.lists[*id as usize];
            self.each(list, self.rarity(list.alive) * weight, K1, average, found);
        }
    }

    fn add(&self, term: &str, weight: f32, average: f32, scores: &mut [f32]) {
        self.each_with(term, weight, average, |number, score| scores[number as usize] += score);
    }

    fn add_sparse(&self, term: &str, weight: f32, average: f32, scores: &mut Sparse) {
        self.each_with(term, weight, average, |number, score| scores.add(number, score));
    }
}

/// Values for some numbers; forgetting them costs only as many as there are.
struct Sparse {
    values: Vec<f32>,
    touched: Vec<u32>,
}

impl Sparse {
    fn new(numbers: usize) -> Self {
        Self { values: vec![0.0; numbers], touched: Vec::new() }
    }

    fn add(&mut self, number: u32, value: f32) {
        self.set(number, self.values[number as usize] + value);
    }

    fn set(&mut self, number: u32, value: f32) {
        let place = &mut self.values[number as usize];
        if *place == 0.0 {
            self.touched.push(number);
        }
        *place = value;
    }

    /// Sets a value that is larger than the one that is there; none is there where it is 0.
    fn raise(&mut self, number: u32, value: f32) {
        if value > self.values[number as usize] {
            self.set(number, value);
        }
    }

    fn drain(&mut self) -> impl Iterator<Item = (u32, f32)> + '_ {
        let values = &mut self.values;
        self.touched.drain(..).map(|number| (number, std::mem::take(&mut values[number as usize])))
    }
}

impl Vocabulary for Postings {
    fn frequency(&self, term: &str) -> tantivy::Result<u64> {
        Ok(self.known.get(term).map_or(0, |id| u64::from(self.lists[*id as usize].alive)))
    }

    fn together(&self, a: &str, b: &str) -> tantivy::Result<u64> {
        let numbers = |term: &str| {
            let list = self.known.get(term).map(|id| &self.lists[*id as usize]);
            let entries = list.into_iter().flat_map(|list| &list.entries).map(|(number, _)| *number);
            entries.filter(|number| self.lengths[*number as usize] > 0.0)
        };
        let with: FxHashSet<u32> = numbers(a).collect();
        Ok(numbers(b).filter(|number| with.contains(number)).count() as u64)
    }

    /// Nothing: some hundred texts do not know how words are spelled, and would make known ones of new ones.
    fn near(&self, _text: &str, _edits: u8) -> tantivy::Result<Vec<(String, u64)>> {
        Ok(Vec::new())
    }
}
