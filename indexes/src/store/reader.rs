//! Reading: what answers.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::documents::Documents;
use super::embedder::Source;
use super::embeddings;
use super::generation::Generation;
use super::layout::Layout;
use super::{IndexError, IndexSummary, SourceSummary};
use crate::embed::EmbedderSource;
use crate::hybrid::{self, NearDuplicates, SearchRequest, SearchResponse};
use crate::model::{Document, Kind, Passage, Timestamp};

/// How often a generation that is replaced while it is being opened is tried again.
const RETRIES: usize = 10;

/// An open index. Cheap to share: every method takes `&self`, from any number of threads.
pub struct Index {
    layout: Layout,
    source: Source,
    generation: ArcSwap<Generation>,
    /// Held while a newer generation is opened, so that it is opened once.
    refreshing: Mutex<()>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("data_dir", &self.layout.data_dir).finish_non_exhaustive()
    }
}

/// A document as it is stored, with its passages.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    /// The document.
    pub document: Document,
    /// Its passages, in order: headings, anchors and byte ranges.
    pub passages: Vec<Passage>,
    /// When it was last ingested with a change.
    pub ingested: Timestamp,
}

impl Index {
    /// Opens the index of a data directory, for words and tables of token vectors.
    pub fn open(data_dir: &Path) -> Result<Self, IndexError> {
        Self::open_with(data_dir, None)
    }

    /// Opens the index of a data directory. `source` is asked for other embedders at the first question that needs
    /// one.
    pub fn open_with(data_dir: &Path, source: Option<Arc<dyn EmbedderSource>>) -> Result<Self, IndexError> {
        let layout = Layout::new(data_dir);
        if layout.current()?.is_none() {
            return Err(IndexError::NotFound(data_dir.to_owned()));
        }
        let generation = open_current(&layout, &source)?;
        Ok(Self { layout, source, generation: ArcSwap::from_pointee(generation), refreshing: Mutex::new(()) })
    }

    /// Switches to a newer generation if there is one. Running searches keep the old one until they end.
    /// [`Index::search`] does it by itself; returns whether there was a newer one.
    pub fn refresh(&self) -> Result<bool, IndexError> {
        if self.is_current()? {
            return Ok(false);
        }
        let _opening = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_current()? {
            return Ok(true);
        }
        self.generation.store(Arc::new(open_current(&self.layout, &self.source)?));
        Ok(true)
    }

    fn is_current(&self) -> Result<bool, IndexError> {
        Ok(self.layout.current()? == Some(self.generation()))
    }

    /// The newest generation, or the one at hand when the newest cannot be opened: an answer beats none.
    fn newest(&self) -> Arc<Generation> {
        if let Err(error) = self.refresh() {
            tracing::warn!(%error, "the newest generation cannot be opened, the one before answers");
        }
        self.generation.load_full()
    }

    /// The generation that answers now.
    pub fn generation(&self) -> u64 {
        self.generation.load().manifest.generation
    }

    /// Loads what the first question would have to wait for: embedders that come from a source. Those that cannot be
    /// had are left out of answers, which say so.
    pub fn warm_up(&self) {
        let generation = self.newest();
        for set in generation.sets() {
            if let Err(reason) = set.embedder() {
                tracing::warn!(set = set.vectors.info.embedder.name, reason, "searches go without these vectors");
            }
        }
    }

