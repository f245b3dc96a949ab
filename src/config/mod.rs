//! Settings in layers: flags over environment over configuration file over defaults.
//!
//! The only place that reads the environment. Inner code is handed values and never asks where they came from;
//! `cloudops config show --origin` does.

pub(crate) mod env_vars;
pub(crate) mod network;
pub(crate) mod runtime;
mod settings;

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

pub(crate) use settings::{BedrockSettings, EmbedProvider, EmbedSettings, IngestSettings, Settings};

/// Settings, and where each came from.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The settings.
    pub(crate) settings: Settings,
    /// The configuration file that was read, or would be if it were there.
    pub(crate) file: Option<PathBuf>,
    /// Every setting by its dotted name, with its value and its origin.
    pub(crate) origins: Vec<Origin>,
    /// Variables named `CLOUDOPS_…` that nothing reads.
    pub(crate) unknown_variables: Vec<String>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Origin {
    /// Dotted name.
    pub(crate) key: String,
    /// Value as JSON.
    pub(crate) value: serde_json::Value,
    /// A phrase such as `environment variable CLOUDOPS_LOG`.
    pub(crate) from: String,
}

/// The settings cannot be made out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("failed to read configuration file `{}`", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    #[error("the configuration is not valid: {0}")]
    Invalid(String),
    #[error("environment variable `{0}` is not valid UTF-8")]
    NotUnicode(String),
    #[error("there is no home directory to keep the index in")]
    NoHome,
}

impl ConfigError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(..) | Self::NotUnicode(_) => None,
            Self::Invalid(_) => Some("Every setting and its default is listed by `cloudops config show`."),
            Self::NoHome => Some("Say where with `--data-dir DIR` or `CLOUDOPS_DATA_DIR`."),
        }
    }
}

/// What the command line says, over everything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) log: Option<String>,
}

/// The `CLOUDOPS_…` variables of the process.
pub(crate) fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    let ours = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    ours.filter(|(name, _)| name.starts_with("CLOUDOPS_"))
        .map(|(name, value)| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(ConfigError::NotUnicode(name)),
        })
        .collect()
}

/// Puts the layers together.
pub(crate) fn load(flags: &Flags, environment: &[(String, String)]) -> Result<Config, ConfigError> {
    let base = etcetera::choose_base_strategy().ok();
    let defaults = Settings {
        data_dir: base.as_ref().map(|base| base.data_dir().join("cloudops")).unwrap_or_default(),
        log: "warn".to_owned(),
        ..Settings::default()
    };
    let default_file = base.map(|base| base.config_dir().join("cloudops").join("config.toml"));
    load_over(&defaults, default_file, flags, environment)
}

/// The home directory.
pub(crate) fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// Where the units of the user are for systemd.
pub(crate) fn systemd_dir() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("systemd/user"))
}

fn load_over(
    defaults: &Settings,
    default_file: Option<PathBuf>,
    flags: &Flags,
    environment: &[(String, String)],
) -> Result<Config, ConfigError> {
    let named = flags.config.clone().or_else(|| {
        environment.iter().find(|(name, value)| name == env_vars::CONFIG && !value.is_empty()).map(|(_, v)| v.into())
    });
    let text = match (&named, &default_file) {
        (Some(path), _) => Some((path, read(path)?)),
        (None, Some(path)) if path.exists() => Some((path, read(path)?)),
        (None, _) => None,
    };

    let mut figment = Figment::from(Layer { name: "default".to_owned(), inner: Serialized::defaults(defaults) });
    let shape = figment.clone();
    if let Some((path, text)) = text {
        figment =
            figment.merge(Layer { name: format!("configuration file {}", path.display()), inner: Toml::string(&text) });
    }
    for variable in env_vars::ALL {
        let value = environment.iter().find(|(name, _)| name == variable.name).map(|(_, value)| value.as_str());
        if let (Some(key), Some(value)) = (variable.sets, value)
            && !value.is_empty()
        {
            let value = typed(shape.find_value(key).ok().as_ref(), value);
            figment = figment.merge(Layer {
                name: format!("environment variable {}", variable.name),
                inner: Serialized::default(key, value),
            });
        }
    }
    if let Some(dir) = &flags.data_dir {
        figment = figment.merge(Layer { name: "--data-dir".to_owned(), inner: Serialized::default("data_dir", dir) });
    }
    if let Some(log) = &flags.log {
        figment = figment.merge(Layer { name: "--log".to_owned(), inner: Serialized::default("log", log) });
    }

    let settings: Settings = figment.extract().map_err(|error| ConfigError::Invalid(describe(error)))?;
    if settings.data_dir.as_os_str().is_empty() {
        return Err(ConfigError::NoHome);
    }
    let known = |name: &str| env_vars::ALL.iter().any(|variable| variable.name == name);
    let unknown_variables =
        environment.iter().map(|(name, _)| name).filter(|name| !known(name)).cloned().collect::<Vec<_>>();
    Ok(Config { origins: origins(&figment, &settings), settings, file: named.or(default_file), unknown_variables })
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs_err::read_to_string(path).map_err(|error| ConfigError::File(path.to_owned(), error))
}

