//! The vectors of one embedder for one generation.
//!
//! A set is a base with a graph over it, and a tail of rows that came later and are scanned. Rows of passages that are
//! gone stay in the files and are passed over; when too many are, the set is written anew.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::graph::{self, Graph};
use super::mapped::{MappedSlice, write_slice};
use super::quantize::{dot, quantize, scale_for};
use super::scan::{Best, Scan};
use super::{Neighbours, Scored};
use crate::embed::EmbedderId;
use crate::store::{IndexError, link};

/// From this many rows on a graph is worth building: below, scanning all of them takes under a millisecond
/// (`cargo bench -p cloudops-indexes --bench vector`).
pub const GRAPH_ROWS: usize = 16_384;
/// The tail may grow to this share of the base before both become one.
const TAIL_SHARE: usize = 10;
/// The base may lose this share of its rows before it is written anew.
const DEAD_SHARE: usize = 5;

const BASE_VECTORS: &str = "base.vectors";
const BASE_PASSAGES: &str = "base.passages";
const BASE_GRAPH: &str = "base.graph";
const TAIL_VECTORS: &str = "tail.vectors";
const TAIL_PASSAGES: &str = "tail.passages";

/// What the rows of a set stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// A row is a passage.
    #[default]
    Passages,
    /// A row is a whole document by its title and first sentences, under the id of its first passage.
    Documents,
}

impl Granularity {
    /// The name used on disk and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passages => "passages",
            Self::Documents => "documents",
        }
    }
}

/// What a set says of itself; kept in the manifest of its generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetInfo {
    /// What made the vectors.
    pub embedder: EmbedderId,
    /// What a row stands for.
    #[serde(default)]
    pub granularity: Granularity,
    /// Weight in fusion of a set that a table made, 0 ..= 0.1. What others count for is the same in every index (ADR 7).
    pub weight: f32,
    /// Whether the weight rests on held-out pairs of the passages in the set.
    pub judged: bool,
    /// Factor from components to bytes.
    pub scale: f32,
    /// Rows of the base.
    pub base_rows: usize,
    /// Rows of the tail.
    pub tail_rows: usize,
    /// Whether the base has a graph; otherwise it is scanned.
    pub graph: bool,
}

impl SetInfo {
    /// Name of the directory that the set is in.
    pub(crate) fn dir_name(&self) -> String {
        match self.granularity {
            Granularity::Passages => self.embedder.name.clone(),
            Granularity::Documents => format!("{}.documents", self.embedder.name),
        }
    }
}

/// Vectors with their passages' ids, ascending by id.
struct Part {
    vectors: MappedSlice<i8>,
    passages: MappedSlice<u64>,
}

impl Part {
    fn open(dir: &Path, vectors: &str, passages: &str, rows: usize, dimensions: usize) -> Result<Self, IndexError> {
        let part =
            Self { vectors: MappedSlice::open(&dir.join(vectors))?, passages: MappedSlice::open(&dir.join(passages))? };
        let (have_vectors, have_passages) = (part.vectors.as_slice().len(), part.passages.as_slice().len());
        if have_passages != rows || have_vectors != rows * dimensions {
            let reason = format!("{rows} rows are expected, there are {have_passages} ids and {have_vectors} numbers");
            return Err(IndexError::Damaged { path: dir.join(vectors), reason });
        }
        Ok(part)
    }
}

/// A set, open for searching.
pub struct VectorSet {
    /// What it is.
    pub info: SetInfo,
    base: Part,
    tail: Part,
    graph: MappedSlice<u32>,
    /// One bit per row, base then tail: the passage is gone.
    dead: Vec<u64>,
    live: usize,
}

impl VectorSet {
    /// Maps the set in `dir`. `live` are the ids of all passages of the generation, ascending.
    pub fn open(dir: &Path, info: SetInfo, live: &[u64]) -> Result<Self, IndexError> {
        let dimensions = info.embedder.dimensions;
        if dimensions == 0 {
            return Err(IndexError::Damaged { path: dir.to_owned(), reason: "its vectors have no dimensions".into() });
        }
        let base = Part::open(dir, BASE_VECTORS, BASE_PASSAGES, info.base_rows, dimensions)?;
        let tail = Part::open(dir, TAIL_VECTORS, TAIL_PASSAGES, info.tail_rows, dimensions)?;
        let graph_path = dir.join(BASE_GRAPH);
        let graph = MappedSlice::open(&graph_path)?;
        let mut set = Self { info, base, tail, graph, dead: Vec::new(), live: 0 };
        if set.info.graph {
            Graph::new(set.graph.as_slice(), set.base_scan())
                .map_err(|reason| IndexError::Damaged { path: graph_path, reason })?;
        }
        set.mark_dead(live);
        Ok(set)
    }