    /// Answers a question.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchResponse, IndexError> {
        for _ in 0..RETRIES {
            let generation = self.newest();
            if let Some(response) = hybrid::search(&generation, request)? {
                self.want(&generation, &response);
                return Ok(response);
            }
        }
        let reason = "documents vanish as fast as they are looked up".to_owned();
        Err(IndexError::Damaged { path: self.layout.data_dir.clone(), reason })
    }

    /// Lets passages that answer be embedded before others, while sets are being filled.
    fn want(&self, generation: &Generation, response: &SearchResponse) {
        let Some(set) = generation.sets().iter().find(|set| set.is_being_filled(generation.lexical.len())) else {
            return;
        };
        let passages = response.hits.iter().flat_map(|hit| std::iter::once(&hit.best).chain(&hit.more));
        let passages: Vec<u64> = passages.map(|hit| hit.passage).filter(|id| !set.vectors.has(*id)).collect();
        // A hint: a data directory that cannot be written to is filled in its own order, or not at all.
        if let Err(error) = embeddings::want(&self.layout.data_dir, &passages) {
            tracing::debug!(%error, "could not note which passages were asked for");
        }
    }

    /// A document by its id or by its URL (with or without fragment).
    pub fn document(&self, id_or_url: &str) -> Result<Option<StoredDocument>, IndexError> {
        for _ in 0..RETRIES {
            let generation = self.newest();
            let (documents, number) = (&generation.documents, generation.manifest.generation);
            let page = id_or_url.split_once('#').map(|(page, _)| page);
            let mut key = documents.find(id_or_url, number)?;
            if let (None, Some(page)) = (key, page) {
                key = documents.find(page, number)?;
            }
            let Some(key) = key else { return Ok(None) };
            // Swept away between two looks: a newer generation has replaced it.
            if let Some(stored) = documents.stored(key)? {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// Ids that look like this one, for a hint when a document is not found. At most `limit`.
    pub fn similar_ids(&self, id: &str, limit: usize) -> Result<Vec<String>, IndexError> {
        let asked = name_parts(id);
        let mut found: Vec<(usize, String)> = Vec::new();
        let sql = "SELECT id FROM document WHERE {LIVES}";
        let generation = self.newest();
        generation.documents.each_live(sql, generation.manifest.generation, &mut |row| {
            let id: String = row.get(0)?;
            let shared = name_parts(&id).iter().filter(|part| asked.contains(part)).count();
            if shared > 0 {
                found.push((shared, id));
            }
            Ok(())
        })?;
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(&b.1)));
        found.truncate(limit);
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// Ids of the documents of a kind, with the hash of what each was made of, by id.
    pub fn of_kind(&self, kind: Kind) -> Result<Vec<(String, String)>, IndexError> {
        let sql = format!("SELECT id, content_hash FROM document WHERE kind = '{kind}' AND {{LIVES}} ORDER BY id");
        let mut found = Vec::new();
        let generation = self.newest();
        generation.documents.each_live(&sql, generation.manifest.generation, &mut |row| {
            found.push((row.get(0)?, row.get(1)?));
            Ok(())
        })?;
        Ok(found)
    }

    /// What is indexed.
    pub fn summary(&self) -> Result<IndexSummary, IndexError> {
        let generation = self.newest();
        let number = generation.manifest.generation;
        let mut sources = generation.manifest.sources.clone();
        // When a source was looked at is known of sources that had nothing new, too, and of such that are empty.
        for (name, origin, ingested) in generation.documents.sources()? {
            if let Some(source) = sources.iter_mut().find(|source| source.name == name) {
                (source.origin, source.ingested) = (origin, ingested);
            } else if origin.is_some() {
                sources.push(SourceSummary { origin, ingested, ..SourceSummary::empty(name) });
            }
        }
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(IndexSummary {
            generation: number,
            documents: generation.manifest.documents,
            passages: generation.manifest.passages,
            disk_bytes: self.layout.disk_bytes(number),
            sources,
            services: generation.manifest.services.clone(),
            vectors: generation.vector_status(),
        })
    }

    /// Groups of documents with nearly the same words, the largest first; at most `limit` of them are described.
    ///
    /// Looks at the fingerprint of every document, and reads those that it describes.
    pub fn near_duplicates(&self, limit: usize) -> Result<NearDuplicates, IndexError> {
        for _ in 0..RETRIES {
            if let Some(found) = hybrid::near_duplicates(&self.newest(), limit)? {
                return Ok(found);
            }
        }
        let reason = "documents vanish as fast as they are looked up".to_owned();
        Err(IndexError::Damaged { path: self.layout.data_dir.clone(), reason })
    }

    /// Free-form values kept with the generation, such as the hash of the built-in corpus it holds.
    pub fn note(&self, key: &str) -> Option<String> {
        self.generation.load().manifest.notes.get(key).cloned()
    }

    /// Reads every file of the generation and every document, and says what is wrong. Empty means sound.
    pub fn verify(&self) -> Result<Vec<String>, IndexError> {
        let generation = self.newest();
        let mut wrong = generation.documents.integrity()?;
        for path in generation.lexical.damaged_files()? {
            wrong.push(format!("the full-text file `{}` does not match its checksum", path.display()));
        }
        let mut passages = 0;
        for entry in generation.entries() {
            match generation.documents.content(entry.key) {
                Ok((_, listed)) if listed.len() == entry.passages as usize => passages += listed.len(),
                Ok((_, listed)) => {
                    wrong.push(format!("document {} has {} of {} passages", entry.key, listed.len(), entry.passages));
                }
                Err(error) => wrong.push(error.to_string()),
            }
        }
        if passages != generation.lexical.len() {
            wrong.push(format!(
                "the documents have {passages} passages, the full-text index has {}",
                generation.lexical.len()
            ));
        }
        for set in generation.sets() {
            wrong.extend(set.vectors.verify());
            // Other sets may be on their way.
            if set.is_table() && set.vectors.len() != generation.lexical.len() {
                wrong.push(format!("the vectors cover {} of {passages} passages", set.vectors.len()));
            }
        }
        Ok(wrong)
    }
}

/// Opens what `CURRENT` names, again when it has been replaced meanwhile.
fn open_current(layout: &Layout, source: &Source) -> Result<Generation, IndexError> {
    let mut tried = 0;
    loop {
        let number = layout.current()?.ok_or_else(|| IndexError::NotFound(layout.data_dir.clone()))?;
        // Connections are those of one generation: an index that was made anew has another file of the same name.
        match Documents::open(&layout.data_dir)
            .and_then(|documents| Generation::open(layout, number, documents, source))
        {
            Ok(generation) => return Ok(generation),
            Err(_) if tried < RETRIES && layout.current()? != Some(number) => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Words of an id or a file name, lower case.
fn name_parts(id: &str) -> Vec<String> {
    id.split(|c: char| !c.is_alphanumeric())
        .filter(|part| part.len() > 2 && !matches!(*part, "html" | "https" | "amazon" | "aws" | "docs"))
        .map(str::to_lowercase)
        .collect()
}
