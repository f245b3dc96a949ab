//! Learns a table from passages: the title and headings of a section must find its text.

use std::ops::ControlFlow;

use super::EmbedError;
use super::model::{Model, Texts, Workspace};
use super::random::Random;
use super::set::{Spelled, TrainingSet};
use super::table::{Table, TableInfo, reciprocal_rank};
use super::vocabulary::Vocabulary;
use super::words::SCHEME;

/// How a table is trained. The defaults are what was measured to be good on the AWS documentation.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// With fewer passages there is too little to learn from.
    pub min_passages: usize,
    /// Seed of every random choice: the same passages and the same seed make the same table, byte for byte.
    pub seed: u64,
    /// Length of the vectors.
    pub dimensions: usize,
    /// Vectors to train at most.
    pub pieces: usize,
    /// Pairs that are held against each other at once.
    pub batch: usize,
    /// Pairs of one group that stay together, as hard counter-examples for each other.
    pub block: usize,
    /// Step size of Adam.
    pub learning_rate: f32,
    /// Divides the similarities: the smaller, the more the hardest counter-examples count.
    pub temperature: f32,
    /// Share of the pairs whose title is left out of the query, if there are headings.
    pub title_left_out: f32,
    /// Pairs to learn from at least, counting repetitions: decides how often a small set is gone through.
    pub min_pairs: usize,
    /// Passes over the set at most.
    pub max_passes: usize,
    /// Pairs between two looks at the held-out ones.
    pub evaluate_every: usize,
    /// Looks without a better score after which training ends.
    pub patience: usize,
    /// Recorded in the table: see [`TableInfo::general`].
    pub general: bool,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            min_passages: 5_000,
            seed: 1,
            dimensions: 256,
            pieces: 30_000,
            batch: 512,
            block: 64,
            learning_rate: 8e-3,
            temperature: 0.05,
            title_left_out: 0.3,
            min_pairs: 60_000,
            max_passes: 10,
            evaluate_every: 20_000,
            patience: 3,
            general: false,
        }
    }
}

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainProgress {
    /// Pairs learned from.
    pub done: usize,
    /// Pairs to learn from, unless it ends sooner.
    pub total: usize,
    /// The last held-out score, see [`TableInfo::score`].
    pub score: f32,
}

