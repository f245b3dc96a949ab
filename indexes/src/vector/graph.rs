//! A navigable graph over the vectors (HNSW: Malkov and Yashunin, 2016), built by `hnsw_rs`, stored flat and searched
//! where it lies on disk.
//!
//! `hnsw_rs` loads its own format into a web of reference-counted points, which for 180,000 passages takes seconds and
//! hundreds of megabytes; a flat array of neighbour lists takes neither (ADR 3).
//!
//! The file is an array of `u32`: a header, then one block per layer from the bottom up. A block is the number of nodes
//! in it, their rows ascending (left out in layer 0, which holds all), where each list starts, and the lists.

use std::collections::BinaryHeap;

use hnsw_rs::prelude::{Distance, Hnsw};

use super::quantize::dot;
use super::scan::{Best, Scan};
use super::{Neighbours, Scored};

/// Links of a node in the upper layers; twice as many in the lowest.
///
/// With 12 links and an effort of 48, 93 % of the 200 nearest of 184,886 passages are found, at less than half the
/// building time of 16 and 96, which find 97 %. The words' side and the scores of all candidates make up for the rest.
const LINKS: usize = 12;
/// Candidates kept while a node is linked.
const BUILD_EFFORT: usize = 48;
/// Candidates kept while searching, at least.
const SEARCH_EFFORT: usize = 192;
const MAGIC: u32 = u32::from_le_bytes(*b"hnsw");
const HEADER: usize = 4;

/// Distance as `hnsw_rs` wants it: smaller is nearer, never negative.
struct DotDistance {
    /// Dot product of a vector with itself, about.
    unit: f32,
}

impl Distance<i8> for DotDistance {
    fn eval(&self, a: &[i8], b: &[i8]) -> f32 {
        (2.0 - dot(a, b) as f32 / self.unit).max(0.0)
    }
}

/// Builds the graph over the rows of `scan`, on all cores. `scale` is that of the set.
/// `step` is called with the number of rows inserted so far; it may end the work by returning `false`.
pub(super) fn build(scan: Scan<'_>, scale: f32, step: &mut dyn FnMut(u32) -> bool) -> Option<Vec<u32>> {
    const BATCH: u32 = 4096;
    let rows = scan.rows();
    let layers = 16;
    let distance = DotDistance { unit: scale * scale };
    let hnsw = Hnsw::<i8, DotDistance>::new(LINKS, rows as usize, layers, BUILD_EFFORT, distance);
    let mut from = 0;
    while from < rows {
        let to = rows.min(from + BATCH);
        let batch: Vec<(&[i8], usize)> = (from..to).map(|row| (scan.row(row), row as usize)).collect();
        hnsw.parallel_insert_slice(&batch);
        from = to;
        if !step(to) {
            return None;
        }
    }
    Some(flatten(&hnsw, rows))
}

fn flatten(hnsw: &Hnsw<'_, i8, DotDistance>, rows: u32) -> Vec<u32> {
    // Lists of one layer: row and its neighbours.
    let mut layers: Vec<Vec<(u32, Vec<u32>)>> = vec![Vec::with_capacity(rows as usize)];
    for point in hnsw.get_point_indexation() {
        let top = point.get_point_id().0 as usize;
        if layers.len() <= top {
            layers.resize_with(top + 1, Vec::new);
        }
        let row = point.get_origin_id() as u32;
        for (layer, neighbours) in point.get_neighborhood_id().into_iter().enumerate().take(top + 1) {
            layers[layer].push((row, neighbours.iter().map(|n| n.d_id as u32).collect()));
        }
    }
    // Any node of the highest layer does as the entry.
    let entry = layers.last().and_then(|layer| layer.iter().map(|(row, _)| *row).min()).unwrap_or(0);
    let mut file = vec![MAGIC, rows, layers.len() as u32, entry];
    for (level, mut layer) in layers.into_iter().enumerate() {
        layer.sort_unstable_by_key(|(row, _)| *row);
        file.push(layer.len() as u32);
        if level > 0 {
            file.extend(layer.iter().map(|(row, _)| *row));
        }
        let mut start = 0;
        for (_, neighbours) in &layer {
            file.push(start);
            start += neighbours.len() as u32;
        }
        file.push(start);
        for (_, neighbours) in &layer {
            file.extend(neighbours);
        }
    }
    file
}

/// One layer of a stored graph.
struct Layer<'a> {
    /// Rows in this layer, ascending; `None` when all are.
    nodes: Option<&'a [u32]>,
    starts: &'a [u32],
    lists: &'a [u32],
}

