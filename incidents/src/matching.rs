//! One number for how well a text fits a symptom: by its words, its meaning, its names, its services and its age.

use cloudops_indexes::memory::Scores;

/// What each side counts. Words and meaning are 0 ..= 1 each, names add up by their rarity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights {
    pub(crate) words: f32,
    pub(crate) vector: f32,
    pub(crate) names: f32,
    pub(crate) services: f32,
    /// For what happened today; half of it for what happened [`HALF_LIFE_DAYS`] ago.
    pub(crate) recency: f32,
}

/// After so many days an incident counts half as much for being new.
const HALF_LIFE_DAYS: f32 = 365.0;
/// Names of a question count together as this many rare ones at most: a pasted log must not outweigh what is asked.
const MAX_NAMES: f32 = 2.0;

impl Weights {
    /// The score of a text. `shared` is the share of the question's services that it has, `age` in seconds.
    pub(crate) fn score(&self, scores: &Scores, shared: f32, age: Option<i64>) -> f32 {
        let names: f32 = scores.names.iter().map(|(_, rarity)| rarity).sum();
        let recency = age.map_or(0.0, |age| {
            let days = age.max(0) as f32 / 86_400.0;
            (-days / HALF_LIFE_DAYS * std::f32::consts::LN_2).exp()
        });
        self.words * scores.words
            + self.vector * scores.vector.max(0.0)
            + self.names * names.min(MAX_NAMES)
            + self.services * shared
            + self.recency * recency
    }
}

/// The share of some services that others have; 0 where none are asked for.
pub(crate) fn shared(asked: &[String], has: &[String]) -> f32 {
    if asked.is_empty() {
        return 0.0;
    }
    asked.iter().filter(|service| has.contains(service)).count() as f32 / asked.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: Weights = Weights { words: 1.0, vector: 0.5, names: 0.5, services: 0.1, recency: 0.1 };

    fn scores(words: f32, names: usize) -> Scores {
        Scores { number: 0, words, vector: 0.0, names: vec![("x".to_owned(), 1.0); names] }
    }

    #[test]
    fn what_is_newer_and_what_is_named_counts_more() {
        let day = 86_400;
        assert!(WEIGHTS.score(&scores(0.5, 0), 0.0, Some(day)) > WEIGHTS.score(&scores(0.5, 0), 0.0, Some(900 * day)));
        assert!(WEIGHTS.score(&scores(0.3, 1), 0.0, None) > WEIGHTS.score(&scores(0.6, 0), 0.0, Some(0)));
        let [many, few] = [9, 2].map(|names| WEIGHTS.score(&scores(0.2, names), 0.0, None));
        assert!((many - few).abs() < f32::EPSILON);
    }

    #[test]
    fn services_in_common() {
        let of = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!((shared(&of(&["rds", "lambda"]), &of(&["lambda"])) - 0.5).abs() < f32::EPSILON);
        assert!(shared(&[], &of(&["lambda"])).abs() < f32::EPSILON);
    }
}
