//! ONNX Runtime: found on this machine and loaded once per process.
//!
//! It is a shared library that nothing is linked to, so the program starts and searches by words without it.

mod find;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

pub(crate) use find::is_library;
pub use find::{Candidate, Search};

use crate::ModelError;

/// The oldest ONNX Runtime that can be used: 1.this.
pub const OLDEST_MINOR: u32 = ort::MINOR_VERSION;

/// The runtime that this process has loaded.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// The shared library.
    pub path: PathBuf,
    pub(crate) environment: Environment,
}

static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// The runtime of this process, found and loaded at the first call. Later calls return the same one, wherever they
    /// would search.
    ///
    /// What cannot be loaded is passed over for the next; the error is about the first.
    pub fn load(search: &Search) -> Result<Self, ModelError> {
        // Nothing is half done after a panic: it stays unloaded, and the next call tries again.
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = loaded.as_ref() {
            return Ok(runtime.clone());
        }
        let mut first = None;
        for candidate in search.candidates()? {
            let attempt = candidate.check().and_then(|()| open(&candidate.path));
            match attempt {
                Ok(runtime) => {
                    tracing::debug!(path = %runtime.path.display(), "loaded ONNX Runtime");
                    *loaded = Some(runtime.clone());
                    return Ok(runtime);
                }
                Err(error) => {
                    tracing::debug!(%error, "passed over");
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or_else(|| ModelError::NoRuntime { needed: OLDEST_MINOR, looked: search.places() }))
    }
}

/// Loads the library, which must be new enough and export what is called.
fn open(path: &std::path::Path) -> Result<Runtime, ModelError> {
    let refused = |reason: String| ModelError::Runtime { path: path.to_owned(), reason };
    // The version is compared before anything else is called. A library that is none of ours could still make the
    // binding's assertions fail.
    let environment = catch_unwind(AssertUnwindSafe(|| -> Result<Environment, String> {
        let builder = ort::init_from(path).map_err(|error| error.to_string())?;
        // Nothing about what is searched for leaves this machine.
        let builder = builder.with_name("cloudops").with_telemetry(false).with_logger(Arc::new(log));
        let environment = builder.build().map_err(|error| error.to_string())?;
        environment.set_log_level(LogLevel::Warning);
        Ok(environment)
    }));
    match environment {
        Ok(Ok(environment)) => Ok(Runtime { path: path.to_owned(), environment }),
        Ok(Err(reason)) => Err(refused(reason)),
        Err(_) => Err(refused("it does not behave like ONNX Runtime".to_owned())),
    }
}

/// What the runtime says belongs into the log, not onto a terminal or into a protocol.
fn log(level: LogLevel, _category: &str, _id: &str, location: &str, message: &str) {
    match level {
        LogLevel::Verbose => tracing::trace!(location, "{message}"),
        LogLevel::Info | LogLevel::Warning => tracing::debug!(location, "{message}"),
        LogLevel::Error | LogLevel::Fatal => tracing::warn!(location, "{message}"),
    }
}
