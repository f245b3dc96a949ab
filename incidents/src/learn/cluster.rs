//! Incidents that are alike, put together without comparing each with each.
//!
//! Incidents under one key are a block. Within it each is compared with a bounded number of leaders, and joins the one
//! that it is most like or becomes a leader itself. What was joined in any block is one cluster. So that clusters do not
//! grow into one another along chains of neighbours, the first members of both must be alike too.

use std::collections::VecDeque;

use super::features::Shapes;

/// With so many leaders of a block an incident is compared at most; who has led nobody for longest is forgotten.
const LEADERS: usize = 16;

/// Clusters, each sorted, in the order of their first members. What is like no other is one of its own.
pub(super) fn clusters(mut shapes: Shapes, alike: f32) -> Vec<Vec<usize>> {
    let parts = joined(&shapes, alike);
    // Of one fault seen in different words, each wording makes a cluster; what their members have in common joins them.
    shapes.pool(&parts);
    let wholes = joined(&shapes, alike);
    let whole = |numbers: Vec<usize>| {
        let mut members: Vec<usize> = numbers.into_iter().flat_map(|number| parts[number].iter().copied()).collect();
        members.sort_unstable();
        members
    };
    wholes.into_iter().map(whole).collect()
}

fn joined(shapes: &Shapes, alike: f32) -> Vec<Vec<usize>> {
    let mut keys: Vec<(u64, u32)> = Vec::new();
    for number in 0..shapes.features.len() {
        keys.extend(shapes.keys(number).into_iter().map(|key| (key, number as u32)));
    }
    keys.sort_unstable();
    keys.dedup();

    let mut sets = Sets::new(shapes.features.len());
    for block in keys.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
        join_block(block, shapes, alike, &mut sets);
    }
    sets.into_clusters()
}

fn join_block(block: &[(u64, u32)], shapes: &Shapes, alike: f32, sets: &mut Sets) {
    let mut leaders: VecDeque<usize> = VecDeque::with_capacity(LEADERS + 1);
    for (_, number) in block {
        let number = *number as usize;
        let known = leaders.iter().position(|leader| sets.are_joined(*leader, number));
        let leader = known.or_else(|| {
            let scored = leaders.iter().enumerate().map(|(at, leader)| (shapes.similarity(*leader, number), at));
            // Of several that it is equally like the one that led last.
            let best =
                scored.filter(|(score, _)| *score >= alike).min_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.map(|(_, at)| at).filter(|at| sets.join(leaders[*at], number, |a, b| shapes.similarity(a, b) >= alike))
        });
        let next = leader.and_then(|at| leaders.remove(at)).unwrap_or(number);
        leaders.push_front(next);
        leaders.truncate(LEADERS);
    }
}

/// Disjoint sets; each is represented by its first member.
struct Sets(Vec<u32>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    fn first(&mut self, mut number: usize) -> usize {
        while self.0[number] as usize != number {
            let next = self.0[number] as usize;
            self.0[number] = self.0[next];
            number = self.0[number] as usize;
        }
        number
    }

    fn are_joined(&mut self, a: usize, b: usize) -> bool {
        self.first(a) == self.first(b)
    }

    /// Makes one set of those of `a` and `b`, which are alike, if their first members are.
    fn join(&mut self, a: usize, b: usize, are_alike: impl Fn(usize, usize) -> bool) -> bool {
        let (first_a, first_b) = (self.first(a), self.first(b));
        if (first_a, first_b) != (a, b) && !are_alike(first_a, first_b) {
            return false;
        }
        self.0[first_a.max(first_b)] = first_a.min(first_b) as u32;
        true
    }

    fn into_clusters(mut self) -> Vec<Vec<usize>> {
        let mut clusters: Vec<Vec<usize>> = vec![Vec::new(); self.0.len()];
        for number in 0..self.0.len() {
            let first = self.first(number);
            clusters[first].push(number);
        }
        clusters.retain(|cluster| !cluster.is_empty());
        clusters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_joined_if_their_first_members_are_alike() {
        let mut sets = Sets::new(6);
        let near = |a: usize, b: usize| a.abs_diff(b) <= 2;
        assert!(sets.join(1, 0, near) && sets.join(2, 1, near));
        assert!(sets.join(4, 3, near));
        assert!(!sets.join(2, 3, near));
        assert!(sets.are_joined(0, 2) && !sets.are_joined(2, 3));
        assert_eq!(sets.into_clusters(), [vec![0, 1, 2], vec![3, 4], vec![5]]);
    }
}