    fn mark_dead(&mut self, live: &[u64]) {
        let rows = self.info.base_rows + self.info.tail_rows;
        let mut dead = vec![0u64; rows.div_ceil(64)];
        let mut first = 0;
        for part in [&self.base, &self.tail] {
            let mut live = live.iter().copied().peekable();
            for (row, passage) in part.passages.as_slice().iter().enumerate() {
                while live.next_if(|id| id < passage).is_some() {}
                if live.next_if_eq(passage).is_some() {
                    self.live += 1;
                } else {
                    dead[(first + row) / 64] |= 1 << ((first + row) % 64);
                }
            }
            first += part.passages.as_slice().len();
        }
        self.dead = dead;
    }

    /// Says what is wrong inside the files, whose sizes were checked when the set was opened.
    pub fn verify(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (part, name) in [(&self.base, BASE_PASSAGES), (&self.tail, TAIL_PASSAGES)] {
            if !part.passages.as_slice().is_sorted_by(|a, b| a < b) {
                wrong.push(format!(
                    "the passages in `{name}` of the vectors `{}` are out of order",
                    self.info.embedder.name
                ));
            }
        }
        if let (true, Ok(graph)) = (self.info.graph, Graph::new(self.graph.as_slice(), self.base_scan()))
            && !graph.is_sound()
        {
            wrong.push(format!("the graph of the vectors `{}` is damaged", self.info.embedder.name));
        }
        wrong
    }

    /// Passages that have a vector.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether no passage has a vector.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    fn is_alive(&self, row: u32) -> bool {
        self.dead[row as usize / 64] & (1 << (row % 64)) == 0
    }

    fn base_scan(&self) -> Scan<'_> {
        Scan { vectors: self.base.vectors.as_slice(), dimensions: self.info.embedder.dimensions }
    }

    fn tail_scan(&self) -> Scan<'_> {
        Scan { vectors: self.tail.vectors.as_slice(), dimensions: self.info.embedder.dimensions }
    }

    /// Quantizes a question so that its dot products with the rows can be turned into cosines.
    fn quantized(&self, query: &[f32]) -> Vec<i8> {
        let mut bytes = Vec::with_capacity(query.len());
        quantize(query, self.info.scale, &mut bytes);
        bytes
    }

    fn cosine(&self, dot: i32) -> f32 {
        dot as f32 / (self.info.scale * self.info.scale)
    }

    /// The nearest `limit` passages with their cosines, best first. `allowed`, ascending, restricts them.
    pub fn nearest(&self, query: &[f32], limit: usize, allowed: Option<&[u64]>) -> Vec<(u64, f32)> {
        if query.iter().all(|x| *x == 0.0) {
            return Vec::new();
        }
        let query = self.quantized(query);
        let base_rows = self.info.base_rows as u32;
        let mut best = Best::new(limit);
        let mut offer = |found: Vec<Scored>, first: u32| {
            for scored in found {
                best.offer(Scored { row: first + scored.row, ..scored });
            }
        };
        if let Some(allowed) = allowed {
            for (part, scan, first) in [(&self.base, self.base_scan(), 0), (&self.tail, self.tail_scan(), base_rows)] {
                let rows = rows_of(part.passages.as_slice(), allowed).filter(|row| self.is_alive(first + row));
                offer(scan.nearest_of(&query, limit, rows), first);
            }
        } else {
            let alive = |row: u32| self.is_alive(row);
            let graph = self.info.graph.then(|| Graph::new(self.graph.as_slice(), self.base_scan()));
            let found = match graph {
                Some(Ok(graph)) => graph.nearest(&query, limit, &alive),
                // Its layout was checked when the set was opened; without a graph everything is looked at.
                Some(Err(_)) | None => self.base_scan().nearest(&query, limit, &alive),
            };
            offer(found, 0);
            offer(self.tail_scan().nearest(&query, limit, &|row| self.is_alive(base_rows + row)), base_rows);
        }
        best.into_sorted().into_iter().map(|scored| (self.passage(scored.row), self.cosine(scored.dot))).collect()
    }

    fn passage(&self, row: u32) -> u64 {
        let row = row as usize;
        let base = self.base.passages.as_slice();
        if row < base.len() { base[row] } else { self.tail.passages.as_slice()[row - base.len()] }
    }

    /// Ids of all rows that have a vector, dead ones too, ascending.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.base.passages.as_slice().iter().chain(self.tail.passages.as_slice()).copied()
    }

    /// Whether a passage has a vector.
    pub(crate) fn has(&self, passage: u64) -> bool {
        self.vector(passage).is_some()
    }

    /// The stored bytes of a passage's vector.
    fn vector(&self, passage: u64) -> Option<&[i8]> {
        [(&self.base, self.base_scan()), (&self.tail, self.tail_scan())].into_iter().find_map(|(part, scan)| {
            let row = part.passages.as_slice().binary_search(&passage).ok()?;
            let start = row * scan.dimensions;
            Some(&scan.vectors[start..start + scan.dimensions])
        })
    }

    /// Cosines of given passages; `None` for one that has no vector.
    pub fn cosines(&self, query: &[f32], passages: &[u64]) -> Vec<Option<f32>> {
        let query = self.quantized(query);
        passages.iter().map(|id| self.vector(*id).map(|vector| self.cosine(dot(&query, vector)))).collect()
    }
}

