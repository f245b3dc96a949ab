//! The vectors of the next generation that a table makes: trained for anew when enough has changed, otherwise only what is new.

use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;

use super::content::{self, passage_ids};
use super::documents::{DocumentEntry, Documents};
use super::embedder::TABLE;
use super::generation::Generation;
use super::layout::link;
use super::writer::{Progress, Stage, TrainPolicy, TrainWhen, Watch, step};
use super::{IndexError, TrainReport};
use crate::embed::{EmbedError, Embedder, Table, TrainOptions, TrainingSet, calibrate, train};
use crate::vector::{GRAPH_ROWS, Granularity, SetInfo, SetWriter, VectorSet};

/// Documents that are read at once: enough for all cores, few enough to hold.
const BATCH: usize = 512;

/// Passages it takes to judge a table that was trained on others.
const ENOUGH_TO_JUDGE: usize = 5_000;
/// Weight of such a table where it cannot be judged: half of what a good one gets.
const UNJUDGED_WEIGHT: f32 = 0.05;

/// What it takes to write them.
pub(super) struct VectorWork<'a> {
    /// Where to: one directory for each set is made in it.
    pub(super) dir: &'a Path,
    pub(super) previous: Option<&'a Generation>,
    pub(super) documents: &'a Documents,
    /// Documents of the next generation.
    pub(super) live: Vec<DocumentEntry>,
    /// Those of them that are new.
    pub(super) added: Vec<DocumentEntry>,
    pub(super) passages_changed: u64,
    pub(super) policy: TrainPolicy,
}

/// What was written.
pub(super) struct Written {
    pub(super) documents: u64,
    pub(super) passages: u64,
    pub(super) sets: Vec<SetInfo>,
    pub(super) changed_since_training: u64,
    pub(super) trained: Option<TrainReport>,
}

/// Vectors of some passages, one behind the other.
struct Fresh {
    passages: Vec<u64>,
    vectors: Vec<f32>,
}

