//! Words of the texts in memory: BM25 with weighted fields, and other words for those of a question.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Field;
use crate::lexical::{Occur, ParsedQuery, Terms, words};
use crate::words::{SYMPTOMS, Told, Vocabulary, tokens};

pub(super) fn ev(n:&str,d:f32)->f32{std::env::var(n).ok().and_then(|v|v.parse().ok()).unwrap_or(d)}
macro_rules! knob { ($n:ident, $d:expr) => { static $n: std::sync::LazyLock<f32> = std::sync::LazyLock::new(|| ev(stringify!($n), $d)); } }
knob!(K1, 1.2); knob!(B, 0.6); knob!(AW, 0.6); knob!(CK1, 1.2); knob!(DEDUP, 1.0); knob!(CV, 0.0); knob!(TW, 1.0); knob!(IE, 1.0); knob!(MULT,1.0);

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

/// Texts with a term, by number. Those that are gone stay until half of a list is.
#[derive(Default)]
struct List {
    entries: Vec<(u32, f32)>,
    alive: u32,
}

impl Postings {
    /// Adds a text, whose number is the next one. Returns its terms.
    pub(super) fn insert(&mut self, number: u32, fields: &[Field<'_>]) -> Box<[u32]> {
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
            SYMPTOMS.of_text(&tokens(field.text, &mut self.terms), |class| *told.entry(class).or_default() += field.weight);
        }
        let mut terms: Vec<u32> = counts.keys().copied().collect();
        terms.sort_unstable();
        for (term, weight) in counts {
            let list = &mut self.lists[term as usize];
            list.entries.push((number, weight));
            list.alive += 1;
        }
        self.classes.resize_with(SYMPTOMS.count(), List::default);
        for (class, weight) in told {
            let list = &mut self.classes[class as usize];
            list.entries.push((number, weight));
            list.alive += 1;
        }
        self.lengths.push(length);
        self.total_length += f64::from(length);
        self.alive += 1;
        terms.into_boxed_slice()
    }

    pub(super) fn remove(&mut self, number: u32, terms: &[u32]) {
        let length = std::mem::take(&mut self.lengths[number as usize]);
        self.total_length -= f64::from(length);
        self.alive -= 1;
        for term in terms {
            let list = &mut self.lists[*term as usize];
            list.alive -= 1;
            if (list.alive as usize) < list.entries.len() / 2 {
                let lengths = &self.lengths;
                list.entries.retain(|(number, _)| lengths[*number as usize] > 0.0);
            }
        }
    }

    /// For every number, the share of what a text of just the question's words would score.
    pub(super) fn scores(&self, question: &ParsedQuery, told: &[Told]) -> Vec<f32> {
        let mut scores = vec![0.0; self.lengths.len()];
        let average = (self.total_length / self.alive.max(1) as f64).max(1.0) as f32;
        let mut most = 0.0;
        let asked = question.clauses.iter().filter(|clause| clause.occur != Occur::MustNot);
        for term in asked.flat_map(|clause| &clause.terms) {
            most += self.idf(term) * (*K1 + 1.0);
            self.add(term, 1.0, average, &mut scores);
        }
        if most == 0.0 {
            return scores;
        }
        let (mut own, mut meant) = (Sparse::new(scores.len()), Sparse::new(scores.len()));
        let mut gain = Sparse::new(scores.len());
        for expansion in &question.expansions {
            for term in &expansion.of {
                self.add_sparse(term, 1.0, average, &mut own);
            }
            // Of several things that may be meant, the best one counts, and only as far as it beats what was said.
            for alternative in &expansion.alternatives {
                for term in &alternative.terms {
                    self.add_sparse(term, alternative.weight * *TW, average, &mut meant);
                }
                for (number, score) in meant.drain() {
                    let more = score - own.values[number as usize];
                    if more > gain.values[number as usize] {
                        gain.set(number, more);
                    }
                }
            }
            for (number, more) in gain.drain() {
                scores[number as usize] += more;
            }
            own.drain().for_each(drop);
        }
        let mut seen = FxHashSet::default();
        let mut cover = vec![0.0f32; scores.len()];
        let mut slots = 0.0;
        for told in told {
            for term in &told.of {
                self.add_sparse(term, 1.0, average, &mut own);
            }
            let mut any = false;
            for class in &told.classes {
                if *DEDUP > 0.0 && !seen.insert(*class) { continue; }
                any = true;
                let list = &self.classes[*class as usize];
                let idf = self.rarity(list.alive as f32).powf(*IE) * *AW * (*CK1 + 1.0);
                for (number, count) in &list.entries {
                    let length = self.lengths[*number as usize];
                    if length > 0.0 {
                        let score = idf * count / (count + *CK1 * (1.0 - *B + *B * length / average));
                        let more = score - own.values[*number as usize];
                        if more > gain.values[*number as usize] {
                            gain.set(*number, more);
                        }
                    }
                }
            }
            if any { slots += 1.0; }
            for (number, _) in own.drain() { if gain.values[number as usize] == 0.0 { cover[number as usize] += 1.0; } }
            for (number, more) in gain.drain() {
                scores[number as usize] += more;
                cover[number as usize] += 1.0;
            }
        }
        for (score, cover) in scores.iter_mut().zip(cover) {
            *score /= most;
            if slots > 0.0 { *score *= 1.0 + *CV * cover / slots; }
        }
        scores
    }

    fn rarity(&self, with: f32) -> f32 {
        (1.0 + (self.alive as f32 - with + 0.5).max(0.0) / (with.max(1.0) + 0.5)).ln()
    }

    fn idf(&self, term: &str) -> f32 {
        let with = self.known.get(term).map_or(0, |id| self.lists[*id as usize].alive) as f32;
        // A word that no text has must not make all of them look bad: it counts as one that one text has.
        (1.0 + (self.alive as f32 - with + 0.5).max(0.0) / (with.max(1.0) + 0.5)).ln()
    }

    fn each(&self, term: &str, weight: f32, average: f32, mut found: impl FnMut(u32, f32)) {
        let Some(list) = self.known.get(term).map(|id| &self.lists[*id as usize]) else {
            return;
        };
        let idf = self.idf(term) * weight * (*K1 + 1.0);
        for (number, count) in &list.entries {
            let length = self.lengths[*number as usize];
            if length > 0.0 {
                found(*number, idf * count / (count + *K1 * (1.0 - *B + *B * length / average)));
            }
        }
    }

    fn add(&self, term: &str, weight: f32, average: f32, scores: &mut [f32]) {
        self.each(term, weight, average, |number, score| scores[number as usize] += score);
    }

    fn add_sparse(&self, term: &str, weight: f32, average: f32, scores: &mut Sparse) {
        self.each(term, weight, average, |number, score| scores.add(number, score));
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
