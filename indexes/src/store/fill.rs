//! Fills the vector sets of a slow embedder, behind the scenes: first every document by its title and first sentences,
//! then every passage.
//!
//! It may be stopped at any instant, and goes on where it was: what was embedded is kept by its content
//! ([`Embeddings`]). What is there so far is published every few minutes, as a new generation. The writer's lock is
//! held only while that is written down, and an ingestion does not wait for a text to be embedded. What an ingestion has
//! overtaken is not published: the next round finds its vectors by their content.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Serialize;

use super::IndexError;
use super::content::{self, Embeddable, passage_ids};
use super::documents::{DocumentEntry, Documents};
use super::embeddings::{ContentHash, Embeddings};
use super::generation::{Generation, Set};
use super::layout::Layout;
use super::sourced_sets::Adopted;
use super::writer::{IndexWriter, TrainPolicy, TrainWhen, WriterOptions};
use crate::embed::{EmbedError, Embedder};
use crate::vector::{GRAPH_ROWS, Granularity, SetWriter};

/// Texts between two looks at the clock, the progress and the index: a few seconds of work.
const CHUNK: usize = 256;
/// New vectors that are published at the latest when there are so many: bounds memory.
const MOST_FRESH: usize = 32_768;
/// How often a writer that holds the lock is asked again.
const POLL: Duration = Duration::from_millis(200);
/// Contents are forgotten when more than this many times as many are kept as there are.
const KEPT_SHARE: u64 = 2;
/// Passages are filled in this order: those that open a document first, so that every document gets some soon.
const OPENINGS: [u32; 3] = [1, 4, 16];

/// How to fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillOptions {
    /// What is there so far is published this often.
    pub publish_every: Duration,
    /// Leave passages out: documents only.
    pub documents_only: bool,
}

impl Default for FillOptions {
    fn default() -> Self {
        Self { publish_every: Duration::from_mins(5), documents_only: false }
    }
}

/// How far filling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillProgress {
    /// What is being embedded.
    pub granularity: Granularity,
    /// Rows that have a vector, published or not.
    pub done: u64,
    /// Rows there are.
    pub total: u64,
    /// Whether the vectors there are are being published, which may take a while: a graph is built over all of them.
    pub publishing: bool,
}

/// What filling came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct FillReport {
    /// Texts that went through the embedder.
    pub embedded: u64,
    /// Texts whose vector was known from before.
    pub reused: u64,
    /// Generation that answers now.
    pub generation: u64,
    /// Seconds that the embedder took.
    pub embedding_seconds: f64,
    /// Seconds altogether.
    pub seconds: f64,
}

/// What is told how far the work is, and may end it.
pub(super) type FillWatch<'a> = dyn FnMut(FillProgress) -> ControlFlow<()> + 'a;

/// A row that has no vector yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Missing {
    id: u64,
    /// Place of its document among the documents.
    entry: u32,
    position: u32,
}

/// Rows with their vectors, not yet published.
#[derive(Default)]
struct Fresh {
    rows: Vec<(u64, Vec<f32>)>,
}