/// What is wrong with each setting, by its name and its origin.
fn describe(error: figment::Error) -> String {
    let one = |error: figment::Error| {
        let setting = if error.path.is_empty() { String::new() } else { format!(" for `{}`", error.path.join(".")) };
        let place = error.metadata.map(|metadata| format!(" in {}", metadata.name)).unwrap_or_default();
        format!("{}{setting}{place}", error.kind)
    };
    error.into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Text of a variable as the type that the setting has by default.
fn typed(default: Option<&Value>, text: &str) -> Value {
    match default {
        Some(Value::Bool(..)) => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
        Some(Value::Num(..)) => match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(number)) => Value::from(number),
            _ => Value::from(text),
        },
        Some(Value::Array(..)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.map(Value::from).collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}

fn origins(figment: &Figment, settings: &Settings) -> Vec<Origin> {
    let mut found = Vec::new();
    let tree = serde_json::to_value(settings).unwrap_or_default();
    let mut open = vec![(String::new(), tree)];
    while let Some((key, value)) = open.pop() {
        if let serde_json::Value::Object(fields) = value {
            let child = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
            open.extend(fields.into_iter().map(|(name, value)| (child(&name), value)));
        } else {
            let from = figment.find_metadata(&key).map_or("default", |metadata| metadata.name.as_ref());
            found.push(Origin { from: from.to_owned(), key, value });
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// A provider under a name that a person recognizes.
struct Layer<P> {
    name: String,
    inner: P,
}

impl<P: Provider> Provider for Layer<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.inner.data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_with(file: &str, flags: &Flags, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs_err::write(&path, file).unwrap();
        let environment: Vec<_> = environment.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let defaults = Settings { data_dir: "/home/someone/data".into(), log: "warn".into(), ..Settings::default() };
        load_over(&defaults, Some(path), flags, &environment)
    }

    fn origin<'a>(config: &'a Config, key: &str) -> &'a str {
        &config.origins.iter().find(|origin| origin.key == key).unwrap().from
    }

    #[test]
    fn each_layer_covers_the_one_below() {
        let file = "data_dir = '/from/file'\nlog = 'info'\n[search]\nlimit = 3\n[train]\nwhen = 'never'\n";
        let environment =
            [("CLOUDOPS_LOG", "debug"), ("CLOUDOPS_SEARCH_LIMIT", "7"), ("CLOUDOPS_INGEST_EXCLUDE", "a, b")];
        let flags = Flags { log: Some("trace".into()), ..Flags::default() };
        let config = load_with(file, &flags, &environment).unwrap();
        assert_eq!(config.settings.data_dir, PathBuf::from("/from/file"));
        assert_eq!(config.settings.log, "trace");
        assert_eq!(config.settings.search.limit, 7);
        assert_eq!(config.settings.ingest.exclude, ["a", "b"]);
        assert!(origin(&config, "data_dir").starts_with("configuration file /"));
        assert_eq!(origin(&config, "log"), "--log");
        assert_eq!(origin(&config, "search.limit"), "environment variable CLOUDOPS_SEARCH_LIMIT");
        assert_eq!(origin(&config, "train.seed"), "default");
    }

    #[test]
    fn every_variable_reaches_a_setting_of_its_type() {
        for variable in env_vars::ALL {
            let Some(key) = variable.sets else { continue };
            let value = match key {
                "embed.provider" => "bedrock",
                "search.mode" => "lexical",
                "train.when" => "always",
                "embed.background"
                | "embed.passages"
                | "ingest.follow_symlinks"
                | "schedule.in_server"
                | "ingest.git_dates"
                | "serve.record_incidents"
                | "serve.read_only" => "true",
                "train.min_changed" => "0.5",
                _ => "3",
            };
            let config = load_with("", &Flags::default(), &[(variable.name, value)]).unwrap();
            assert_eq!(origin(&config, key), format!("environment variable {}", variable.name));
        }
    }

    #[test]
    fn mistakes_are_errors_that_name_the_place() {
        let unknown = load_with("colour = 'red'\n", &Flags::default(), &[]).unwrap_err();
        let text = format!("{:#}", anyhow::Error::new(unknown));
        assert!(text.contains("colour") && text.contains("configuration file"), "{text}");
        let number = load_with("", &Flags::default(), &[("CLOUDOPS_SEARCH_LIMIT", "many")]).unwrap_err();
        let text = format!("{:#}", anyhow::Error::new(number));
        assert!(text.contains("CLOUDOPS_SEARCH_LIMIT"), "{text}");
        let missing = Flags { config: Some("/nowhere/config.toml".into()), ..Flags::default() };
        assert!(matches!(load_with("", &missing, &[]), Err(ConfigError::File(..))));
    }

    #[test]
    fn variables_that_nothing_reads_are_named() {
        let config = load_with("", &Flags::default(), &[("CLOUDOPS_SERCH_LIMIT", "3")]).unwrap();
        assert_eq!(config.unknown_variables, ["CLOUDOPS_SERCH_LIMIT"]);
    }
}
