//! Why a tool could not do what it was asked: a result that the model can read and act on.

use cloudops_incidents::store::StoreError;
use cloudops_indexes::store::IndexError;

use crate::recording::RecordError;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The arguments cannot be used.
    Input,
    /// What was asked for is not there.
    NotFound,
    /// The tool could not do its work.
    Failure,
}

/// A tool could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ToolError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    #[source]
    source: Option<anyhow::Error>,
}

impl ToolError {
    fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message, hints: Vec::new(), source: None }
    }

    /// The arguments cannot be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message.into())
    }

    /// What was asked for is not there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message.into())
    }

    /// The tool could not do its work.
    #[cfg(feature = "mcp")]
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failure, message.into())
    }

    /// Adds a sentence on what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether other arguments would have worked.
    pub(crate) fn is_input(&self) -> bool {
        self.kind != ErrorKind::Failure
    }

    /// Message, causes and hints, for a model.
    #[cfg(feature = "mcp")]
    pub(crate) fn text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(source) = &self.source {
            text.push_str(&format!(": {source:#}"));
        }
        for hint in &self.hints {
            text.push_str("\nhint: ");
            text.push_str(hint);
        }
        text
    }
}

impl From<RecordError> for ToolError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Input(message) => Self::input(message),
            RecordError::Store(error @ StoreError::Unknown(_)) => {
                Self::not_found(error.to_string()).hint("`find_similar_incidents` finds ids.")
            }
            RecordError::Store(error @ (StoreError::Exists(_) | StoreError::Resolved(_))) => {
                Self::input(error.to_string())
            }
            RecordError::Store(error) => anyhow::Error::new(error).into(),
            RecordError::Other(error) => error.into(),
        }
    }
}

impl From<IndexError> for ToolError {
    fn from(error: IndexError) -> Self {
        let kind = if matches!(error, IndexError::Syntax(_)) { ErrorKind::Input } else { ErrorKind::Failure };
        let hints = error.hint().map(str::to_owned).into_iter().collect();
        Self { kind, message: "failed to read the index".to_owned(), hints, source: Some(error.into()) }
    }
}

impl From<anyhow::Error> for ToolError {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<IndexError>() {
            Ok(error) => error.into(),
            Err(error) => Self {
                kind: ErrorKind::Failure,
                message: "the tool failed".to_owned(),
                hints: Vec::new(),
                source: Some(error),
            },
        }
    }
}