/// Rows of the passages that are in both ascending lists.
fn rows_of<'a>(passages: &'a [u64], wanted: &'a [u64]) -> impl Iterator<Item = u32> + 'a {
    let mut from = 0;
    wanted.iter().filter_map(move |id| {
        from += passages[from..].partition_point(|passage| passage < id);
        (passages.get(from) == Some(id)).then_some(from as u32)
    })
}

/// Writes the set of the next generation.
pub struct SetWriter<'a> {
    /// Where to: an empty directory.
    pub dir: &'a Path,
    /// The set before and where it lies, if it was made by the same embedder.
    pub previous: Option<(&'a Path, &'a VectorSet)>,
    /// Ids of all passages of the next generation, ascending.
    pub live: &'a [u64],
    /// Ids of the passages that have a new vector, ascending, none of them in the set before.
    pub passages: &'a [u64],
    /// Their vectors, one behind the other.
    pub vectors: Vec<f32>,
    /// What made the vectors.
    pub embedder: EmbedderId,
    /// What a row stands for.
    pub granularity: Granularity,
    /// Weight in fusion of a set that a table made, 0 ..= 0.1. What others count for is the same in every index (ADR 7).
    pub weight: f32,
    /// Whether the weight rests on held-out pairs of these passages.
    pub judged: bool,
    /// From how many rows on a graph is built: [`GRAPH_ROWS`].
    pub graph_rows: usize,
}

