//! Documents with nearly the same words, over a whole index.
//!
//! Fingerprints are cut into ten blocks of six or seven bits. Two that differ in at most eight bits agree in at least
//! two whole blocks, so for each of the 45 pairs of blocks the fingerprints are sorted by the bits of that pair, and only
//! neighbours with equal bits are compared: 45 times a sort, instead of every one with every other (Manku, Jain and
//! Das Sarma, 2007).

use rustc_hash::FxHashMap;

use super::same_page::TWIN_BITS;

const BLOCKS: usize = 10;
/// In a bucket, a fingerprint is compared with so many that follow it. Real buckets are far smaller; one in which
/// everything is alike would otherwise cost its square.
const MAX_COMPARED: usize = 128;
/// So many others are remembered as near to one.
const MAX_NEAR: usize = 200;

/// Groups of near fingerprints, each as places in `hashes`: the first is near to all others of its group. Everything is in
/// at most one group. Largest first, then by place.
///
/// 0 is the fingerprint of texts too short to have one, and near to nothing.
pub(super) fn groups(hashes: &[u64]) -> Vec<Vec<usize>> {
    // Equal ones first: they need no search, and there may be many.
    let mut places: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    let mut distinct = Vec::new();
    for (place, hash) in hashes.iter().enumerate().filter(|(_, hash)| **hash != 0) {
        let equal = places.entry(*hash).or_default();
        if equal.is_empty() {
            distinct.push(*hash);
        }
        equal.push(place);
    }
    let near = near(&distinct);
    // Who has most neighbours becomes the middle of a group first; chains do not grow into one group.
    let mut order: Vec<usize> = (0..distinct.len()).collect();
    let weight =
        |at: usize| -> usize { near[at].iter().chain([&at]).map(|other| places[&distinct[*other]].len()).sum() };
    order.sort_by_cached_key(|at| (std::cmp::Reverse(weight(*at)), *at));
    let mut taken = vec![false; distinct.len()];
    let mut groups = Vec::new();
    for middle in order {
        if std::mem::replace(&mut taken[middle], true) {
            continue;
        }
        let mut group = places[&distinct[middle]].clone();
        for other in &near[middle] {
            if !std::mem::replace(&mut taken[*other], true) {
                group.extend(&places[&distinct[*other]]);
            }
        }
        if group.len() > 1 {
            groups.push(group);
        }
    }
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
    groups
}

/// For every fingerprint the places of those near to it, in order.
fn near(hashes: &[u64]) -> Vec<Vec<usize>> {
    let mut near = vec![Vec::new(); hashes.len()];
    let mut sorted: Vec<(u64, usize)> = Vec::with_capacity(hashes.len());
    for (first, second) in pairs_of_blocks() {
        let mask = block(first) | block(second);
        sorted.clear();
        sorted.extend(hashes.iter().enumerate().map(|(at, hash)| (hash & mask, at)));
        sorted.sort_unstable();
        for (at, (bits, a)) in sorted.iter().enumerate() {
            let bucket = sorted[at + 1..].iter().take(MAX_COMPARED).take_while(|(other, _)| other == bits);
            for (_, b) in bucket {
                let differing = hashes[*a] ^ hashes[*b];
                // Two may meet in up to 45 buckets; they are taken in the first.
                if differing.count_ones() <= TWIN_BITS
                    && first_equal_blocks(differing) == Some((first, second))
                    && near[*a].len().max(near[*b].len()) < MAX_NEAR
                {
                    near[*a].push(*b);
                    near[*b].push(*a);
                }
            }
        }
    }
    for others in &mut near {
        others.sort_unstable();
    }
    near
}

fn pairs_of_blocks() -> impl Iterator<Item = (usize, usize)> {
    (0..BLOCKS).flat_map(|first| (first + 1..BLOCKS).map(move |second| (first, second)))
}

/// The first two blocks in which no bit differs.
fn first_equal_blocks(differing: u64) -> Option<(usize, usize)> {
    let mut equal = (0..BLOCKS).filter(|at| differing & block(*at) == 0);
    Some((equal.next()?, equal.next()?))
}

/// The bits of a block.
const fn block(at: usize) -> u64 {
    let (start, end) = (at * 64 / BLOCKS, (at + 1) * 64 / BLOCKS);
    ((1 << (end - start)) - 1) << start
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::hybrid::simhash::distance;

    #[test]
    fn blocks_tile_a_fingerprint() {
        let all = (0..BLOCKS).map(block).fold(0u64, |all, block| {
            assert_eq!(all & block, 0);
            all | block
        });
        assert_eq!(all, u64::MAX);
        assert!(BLOCKS >= TWIN_BITS as usize + 2, "two blocks are left whole");
    }

    #[test]
    fn finds_what_comparing_all_with_all_finds() {
        let mut rng = StdRng::seed_from_u64(7);
        let mut hashes: Vec<u64> = (0..600).map(|_| rng.random()).collect();
        for at in 0..300 {
            let mut hash = hashes[at];
            for _ in 0..rng.random_range(0..12) {
                hash ^= 1 << rng.random_range(0..64);
            }
            hashes.push(hash);
        }
        let found = near(&hashes);
        for (a, near) in found.iter().enumerate() {
            let expected: Vec<usize> =
                (0..hashes.len()).filter(|b| *b != a && distance(hashes[a], hashes[*b]) <= TWIN_BITS).collect();
            assert_eq!(*near, expected);
        }
    }

    #[test]
    fn groups_have_a_middle() {
        // A chain: each is near to the next only.
        let low = |bits: u32| if bits == 0 { 1 << 63 } else { 1 << 63 | ((1u64 << bits) - 1) };
        let hashes = [low(0), low(8), low(16), 0, 0, low(8)];
        assert_eq!(groups(&hashes), [vec![1, 5, 0, 2]]);
        assert_eq!(groups(&[5, 5, 0, 0]), [vec![0, 1]]);
        assert!(groups(&[]).is_empty());
    }

    #[test]
    fn many_alike_take_no_square_of_time() {
        // All in the same buckets of the upper blocks, and all distinct.
        let hashes: Vec<u64> = (1..20_000).collect();
        let started = std::time::Instant::now();
        let groups = groups(&hashes);
        assert!(!groups.is_empty() && started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }
}