impl VectorWork<'_> {
    /// Trains if it is time, embeds what has no vector yet, and writes the set.
    pub(super) fn write(self, progress: &mut Watch<'_>) -> Result<Written, IndexError> {
        let passages: u64 = self.live.iter().map(|entry| u64::from(entry.passages)).sum();
        let before = self.previous.map_or(0, |generation| generation.manifest.changed_since_training);
        let changed = before + self.passages_changed;
        let previous = self.previous_set();
        let incumbent = match &previous {
            Some((dir, _)) => Table::open(&dir.join(TABLE))?,
            None => Table::general()?,
        };
        let mut work = Written {
            documents: self.live.len() as u64,
            passages,
            sets: Vec::new(),
            changed_since_training: changed,
            trained: None,
        };
        let mut kept = previous.as_ref().map(|(dir, set)| (dir.as_path(), *set));
        let mut table = incumbent;
        let judged = |set: &VectorSet| set.info.judged || passages < ENOUGH_TO_JUDGE as u64;
        let mut weight = previous.as_ref().filter(|(_, set)| judged(set)).map(|(_, set)| set.info.weight);
        let mut fresh = None;
        if self.training_is_due(passages, changed) {
            let started = Instant::now();
            let set = self.training_set(progress)?;
            let options = TrainOptions {
                seed: self.policy.seed,
                min_passages: self.policy.min_passages as usize,
                ..TrainOptions::default()
            };
            let trained = train(&set, &options, Some(&table), &mut |at| {
                let message = (at.score > 0.0).then(|| format!("held-out score {:.3}", at.score));
                progress(Progress { stage: Stage::Train, done: at.done as u64, total: at.total as u64, message })
            });
            let trained = match trained {
                // Asked for by the size of the index, not by the user: the table in use goes on.
                Err(EmbedError::TooSmall { .. }) if self.policy.when == TrainWhen::Auto => None,
                Err(EmbedError::Interrupted) => return Err(IndexError::Interrupted),
                trained => Some(trained?),
            };
            if let Some(trained) = trained {
                let installed = trained.report.better();
                work.changed_since_training = 0;
                work.trained = Some(TrainReport {
                    passages,
                    pieces: trained.report.pieces as u64,
                    score: f64::from(trained.report.new_score),
                    incumbent: f64::from(trained.report.incumbent_score.unwrap_or_default()),
                    installed,
                    seconds: started.elapsed().as_secs_f64(),
                });
                if !installed && let Some(score) = trained.report.incumbent_score {
                    // Judged by these passages, which is more than was known of it.
                    weight = Some(calibrate(score));
                }
                if installed {
                    kept = None;
                    table = trained.table;
                    weight = Some(table.weight());
                    step(progress, Stage::Embed, 0, passages)?;
                    fresh = Some(Fresh { passages: passage_ids(&self.live), vectors: table.embed_set(&set) });
                    step(progress, Stage::Embed, passages, passages)?;
                }
            }
        }
        let weight = match weight {
            Some(weight) => weight,
            None => self.weight_here(&table, progress)?,
        };
        let fresh = match fresh {
            Some(fresh) => fresh,
            None => self.embed(&table, if kept.is_some() { &self.added } else { &self.live }, progress)?,
        };
        let dir = self.dir.join(&table.id().name);
        fs_err::create_dir_all(&dir)?;
        match kept {
            Some((before, _)) => link(&before.join(TABLE), &dir.join(TABLE))?,
            None => table.save(&dir.join(TABLE))?,
        }
        let info = SetWriter {
            dir: &dir,
            previous: kept,
            live: &passage_ids(&self.live),
            passages: &fresh.passages,
            vectors: fresh.vectors,
            embedder: table.id().clone(),
            granularity: Granularity::Passages,
            weight,
            judged: passages >= ENOUGH_TO_JUDGE as u64,
            graph_rows: GRAPH_ROWS,
        }
        .write(&mut |done, total| step(progress, Stage::Graph, done, total).is_ok())?;
        work.sets.push(info);
        Ok(work)
    }

    /// The set that the current generation has, and where it lies.
    fn previous_set(&self) -> Option<(std::path::PathBuf, &VectorSet)> {
        let generation = self.previous?;
        let set = generation.sets().iter().find(|set| set.is_table())?;
        Some((generation.set_dir(&set.vectors.info), &set.vectors))
    }

    fn training_is_due(&self, passages: u64, changed: u64) -> bool {
        match self.policy.when {
            TrainWhen::Never => false,
            TrainWhen::Always => true,
            TrainWhen::Auto => {
                passages >= self.policy.min_passages && changed as f64 >= self.policy.min_changed * passages as f64
            }
        }
    }

    /// What a table that was trained elsewhere is worth for these passages: as held-out pairs say where there are
    /// enough of them, otherwise little.
    fn weight_here(&self, table: &Table, progress: &mut Watch<'_>) -> Result<f32, IndexError> {
        let passages: usize = self.live.iter().map(|entry| entry.passages as usize).sum();
        if passages < ENOUGH_TO_JUDGE {
            return Ok(table.weight().min(UNJUDGED_WEIGHT));
        }
        let set = self.training_set(progress)?;
        Ok(calibrate(table.held_out_score(&set)))
    }

    /// Reads all passages into a training set, in the order of their ids.
    fn training_set(&self, progress: &mut Watch<'_>) -> Result<TrainingSet, IndexError> {
        let mut set = TrainingSet::new();
        let total = self.live.len() as u64;
        for (at, batch) in self.live.chunks(BATCH).enumerate() {
            step(progress, Stage::Vocabulary, (at * BATCH) as u64, total)?;
            for text in content::read(self.documents, self.dir, batch)? {
                let group = text.guide.as_deref().unwrap_or(&text.source);
                let first = text.passages.first().map(|passage| passage.text(&text.text)).unwrap_or_default();
                let key = TrainingSet::document_key(&text.title, &first);
                for passage in &text.passages {
                    set.add(key, group, &text.title, &passage.heading_path.join(" > "), &passage.text(&text.text));
                }
            }
        }
        step(progress, Stage::Vocabulary, total, total)?;
        Ok(set)
    }

    /// Embeds the passages of some documents.
    fn embed(&self, table: &Table, entries: &[DocumentEntry], progress: &mut Watch<'_>) -> Result<Fresh, IndexError> {
        let passages = passage_ids(entries);
        let mut vectors = Vec::with_capacity(passages.len() * table.id().dimensions);
        let mut done = 0;
        for batch in entries.chunks(BATCH) {
            step(progress, Stage::Embed, done, passages.len() as u64)?;
            let texts = content::read(self.documents, self.dir, batch)?;
            let embedded: Result<Vec<Vec<Vec<f32>>>, EmbedError> =
                texts.par_iter().map(|text| text.embed(table)).collect();
            for vector in embedded?.into_iter().flatten() {
                vectors.extend_from_slice(&vector);
                done += 1;
            }
        }
        Ok(Fresh { passages, vectors })
    }
}
