//! What the team has learned, in memory: incidents, guides and patterns, kept in step with the index and with what is
//! recorded beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Context;
use cloudops_incidents::base::Base;
use cloudops_incidents::guide::{self, Guides};
use cloudops_incidents::note::{self, Note};
use cloudops_incidents::pattern::{Advice, Library};
use cloudops_incidents::store::Store;
use cloudops_indexes::embed::Table;
use cloudops_indexes::model::Kind;
use cloudops_indexes::store::Index;

use crate::app::App;
use crate::recorded;

/// Kinds of documents that are taken up.
const KINDS: [Kind; 4] = [Kind::Incident, Kind::Troubleshooting, Kind::Pattern, Kind::BestPractice];

/// Incidents, guides and patterns.
pub(crate) struct Experience {
    pub(crate) base: Base,
    pub(crate) guides: Guides,
    pub(crate) library: Library,
    /// Documents that were taken up: their hash, and for incidents the id.
    documents: HashMap<String, Taken>,
    /// Ids of incidents that were recorded or ended here: a document does not replace those.
    recorded: HashSet<String>,
    /// The notes that tell of an incident; the first one counts.
    read_from: HashMap<String, BTreeSet<String>>,
    /// Notes that count now because the one before them is gone.
    orphans: Vec<String>,
    generation: Option<u64>,
    revision: i64,
}

struct Taken {
    hash: String,
    kind: Kind,
    incident: Option<String>,
}

/// The experience of a program, made on first use.
#[derive(Default)]
pub(crate) struct Shared(Mutex<Option<Experience>>);

/// Experience that is in step with the index, for as long as it is held.
pub(crate) struct Current<'a>(MutexGuard<'a, Option<Experience>>);

impl std::ops::Deref for Current<'_> {
    type Target = Experience;

    #[expect(clippy::expect_used, reason = "it is made only around one that is there")]
    fn deref(&self) -> &Experience {
        self.0.as_ref().expect("there is experience")
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// The experience, brought up to date with the index and with what was recorded.
    pub(crate) fn current(&self, app: &App) -> anyhow::Result<Current<'_>> {
        let index = app.index()?;
        index.refresh()?;
        // A panic while it was brought up to date may have left half of it: it is made anew.
        let mut held = match self.0.lock() {
            Ok(held) => held,
            Err(poisoned) => {
                let mut held = poisoned.into_inner();
                *held = None;
                self.0.clear_poison();
                held
            }
        };
        let experience = match held.as_mut() {
            Some(experience) => experience,
            None => held.insert(Experience::empty()?),
        };
        experience.follow_documents(&index)?;
        experience.follow_store(app)?;
        Ok(Current(held))
    }
}

impl Experience {
    fn empty() -> anyhow::Result<Self> {
        let table = Arc::new(Table::general().context("failed to read the built-in table of vectors")?);
        Ok(Self {
            base: Base::new(Arc::clone(&table)),
            guides: Guides::new(Arc::clone(&table)),
            library: Library::new(table),
            documents: HashMap::new(),
            recorded: HashSet::new(),
            read_from: HashMap::new(),
            orphans: Vec::new(),
            generation: None,
            revision: 0,
        })
    }

    /// Takes up what is new in the index, and lets go of what is gone.
    fn follow_documents(&mut self, index: &Index) -> anyhow::Result<()> {
        let generation = index.generation();
        if self.generation == Some(generation) {
            return Ok(());
        }
        let mut seen = BTreeMap::new();
        for kind in KINDS {
            for (id, hash) in index.of_kind(kind)? {
                // Recorded incidents are taken from where they are recorded.
                if !recorded::is_document(&id) {
                    seen.insert(id, (hash, kind));
                }
            }
        }
        let gone: Vec<String> = self.documents.keys().filter(|id| !seen.contains_key(*id)).cloned().collect();
        for id in gone {
            self.let_go(&id);
        }
        // In the order of their ids, so that the same documents always make the same of them.
        for (id, (hash, kind)) in seen {
            if self.documents.get(&id).is_none_or(|taken| taken.hash != hash || taken.kind != kind) {
                self.let_go(&id);
                self.take_up(index, &id, hash, kind)?;
            }
        }
        // An incident whose note is gone is told by the next one.
        for id in std::mem::take(&mut self.orphans) {
            if let Some(stored) = index.document(&id)? {
                let note = note::read(&stored.document);
                if !self.recorded.contains(&note.incident.id) {
                    self.base.put(note, Some(id))?;
                }
            }
        }
        self.generation = Some(generation);
        Ok(())
    }

    /// Whether an incident is told by a note, and was not recorded or ended here.
    pub(crate) fn is_of_note(&self, incident: &str) -> bool {
        self.read_from.contains_key(incident) && !self.recorded.contains(incident)
    }

    fn take_up(&mut self, index: &Index, id: &str, hash: String, kind: Kind) -> anyhow::Result<()> {
        // Gone since it was listed: the next generation says so.
        let Some(stored) = index.document(id)? else { return Ok(()) };
        let document = stored.document;
        let mut incident = None;
        match kind {
            Kind::Incident => {
                let note = note::read(&document);
                incident = Some(note.incident.id.clone());
                let notes = self.read_from.entry(note.incident.id.clone()).or_default();
                notes.insert(id.to_owned());
                let counts = notes.first().is_some_and(|first| first == id);
                if counts && !self.recorded.contains(&note.incident.id) {
                    self.base.put(note, Some(id.to_owned()))?;
                }
            }
            Kind::Troubleshooting => {
                let guide = guide::parse(&document);
                // A page about trouble that has no steps is found by search, and leads nobody.
                if !guide.steps.is_empty() {
                    self.guides.put(guide)?;
                }
            }
            _ => self.library.put(Advice::of(&document), &document.text)?,
        }
        self.documents.insert(id.to_owned(), Taken { hash, kind, incident });
        Ok(())
    }

    fn let_go(&mut self, id: &str) {
        let Some(taken) = self.documents.remove(id) else { return };
        match taken.kind {
            Kind::Incident => {
                let Some(incident) = taken.incident else { return };
                let Some(notes) = self.read_from.get_mut(&incident) else { return };
                let counted = notes.first().is_some_and(|first| first == id);
                notes.remove(id);
                let next = notes.first().cloned();
                if next.is_none() {
                    self.read_from.remove(&incident);
                }
                if counted && !self.recorded.contains(&incident) {
                    self.base.remove(&incident);
                    self.orphans.extend(next);
                }
            }
            Kind::Troubleshooting => self.guides.remove(id),
            _ => self.library.remove(id),
        }
    }

    /// Takes up what was recorded since.
    fn follow_store(&mut self, app: &App) -> anyhow::Result<()> {
        let Some(store) = Store::open_existing(app.data_dir())? else { return Ok(()) };
        let revision = store.revision()?;
        if revision < self.revision {
            // Another file of the same name: what was taken from the one before may be anything.
            *self = Self::empty()?;
            self.follow_documents(&*app.index()?)?;
        }
        if revision == self.revision {
            return Ok(());
        }
        for stored in store.since(self.revision)? {
            self.revision = self.revision.max(stored.revision);
            let note = self.read_from.get(&stored.incident.id).and_then(BTreeSet::first).cloned();
            let document = note.unwrap_or_else(|| recorded::document_id(&stored.incident.id));
            self.recorded.insert(stored.incident.id.clone());
            self.base.put(Note { incident: stored.incident, text: String::new() }, Some(document))?;
        }
        Ok(())
    }
}
