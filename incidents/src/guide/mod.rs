//! Troubleshooting guides: a document's text in, ordered steps with decisions and commands out.
//!
//! The form is that of `corpus/README.md`; a user's own guides of the same form are read alike.

mod command;
mod find;
mod parse;

use cloudops_indexes::model::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

pub use command::Effect;
pub use find::{Guides, Matched, WEAK};
pub use parse::parse;

/// A guide from a symptom to its cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guide {
    /// Document id.
    pub document: String,
    /// One line.
    pub title: String,
    /// What it says before its first step, cut at the end of a sentence.
    pub introduction: String,
    /// Short lower-case AWS names.
    pub services: Vec<String>,
    /// What people say who have the fault.
    pub symptoms: Vec<String>,
    /// Error messages and codes.
    pub errors: Vec<String>,
    /// Metrics, events and states.
    pub signals: Vec<String>,
    /// In order, numbered from 1.
    pub steps: Vec<Step>,
    /// Titles and addresses of the pages it rests on.
    pub sources: Vec<(String, String)>,
    /// When its content was last reviewed.
    pub updated: Option<Timestamp>,
}

/// One step of a guide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// From 1.
    pub number: u32,
    /// The heading it stands under.
    pub section: String,
    /// What to do.
    pub action: String,
    /// What helps to do it, Markdown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub details: String,
    /// Commands in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
    /// What may be seen, and where it leads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// It alters something.
    pub changes: bool,
}

/// A block of commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Command {
    /// `bash`, `sql`, ...
    pub language: String,
    /// As it is written.
    pub text: String,
    /// What it does to the world.
    pub effect: Effect,
    /// AWS permissions that it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

/// What may be seen in a step, what it means, and where to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decision {
    /// One line of Markdown.
    pub when: String,
    /// The step to go to; none: on with the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub go_to: Option<u32>,
    /// This guide ends here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leaves: bool,
}
