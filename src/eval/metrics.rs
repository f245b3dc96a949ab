//! Numbers from ranks.

use serde::{Deserialize, Serialize};

use super::statistics::{Interval, interval};

/// Documents that count.
pub(crate) const CUTOFF: usize = 10;

/// Where the answer to a question was found, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ranks {
    /// The document that the question names.
    pub(crate) strict: Option<usize>,
    /// That one or another that answers as well.
    pub(crate) accepted: Option<usize>,
}

/// Means over questions.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) recall_at_1: f64,
    pub(crate) recall_at_5: f64,
    pub(crate) recall_at_10: f64,
    pub(crate) mrr_at_10: f64,
    pub(crate) ndcg_at_10: f64,
}

/// How far the means can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intervals {
    pub(crate) recall_at_10: Interval,
    pub(crate) ndcg_at_10: Interval,
}

impl Metrics {
    pub(crate) fn of(ranks: &[Option<usize>]) -> Self {
        let mean = |value: &dyn Fn(Option<usize>) -> f64| mean(ranks.iter().map(|rank| value(*rank)));
        Self {
            recall_at_1: mean(&|rank| recall(rank, 1)),
            recall_at_5: mean(&|rank| recall(rank, 5)),
            recall_at_10: mean(&|rank| recall(rank, CUTOFF)),
            mrr_at_10: mean(&|rank| counted(rank).map_or(0.0, |rank| 1.0 / rank as f64)),
            ndcg_at_10: mean(&ndcg),
        }
    }
}

impl Intervals {
    /// `None` where there are no questions.
    pub(crate) fn of(ranks: &[Option<usize>]) -> Option<Self> {
        let of =
            |value: &dyn Fn(Option<usize>) -> f64| interval(&ranks.iter().map(|rank| value(*rank)).collect::<Vec<_>>());
        Some(Self { recall_at_10: of(&|rank| recall(rank, CUTOFF))?, ndcg_at_10: of(&ndcg)? })
    }
}

/// nDCG@10 of one question. One relevant document is all there is, so that the ideal gain is 1.
pub(crate) fn ndcg(rank: Option<usize>) -> f64 {
    counted(rank).map_or(0.0, |rank| 1.0 / (1.0 + rank as f64).log2())
}

/// Whether the answer is among the first `limit` documents, as a number.
pub(crate) fn recall(rank: Option<usize>, limit: usize) -> f64 {
    f64::from(u8::from(rank.is_some_and(|rank| rank <= limit)))
}

/// A rank if it counts.
pub(crate) fn counted(rank: Option<usize>) -> Option<usize> {
    rank.filter(|rank| *rank <= CUTOFF)
}

/// The mean, to the precision of a report; 0 of nothing.
pub(crate) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    // The sum of nothing is -0.0.
    let sum = values.sum::<f64>() + 0.0;
    if count == 0 { 0.0 } else { rounded(sum / count as f64) }
}

/// Four decimals: more than any number of questions supports.
pub(crate) fn rounded(value: f64) -> f64 {
    // Adding 0 turns -0.0 into 0.0.
    (value * 1e4).round() / 1e4 + 0.0
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "both sides are rounded in the same way")]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_known_ranks() {
        let metrics = Metrics::of(&[Some(1), Some(3), Some(10), Some(11), None]);
        assert_eq!(metrics.recall_at_1, 0.2);
        assert_eq!(metrics.recall_at_5, 0.4);
        assert_eq!(metrics.recall_at_10, 0.6);
        assert_eq!(metrics.mrr_at_10, rounded((1.0 + 1.0 / 3.0 + 0.1) / 5.0));
        let gain = (1.0 + 1.0 / 4_f64.log2() + 1.0 / 11_f64.log2()) / 5.0;
        assert_eq!(metrics.ndcg_at_10, rounded(gain));
        assert_eq!(Metrics::of(&[]), Metrics::default());
    }

    #[test]
    fn the_interval_holds_the_mean() {
        let ranks = [Some(1), Some(3), Some(10), Some(11), None, Some(1), Some(2)];
        let (metrics, intervals) = (Metrics::of(&ranks), Intervals::of(&ranks).unwrap());
        for (mean, interval) in
            [(metrics.recall_at_10, intervals.recall_at_10), (metrics.ndcg_at_10, intervals.ndcg_at_10)]
        {
            assert!(interval.low < mean && mean < interval.high, "{mean} {interval:?}");
        }
        assert_eq!(Intervals::of(&[]), None);
    }

    #[test]
    fn nothing_below_the_tenth_document_counts() {
        assert_eq!((ndcg(Some(1)), ndcg(Some(3)), ndcg(Some(11)), ndcg(None)), (1.0, 0.5, 0.0, 0.0));
        assert_eq!((recall(Some(10), 10), recall(Some(11), 10), recall(None, 10)), (1.0, 0.0, 0.0));
        assert_eq!(rounded(-0.000_01).to_string(), "0");
    }
}
