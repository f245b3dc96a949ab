//! A collection of short texts in memory, ranked like questions: incidents and guides, which come and go one by one and
//! must be found the moment they are there.
//!
//! The same analysis and thesaurus as the index on disk, classes of words (`corpus/symptoms.yaml`), BM25 over weighted
//! fields, exact names, and the vectors of a [`Table`]. What counts for how much is for the caller to say, who knows what
//! the texts are.

mod postings;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::postings::{Listed, Postings};
use crate::embed::{EmbedError, Embedder, PassageText, Table};
use crate::lexical::{ParsedQuery, Terms, identifiers};
use crate::vector::{dot, quantize};
use crate::words::{SYMPTOMS, tokens};

/// One part of a text, and what its words count for beside those of other parts.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Plain words.
    pub text: &'a str,
    /// 1 is the usual.
    pub weight: f32,
}

/// How a text answers a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Number of the text, as [`Collection::insert`] gave it.
    pub number: u32,
    /// Share of what its words could score at most for this question, 0 ..= 1 or little more.
    pub words: f32,
    /// Cosine of the vectors; 0 where nothing of the question is known.
    pub vector: f32,
    /// Exact names that question and text have in common, lower case, each with its rarity in 0 ..= 1.
    pub names: Vec<(String, f32)>,
}

/// Texts in memory. Adding one costs its length, a question the length of its words' lists.
pub struct Collection {
    table: Arc<Table>,
    words: Postings,
    names: FxHashMap<Box<str>, Vec<u32>>,
    texts: Vec<Option<Text>>,
    vectors: Vec<i8>,
    alive: usize,
}

/// What must be undone when a text goes.
struct Text {
    listed: Listed,
    names: Box<[Box<str>]>,
}

/// The scale of the bytes of vectors: components of unit vectors of some hundred dimensions are far below one half.
const SCALE: f32 = 254.0;

impl Collection {
    /// An empty collection whose vectors come from a table.
    pub fn new(table: Arc<Table>) -> Self {
        Self {
            table,
            words: Postings::default(),
            names: FxHashMap::default(),
            texts: Vec::new(),
            vectors: Vec::new(),
            alive: 0,
        }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.alive
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.alive == 0
    }

    /// Adds a text and gives it a number, which no other text will have.
    ///
    /// `names` are compared letter by letter but for their case, and are found in the fields too; `meaning` is what the
    /// vector is made of, its title first.
    pub fn insert(
        &mut self,
        fields: &[Field<'_>],
        names: &[&str],
        meaning: PassageText<'_>,
    ) -> Result<u32, EmbedError> {
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let vector = self.table.embed_passages(&[meaning])?.pop().unwrap_or_default();
        quantize(&vector, SCALE, &mut self.vectors);
        let listed = self.words.insert(number, fields);
        let mut own: Vec<Box<str>> = names.iter().map(|name| name.to_lowercase().into_boxed_str()).collect();
        own.extend(fields.iter().flat_map(|field| identifiers(field.text)).map(String::into_boxed_str));
        own.sort_unstable();
        own.dedup();
        for name in &own {
            self.names.entry(name.clone()).or_default().push(number);
        }
        self.texts.push(Some(Text { listed, names: own.into_boxed_slice() }));
        self.alive += 1;
        Ok(number)
    }

    /// Takes a text out. Its number is not used again.
    pub fn remove(&mut self, number: u32) {
        let Some(text) = self.texts.get_mut(number as usize).and_then(Option::take) else {
            return;
        };
        self.words.remove(number, &text.listed);
        for name in &text.names {
            if let Some(numbers) = self.names.get_mut(name) {
                numbers.retain(|other| *other != number);
            }
        }
        self.alive -= 1;
    }

    /// The texts that answer a question best by their words, by their vectors, and by exact names: up to `limit` of each,
    /// in no order. `names` are looked for beside those that the question has.
    pub fn search(&self, question: &str, names: &[&str], limit: usize) -> Result<Vec<Scores>, EmbedError> {
        // The vocabulary is in memory and cannot fail.
        let parsed = ParsedQuery::literal(question, &self.words).unwrap_or_default();
        let told = SYMPTOMS.of_question(&tokens(question, &mut Terms::default()));
        let words = self.words.scores(&parsed, &told);
        let query = self.table.embed_queries(&[question])?.pop().unwrap_or_default();
        let mut quantized = Vec::with_capacity(query.len());
        quantize(&query, SCALE, &mut quantized);
        let cosines = self.cosines(&quantized);
        let named = self.named(&parsed.identifiers, names);

        let mut chosen: Vec<u32> = best(&words, limit, &self.texts);
        chosen.extend(best(&cosines, limit, &self.texts));
        let mut by_name: Vec<(&u32, f32)> =
            named.iter().map(|(number, found)| (number, found.iter().map(|(_, rarity)| rarity).sum())).collect();
        by_name.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.cmp(a.0)));
        chosen.extend(by_name.into_iter().take(limit).map(|(number, _)| *number));
        chosen.sort_unstable();
        chosen.dedup();
        let scores = |number: u32| Scores {
            number,
            words: words[number as usize],
            vector: cosines[number as usize],
            names: named.get(&number).cloned().unwrap_or_default(),
        };
        Ok(chosen.into_iter().map(scores).collect())
    }

    fn cosines(&self, query: &[i8]) -> Vec<f32> {
        let dimensions = self.table.info().dimensions;
        if query.len() != dimensions || query.iter().all(|x| *x == 0) {
            return vec![0.0; self.texts.len()];
        }
        let rows = self.vectors.chunks_exact(dimensions);
        rows.map(|row| dot(query, row) as f32 / (SCALE * SCALE)).collect()
    }

    /// Texts with names of the question, and which.
    fn named(&self, found: &[String], given: &[&str]) -> FxHashMap<u32, Vec<(String, f32)>> {
        let mut wanted: Vec<String> = found.to_vec();
        wanted.extend(given.iter().map(|name| name.to_lowercase()));
        wanted.sort_unstable();
        wanted.dedup();
        let mut named: FxHashMap<u32, Vec<(String, f32)>> = FxHashMap::default();
        for name in wanted {
            let Some(numbers) = self.names.get(name.as_str()).filter(|numbers| !numbers.is_empty()) else {
                continue;
            };
            let rarity = rarity(numbers.len(), self.alive);
            for number in numbers {
                named.entry(*number).or_default().push((name.clone(), rarity));
            }
        }
        named
    }
}

