//! `tokenizer.json`: the tokens that stand around every text.

use std::path::Path;

use serde::Deserialize;

use super::ConvertError;

/// The numbers of `[CLS]` and `[SEP]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Special {
    pub(super) first: usize,
    pub(super) last: usize,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    id: usize,
    content: String,
}

/// Reads them; both are below `vocabulary`.
pub(super) fn special(path: &Path, vocabulary: usize) -> Result<Special, ConvertError> {
    let malformed = |reason: String| ConvertError::Malformed { path: path.to_owned(), reason };
    let file: File = serde_json::from_slice(&fs_err::read(path)?).map_err(|error| malformed(error.to_string()))?;
    let find = |content: &str| {
        let token = file.added_tokens.iter().find(|token| token.content == content);
        let id = token.map(|token| token.id).ok_or_else(|| malformed(format!("it has no token `{content}`")))?;
        if id < vocabulary {
            return Ok(id);
        }
        Err(malformed(format!("its token `{content}` is number {id} of a vocabulary of {vocabulary}")))
    };
    Ok(Special { first: find("[CLS]")?, last: find("[SEP]")? })
}
