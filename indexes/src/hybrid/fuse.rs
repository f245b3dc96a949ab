//! Scores of two sides made into one.

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

/// Combines standard scores. `weight` is that of the vector side, 0 ..= 1; the rest is the lexical side's.
pub(crate) fn convex(lexical: f32, vector: f32, weight: f32) -> f32 {
    (1.0 - weight) * lexical + weight * vector
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
        fn a_weightless_vector_side_changes_nothing(lexical in -3f32..3.0, vector in -3f32..3.0) {
            prop_assert_eq!(convex(lexical, vector, 0.0), lexical);
        }

        #[test]
        fn better_on_both_sides_is_better(a in 0f32..1.0, b in 0f32..1.0, gain in 0f32..0.5, weight in 0f32..1.0) {
            prop_assert!(convex(a + gain, b + gain, weight) >= convex(a, b, weight));
        }
    }
}
