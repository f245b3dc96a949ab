//! A table of piece vectors, and the embedder that adds them up.

use std::borrow::Cow;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::file;
use super::kernels::{Matrix, add_byte_rows, multiply, normalize};
use super::set::{Bags, Spelled, TrainingSet, occurrences};
use super::vocabulary::Vocabulary;
use super::words::{SCHEME, Stems, spellings, without_leading_headings};
use super::{EmbedError, Embedder, EmbedderId, PassageText};

/// Name of the vectors of every table.
/// Name of every table, and of the vector sets that tables make.
pub(crate) const NAME: &str = "static";

/// What title, headings and body count for in the vector of a passage, each a unit vector of its own.
const TITLE_HEADINGS_BODY: [f32; 3] = [0.3, 0.3, 1.0];

/// Rank beyond which a held-out body counts as not found.
const FOUND_UP_TO: usize = 10;

/// A vector for each piece of text, and how texts are cut into pieces. Cheap to share, never changes.
pub struct Table {
    id: EmbedderId,
    info: TableInfo,
    score: f32,
    stems: Stems,
    vocabulary: Vocabulary,
    scales: Vec<f32>,
    /// The whole file; its last bytes are the rows, a signed byte for each value.
    file: Cow<'static, [u8]>,
    rows_at: usize,
}

/// What a table says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableInfo {
    /// Length of every vector.
    pub dimensions: usize,
    /// Number of vectors.
    pub pieces: usize,
    /// Version of the rules by which texts are cut into words.
    pub scheme: u32,
    /// Seed of every random choice.
    pub seed: u64,
    /// Passages it was trained on.
    pub trained_on: usize,
    /// Pairs that were held out.
    pub held_out: usize,
    /// How well the headings of the held-out pairs find their bodies: mean of 1/rank, 0 beyond rank 10.
    pub score: f32,
    /// Made from public documentation for any use, not from the user's own index.
    pub general: bool,
}

impl Table {
    /// The table that comes with the program, made from the public AWS documentation.
    pub fn general() -> Result<Self, EmbedError> {
        Self::from_static(include_bytes!("../../data/general.table"))
    }

    /// Reads a table from a file.
    pub fn open(path: &Path) -> Result<Self, EmbedError> {
        Self::from_file(Cow::Owned(fs_err::read(path)?), path)
    }

    /// A table in bytes that are part of the program.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, EmbedError> {
        Self::from_file(Cow::Borrowed(bytes), Path::new("built-in"))
    }

    fn from_file(file: Cow<'static, [u8]>, path: &Path) -> Result<Self, EmbedError> {
        let parts = file::read(&file).map_err(|reason| EmbedError::Unreadable { path: path.to_owned(), reason })?;
        let file::Parts { info, hash, vocabulary, scales, rows_at } = parts;
        if info.scheme != SCHEME {
            let reason =
                format!("it was made for other rules of cutting up words ({}, this program has {SCHEME})", info.scheme);
            return Err(EmbedError::Unreadable { path: path.to_owned(), reason });
        }
        let id = EmbedderId { name: NAME.to_owned(), version: hash, dimensions: info.dimensions };
        Ok(Self { id, score: info.score, info, stems: Stems::new(), vocabulary, scales, file, rows_at })
    }

    /// From trained values, each row with the weight of its piece.
    pub(super) fn quantized(
        vocabulary: &Vocabulary,
        values: &[f32],
        weights: &[f32],
        info: &TableInfo,
    ) -> Result<Self, EmbedError> {
        let (mut scales, mut rows) = (Vec::with_capacity(weights.len()), Vec::with_capacity(values.len()));
        for (row, weight) in values.chunks_exact(info.dimensions).zip(weights) {
            let largest = row.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            scales.push(step * weight);
            rows.extend(row.iter().map(|value| ((value / step).round() as i8).cast_unsigned()));
        }
        Self::from_file(Cow::Owned(file::write(info, vocabulary, &scales, &rows)), Path::new("new table"))
    }

    /// Writes the table to a file. A file that is there is replaced only when the new one is complete.
    pub fn save(&self, path: &Path) -> Result<(), EmbedError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = path.with_file_name(name);
        let mut out = fs_err::File::create(&new)?;
        std::io::Write::write_all(&mut out, &self.file)?;
        out.sync_all()?;
        Ok(fs_err::rename(&new, path)?)
    }

    /// What the table says about itself.
    pub fn info(&self) -> &TableInfo {
        &self.info
    }

    /// How much its ranking is worth beside the words', 0 ..= 0.1.
    pub fn weight(&self) -> f32 {
        calibrate(self.score)
    }

    /// The held-out score that decides its weight: that of its own training, unless another was given.
    pub fn score(&self) -> f32 {
        self.score
    }

    /// The same table with a score measured on the text that it is used for: see [`Self::held_out_score`].
    #[must_use]
    pub fn with_score(mut self, score: f32) -> Self {
        self.score = score;
        self
    }

    /// The vectors of all passages of a set, one after the other, in the order of adding.
    pub fn embed_set(&self, set: &TrainingSet) -> Vec<f32> {
        let spelled = set.spell(&self.vocabulary);
        let mut vectors = vec![0.0; set.len() * self.info.dimensions];
        vectors.par_chunks_mut(self.info.dimensions).enumerate().with_min_len(64).for_each_init(
            Vec::new,
            |entries, (at, out)| {
                let parts =
                    [&set.titles, &set.headings, &set.bodies].map(|bags| self.part(&spelled, bags, at, entries));
                mix(&parts, out);
            },
        );
        vectors
    }

    /// How well the headings of a set's held-out passages find their bodies: see [`TableInfo::score`]. The same
    /// passages are held out whatever the table. 0 if there are none.
    pub fn held_out_score(&self, set: &TrainingSet) -> f32 {
        let (_, held_out) = set.split(false);
        let spelled = set.spell(&self.vocabulary);
        let vectors = |sides: &[&Bags]| -> Vec<f32> {
            let vectors = held_out.par_iter().flat_map_iter(|&at| {
                let mut entries = Vec::new();
                for bags in sides {
                    spelled.extend(&mut entries, bags, at as usize);
                }
                self.sum(&entries)
            });
            vectors.collect()
        };
        let (queries, bodies) = (vectors(&[&set.titles, &set.headings]), vectors(&[&set.bodies]));
        let documents: Vec<u64> = held_out.iter().map(|&at| set.passages[at as usize].document).collect();
        reciprocal_rank(&queries, &bodies, self.info.dimensions, &documents)
    }

    fn part(&self, spelled: &Spelled, bags: &Bags, at: usize, entries: &mut Vec<(u32, f32)>) -> Vec<f32> {
        entries.clear();
        spelled.extend(entries, bags, at);
        self.sum(entries)
    }

    fn embed(&self, text: &str) -> Vec<f32> {
        let mut words: Vec<String> = Vec::new();
        spellings(text, |spelling| words.extend(self.stems.stem(spelling)));
        words.sort_unstable();
        let mut entries = Vec::new();
        for same in words.chunk_by(|a, b| a == b) {
            let worth = occurrences(same.len().min(255) as u8);
            self.vocabulary.pieces_of(&same[0], |piece, share| entries.push((piece, share * worth)));
        }
        self.sum(&entries)
    }

    fn sum(&self, entries: &[(u32, f32)]) -> Vec<f32> {
        let mut vector = vec![0.0; self.info.dimensions];
        add_byte_rows(&mut vector, entries, &self.file[self.rows_at..], &self.scales);
        normalize(&mut vector);
        vector
    }
}

