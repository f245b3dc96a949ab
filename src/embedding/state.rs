//! How far the vectors of the model in use are, for whoever asks: `embed status`, `doctor`, the server.

use std::path::{Path, PathBuf};

use cloudops_indexes::model::Timestamp;
use cloudops_indexes::store::{self, IndexSummary};
use cloudops_indexes::vector::Granularity;
use cloudops_models::store::Store;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MODELS_DIR, bedrock};
use crate::app::App;
use crate::config::EmbedProvider;
use crate::report::time;

/// What the process that fills says of itself every few seconds, in a file beside the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Filling {
    /// Name of the model.
    pub(crate) model: String,
    /// What is being embedded.
    pub(crate) granularity: Granularity,
    /// How many have a vector.
    pub(crate) done: u64,
    /// How many there are.
    pub(crate) total: u64,
    /// Vectors a second, over the last minute or so; 0 while nobody knows.
    pub(crate) per_second: f64,
    /// Seconds until this granularity is done, at this rate.
    pub(crate) seconds_left: Option<u64>,
    /// Vectors are being made visible to searches.
    pub(crate) publishing: bool,
    /// When this was written.
    pub(crate) updated: Timestamp,
    /// Why the process ended, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// Where it is written.
pub(crate) fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("filling.json")
}

impl Filling {
    /// Replaces what the file says. It is news, not data: errors are passed over.
    pub(crate) fn write(&self, data_dir: &Path) {
        let write = || -> std::io::Result<()> {
            let next = data_dir.join("filling.json.tmp");
            fs_err::write(&next, serde_json::to_vec(self)?)?;
            fs_err::rename(next, file(data_dir))
        };
        if let Err(error) = write() {
            tracing::debug!(%error, "how far the embedding is could not be written");
        }
    }

    fn read(data_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&fs_err::read(file(data_dir)).ok()?).ok()
    }

    /// One line for people.
    pub(crate) fn describe(&self) -> String {
        let what = match self.granularity {
            Granularity::Documents => "documents",
            Granularity::Passages => "passages",
        };
        let share = if self.total == 0 { 100.0 } else { self.done as f64 / self.total as f64 * 100.0 };
        let left = self.seconds_left.map(|seconds| format!(", {} left", time::span(seconds))).unwrap_or_default();
        let publishing = if self.publishing { ", publishing" } else { "" };
        format!("{share:.0} % of the {what} by {}{left}{publishing}", self.model)
    }
}

/// How far the vectors of the model in use are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Status {
    /// Name of the model in use; `None` where there is none, and searches rank without one.
    pub(crate) model: Option<String>,
    /// Whether searches use every document and passage by it.
    pub(crate) complete: bool,
    /// Documents and passages whose vectors searches use.
    pub(crate) documents: Share,
    /// See `documents`.
    pub(crate) passages: Share,
    /// Whether a process is filling the rest now.
    pub(crate) running: bool,
    /// What it said last; of one that failed, why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filling: Option<Filling>,
}

/// Some of a number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub(crate) struct Share {
    pub(crate) done: u64,
    pub(crate) total: u64,
}

impl Share {
    /// How many are not done.
    #[cfg_attr(not(feature = "bedrock"), expect(dead_code, reason = "only what costs money is counted beforehand"))]
    pub(crate) fn left(self) -> u64 {
        self.total.saturating_sub(self.done)
    }

    fn is_complete(self) -> bool {
        self.done >= self.total
    }
}

/// Looks at the installed models or at the configured one of Bedrock, at the index, and at what a running process says.
pub(crate) fn status(app: &App, summary: &IndexSummary) -> anyhow::Result<Status> {
    let data_dir = app.data_dir();
    let settings = &app.settings().embed;
    let (model, version) = match settings.provider {
        EmbedProvider::Local => {
            let models = Store::new(data_dir.join(MODELS_DIR));
            let model = models.in_use()?;
            let version = model.as_ref().and_then(|name| Some(models.get(name).ok()?.manifest.version()));
            (model, version)
        }
        // Where it cannot be used, there is none; `embed run` and `doctor` say why.
        EmbedProvider::Bedrock => bedrock::id(&settings.bedrock).ok().map(|id| (id.name, id.version)).unzip(),
    };
    let of = |granularity, total| {
        let set = summary.vectors.iter().find(|set| {
            set.granularity == granularity
                && Some(&set.name) == model.as_ref()
                && Some(&set.version) == version.as_ref()
        });
        Share { done: set.map_or(0, |set| set.filled as u64), total }
    };
    let documents = of(Granularity::Documents, summary.documents);
    let passages = of(Granularity::Passages, summary.passages);
    let running = store::is_filling(data_dir)?;
    // What one that failed has left says nothing of one that is running.
    let filling = Filling::read(data_dir).filter(|filling| running != filling.error.is_some());
    Ok(Status {
        complete: model.is_some() && documents.is_complete() && passages.is_complete(),
        model,
        documents,
        passages,
        running,
        filling,
    })
}