impl Layer<'_> {
    fn neighbours(&self, row: u32) -> &[u32] {
        let at = match self.nodes {
            None => row as usize,
            Some(nodes) => match nodes.binary_search(&row) {
                Ok(at) => at,
                Err(_) => return &[],
            },
        };
        let (start, end) = (self.starts[at] as usize, self.starts[at + 1] as usize);
        // Lists are not read when a set is opened; of a damaged one nothing is better than a panic.
        self.lists.get(start..end).unwrap_or_default()
    }
}

/// A stored graph and the vectors it was built over.
pub(super) struct Graph<'a> {
    scan: Scan<'a>,
    layers: Vec<Layer<'a>>,
    entry: u32,
}

impl<'a> Graph<'a> {
    /// Reads the layout of a stored graph: a few numbers, whatever its size. Errors say what is wrong with the file.
    pub(super) fn new(file: &'a [u32], scan: Scan<'a>) -> Result<Self, String> {
        let short = || "it ends too early".to_owned();
        let [magic, rows, levels, entry] = *file.first_chunk::<HEADER>().ok_or_else(short)?;
        if magic != MAGIC {
            return Err("it is not a graph".to_owned());
        }
        if rows != scan.rows() || (entry >= rows && rows > 0) {
            return Err(format!("it is a graph over {rows} vectors, there are {}", scan.rows()));
        }
        let mut rest = &file[HEADER..];
        let mut take = |count: usize| {
            let (head, tail) = rest.split_at_checked(count).ok_or_else(short)?;
            rest = tail;
            Ok::<_, String>(head)
        };
        let mut layers = Vec::new();
        for level in 0..levels {
            let count = take(1)?[0] as usize;
            if level == 0 && count != rows as usize {
                return Err(format!("its lowest layer has {count} of {rows} nodes"));
            }
            let nodes = if level == 0 { None } else { Some(take(count)?) };
            let starts = take(count + 1)?;
            let lists = take(starts[count] as usize)?;
            layers.push(Layer { nodes, starts, lists });
        }
        Ok(Self { scan, layers, entry })
    }

    /// Whether every list lies inside the file and names rows that exist.
    pub(super) fn is_sound(&self) -> bool {
        self.layers.iter().all(|layer| {
            layer.starts.is_sorted()
                && layer.lists.iter().all(|row| *row < self.scan.rows())
                && layer.nodes.is_none_or(|nodes| nodes.is_sorted() && nodes.iter().all(|row| *row < self.scan.rows()))
        })
    }

    fn score(&self, query: &[i8], row: u32) -> Scored {
        Scored { dot: dot(query, self.scan.row(row)), row }
    }

    /// Walks down the upper layers, always to the best neighbour.
    fn descend(&self, query: &[i8]) -> Scored {
        let mut here = self.score(query, self.entry);
        for layer in self.layers.iter().skip(1).rev() {
            loop {
                let next = layer.neighbours(here.row).iter();
                let next = next.filter(|row| **row < self.scan.rows()).map(|row| self.score(query, *row)).max();
                match next {
                    Some(next) if next.dot > here.dot => here = next,
                    _ => break,
                }
            }
        }
        here
    }
}

impl Neighbours for Graph<'_> {
    fn nearest(&self, query: &[i8], limit: usize, alive: &dyn Fn(u32) -> bool) -> Vec<Scored> {
        let Some(bottom) = self.layers.first().filter(|_| self.scan.rows() > 0 && limit > 0) else {
            return Vec::new();
        };
        let effort = SEARCH_EFFORT.max(limit * 2);
        let start = self.descend(query);
        let mut seen = vec![0u64; self.scan.rows().div_ceil(64) as usize];
        let mut see = |row: u32| {
            let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
            let new = seen[word] & bit == 0;
            seen[word] |= bit;
            new
        };
        see(start.row);
        let mut open = BinaryHeap::from([start]);
        // Dead rows lead the way too, so the walk's own best and the answer are kept apart.
        let mut walked = Best::new(effort);
        let mut answer = Best::new(limit);
        let mut worst = i32::MIN;
        let mut count = 0;
        walked.offer(start);
        if alive(start.row) {
            answer.offer(start);
        }
        while let Some(here) = open.pop() {
            if count >= effort && here.dot < worst {
                break;
            }
            for row in bottom.neighbours(here.row) {
                if *row >= self.scan.rows() || !see(*row) {
                    continue;
                }
                let next = self.score(query, *row);
                if count < effort || next.dot > worst {
                    open.push(next);
                    walked.offer(next);
                    count += 1;
                    worst = walked.worst();
                    if alive(*row) {
                        answer.offer(next);
                    }
                }
            }
        }
        answer.into_sorted()
    }
}
