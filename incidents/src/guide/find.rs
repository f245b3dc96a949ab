//! The guide of a symptom.

use std::sync::Arc;

use cloudops_indexes::embed::{EmbedError, PassageText, Table};
use cloudops_indexes::memory::{Collection, Field};
use rustc_hash::FxHashMap;

use super::Guide;
use crate::matching::{Weights, shared};
use crate::recognize::{push_new, recognize};

/// Learned on the rows `check` of `evaluation/symptoms.csv`; see `docs/incidents.md`.
const WEIGHTS: Weights = Weights { words: 1.0, vector: 0.3, names: 0.3, services: 0.1, recency: 0.0 };
/// Guides of each side that are looked at closer.
const CANDIDATES: usize = 40;

/// Guides that are known.
pub struct Guides {
    collection: Collection,
    by_number: FxHashMap<u32, Guide>,
    by_document: FxHashMap<String, u32>,
}

/// A guide, and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matched<'a> {
    /// The guide.
    pub guide: &'a Guide,
    /// Comparable within one answer; below [`WEAK`] it hardly has a word in common with the symptom.
    pub score: f32,
}

/// Guides that fit less hardly have a word in common with the symptom.
pub const WEAK: f32 = 0.25;

impl Guides {
    /// No guide yet. Vectors are made by the table.
    pub fn new(table: Arc<Table>) -> Self {
        Self { collection: Collection::new(table), by_number: FxHashMap::default(), by_document: FxHashMap::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }

    /// Adds a guide, or replaces the one of the same document.
    pub fn put(&mut self, guide: Guide) -> Result<(), EmbedError> {
        self.remove(&guide.document);
        let join = |lines: &[String]| lines.join("\n");
        let (symptoms, signals) = (join(&guide.symptoms), join(&guide.signals));
        let errors = join(&guide.errors);
        let steps: Vec<&str> =
            guide.steps.iter().flat_map(|step| [step.section.as_str(), step.action.as_str()]).collect();
        let decisions: Vec<&str> =
            guide.steps.iter().flat_map(|step| &step.decisions).map(|decision| decision.when.as_str()).collect();
        let (steps, decisions) = (steps.join("\n"), decisions.join("\n"));
        let services = guide.services.join(" ");
        let fields = [
            Field { text: &guide.title, weight: 1.0 },
            Field { text: &symptoms, weight: 2.0 },
            Field { text: &errors, weight: 1.5 },
            Field { text: &signals, weight: 0.5 },
            Field { text: &services, weight: 1.0 },
            Field { text: &guide.introduction, weight: 1.0 },
            Field { text: &steps, weight: 0.3 },
            Field { text: &decisions, weight: 0.3 },
        ];
        let names: Vec<&str> = guide.errors.iter().chain(&guide.signals).map(String::as_str).collect();
        let meaning = PassageText { title: &guide.title, headings: &services, body: &symptoms };
        let number = self.collection.insert(&fields, &names, meaning)?;
        self.by_document.insert(guide.document.clone(), number);
        self.by_number.insert(number, guide);
        Ok(())
    }

    /// Takes the guide of a document out.
    pub fn remove(&mut self, document: &str) {
        if let Some(number) = self.by_document.remove(document) {
            self.collection.remove(number);
            self.by_number.remove(&number);
        }
    }

    /// The guide of a document.
    pub fn get(&self, document: &str) -> Option<&Guide> {
        self.by_number.get(self.by_document.get(document)?)
    }

    /// All guides, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Guide> {
        self.by_number.values()
    }

    /// Guides for a symptom, the best first.
    pub fn find(&self, symptom: &str, services: &[String], limit: usize) -> Result<Vec<Matched<'_>>, EmbedError> {
        let found = recognize(symptom);
        let mut names = Vec::new();
        found.error_codes.into_iter().for_each(|code| push_new(&mut names, code));
        let asked = if services.is_empty() { found.services } else { services.to_vec() };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut matched: Vec<Matched<'_>> = self
            .collection
            .search(symptom, &names, CANDIDATES)?
            .into_iter()
            .filter_map(|scores| {
                let guide = self.by_number.get(&scores.number)?;
                Some(Matched { guide, score: WEIGHTS.score(&scores, shared(&asked, &guide.services), None) })
            })
            .collect();
        matched.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.guide.document.cmp(&b.guide.document)));
        matched.truncate(limit);
        Ok(matched)
    }
}

impl std::fmt::Debug for Guides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guides").field("guides", &self.by_number.len()).finish_non_exhaustive()
    }
}