/// Gives every document and every passage a vector of `embedder`. Only one process does that at a time; another one
/// gets [`IndexError::Filling`].
///
/// Ends when nothing is missing. `progress` may end it before with `Break`: what is there is then published, and
/// [`IndexError::Interrupted`] returned.
pub fn fill(
    data_dir: &Path,
    embedder: &dyn Embedder,
    options: &FillOptions,
    progress: &mut FillWatch<'_>,
) -> Result<FillReport, IndexError> {
    let started = Instant::now();
    let layout = Layout::new(data_dir);
    if layout.current()?.is_none() {
        return Err(IndexError::NotFound(data_dir.to_owned()));
    }
    let _lock = layout.lock_filling()?;
    let kept = Embeddings::open(data_dir, embedder.id())?;
    let mut filler = Filler { layout, embedder, options, kept, report: FillReport::default(), progress };
    while filler.round()? {}
    filler.forget()?;
    let Filler { layout, mut report, .. } = filler;
    report.generation = layout.current()?.unwrap_or_default();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// Whether some process is filling the sets of a data directory. Changes nothing.
pub fn is_filling(data_dir: &Path) -> Result<bool, IndexError> {
    Layout::new(data_dir).is_filling()
}

struct Filler<'a, 'w> {
    layout: Layout,
    embedder: &'a dyn Embedder,
    options: &'a FillOptions,
    kept: Embeddings,
    report: FillReport,
    progress: &'a mut FillWatch<'w>,
}

impl Filler<'_, '_> {
    /// Works on the current generation until there is something to publish, and publishes it. `false` when nothing is
    /// missing.
    fn round(&mut self) -> Result<bool, IndexError> {
        let number = self.layout.current()?.ok_or_else(|| IndexError::NotFound(self.layout.data_dir.clone()))?;
        let documents = Documents::open(&self.layout.data_dir)?;
        let generation = match Generation::open(&self.layout, number, documents, &None) {
            // Replaced while it was being opened.
            Err(_) if self.layout.current()? != Some(number) => return Ok(true),
            generation => generation?,
        };
        let mut kinds = vec![Granularity::Documents];
        if !self.options.documents_only {
            kinds.push(Granularity::Passages);
        }
        for granularity in kinds {
            let set = self.set_of(&generation, granularity);
            let wanted = if granularity == Granularity::Passages { self.wanted() } else { Vec::new() };
            let missing = missing(&generation, set, granularity, &wanted);
            let total = match granularity {
                Granularity::Documents => generation.entries().len(),
                Granularity::Passages => generation.lexical.len(),
            };
            let lacks_graph = set.is_some_and(|set| !set.vectors.info.graph) && total >= GRAPH_ROWS;
            if missing.is_empty() && set.is_some() && !lacks_graph {
                continue;
            }
            let (fresh, stopped) = self.embed(&generation, granularity, &missing, total)?;
            let complete = fresh.rows.len() == missing.len();
            self.publish(&generation, granularity, fresh, total, complete, stopped)?;
            return if stopped { Err(IndexError::Interrupted) } else { Ok(true) };
        }
        Ok(false)
    }

    fn set_of<'g>(&self, generation: &'g Generation, granularity: Granularity) -> Option<&'g Set> {
        generation
            .sets()
            .iter()
            .find(|set| set.vectors.info.embedder == *self.embedder.id() && set.vectors.info.granularity == granularity)
    }

    /// Passages that searches would have liked to have, most wanted first. A hint: work goes on without it.
    fn wanted(&mut self) -> Vec<u64> {
        self.kept.take_wanted().unwrap_or_else(|error| {
            tracing::debug!(%error, "what searches want is not known");
            Vec::new()
        })
    }

    fn is_current(&self, generation: &Generation) -> Result<bool, IndexError> {
        Ok(self.layout.current()? == Some(generation.manifest.generation))
    }

    fn tell(&mut self, granularity: Granularity, done: usize, total: usize, publishing: bool) -> ControlFlow<()> {
        (self.progress)(FillProgress { granularity, done: done as u64, total: total as u64, publishing })
    }

    /// Embeds what is missing, until it is time to publish. Returns whether it was told to stop.
    fn embed(
        &mut self,
        generation: &Generation,
        granularity: Granularity,
        missing: &[Missing],
        total: usize,
    ) -> Result<(Fresh, bool), IndexError> {
        let started = Instant::now();
        let mut fresh = Fresh::default();
        let before = total - missing.len();
        for chunk in missing.chunks(CHUNK) {
            if self.tell(granularity, before + fresh.rows.len(), total, false).is_break() {
                return Ok((fresh, true));
            }
            let due = started.elapsed() >= self.options.publish_every || fresh.rows.len() >= MOST_FRESH;
            // What was embedded for a generation that is gone is kept by its content: nothing is lost.
            if due || !self.is_current(generation)? {
                break;
            }
            let texts = match read(generation, granularity, chunk) {
                Err(_) if !self.is_current(generation)? => break,
                texts => texts?,
            };
            let vectors = self.vectors(&texts)?;
            fresh.rows.extend(chunk.iter().map(|row| row.id).zip(vectors));
        }
        Ok((fresh, false))
    }

    /// Vectors of some texts: those that are known, and new ones.
    fn vectors(&mut self, texts: &[Embeddable]) -> Result<Vec<Vec<f32>>, IndexError> {
        let contents: Vec<ContentHash> = texts.iter().map(|text| ContentHash::of(&text.as_text())).collect();
        let mut known: FxHashMap<ContentHash, Vec<f32>> = FxHashMap::default();
        let mut new: Vec<(ContentHash, &Embeddable)> = Vec::new();
        let mut seen = FxHashSet::default();
        for (content, text) in contents.iter().zip(texts) {
            if !seen.insert(*content) {
                continue;
            }
            match self.kept.get(*content)? {
                Some(vector) => drop(known.insert(*content, vector)),
                None => new.push((*content, text)),
            }
        }
        self.report.embedded += new.len() as u64;
        self.report.reused += (texts.len() - new.len()) as u64;
        if !new.is_empty() {
            let started = Instant::now();
            let made = self.embedder.embed_passages(&new.iter().map(|(_, text)| text.as_text()).collect::<Vec<_>>())?;
            self.report.embedding_seconds += started.elapsed().as_secs_f64();
            let id = self.embedder.id();
            if made.len() != new.len() || made.iter().any(|vector| vector.len() != id.dimensions) {
                let reason = format!("{} texts did not get a vector of {} each", new.len(), id.dimensions);
                return Err(EmbedError::Failed { name: id.name.clone(), reason }.into());
            }
            self.kept.keep(new.iter().map(|(content, _)| *content).zip(made.iter().map(Vec::as_slice)))?;
            known.extend(new.into_iter().map(|(content, _)| content).zip(made));
        }
        Ok(contents.iter().filter_map(|content| known.get(content).cloned()).collect())
    }

    /// Writes the set with the new rows, and makes it part of a new generation, unless there is a newer one already.
    fn publish(
        &mut self,
        generation: &Generation,
        granularity: Granularity,
        mut fresh: Fresh,
        total: usize,
        complete: bool,
        stopped: bool,
    ) -> Result<(), IndexError> {
        let set = self.set_of(generation, granularity);
        if (fresh.rows.is_empty() && !complete) || !self.is_current(generation)? {
            return Ok(());
        }
        // Told to stop, it still publishes, which is short: only a graph is not.
        let with_graph = complete && !stopped;
        let done = if complete { total } else { set.map_or(0, |set| set.vectors.len()) + fresh.rows.len() };
        let mut interrupted = self.tell(granularity, done, total, true).is_break() && !stopped;
        fresh.rows.sort_unstable_by_key(|(id, _)| *id);
        let passages: Vec<u64> = fresh.rows.iter().map(|(id, _)| *id).collect();
        let vectors: Vec<f32> = fresh.rows.into_iter().flat_map(|(_, vector)| vector).collect();
        let dir = self.layout.filling_dir();
        clear(&dir)?;
        let before = set.map(|set| (generation.set_dir(&set.vectors.info), &set.vectors));
        let progress = &mut *self.progress;
        let info = SetWriter {
            dir: &dir,
            previous: before.as_ref().map(|(dir, set)| (dir.as_path(), *set)),
            live: &passage_ids(generation.entries()),
            passages: &passages,
            vectors,
            embedder: self.embedder.id().clone(),
            granularity,
            weight: 0.0,
            judged: false,
            graph_rows: if with_graph { GRAPH_ROWS } else { usize::MAX },
        }
        .write(&mut |done, total| {
            let at = FillProgress { granularity, done, total, publishing: true };
            interrupted |= progress(at).is_break() && !stopped;
            !interrupted
        });
        let info = match info {
            // Its files vanished with the generation: another round finds the newer one.
            Err(_) if !self.is_current(generation)? => return Ok(()),
            info => info?,
        };
        let Some(mut writer) = self.writer(granularity, done, total, stopped)? else { return Ok(()) };
        if writer.current() != Some(generation.manifest.generation) {
            return Ok(());
        }
        let replaces_others = complete && granularity == Granularity::Passages;
        writer.adopt(Adopted { dir, info, replaces_others });
        writer.commit(&mut |_| ControlFlow::Continue(()))?;
        Ok(())
    }

    /// The writer's lock, after whoever holds it. `None` when told to stop waiting.
    fn writer(
        &mut self,
        granularity: Granularity,
        done: usize,
        total: usize,
        stopped: bool,
    ) -> Result<Option<IndexWriter>, IndexError> {
        let train = TrainPolicy { when: TrainWhen::Never, min_passages: u64::MAX, min_changed: 1.0, seed: 0 };
        loop {
            match IndexWriter::open(&self.layout.data_dir, WriterOptions { train }) {
                Err(IndexError::Locked(_)) if stopped => return Ok(None),
                Err(IndexError::Locked(_)) => {
                    if self.tell(granularity, done, total, true).is_break() {
                        return Ok(None);
                    }
                    std::thread::sleep(POLL);
                }
                writer => return writer.map(Some),
            }
        }
    }

    /// Forgets vectors of contents that no document has any more, when they have become many.
    fn forget(&mut self) -> Result<(), IndexError> {
        let Some(number) = self.layout.current()? else { return Ok(()) };
        match self.forget_in(number) {
            // Replaced meanwhile: the next filling will.
            Err(_) if self.layout.current()? != Some(number) => Ok(()),
            done => done,
        }
    }

    fn forget_in(&mut self, number: u64) -> Result<(), IndexError> {
        let generation = Generation::open(&self.layout, number, Documents::open(&self.layout.data_dir)?, &None)?;
        let rows = (generation.lexical.len() + generation.entries().len()) as u64;
        if self.kept.len()? <= rows * KEPT_SHARE {
            return Ok(());
        }
        let mut live = Vec::with_capacity(rows as usize);
        for batch in generation.entries().chunks(CHUNK) {
            for text in content::read(&generation.documents, &generation.dir, batch)? {
                live.push(ContentHash::of(&text.document().as_text()));
                let passages = (0..text.passages.len()).filter_map(|at| text.passage(at));
                live.extend(passages.map(|passage| ContentHash::of(&passage.as_text())));
            }
        }
        self.kept.retain(&live)
    }
}

