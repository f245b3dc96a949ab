//! The program without the feature `bedrock`: everything is refused.

use std::sync::Arc;

use cloudops_indexes::embed::{Embedder, EmbedderId};
use cloudops_indexes::store::IndexSummary;

use super::{Cost, Paid, Refusal};
use crate::config::BedrockSettings;
use crate::embedding::Status;

fn left_out<T>() -> Result<T, Refusal> {
    let hint = "Build it with `cargo build --release --features bedrock`, or set `embed.provider` to `local`.";
    Err(Refusal { message: "this program was built without Amazon Bedrock".to_owned(), hint: Some(hint.to_owned()) })
}

pub(crate) fn id(_: &BedrockSettings) -> Result<EmbedderId, Refusal> {
    left_out()
}

pub(crate) fn estimate(_: &BedrockSettings, _: &IndexSummary, _: &Status, _: bool) -> Result<Cost, Refusal> {
    left_out()
}

pub(crate) fn for_filling(_: &BedrockSettings, _: f64) -> Result<Paid, Refusal> {
    left_out()
}

pub(super) fn for_questions(_: &BedrockSettings, _: &EmbedderId) -> Result<Arc<dyn Embedder>, Refusal> {
    left_out()
}