/// A new table, and how it came about.
pub struct Trained {
    /// The table.
    pub table: Table,
    /// What was measured.
    pub report: TrainReport,
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainReport {
    /// Passages learned from.
    pub passages: usize,
    /// Passages held out.
    pub held_out: usize,
    /// Distinct words of all passages.
    pub words: usize,
    /// Vectors of the table.
    pub pieces: usize,
    /// Pairs learned from, counting repetitions.
    pub pairs: usize,
    /// Held-out score of the new table as it is stored.
    pub new_score: f32,
    /// Held-out score of the table in use, on the same pairs.
    pub incumbent_score: Option<f32>,
}

impl TrainReport {
    /// Whether the new table may take the place of the one in use: it is no worse, or there is none.
    pub fn better(&self) -> bool {
        self.incumbent_score.is_none_or(|incumbent| self.new_score >= incumbent)
    }
}

/// Trains a table on a set, and judges `incumbent`, the table in use, by the same held-out pairs.
///
/// Deterministic for a seed, whatever the number of threads. On processors of another kind the last bits of sums
/// differ, and so may the table.
pub fn train(
    set: &TrainingSet,
    options: &TrainOptions,
    incumbent: Option<&Table>,
    progress: &mut dyn FnMut(TrainProgress) -> ControlFlow<()>,
) -> Result<Trained, EmbedError> {
    if set.len() < options.min_passages.max(2) {
        return Err(EmbedError::TooSmall { found: set.len(), needed: options.min_passages.max(2) });
    }
    let (training, held_out) = set.split(options.general);
    let vocabulary = Vocabulary::learn(set.words(), &set.texts(), options.pieces);
    let mut spelled = set.spell(&vocabulary);
    let rarity = rarity(set, &spelled, vocabulary.len());
    spelled.weigh(&rarity);

    let mut model = Model::new(vocabulary.len(), options.dimensions, options.seed);
    let pairs = learn(&mut model, set, &spelled, &training, &held_out, options, progress)?;

    let mut info = TableInfo {
        dimensions: options.dimensions,
        pieces: vocabulary.len(),
        scheme: SCHEME,
        seed: options.seed,
        trained_on: training.len(),
        held_out: held_out.len(),
        score: 0.0,
        general: options.general,
    };
    // Judged as it will be used, and then made again with its score in it.
    info.score = Table::quantized(&vocabulary, &model.values, &rarity, &info)?.held_out_score(set);
    let table = Table::quantized(&vocabulary, &model.values, &rarity, &info)?;
    let report = TrainReport {
        passages: training.len(),
        held_out: held_out.len(),
        words: set.words().len(),
        pieces: vocabulary.len(),
        pairs,
        new_score: info.score,
        incumbent_score: incumbent.map(|incumbent| incumbent.held_out_score(set)),
    };
    tracing::debug!(?report, "trained a table");
    Ok(Trained { table, report })
}

/// Goes through the pairs until there were enough or the held-out score no longer grows. Returns how many there were.
fn learn(
    model: &mut Model,
    set: &TrainingSet,
    spelled: &Spelled,
    training: &[u32],
    held_out: &[u32],
    options: &TrainOptions,
    progress: &mut dyn FnMut(TrainProgress) -> ControlFlow<()>,
) -> Result<usize, EmbedError> {
    let mut random = Random::new(options.seed);
    let mut space = Workspace::default();
    let (mut best, mut looks_since) = (0.0, 0);
    let (mut done, mut next_look, mut score) = (0, options.evaluate_every, 0.0);
    let passes = options.min_pairs.div_ceil(training.len().max(1)).clamp(1, options.max_passes.max(1));
    let total = passes * training.len();
    for _pass in 0..passes {
        for batch in shuffled(set, training, options.block.max(1), &mut random).chunks(options.batch.max(2)) {
            let (texts, documents) = pairs(set, spelled, batch, options.title_left_out, &mut random);
            model.step(&texts, &documents, options.temperature, options.learning_rate, &mut space);
            done += batch.len();
            let look = done >= next_look;
            if look {
                next_look += options.evaluate_every;
                score = held_out_score(model, set, spelled, held_out);
                looks_since = if score > best { 0 } else { looks_since + 1 };
                best = score.max(best);
            }
            if progress(TrainProgress { done, total, score }).is_break() {
                return Err(EmbedError::Interrupted);
            }
            if look && looks_since >= options.patience.max(1) {
                return Ok(done);
            }
        }
    }
    Ok(done)
}

/// Passages in random order, but in blocks of one group each: what stands beside a passage is hard to tell from it.
fn shuffled(set: &TrainingSet, training: &[u32], block: usize, random: &mut Random) -> Vec<u32> {
    let group = |at: &u32| set.passages[*at as usize].group;
    let mut order = training.to_vec();
    random.shuffle(&mut order);
    order.sort_by_key(group);
    let mut blocks: Vec<&[u32]> =
        order.chunk_by(|a, b| group(a) == group(b)).flat_map(|group| group.chunks(block)).collect();
    random.shuffle(&mut blocks);
    blocks.concat()
}

/// The queries and then the bodies of a batch, and the document of each pair.
fn pairs(
    set: &TrainingSet,
    spelled: &Spelled,
    batch: &[u32],
    title_left_out: f32,
    random: &mut Random,
) -> (Texts, Vec<u64>) {
    let mut texts = Texts::default();
    for &at in batch {
        let start = texts.entries.len();
        spelled.extend(&mut texts.entries, &set.headings, at as usize);
        let only_title = texts.entries.len() == start;
        if only_title || random.unit() >= title_left_out {
            spelled.extend(&mut texts.entries, &set.titles, at as usize);
        }
        texts.finish_text();
    }
    for &at in batch {
        spelled.extend(&mut texts.entries, &set.bodies, at as usize);
        texts.finish_text();
    }
    (texts, batch.iter().map(|&at| set.passages[at as usize].document).collect())
}

/// How much the presence of each piece says: the logarithm of one over the share of the bodies that contain it.
fn rarity(set: &TrainingSet, spelled: &Spelled, pieces: usize) -> Vec<f32> {
    /// For a piece that is everywhere: it must be able to learn that it matters after all.
    const LEAST: f32 = 0.1;
    let mut bodies = vec![0u32; pieces];
    for at in 0..set.len() {
        for (word, _) in set.bodies.get(at) {
            spelled.get(word).iter().for_each(|&(piece, _)| bodies[piece as usize] += 1);
        }
    }
    let all = set.len() as f32 + 1.0;
    bodies.into_iter().map(|bodies| (all / (bodies as f32 + 1.0)).ln().max(0.0) + LEAST).collect()
}

fn held_out_score(model: &Model, set: &TrainingSet, spelled: &Spelled, held_out: &[u32]) -> f32 {
    let (texts, documents) = pairs(set, spelled, held_out, 0.0, &mut Random::new(0));
    let mut vectors = Vec::new();
    model.embed(&texts, &mut vectors, &mut Vec::new());
    let (queries, bodies) = vectors.split_at(documents.len() * model.width);
    reciprocal_rank(queries, bodies, model.width, &documents)
}