/// Rows without a vector, in the order in which they shall get one.
fn missing(generation: &Generation, set: Option<&Set>, granularity: Granularity, wanted: &[u64]) -> Vec<Missing> {
    let filled: Vec<u64> = set.map(|set| set.vectors.ids().collect()).unwrap_or_default();
    // Base and tail ascend each for itself; together they do too, for a tail goes on where its base ends.
    let lacks = |id: u64| filled.binary_search(&id).is_err();
    let mut missing = Vec::new();
    for (at, entry) in generation.entries().iter().enumerate() {
        let rows = match granularity {
            Granularity::Documents => 1.min(entry.passages),
            Granularity::Passages => entry.passages,
        };
        for position in 0..rows {
            let id = entry.first_passage + u64::from(position);
            if lacks(id) {
                missing.push(Missing { id, entry: at as u32, position });
            }
        }
    }
    let wanted: FxHashMap<u64, usize> = wanted.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    // Stable: of the same turn, documents in their order.
    missing.sort_by_key(|row| {
        let turn = OPENINGS.iter().position(|end| row.position < *end).unwrap_or(OPENINGS.len());
        wanted.get(&row.id).map_or((turn + 1, 0), |at| (0, *at))
    });
    missing
}

/// The texts of some rows, in their order. Rows of one document that are together are read together.
fn read(generation: &Generation, granularity: Granularity, rows: &[Missing]) -> Result<Vec<Embeddable>, IndexError> {
    let mut wanted: Vec<u32> = rows.iter().map(|row| row.entry).collect();
    wanted.dedup();
    let entries: Vec<DocumentEntry> = wanted.iter().map(|at| generation.entries()[*at as usize]).collect();
    let contents = content::read(&generation.documents, &generation.dir, &entries)?;
    let by_entry: FxHashMap<u32, usize> = wanted.iter().enumerate().map(|(at, entry)| (*entry, at)).collect();
    rows.iter()
        .map(|row| {
            let content = &contents[by_entry[&row.entry]];
            let text = match granularity {
                Granularity::Documents => Some(content.document()),
                Granularity::Passages => content.passage(row.position as usize),
            };
            text.ok_or_else(|| IndexError::Damaged {
                path: generation.dir.clone(),
                reason: format!("passage {} is not in its document", row.id),
            })
        })
        .collect()
}

/// Makes a directory empty.
fn clear(dir: &PathBuf) -> Result<(), IndexError> {
    match fs_err::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(fs_err::create_dir_all(dir)?)
}
