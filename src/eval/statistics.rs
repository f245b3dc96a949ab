//! What chance alone could have done: bootstrap intervals and a paired randomization test.
//!
//! Questions are what is drawn, because the questions at hand stand for all that could be asked. The generator starts
//! from the same seed every time, so that the same ranks give the same numbers.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use super::metrics::rounded;

/// Resamples of a bootstrap, and permutations of a test.
pub(crate) const ROUNDS: usize = 10_000;
const SEED: u64 = 0x0c10_ad0b_5e7a_1000;
/// Share of the resamples that an interval leaves out on each side.
const TAIL: f64 = 0.025;
/// Sums of the same numbers in another order differ by less.
const ROUNDING: f64 = 1e-9;

/// The middle 95 % of what resampling gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The 95 % percentile bootstrap interval of the mean; `None` where there is nothing to draw from.
pub(crate) fn interval(values: &[f64]) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let mut random = StdRng::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let drawn = (0..values.len()).map(|_| values[random.random_range(0..values.len())]);
            drawn.sum::<f64>() / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| rounded(means[((ROUNDS - 1) as f64 * share).round() as usize]);
    Some(Interval { low: at(TAIL), high: at(1.0 - TAIL) })
}

/// How often differences at least as large as these would come about if it did not matter which of the two runs a
/// result came from: the sign of every difference is a coin. Two-sided. 1 where there is no difference at all.
pub(crate) fn randomization_p(differences: &[f64]) -> f64 {
    let moved: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    let observed = moved.iter().sum::<f64>().abs();
    let mut random = StdRng::seed_from_u64(SEED);
    let as_large = (0..ROUNDS)
        .filter(|_| {
            let mut sum = 0.0;
            for chunk in moved.chunks(64) {
                let mut coins = random.next_u64();
                for difference in chunk {
                    sum += if coins & 1 == 0 { *difference } else { -difference };
                    coins >>= 1;
                }
            }
            sum.abs() >= observed - ROUNDING
        })
        .count();
    // The differences as they were found are one of the ways the coins can fall.
    (as_large + 1) as f64 / (ROUNDS + 1) as f64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the same seed gives the same bits")]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_has_no_width() {
        assert_eq!(interval(&[0.25; 40]), Some(Interval { low: 0.25, high: 0.25 }));
        assert_eq!(interval(&[1.0]), Some(Interval { low: 1.0, high: 1.0 }));
        assert_eq!(interval(&[]), None);
    }

    /// Of 100 coins, 40 to 60 fall on one side in 96.5 % of all cases, and 41 to 59 in 94.3 %.
    #[test]
    fn the_interval_of_coins_is_that_of_the_binomial_distribution() {
        let values: Vec<f64> = (0..100).map(|at| f64::from(at % 2)).collect();
        let found = interval(&values).unwrap();
        assert!((found.low - 0.40).abs() <= 0.011 && (found.high - 0.60).abs() <= 0.011, "{found:?}");
        assert_eq!(interval(&values), Some(found), "the same every time");
    }

    /// Two values can be drawn in four ways: the means 0, ½, ½ and 1, so that a quarter lies at each end.
    #[test]
    fn two_values_are_spread_as_far_as_they_go() {
        assert_eq!(interval(&[0.0, 1.0]), Some(Interval { low: 0.0, high: 1.0 }));
    }

    #[test]
    fn more_questions_make_the_interval_narrower() {
        let width = |count: u32| {
            let values: Vec<f64> = (0..count).map(|at| f64::from(at % 2)).collect();
            interval(&values).map(|found| found.high - found.low).unwrap()
        };
        // Four times as many: half as wide.
        assert!((width(400) / width(100) - 0.5).abs() < 0.06, "{} {}", width(400), width(100));
    }

    #[test]
    fn identical_runs_differ_by_chance_alone() {
        assert_eq!(randomization_p(&[0.0; 30]), 1.0);
        assert_eq!(randomization_p(&[]), 1.0);
        // A win as large as the loss.
        assert_eq!(randomization_p(&[0.5, -0.5, 0.0]), 1.0);
        // One coin: either way the sum is as large.
        assert_eq!(randomization_p(&[0.3]), 1.0);
    }

    /// With equal differences in the same direction, only the two of the 2ⁿ ways in which all coins agree are as large.
    #[test]
    fn differences_in_one_direction_are_counted_by_hand() {
        for (count, expected) in [(2, 0.5), (5, 0.0625), (8, 0.0078)] {
            let found = randomization_p(&vec![0.1; count]);
            assert!((found - expected).abs() < 0.01, "{count}: {found}");
        }
        // Three up and one down: a sum of 2 or more has 4 + 4 + 1 + 1 of 16 ways.
        let found = randomization_p(&[1.0, 1.0, 1.0, -1.0]);
        assert!((found - 0.625).abs() < 0.02, "{found}");
        assert_eq!(randomization_p(&[0.2; 70]), 1.0 / (ROUNDS + 1) as f64, "more than 64 coins");
        assert_eq!(randomization_p(&[0.2; 70]), randomization_p(&[-0.2; 70]), "two-sided");
    }
}