impl Embedder for Table {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(queries.iter().map(|query| self.embed(query)).collect())
    }

    fn embed_passages(&self, passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let vectors = passages.par_iter().with_min_len(64).map(|passage| {
            let mut out = vec![0.0; self.info.dimensions];
            let texts = [passage.title, passage.headings, without_leading_headings(passage.body)];
            mix(&texts.map(|text| self.embed(text)), &mut out);
            out
        });
        Ok(vectors.collect())
    }
}

/// The weight in fusion of a table that has this held-out score on the text it is used for, 0 ..= 0.1.
///
/// Vectors that nobody trained score 0.49 on the AWS documentation: they find a text by the very words of its
/// heading, which the lexical ranking does better, so up to there the weight is 0. A table trained on other guides
/// scores 0.61, one trained on the guides themselves 0.70 to 0.73; between the two ends the weight grows evenly. It
/// weighs standard scores, and ends where it never did measurable harm beside the lexical ranking (ADR 5).
pub fn calibrate(score: f32) -> f32 {
    const WORTHLESS: f32 = 0.5;
    const FULL: f32 = 0.7;
    const MOST: f32 = 0.1;
    // A score that is not a number is no reason to trust the table.
    if score.is_nan() { 0.0 } else { ((score - WORTHLESS) / (FULL - WORTHLESS)).clamp(0.0, 1.0) * MOST }
}

fn mix(parts: &[Vec<f32>; 3], out: &mut [f32]) {
    for (part, weight) in parts.iter().zip(TITLE_HEADINGS_BODY) {
        out.iter_mut().zip(part).for_each(|(sum, value)| *sum += weight * value);
    }
    normalize(out);
}

/// Mean of 1/rank of each query's own body among those of other documents, 0 beyond rank 10.
pub(super) fn reciprocal_rank(queries: &[f32], bodies: &[f32], width: usize, documents: &[u64]) -> f32 {
    const ROWS_AT_ONCE: usize = 256;
    let pairs = documents.len();
    let bodies = Matrix::new(bodies, width).transposed();
    let mut similar = vec![0.0; ROWS_AT_ONCE.min(pairs) * pairs];
    let mut sum = 0.0;
    for (queries, rows) in queries.chunks(ROWS_AT_ONCE * width).zip((0..pairs).step_by(ROWS_AT_ONCE)) {
        let similar = &mut similar[..queries.len() / width * pairs];
        multiply(1.0, Matrix::new(queries, width), bodies, similar);
        for (row, similar) in (rows..).zip(similar.chunks_exact(pairs)) {
            // Equal counts as better: a table that makes all texts the same finds nothing.
            let better = |other: &usize| documents[*other] != documents[row] && similar[*other] >= similar[row];
            let rank = 1 + (0..pairs).filter(better).count();
            sum += if rank <= FOUND_UP_TO { 1.0 / rank as f32 } else { 0.0 };
        }
    }
    sum / pairs.max(1) as f32
}