impl SetWriter<'_> {
    /// Writes it. `step` is told how many rows of the graph are linked, and of how many; `false` ends the work.
    pub fn write(self, step: &mut dyn FnMut(u64, u64) -> bool) -> Result<SetInfo, IndexError> {
        if let Some((previous_dir, previous)) = self.previous
            && let Some(kept) = self.worth_keeping(previous)
        {
            return self.append(previous_dir, previous, &kept);
        }
        self.rewrite(step)
    }

    /// Live rows of the tail before, if the base before is still good enough to stay.
    fn worth_keeping(&self, previous: &VectorSet) -> Option<Vec<u32>> {
        let base = previous.info.base_rows;
        let base_live = rows_of(previous.base.passages.as_slice(), self.live).count();
        let tail: Vec<u32> = rows_of(previous.tail.passages.as_slice(), self.live).collect();
        // Rows are looked up by id, so a tail must go on where the base ends.
        let follows = previous.ids().last() < self.passages.first().copied() || self.passages.is_empty();
        let fits = previous.info.graph
            && follows
            && (tail.len() + self.passages.len()) * TAIL_SHARE <= base
            && (base - base_live) * DEAD_SHARE <= base;
        fits.then_some(tail)
    }

    fn append(&self, from: &Path, previous: &VectorSet, kept: &[u32]) -> Result<SetInfo, IndexError> {
        for name in [BASE_VECTORS, BASE_PASSAGES, BASE_GRAPH] {
            link(&from.join(name), &self.dir.join(name))?;
        }
        let scan = previous.tail_scan();
        let mut bytes: Vec<i8> = kept.iter().flat_map(|row| scan.row(*row).iter().copied()).collect();
        let mut passages: Vec<u64> = kept.iter().map(|row| previous.tail.passages.as_slice()[*row as usize]).collect();
        passages.extend(self.passages);
        quantize(&self.vectors, previous.info.scale, &mut bytes);
        write_slice(&self.dir.join(TAIL_VECTORS), &bytes)?;
        write_slice(&self.dir.join(TAIL_PASSAGES), &passages)?;
        let tail_rows = passages.len();
        Ok(SetInfo { weight: self.weight, judged: self.judged, tail_rows, ..previous.info.clone() })
    }

    fn rewrite(self, step: &mut dyn FnMut(u64, u64) -> bool) -> Result<SetInfo, IndexError> {
        let dimensions = self.embedder.dimensions;
        let mut passages = Vec::new();
        let mut bytes = Vec::new();
        let mut scale = None;
        if let Some((_, previous)) = self.previous {
            for (part, scan) in [(&previous.base, previous.base_scan()), (&previous.tail, previous.tail_scan())] {
                for row in rows_of(part.passages.as_slice(), self.live) {
                    passages.push(part.passages.as_slice()[row as usize]);
                    bytes.extend_from_slice(scan.row(row));
                }
            }
            if !passages.is_empty() {
                scale = Some(previous.info.scale);
            }
        }
        let scale = scale.unwrap_or_else(|| scale_for(self.vectors.chunks(dimensions)));
        passages.extend(self.passages);
        bytes.reserve_exact(self.vectors.len());
        quantize(&self.vectors, scale, &mut bytes);
        // Linking the graph needs the memory.
        drop(self.vectors);
        let (passages, bytes) = in_order(passages, bytes, dimensions);
        let scan = Scan { vectors: &bytes, dimensions };
        let graph = if passages.len() >= self.graph_rows {
            let total = passages.len() as u64;
            graph::build(scan, scale, &mut |rows| step(u64::from(rows), total)).ok_or(IndexError::Interrupted)?
        } else {
            Vec::new()
        };
        write_slice(&self.dir.join(BASE_VECTORS), &bytes)?;
        write_slice(&self.dir.join(BASE_PASSAGES), &passages)?;
        write_slice(&self.dir.join(BASE_GRAPH), &graph)?;
        write_slice::<i8>(&self.dir.join(TAIL_VECTORS), &[])?;
        write_slice::<u64>(&self.dir.join(TAIL_PASSAGES), &[])?;
        Ok(SetInfo {
            embedder: self.embedder,
            granularity: self.granularity,
            weight: self.weight,
            judged: self.judged,
            scale,
            base_rows: passages.len(),
            tail_rows: 0,
            graph: !graph.is_empty(),
        })
    }
}

