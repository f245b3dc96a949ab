//! Vectors by models of Amazon Bedrock. Texts leave the machine and money is spent, so they are made only on request,
//! and only below a cap. Part of the program only with the feature `bedrock`.

#[cfg(feature = "bedrock")]
mod built;
#[cfg(not(feature = "bedrock"))]
#[path = "left_out.rs"]
mod built;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use cloudops_indexes::embed::{EmbedError, Embedder, EmbedderId};
use serde::Serialize;

pub(crate) use built::{estimate, for_filling, id};

use crate::config::{EmbedProvider, EmbedSettings};

/// How the versions of embedders of Bedrock begin: they are named after their models.
const FAMILIES: [&str; 2] = ["amazon.", "cohere."];

/// Why nothing is asked of Bedrock.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    message: String,
    /// What to do: a sentence.
    pub(crate) hint: Option<String>,
}

/// What vectors cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Cost {
    /// Tokens of text.
    pub(crate) tokens: u64,
    /// US dollars for them.
    pub(crate) usd: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.usd >= 1.0 || self.usd == 0.0 { 2 } else { 6 };
        write!(f, "${:.digits$} ({} tokens)", self.usd, crate::report::grouped(self.tokens))
    }
}

/// An embedder that costs money.
pub(crate) struct Paid {
    pub(crate) embedder: Arc<dyn Embedder>,
    spent: Box<dyn Fn() -> Cost>,
}

impl Paid {
    /// What it has cost so far.
    pub(crate) fn spent(&self) -> Cost {
        (self.spent)()
    }
}

/// The embedder for questions to vectors that Bedrock made; `None` if they were made by something else.
pub(super) fn for_questions(
    settings: &EmbedSettings,
    id: &EmbedderId,
) -> Option<Result<Arc<dyn Embedder>, EmbedError>> {
    if !FAMILIES.iter().any(|family| id.version.starts_with(family)) {
        return None;
    }
    let allowed = if settings.provider != EmbedProvider::Bedrock {
        let message = "Amazon Bedrock made its vectors, and questions are not sent there".to_owned();
        Err(Refusal { message, hint: Some("Set `embed.provider` to `bedrock` to allow it.".to_owned()) })
    } else if settings.bedrock.max_usd <= 0.0 {
        let message = "questions cost money, and no cap is set".to_owned();
        Err(Refusal { message, hint: Some("Set `embed.bedrock.max_usd` to some US dollars.".to_owned()) })
    } else {
        Ok(())
    };
    let embedder = allowed.and_then(|()| built::for_questions(&settings.bedrock, id));
    Some(embedder.map_err(|refusal| {
        let hint = refusal.hint.map(|hint| format!(". {hint}")).unwrap_or_default();
        EmbedError::Unavailable { name: id.name.clone(), reason: format!("{}{hint}", refusal.message) }
    }))
}
