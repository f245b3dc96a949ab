//! Which texts go through the model together.

use crate::text::PASSAGE_TOKENS;

/// Tokens of a batch, padding included: beyond this a batch gains nothing and takes memory.
const MOST_TOKENS: usize = 2_048;

/// Bytes of English per token, at least: for texts of about one length, not for counting.
const BYTES_PER_TOKEN: usize = 4;

/// Indices of the texts that are not empty, in batches of about equal length, the shortest first; every text `alone` if
/// it must be.
pub(super) fn plan(texts: &[String], alone: bool) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..texts.len()).filter(|&index| !texts[index].is_empty()).collect();
    // The index decides between equals: the same texts always make the same batches.
    order.sort_by_key(|&index| (texts[index].len(), index));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for index in order {
        let tokens = (texts[index].len() / BYTES_PER_TOKEN + 2).min(PASSAGE_TOKENS);
        match batches.last_mut() {
            Some(batch) if !alone && (batch.len() + 1) * tokens <= MOST_TOKENS => batch.push(index),
            _ => batches.push(vec![index]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lengths: &[usize]) -> Vec<String> {
        lengths.iter().map(|&length| "x".repeat(length)).collect()
    }

    #[test]
    fn every_text_is_in_one_batch_unless_it_is_empty() {
        let texts = texts(&[5, 0, 900, 30, 5, 0, 4_000]);
        let mut all: Vec<usize> = plan(&texts, false).into_iter().flatten().collect();
        assert_eq!(all, [0, 4, 3, 2, 6]);
        all.sort_unstable();
        assert_eq!(all, [0, 2, 3, 4, 6]);
        assert!(plan(&[], false).is_empty());
        assert_eq!(plan(&texts, true), [[0], [4], [3], [2], [6]]);
    }

    #[test]
    fn batches_are_bounded_and_of_one_length() {
        let lengths: Vec<usize> = (0..1_000).map(|i| 1 + i * 37 % 2_000).collect();
        let texts = texts(&lengths);
        for batch in plan(&texts, false) {
            let tokens = |&index: &usize| (texts[index].len() / BYTES_PER_TOKEN + 2).min(PASSAGE_TOKENS);
            let longest = batch.iter().map(tokens).max().unwrap();
            assert!(batch.len() == 1 || longest * batch.len() <= MOST_TOKENS);
        }
    }
}
