//! Exact search: every vector is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::quantize::dot;
use super::{Neighbours, Scored};

/// Rows of vectors, one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) vectors: &'a [i8],
    pub(super) dimensions: usize,
}

impl Scan<'_> {
    /// The best of some rows.
    pub(super) fn nearest_of(&self, query: &[i8], limit: usize, rows: impl Iterator<Item = u32>) -> Vec<Scored> {
        let mut best = Best::new(limit);
        for row in rows {
            best.offer(Scored { dot: dot(query, self.row(row)), row });
        }
        best.into_sorted()
    }

    pub(super) fn row(&self, row: u32) -> &[i8] {
        let start = row as usize * self.dimensions;
        &self.vectors[start..start + self.dimensions]
    }

    pub(super) fn rows(&self) -> u32 {
        (self.vectors.len() / self.dimensions) as u32
    }
}

impl Neighbours for Scan<'_> {
    fn nearest(&self, query: &[i8], limit: usize, alive: &dyn Fn(u32) -> bool) -> Vec<Scored> {
        self.nearest_of(query, limit, (0..self.rows()).filter(|row| alive(*row)))
    }
}

/// Keeps the best `limit` of what it is offered; of equal scores the smaller row.
pub(super) struct Best {
    limit: usize,
    worst_first: BinaryHeap<Reverse<(i32, Reverse<u32>)>>,
}

impl Best {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, worst_first: BinaryHeap::with_capacity(limit + 1) }
    }

    pub(super) fn offer(&mut self, scored: Scored) {
        let entry = Reverse((scored.dot, Reverse(scored.row)));
        if self.worst_first.len() < self.limit {
            self.worst_first.push(entry);
        } else if let Some(mut worst) = self.worst_first.peek_mut()
            && entry < *worst
        {
            *worst = entry;
        }
    }

    pub(super) fn into_sorted(self) -> Vec<Scored> {
        self.worst_first.into_sorted_vec().into_iter().map(|Reverse((dot, Reverse(row)))| Scored { dot, row }).collect()
    }
}

impl Best {
    /// The smallest score that is kept.
    pub(super) fn worst(&self) -> i32 {
        self.worst_first.peek().map_or(i32::MIN, |Reverse((dot, _))| *dot)
    }
}
