//! Scores of two sides made into one.

/// Scales scores to 0 ..= 1: the smallest becomes 0, the largest 1. Equal scores, and none, become 0.
pub(crate) fn min_max(scores: &mut [f32]) {
    let (low, high) = scores
        .iter()
        .filter(|score| score.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), score| (low.min(*score), high.max(*score)));
    let span = high - low;
    for score in scores {
        *score = if span > 0.0 && score.is_finite() { (*score - low) / span } else { 0.0 };
    }
}

/// Combines scaled scores. `weight` is that of the vector side, 0 ..= 1; the rest is the lexical side's.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn degenerate_scores_are_zero() {
        for mut scores in [vec![], vec![3.0], vec![2.0, 2.0], vec![f32::NAN, f32::NAN]] {
            min_max(&mut scores);
            assert!(scores.iter().all(|score| *score == 0.0));
        }
    }

    #[test]
    fn ranks_pass_over_what_did_not_match() {
        assert_eq!(ranks(&[0.5, 0.0, 0.9, 0.5]), [Some(2), None, Some(1), Some(3)]);
    }

    proptest! {
        #[test]
        fn scaling_keeps_the_order_and_the_range(scores in prop::collection::vec(-1e3f32..1e3, 2..50)) {
            let mut scaled = scores.clone();
            min_max(&mut scaled);
            prop_assert!(scaled.iter().all(|score| (0.0..=1.0).contains(score)));
            for a in 0..scores.len() {
                for b in 0..scores.len() {
                    prop_assert!(scores[a] >= scores[b] || scaled[a] <= scaled[b]);
                }
            }
        }

        #[test]
        fn a_weightless_vector_side_changes_nothing(lexical in 0f32..1.0, vector in 0f32..1.0) {
            prop_assert_eq!(convex(lexical, vector, 0.0), lexical);
        }

        #[test]
        fn better_on_both_sides_is_better(a in 0f32..1.0, b in 0f32..1.0, gain in 0f32..0.5, weight in 0f32..1.0) {
            prop_assert!(convex(a + gain, b + gain, weight) >= convex(a, b, weight));
        }
    }
}