/// Sorts rows by their passages' ids. Rows that came later may belong between those that were there.
fn in_order(passages: Vec<u64>, bytes: Vec<i8>, dimensions: usize) -> (Vec<u64>, Vec<i8>) {
    if passages.is_sorted() {
        return (passages, bytes);
    }
    let mut order: Vec<usize> = (0..passages.len()).collect();
    order.sort_unstable_by_key(|row| passages[*row]);
    let sorted = order.iter().flat_map(|row| &bytes[row * dimensions..(row + 1) * dimensions]).copied().collect();
    (order.iter().map(|row| passages[*row]).collect(), sorted)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use tempfile::TempDir;

    use super::*;

    const DIMENSIONS: usize = 16;
    /// Small enough to build a graph in a moment.
    const TEST_GRAPH_ROWS: usize = 2500;

    fn vectors(count: usize, seed: u64) -> Vec<f32> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut all = Vec::with_capacity(count * DIMENSIONS);
        for _ in 0..count {
            let one: Vec<f32> = (0..DIMENSIONS).map(|_| random.random::<f32>() - 0.5).collect();
            let length = one.iter().map(|x| x * x).sum::<f32>().sqrt();
            all.extend(one.iter().map(|x| x / length));
        }
        all
    }

    fn embedder() -> EmbedderId {
        EmbedderId { name: "static".into(), version: "1".into(), dimensions: DIMENSIONS }
    }

    fn write(
        dir: &Path,
        previous: Option<(&Path, &VectorSet)>,
        live: &[u64],
        passages: &[u64],
        vectors: &[f32],
    ) -> VectorSet {
        let writer = SetWriter {
            dir,
            previous,
            live,
            passages,
            vectors: vectors.to_vec(),
            embedder: embedder(),
            granularity: Granularity::Passages,
            weight: 0.1,
            judged: true,
            graph_rows: TEST_GRAPH_ROWS,
        };
        let info = writer.write(&mut |_, _| true).unwrap();
        VectorSet::open(dir, info, live).unwrap()
    }

    /// What every set must do, whatever its layout: find each live passage by its own vector, and no other ones.
    #[track_caller]
    fn finds_exactly(set: &VectorSet, live: &[u64], all: &[f32], first: u64) {
        let mut misses = 0;
        for id in live.iter().step_by(1 + live.len() / 200) {
            let at = (id - first) as usize * DIMENSIONS;
            let query = &all[at..at + DIMENSIONS];
            let found = set.nearest(query, 3, None);
            misses += usize::from(found.first().is_none_or(|(passage, _)| passage != id));
            assert!(found.iter().all(|(passage, _)| live.binary_search(passage).is_ok()));
            assert!(found.is_sorted_by(|a, b| a.1 >= b.1));
            assert!((set.cosines(query, &[*id])[0].unwrap() - 1.0).abs() < 0.03);
            assert_eq!(set.nearest(query, 2, Some(&[*id])).len(), 1);
        }
        // A graph is allowed to miss; a vector that is its own question is nearly always found.
        assert!(misses <= 4, "{misses} of about 200 missed");
        assert_eq!(set.len(), live.len());
    }

    #[test]
    fn small_sets_are_exact_through_additions_and_deletions() {
        let all = vectors(300, 1);
        let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let ids: Vec<u64> = (10..210).collect();
        let set = write(one.path(), None, &ids, &ids, &all[..200 * DIMENSIONS]);
        finds_exactly(&set, &ids, &all, 10);
        let live: Vec<u64> = (10..310).filter(|id| id % 3 != 0).collect();
        let new: Vec<u64> = (210..310).filter(|id| id % 3 != 0).collect();
        let new_vectors: Vec<f32> =
            new.iter().flat_map(|id| all[(id - 10) as usize * DIMENSIONS..][..DIMENSIONS].to_vec()).collect();
        let set = write(two.path(), Some((one.path(), &set)), &live, &new, &new_vectors);
        finds_exactly(&set, &live, &all, 10);
    }

    #[test]
    fn graphs_keep_their_base_and_scan_the_tail() {
        let count = TEST_GRAPH_ROWS + 200;
        let all = vectors(count, 2);
        let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let ids: Vec<u64> = (0..TEST_GRAPH_ROWS as u64).collect();
        let set = write(one.path(), None, &ids, &ids, &all[..TEST_GRAPH_ROWS * DIMENSIONS]);
        assert!(set.info.graph);
        finds_exactly(&set, &ids, &all, 0);
        let live: Vec<u64> = (100..count as u64).collect();
        let new: Vec<u64> = (TEST_GRAPH_ROWS as u64..count as u64).collect();
        let set = write(two.path(), Some((one.path(), &set)), &live, &new, &all[TEST_GRAPH_ROWS * DIMENSIONS..]);
        assert_eq!((set.info.base_rows, set.info.tail_rows), (TEST_GRAPH_ROWS, 200));
        finds_exactly(&set, &live, &all, 0);
    }

    #[test]
    fn rows_that_belong_between_others_are_found() {
        let count = TEST_GRAPH_ROWS + 300;
        let all = vectors(count, 4);
        let pick = |wanted: &dyn Fn(u64) -> bool| -> (Vec<u64>, Vec<f32>) {
            let ids: Vec<u64> = (0..count as u64).filter(|id| wanted(*id)).collect();
            let rows = ids.iter().flat_map(|id| all[*id as usize * DIMENSIONS..][..DIMENSIONS].to_vec()).collect();
            (ids, rows)
        };
        let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let live: Vec<u64> = (0..count as u64).collect();
        let (odd, odd_vectors) = pick(&|id| id % 20 != 0);
        let set = write(one.path(), None, &live, &odd, &odd_vectors);
        assert!(set.info.graph);
        let (even, even_vectors) = pick(&|id| id % 20 == 0);
        let set = write(two.path(), Some((one.path(), &set)), &live, &even, &even_vectors);
        finds_exactly(&set, &live, &all, 0);
        assert!(set.verify().is_empty());
    }

    #[test]
    fn damaged_files_are_errors() {
        let dir = TempDir::new().unwrap();
        let ids: Vec<u64> = (0..5).collect();
        let info = write(dir.path(), None, &ids, &ids, &vectors(5, 3)).info;
        fs_err::write(dir.path().join(BASE_VECTORS), [0; 7]).unwrap();
        let error = VectorSet::open(dir.path(), info, &ids).err().unwrap();
        assert!(error.to_string().contains("damaged"), "{error}");
    }

    #[test]
    fn an_empty_set_answers_nothing() {
        let dir = TempDir::new().unwrap();
        let set = write(dir.path(), None, &[], &[], &[]);
        assert!(set.nearest(&[1.0; DIMENSIONS], 5, None).is_empty());
    }
}
