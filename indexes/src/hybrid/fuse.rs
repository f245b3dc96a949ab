//! Scores of several sides made into one.

use schemars::JsonSchema;
use serde::Serialize;

// What the sides count for beside the words' 1. Learned on development questions of both kinds (ADR 7); the table of token
// vectors has a weight of its own, by how it did on held-out pairs of the index.

/// How much of the question a document covers.
pub(crate) const COVERAGE_WEIGHT: f32 = 0.41;
/// A transformer that has seen every passage.
pub(crate) const MEANING_WEIGHT: f32 = 1.12;
/// A transformer that has seen every document's title and first sentences.
pub(crate) const DOCUMENTS_WEIGHT: f32 = 0.46;

/// One number for each side of the ranking: a standard score, or what it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, JsonSchema)]
pub struct Sides {
    /// Words (BM25).
    pub lexical: f32,
    /// How much of the question the document covers, in any of its passages.
    pub coverage: f32,
    /// Passages by the table of token vectors.
    pub table: f32,
    /// Passages by transformers.
    pub meaning: f32,
    /// Whole documents, by their titles and first sentences, by transformers.
    pub documents: f32,
}

impl Sides {
    fn sum(&self) -> f32 {
        self.lexical + self.coverage + self.table + self.meaning + self.documents
    }

    /// The score that these weights make of it.
    pub(crate) fn combined(&self, weights: &Self) -> f32 {
        self.lexical * weights.lexical
            + self.coverage * weights.coverage
            + self.table * weights.table
            + self.meaning * weights.meaning
            + self.documents * weights.documents
    }

    /// Weights that sum to 1, unless all are 0.
    pub(crate) fn normalized(self) -> Self {
        let sum = self.sum();
        let share = |weight: f32| if sum > 0.0 { weight / sum } else { 0.0 };
        Self {
            lexical: share(self.lexical),
            coverage: share(self.coverage),
            table: share(self.table),
            meaning: share(self.meaning),
            documents: share(self.documents),
        }
    }
}

/// The standard scores of one side, averaged over phrasings and over sets of vectors.
pub(crate) struct Side {
    sum: Vec<f32>,
    shares: f32,
}

impl Side {
    pub(crate) fn new(count: usize) -> Self {
        Self { sum: vec![0.0; count], shares: 0.0 }
    }

    /// Adds the cosines of one phrasing by one set.
    pub(crate) fn add(&mut self, cosines: &[Option<f32>], share: f32) {
        let mut standard: Vec<f32> = cosines.iter().map(|cosine| cosine.unwrap_or(f32::NAN)).collect();
        standardize(&mut standard);
        add(&mut self.sum, &standard, share);
        self.shares += share;
    }

    /// The means; zeros where nothing was added.
    pub(crate) fn mean(mut self) -> Vec<f32> {
        if self.shares > 0.0 {
            self.sum.iter_mut().for_each(|sum| *sum /= self.shares);
        }
        self.sum
    }
}

/// Adds scores times a factor.
pub(crate) fn add(sum: &mut [f32], scores: &[f32], factor: f32) {
    for (sum, score) in sum.iter_mut().zip(scores) {
        *sum += score * factor;
    }
}

/// Turns scores into standard scores: how many standard deviations each is above the mean of all. Scores that are not
/// finite (a passage without a vector) become 0, the mean, and so do all when they are equal.
pub(crate) fn standardize(scores: &mut [f32]) {
    let finite = || scores.iter().filter(|score| score.is_finite()).map(|score| f64::from(*score));
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    let deviation = (finite().map(|score| (score - mean).powi(2)).sum::<f64>() / count).sqrt();
    for score in scores {
        let standard = (f64::from(*score) - mean) / deviation;
        *score = if standard.is_finite() { standard as f32 } else { 0.0 };
    }
}

/// Scales scores to 0 ..= 1, for people: the smallest becomes 0, the largest 1. Equal scores become 1.
pub(crate) fn to_unit(scores: &[f32]) -> impl Fn(f32) -> f32 + use<> {
    let low = scores.iter().copied().fold(f32::INFINITY, f32::min);
    let span = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max) - low;
    move |score| if span > 0.0 { ((score - low) / span).clamp(0.0, 1.0) } else { 1.0 }
}