impl std::fmt::Debug for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collection").field("texts", &self.alive).finish_non_exhaustive()
    }
}

/// A collection is taken for one of so many texts at least, when it is asked how rare a name is.
const FEW: usize = 1_000;

/// 1 for what one text of many has, near 0 for what all have.
fn rarity(with: usize, of: usize) -> f32 {
    // Among a handful of texts everything is frequent, and yet what two of them share by name is no chance.
    let of = of.max(FEW);
    let idf = |with: usize| (1.0 + (of as f32 - with as f32 + 0.5).max(0.0) / (with as f32 + 0.5)).ln();
    let most = idf(1);
    if most > 0.0 { (idf(with.max(1)) / most).clamp(0.0, 1.0) } else { 1.0 }
}

/// The numbers of the `limit` largest positive scores, newer texts first among equals.
fn best(scores: &[f32], limit: usize, texts: &[Option<Text>]) -> Vec<u32> {
    let alive = |number: &u32| texts[*number as usize].is_some();
    let mut numbers: Vec<u32> = (0..scores.len() as u32).filter(|n| scores[*n as usize] > 0.0).filter(alive).collect();
    let order = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then_with(|| b.cmp(a));
    if numbers.len() > limit && limit > 0 {
        numbers.select_nth_unstable_by(limit - 1, order);
    }
    numbers.truncate(limit);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(texts: &[&str]) -> Collection {
        let mut collection = Collection::new(Arc::new(Table::general().unwrap()));
        for text in texts {
            let meaning = PassageText { title: text, headings: "", body: text };
            collection.insert(&[Field { text, weight: 1.0 }], &[], meaning).unwrap();
        }
        collection
    }

    fn order(collection: &Collection, question: &str) -> Vec<u32> {
        let mut scores = collection.search(question, &[], 10).unwrap();
        scores.sort_by(|a, b| b.words.total_cmp(&a.words));
        scores.into_iter().filter(|s| s.words > 0.0).map(|s| s.number).collect()
    }

    #[test]
    fn words_other_words_and_names_find_texts() {
        let texts =
            ["the database refused connections", "an instance ran out of disk space", "ThrottlingException of KMS"];
        let collection = collection(&texts);
        assert_eq!(order(&collection, "connections were refused"), [0]);
        assert_eq!(order(&collection, "the box has no space on its disk")[0], 1);
        let found = collection.search("got a throttlingexception", &["ThrottlingException"], 10).unwrap();
        let named = found.iter().find(|scores| scores.number == 2).unwrap();
        assert_eq!(named.names, [("throttlingexception".to_owned(), 1.0)]);
        assert!(found.iter().filter(|scores| scores.number != 2).all(|scores| scores.names.is_empty()));
    }

    #[test]
    fn what_is_taken_out_is_not_found_and_counts_no_more() {
        let mut collection = collection(&["disk full", "disk full", "memory"]);
        collection.remove(0);
        collection.remove(0);
        collection.remove(9);
        assert_eq!(collection.len(), 2);
        assert_eq!(order(&collection, "disk"), [1]);
        assert!(collection.search("disk", &[], 10).unwrap().iter().all(|scores| scores.number != 0));
        let next = collection.insert(
            &[Field { text: "disk", weight: 1.0 }],
            &[],
            PassageText { title: "disk", headings: "", body: "" },
        );
        assert_eq!(next.unwrap(), 3);
        assert_eq!(order(&collection, "disk").len(), 2);
    }

    #[test]
    fn words_of_a_class_stand_for_each_other_until_the_text_goes() {
        let mut collection = collection(&["everybody was logged out", "the invoice is late"]);
        assert_eq!(order(&collection, "customers get kicked out")[0], 0);
        collection.remove(0);
        assert!(!order(&collection, "customers get kicked out").contains(&0));
    }

    #[test]
    fn a_part_that_counts_more_decides() {
        let mut collection = Collection::new(Arc::new(Table::general().unwrap()));
        let nothing = PassageText { title: "", headings: "", body: "" };
        for weights in [(1.0, 3.0), (3.0, 1.0)] {
            let fields = [Field { text: "certificate", weight: weights.0 }, Field { text: "queue", weight: weights.1 }];
            collection.insert(&fields, &[], nothing).unwrap();
        }
        assert_eq!(order(&collection, "queue"), [0, 1]);
        assert_eq!(order(&collection, "certificate"), [1, 0]);
    }

    #[test]
    fn nothing_asked_and_nothing_there() {
        assert!(collection(&[]).search("disk", &[], 5).unwrap().is_empty());
        let found = collection(&["disk"]).search("", &[], 5).unwrap();
        assert!(found.iter().all(|scores| scores.words == 0.0 && scores.names.is_empty()));
        assert!(collection(&["disk"]).search("disk", &[], 0).unwrap().is_empty());
    }
}
