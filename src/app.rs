//! From settings to an open index: the object graph, built in one place.

use std::ops::Deref;
use std::path::Path;
#[cfg(feature = "mcp")]
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use cloudops_indexes::embed::EmbedderSource;
use cloudops_indexes::store::{Index, IndexError};
use cloudops_models::runtime::Search;

use crate::config::{self, Config, Settings};
use crate::corpus;
use crate::embedding::{MODELS_DIR, Models};
use crate::experience;
use crate::report::error::warn;

/// Everything that a command or a tool works with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    models: Arc<Models>,
    opened: Mutex<Option<Arc<OpenIndex>>>,
    experience: experience::Shared,
    /// Whether what was recorded is about to be published.
    #[cfg(feature = "mcp")]
    pub(crate) publishing: Arc<AtomicBool>,
}

/// An open index, and the directory it is in if that lives no longer than the program.
#[derive(Debug)]
pub(crate) struct OpenIndex {
    // Declared first: it is closed before its files are deleted.
    index: Index,
    temporary: Option<tempfile::TempDir>,
}

impl Deref for OpenIndex {
    type Target = Index;

    fn deref(&self) -> &Index {
        &self.index
    }
}

impl App {
    pub(crate) fn new(config: Config) -> Self {
        let search = config::runtime::search(config.settings.data_dir.join(MODELS_DIR));
        let models = Arc::new(Models::new(search, config.settings.embed.clone()));
        Self {
            config,
            models,
            opened: Mutex::new(None),
            experience: experience::Shared::default(),
            #[cfg(feature = "mcp")]
            publishing: Arc::default(),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.config.settings
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.config.settings.data_dir
    }

    /// Where models and the runtime that runs them are looked for.
    pub(crate) fn runtime_search(&self) -> Search {
        config::runtime::search(self.data_dir().join(MODELS_DIR))
    }

    /// The index, opened on first use. It always holds the built-in documents of this program.
    ///
    /// Those are written into the data directory if they are not there. Where that is not possible, an index that
    /// is there is served as it is, and where there is none, one is made that lasts as long as the program.
    pub(crate) fn index(&self) -> anyhow::Result<Arc<OpenIndex>> {
        // A panic while opening has left nothing half done: the next call opens again.
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = opened.as_ref() {
            let replaced = if index.temporary.is_some() { self.open_at(self.data_dir()).ok() } else { None };
            if replaced.is_none() {
                return Ok(Arc::clone(index));
            }
        }
        let index = Arc::new(self.open()?);
        *opened = Some(Arc::clone(&index));
        Ok(index)
    }

    /// Incidents, guides and patterns, as they are now.
    pub(crate) fn experience(&self) -> anyhow::Result<experience::Current<'_>> {
        self.experience.current(self)
    }

    fn open(&self) -> anyhow::Result<OpenIndex> {
        let started = Instant::now();
        let data_dir = self.data_dir();
        let existing = self.existing()?;
        if let Some(index) = existing {
            if !corpus::is_in(|key| index.note(key)) {
                match corpus::install(data_dir, self.train_policy()) {
                    Ok(()) => {
                        index.refresh()?;
                    }
                    Err(error) if corpus::is_excusable(&error) => {
                        tracing::warn!(error = format!("{error:#}"), "serving an index with older built-in documents");
                    }
                    Err(error) => return Err(error.context("failed to index the built-in documents")),
                }
            }
            tracing::debug!(elapsed = ?started.elapsed(), "opened the index");
            return Ok(OpenIndex { index, temporary: None });
        }

        match corpus::install(data_dir, self.train_policy()) {
            Ok(()) => Ok(OpenIndex { index: self.open_at(data_dir)?, temporary: None }),
            Err(error) if corpus::is_excusable(&error) => {
                // Another process may be doing the same at this moment.
                if let Some(index) = self.wait_for_index()? {
                    return Ok(OpenIndex { index, temporary: None });
                }
                self.open_temporary(&error)
            }
            Err(error) => Err(error.context("failed to index the built-in documents")),
        }
    }

    fn open_temporary(&self, reason: &anyhow::Error) -> anyhow::Result<OpenIndex> {
        let dir =
            tempfile::Builder::new().prefix("cloudops-").tempdir().context("failed to make a temporary directory")?;
        warn(format!("only the built-in documents are searched, from a temporary index: {reason:#}"));
        corpus::install(dir.path(), self.train_policy()).context("failed to index the built-in documents")?;
        Ok(OpenIndex { index: self.open_at(dir.path())?, temporary: Some(dir) })
    }

    fn open_at(&self, data_dir: &Path) -> Result<Index, IndexError> {
        Index::open_with(data_dir, Some(Arc::clone(&self.models) as Arc<dyn EmbedderSource>))
    }

    fn existing(&self) -> Result<Option<Index>, IndexError> {
        if_there(self.open_at(self.data_dir()))
    }

    /// Gives another process, which holds the lock, a moment to publish its first generation.
    fn wait_for_index(&self) -> Result<Option<Index>, IndexError> {
        let end = Instant::now() + Duration::from_secs(2);
        loop {
            let index = self.existing()?;
            if index.is_some() || Instant::now() > end || !self.data_dir().is_dir() {
                return Ok(index);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn train_policy(&self) -> cloudops_indexes::store::TrainPolicy {
        self.settings().train.policy(cloudops_indexes::store::TrainWhen::Never)
    }
}

/// The index of a data directory, for whoever asks it nothing; `None` where there is none.
pub(crate) fn open_existing(data_dir: &Path) -> Result<Option<Index>, IndexError> {
    if_there(Index::open(data_dir))
}

fn if_there(opened: Result<Index, IndexError>) -> Result<Option<Index>, IndexError> {
    match opened {
        Ok(index) => Ok(Some(index)),
        Err(IndexError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
