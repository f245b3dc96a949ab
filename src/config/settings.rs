//! The settings themselves, with their defaults.

use std::path::PathBuf;

use cloudops_indexes::hybrid::Mode;
use cloudops_indexes::store;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Directory that holds the index.
    pub(crate) data_dir: PathBuf,
    /// What is logged on stderr: a level, or directives such as `cloudops=debug,rmcp=info`.
    pub(crate) log: String,
    /// How vectors are made by the model in use, if one is installed.
    pub(crate) embed: EmbedSettings,
    /// How folders are read.
    pub(crate) ingest: IngestSettings,
    /// Where sources and their schedules are.
    pub(crate) schedule: ScheduleSettings,
    /// How `search` answers.
    pub(crate) search: SearchSettings,
    /// What the MCP server offers.
    pub(crate) serve: ServeSettings,
    /// When vectors are trained on the index.
    pub(crate) train: TrainSettings,
}

/// How vectors are made by the model in use, if one is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EmbedSettings {
    /// Whether `ingest` and `serve` start a process of the lowest priority that makes the vectors that are missing.
    pub(crate) background: bool,
    /// Vectors for money, by a model of Amazon Bedrock.
    pub(crate) bedrock: BedrockSettings,
    /// Whether passages get vectors too, which takes an hour for all of the AWS documentation; documents take minutes.
    pub(crate) passages: bool,
    /// Who makes them: `local` (the model in use, on this machine) or `bedrock` (see `embed.bedrock`; only by `embed
    /// run`, never in the background).
    pub(crate) provider: EmbedProvider,
    /// Threads that make them; 0 for one per core.
    pub(crate) threads: usize,
}

/// See [`EmbedSettings::provider`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EmbedProvider {
    /// The model in use, on this machine.
    Local,
    /// A model of Amazon Bedrock.
    Bedrock,
}

/// Vectors for money, by a model of Amazon Bedrock: texts and questions are sent there. The endpoint and all else that
/// is not set here is found as by every AWS tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BedrockSettings {
    /// Length of the vectors; 0 for the model's own (Titan: 1024, or 512 or 256).
    pub(crate) dimensions: usize,
    /// US dollars that one process may spend: an `embed run`, or a server on questions. 0 allows nothing.
    pub(crate) max_usd: f64,
    /// Identifier of the model, or of an inference profile.
    pub(crate) model: String,
    /// AWS profile. Empty: `AWS_PROFILE`, or the default one.
    pub(crate) profile: String,
    /// AWS region. Empty: `AWS_REGION`, or the profile's.
    pub(crate) region: String,
    /// Price in US dollars of a thousand tokens; 0 for the list price that the program knows.
    pub(crate) usd_per_1k_tokens: f64,
}

impl Default for BedrockSettings {
    fn default() -> Self {
        Self {
            dimensions: 0,
            max_usd: 0.0,
            model: "amazon.titan-embed-text-v2:0".to_owned(),
            profile: String::new(),
            region: String::new(),
            usd_per_1k_tokens: 0.0,
        }
    }
}

impl Default for EmbedSettings {
    fn default() -> Self {
        Self {
            background: true,
            bedrock: BedrockSettings::default(),
            passages: true,
            provider: EmbedProvider::Local,
            threads: 0,
        }
    }
}

/// How folders are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IngestSettings {
    /// Globs of files to leave out, in addition to those of the command line.
    pub(crate) exclude: Vec<String>,
    /// Whether symbolic links below a folder are followed.
    pub(crate) follow_symlinks: bool,
    /// Whether documents are dated by their last commit, where a folder is in a work tree of git.
    pub(crate) git_dates: bool,
    /// Files larger than this are skipped.
    pub(crate) max_file_bytes: u64,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self { exclude: Vec::new(), follow_symlinks: false, git_dates: true, max_file_bytes: 16 * 1024 * 1024 }
    }
}

/// Where sources and their schedules are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScheduleSettings {
    /// Whether `serve` runs sources when they are due, unless another process does.
    pub(crate) in_server: bool,
    /// The file that names the sources. Empty: `sources.toml` beside the configuration file.
    pub(crate) sources: PathBuf,
}

/// How `search` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SearchSettings {
    /// Documents that `search` shows.
    pub(crate) limit: usize,
    /// Which sides of the index rank.
    pub(crate) mode: Mode,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self { limit: 10, mode: Mode::Hybrid }
    }
}

/// What the MCP server offers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServeSettings {
    /// Only tools that change nothing.
    pub(crate) read_only: bool,
    /// Also tools that record incidents on this machine. `read_only` goes before.
    pub(crate) record_incidents: bool,
    /// Toolsets to serve. Empty: all.
    pub(crate) toolsets: Vec<String>,
}

/// When `ingest` trains the table of token vectors on the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TrainSettings {
    /// Share of the passages, 0 to 1, that must have changed since the last training before the next.
    pub(crate) min_changed: f64,
    /// Passages that the index must hold before vectors are trained on it.
    pub(crate) min_passages: u64,
    /// Seed of every random choice.
    pub(crate) seed: u64,
    /// `never`, `auto` (as the thresholds say) or `always`.
    pub(crate) when: TrainWhen,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self { min_changed: 0.2, min_passages: 5_000, seed: 1, when: TrainWhen::Auto }
    }
}

/// See [`TrainSettings::when`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrainWhen {
    /// Keep the table in use.
    Never,
    /// As the thresholds say.
    Auto,
    /// Whatever the thresholds say.
    Always,
}

impl TrainSettings {
    /// The same for the library, with `when` replaced.
    pub(crate) fn policy(&self, when: store::TrainWhen) -> store::TrainPolicy {
        store::TrainPolicy { when, min_passages: self.min_passages, min_changed: self.min_changed, seed: self.seed }
    }
}

impl From<TrainWhen> for store::TrainWhen {
    fn from(when: TrainWhen) -> Self {
        match when {
            TrainWhen::Never => Self::Never,
            TrainWhen::Auto => Self::Auto,
            TrainWhen::Always => Self::Always,
        }
    }
}
