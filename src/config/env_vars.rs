//! Every environment variable that the program reads, in one list.

/// An environment variable.
#[derive(Debug)]
pub(crate) struct EnvVar {
    /// Its name.
    pub(crate) name: &'static str,
    /// The setting that it sets, if it sets one.
    pub(crate) sets: Option<&'static str>,
    /// What it does, for the reference.
    pub(crate) doc: &'static str,
}

/// The variable that names the configuration file.
pub(crate) const CONFIG: &str = "CLOUDOPS_CONFIG";

/// All of them by name.
pub(crate) static ALL: &[EnvVar] = &[
    EnvVar {
        name: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        sets: None,
        doc: "Address of Amazon Bedrock, where it is not the usual one. Only where `embed.provider` is `bedrock`.",
    },
    EnvVar {
        name: "AWS_PROFILE",
        sets: None,
        doc: "AWS profile for Amazon Bedrock; all other variables of the AWS SDKs are read too. Only where `embed.provider` is `bedrock`.",
    },
    EnvVar {
        name: "AWS_REGION",
        sets: None,
        doc: "AWS region for Amazon Bedrock. Only where `embed.provider` is `bedrock`.",
    },
    EnvVar { name: CONFIG, sets: None, doc: "Configuration file to read instead of the default one. It must exist." },
    EnvVar {
        name: "CLOUDOPS_DATA_DIR",
        sets: Some("data_dir"),
        doc: "Directory that holds the index. `--data-dir` overrides it.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BACKGROUND",
        sets: Some("embed.background"),
        doc: "`false` to make the vectors of the model in use only when `embed run` is called.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BEDROCK_DIMENSIONS",
        sets: Some("embed.bedrock.dimensions"),
        doc: "Length of the vectors by Amazon Bedrock; 0 for the model's own.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BEDROCK_MAX_USD",
        sets: Some("embed.bedrock.max_usd"),
        doc: "US dollars that one process may spend at Amazon Bedrock; 0 allows nothing.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BEDROCK_MODEL",
        sets: Some("embed.bedrock.model"),
        doc: "Embedding model of Amazon Bedrock, or an inference profile of one.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BEDROCK_PROFILE",
        sets: Some("embed.bedrock.profile"),
        doc: "AWS profile for Amazon Bedrock instead of `AWS_PROFILE`.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BEDROCK_REGION",
        sets: Some("embed.bedrock.region"),
        doc: "AWS region for Amazon Bedrock instead of `AWS_REGION`.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_BEDROCK_USD_PER_1K_TOKENS",
        sets: Some("embed.bedrock.usd_per_1k_tokens"),
        doc: "Price of a thousand tokens in US dollars; 0 for the list price that the program knows.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_PASSAGES",
        sets: Some("embed.passages"),
        doc: "`false` to make vectors of documents only, not of their passages.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_PROVIDER",
        sets: Some("embed.provider"),
        doc: "Who makes vectors: `local` or `bedrock`.",
    },
    EnvVar {
        name: "CLOUDOPS_EMBED_THREADS",
        sets: Some("embed.threads"),
        doc: "Threads that make vectors by the model in use; 0 for one per core.",
    },
    EnvVar {
        name: "CLOUDOPS_INGEST_EXCLUDE",
        sets: Some("ingest.exclude"),
        doc: "Globs of files to leave out, separated by commas.",
    },
    EnvVar {
        name: "CLOUDOPS_INGEST_FOLLOW_SYMLINKS",
        sets: Some("ingest.follow_symlinks"),
        doc: "`true` to follow symbolic links below a folder.",
    },
    EnvVar {
        name: "CLOUDOPS_INGEST_GIT_DATES",
        sets: Some("ingest.git_dates"),
        doc: "`false` to leave documents in a work tree of git without the date of their last commit.",
    },
    EnvVar {
        name: "CLOUDOPS_INGEST_MAX_FILE_BYTES",
        sets: Some("ingest.max_file_bytes"),
        doc: "Files larger than this are skipped.",
    },
    EnvVar {
        name: "CLOUDOPS_LOG",
        sets: Some("log"),
        doc: "What is logged on stderr: a level (`warn`, `info`, `debug`) or directives such as `cloudops=debug,rmcp=info`.",
    },
    EnvVar {
        name: "CLOUDOPS_SCHEDULE_IN_SERVER",
        sets: Some("schedule.in_server"),
        doc: "`true` to have `serve` run sources when they are due.",
    },
    EnvVar {
        name: "CLOUDOPS_SCHEDULE_SOURCES",
        sets: Some("schedule.sources"),
        doc: "The file that names the sources, instead of `sources.toml` beside the configuration file.",
    },
    EnvVar { name: "CLOUDOPS_SEARCH_LIMIT", sets: Some("search.limit"), doc: "Documents that `search` shows." },
    EnvVar {
        name: "CLOUDOPS_SEARCH_MODE",
        sets: Some("search.mode"),
        doc: "Which sides of the index rank: `lexical`, `vector` or `hybrid`.",
    },
    EnvVar {
        name: "CLOUDOPS_SERVE_READ_ONLY",
        sets: Some("serve.read_only"),
        doc: "`true` to serve only tools that change nothing.",
    },
    EnvVar {
        name: "CLOUDOPS_SERVE_RECORD_INCIDENTS",
        sets: Some("serve.record_incidents"),
        doc: "`true` to serve tools that record incidents on this machine.",
    },
    EnvVar {
        name: "CLOUDOPS_SERVE_TOOLSETS",
        sets: Some("serve.toolsets"),
        doc: "Toolsets to serve, separated by commas.",
    },
    EnvVar {
        name: "CLOUDOPS_TRAIN_MIN_CHANGED",
        sets: Some("train.min_changed"),
        doc: "Share of the passages, 0 to 1, that must have changed since the last training before the next.",
    },
    EnvVar {
        name: "CLOUDOPS_TRAIN_MIN_PASSAGES",
        sets: Some("train.min_passages"),
        doc: "Passages that the index must hold before vectors are trained on it.",
    },
    EnvVar { name: "CLOUDOPS_TRAIN_SEED", sets: Some("train.seed"), doc: "Seed of every random choice in training." },
    EnvVar {
        name: "CLOUDOPS_TRAIN_WHEN",
        sets: Some("train.when"),
        doc: "When `ingest` trains: `never`, `auto` (as the thresholds say) or `always`.",
    },
    EnvVar {
        name: "HF_ENDPOINT",
        sets: None,
        doc: "Model hub that `model install` downloads from. By default `https://huggingface.co`.",
    },
    EnvVar {
        name: "HTTPS_PROXY",
        sets: None,
        doc: "Proxy that `model install` downloads through; `ALL_PROXY` and `HTTP_PROXY` are read too.",
    },
    EnvVar {
        name: "NO_COLOR",
        sets: None,
        doc: "Set to anything: no colours. `CLICOLOR_FORCE` set to `1` forces them.",
    },
    EnvVar {
        name: "NO_PROXY",
        sets: None,
        doc: "Hosts that `model install` asks without the proxy, separated by commas.",
    },
    EnvVar {
        name: super::runtime::LIBRARY,
        sets: None,
        doc: "The shared library of ONNX Runtime, 1.24 or later, that models run with. By default it is searched for.",
    },
    EnvVar {
        name: "PIP_INDEX_URL",
        sets: None,
        doc: "Package index that `model install` downloads from. By default `https://pypi.org/simple/`.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_sorted_unique_and_named_after_their_setting() {
        assert!(ALL.is_sorted_by(|a, b| a.name < b.name));
        for variable in ALL {
            if let Some(key) = variable.sets {
                assert!(
                    variable.name == format!("CLOUDOPS_{}", key.replace('.', "_").to_uppercase()),
                    "{} sets {key}",
                    variable.name
                );
            }
        }
    }
}
