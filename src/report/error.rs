//! Errors as a person or a program meets them: a message, its causes, hints, and the exit code.

use std::io::{self, Write};

use cloudops_indexes::store::IndexError;
use cloudops_ingest::ledger::LedgerError;
use cloudops_models::ModelError;
use serde_json::json;

use super::{BAD, GOOD, Output, styled};
use crate::config::ConfigError;
use crate::embedding::bedrock::Refusal;
use crate::scheduling::SourcesError;
use crate::tools::ToolError;

/// Decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the user asked for cannot be asked like that.
    Input,
    /// The work was done, and what was checked is not in order.
    Check,
    /// The work could not be done.
    Failure,
    /// The user stopped it.
    Interrupted,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Check => "check",
            Self::Failure => "failure",
            Self::Interrupted => "interrupted",
        }
    }

    /// 1 for the user's input or a failing check, 2 where the work could not be done.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Input | Self::Check => 1,
            Self::Failure | Self::Interrupted => 2,
        }
    }
}

/// Why a command ended without its result.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) kind: Kind,
    pub(crate) error: anyhow::Error,
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// The user asked for something that cannot be.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { kind: Kind::Input, error: anyhow::Error::msg(message.into()), hints: Vec::new() }
    }

    /// A check failed; its report has already been printed.
    pub(crate) fn check(message: impl Into<String>) -> Self {
        Self { kind: Kind::Check, error: anyhow::Error::msg(message.into()), hints: Vec::new() }
    }

    /// Adds a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether the reader of our output went away, which is no error of ours.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error.chain().any(|cause| {
            let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
            let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
            io.or(json) == Some(io::ErrorKind::BrokenPipe)
        })
    }

    /// Writes it to standard error.
    pub(crate) fn print(&self, json: bool) {
        let mut err = anstream::AutoStream::auto(io::stderr().lock());
        let written = if json { self.write_json(&mut err) } else { self.write_text(&mut err) };
        // Standard error is gone: nowhere is left to say so.
        drop(written);
    }

    fn write_json(&self, err: &mut impl Write) -> io::Result<()> {
        let value = json!({
            "error": format!("{:#}", self.error),
            "hints": self.hints,
            "kind": self.kind.as_str(),
        });
        writeln!(err, "{value}")
    }

    fn write_text(&self, err: &mut impl Write) -> io::Result<()> {
        writeln!(err, "{} {}", styled(BAD, "error:"), self.error)?;
        let mut said = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            // Transparent wrappers repeat what they wrap.
            if !said.ends_with(&cause) {
                writeln!(err, "  caused by: {cause}")?;
            }
            said = cause;
        }
        for hint in &self.hints {
            writeln!(err, "{} {hint}", styled(GOOD, "hint:"))?;
        }
        Ok(())
    }
}

impl<E: Into<anyhow::Error>> From<E> for CommandError {
    fn from(error: E) -> Self {
        let error = error.into();
        let mut kind = Kind::Failure;
        let mut hints = Vec::new();
        for cause in error.chain() {
            if let Some(cause) = cause.downcast_ref::<IndexError>() {
                hints.extend(cause.hint().map(str::to_owned));
                match cause {
                    IndexError::Syntax(_) => kind = Kind::Input,
                    IndexError::Interrupted => kind = Kind::Interrupted,
                    _ => {}
                }
            } else if let Some(cause) = cause.downcast_ref::<ConfigError>() {
                hints.extend(cause.hint().map(str::to_owned));
                kind = Kind::Input;
            } else if let Some(cause) = cause.downcast_ref::<SourcesError>() {
                hints.extend(cause.hint());
                kind = Kind::Input;
            } else if let Some(cause) = cause.downcast_ref::<ModelError>() {
                hints.extend(cause.hint());
            } else if let Some(cause) = cause.downcast_ref::<LedgerError>() {
                hints.extend(cause.hint());
            } else if let Some(cause) = cause.downcast_ref::<Refusal>() {
                hints.extend(cause.hint.clone());
                kind = Kind::Input;
            } else if let Some(cause) = cause.downcast_ref::<ToolError>() {
                hints.extend(cause.hints.iter().cloned());
                if cause.is_input() {
                    kind = Kind::Input;
                }
            }
        }
        Self { kind, error, hints }
    }
}

/// What a command comes to.
pub(crate) type CommandResult = Result<(), CommandError>;

/// Writes a warning to standard error.
pub(crate) fn warn(message: impl std::fmt::Display) {
    let mut err = anstream::AutoStream::auto(io::stderr().lock());
    // Standard error is gone: nowhere is left to say so.
    drop(writeln!(err, "{} {message}", styled(super::WARN, "warning:")));
}

/// Prints a note that is not part of the result, for people only.
pub(crate) fn note(out: &Output, message: impl std::fmt::Display) {
    if !out.is_json() {
        let mut err = anstream::AutoStream::auto(io::stderr().lock());
        // Standard error is gone: nowhere is left to say so.
        drop(writeln!(err, "{}", styled(super::DIM, message)));
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn text(error: &CommandError) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        error.write_text(&mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn a_cause_brings_its_hint_and_its_kind() {
        let error =
            Err::<(), _>(IndexError::Syntax("unbalanced quote".into())).context("failed to search").unwrap_err();
        let error = CommandError::from(error);
        assert_eq!(error.kind.exit_code(), 1);
        let expected = "error: failed to search\n  \
                        caused by: the query is not valid query syntax: unbalanced quote\n\
                        hint: To search for the words as they are, leave `--syntax` out.\n";
        assert_eq!(text(&error), expected);
    }

    #[test]
    fn transparent_errors_are_said_once() {
        let io = io::Error::new(io::ErrorKind::StorageFull, "no space left on device");
        let error = CommandError::from(IndexError::Io(io));
        assert_eq!(error.kind.exit_code(), 2);
        assert_eq!(text(&error).lines().count(), 2, "{}", text(&error));
    }

    #[test]
    fn a_broken_pipe_is_recognized() {
        let error = CommandError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(error.is_broken_pipe());
        assert!(!CommandError::input("no").is_broken_pipe());
    }

    #[test]
    fn json_has_error_hints_and_kind() {
        let mut out = Vec::new();
        CommandError::input("no such thing").hint("Try another.").write_json(&mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value, json!({"error": "no such thing", "hints": ["Try another."], "kind": "input"}));
    }
}