/// Ranks from 1 by score, largest first; `None` for a score of 0, which is no match.
pub(crate) fn ranks(scores: &[f32]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|at| scores[*at] > 0.0).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let mut ranks = vec![None; scores.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = Some(rank + 1);
    }
    ranks
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn degenerate_scores_are_zero() {
        for mut scores in [vec![], vec![3.0], vec![2.0, 2.0], vec![f32::NAN, f32::NAN], vec![f32::INFINITY, 1.0]] {
            standardize(&mut scores);
            assert!(scores.iter().all(|score| *score == 0.0), "{scores:?}");
        }
    }

    #[test]
    fn a_missing_score_stands_in_the_middle() {
        let mut scores = [1.0, f32::NAN, 3.0];
        standardize(&mut scores);
        assert_eq!(scores, [-1.0, 0.0, 1.0]);
    }

    #[test]
    fn phrasings_and_sets_are_averaged() {
        let mut side = Side::new(3);
        side.add(&[Some(1.0), Some(2.0), None], 0.5);
        side.add(&[Some(2.0), Some(1.0), None], 0.25);
        side.add(&[Some(2.0), Some(1.0), None], 0.25);
        assert_eq!(side.mean(), [0.0, 0.0, 0.0]);
        assert_eq!(Side::new(2).mean(), [0.0, 0.0]);
        let mut half = Side::new(3);
        half.add(&[Some(1.0), Some(3.0), None], 0.5);
        assert_eq!(half.mean(), [-1.0, 1.0, 0.0]);
        let weights = Sides { lexical: 1.0, coverage: 4.0, table: 1.0, meaning: 2.0, documents: 0.0 };
        let expected = Sides { lexical: 0.125, coverage: 0.5, table: 0.125, meaning: 0.25, documents: 0.0 };
        assert_eq!(weights.normalized(), expected);
        assert_eq!(Sides::default().normalized(), Sides::default());
    }

    #[test]
    fn people_see_scores_from_zero_to_one() {
        let unit = to_unit(&[-2.0, 0.0, 2.0]);
        assert_eq!([-2.0, 0.0, 2.0].map(unit), [0.0, 0.5, 1.0]);
        assert_eq!(to_unit(&[7.0])(7.0), 1.0);
    }

    #[test]
    fn ranks_pass_over_what_did_not_match() {
        assert_eq!(ranks(&[0.5, 0.0, 0.9, 0.5]), [Some(2), None, Some(1), Some(3)]);
    }

    proptest! {
        #[test]
        fn standardizing_keeps_the_order_and_centres(scores in prop::collection::vec(-1e3f32..1e3, 2..50)) {
            let mut standard = scores.clone();
            standardize(&mut standard);
            prop_assert!(standard.iter().sum::<f32>().abs() < 1e-2);
            for a in 0..scores.len() {
                for b in 0..scores.len() {
                    prop_assert!(scores[a] >= scores[b] || standard[a] <= standard[b]);
                }
            }
        }

        #[test]
        fn a_weightless_side_changes_nothing(lexical in -3f32..3.0, other in -3f32..3.0) {
            let scores = Sides { lexical, coverage: other, table: other, meaning: other, documents: other };
            let words = Sides { lexical: 1.0, ..Sides::default() };
            prop_assert_eq!(scores.combined(&words), lexical);
        }

        #[test]
        fn better_on_every_side_is_better(scores in prop::array::uniform5(-3f32..3.0), gain in 0f32..1.0,
                                          weights in prop::array::uniform5(0f32..1.0)) {
            let sides = |[lexical, coverage, table, meaning, documents]: [f32; 5]| {
                Sides { lexical, coverage, table, meaning, documents }
            };
            let weights = sides(weights).normalized();
            let better = sides(scores.map(|score| score + gain)).combined(&weights);
            prop_assert!(better >= sides(scores).combined(&weights) - 1e-5);
        }
    }
}
