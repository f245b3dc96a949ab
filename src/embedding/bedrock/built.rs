//! What the feature `bedrock` brings.

use std::sync::Arc;

use cloudops_aws_live::bedrock::{Access, BedrockEmbedder, BedrockError, Estimate, Limits, Model, Options, Price};
use cloudops_indexes::embed::{Embedder, EmbedderId};
use cloudops_indexes::store::IndexSummary;

use super::{Cost, Paid, Refusal};
use crate::config::BedrockSettings;
use crate::embedding::Status;

/// Bytes of a document's title and first sentences, at most: 300 characters and the title.
const DOCUMENT_BYTES: u64 = 400;
/// Bytes of title and headings that go with every passage, and of what passages repeat of each other.
const HEAD_BYTES: u64 = 150;

impl From<BedrockError> for Refusal {
    fn from(error: BedrockError) -> Self {
        Self { message: error.to_string(), hint: error.hint() }
    }
}

/// What the vectors of the configured model are known by.
pub(crate) fn id(settings: &BedrockSettings) -> Result<EmbedderId, Refusal> {
    Ok(model(settings)?.embedder_id())
}

/// What the vectors that are missing will cost, on the high side. Texts that were embedded before make it less.
pub(crate) fn estimate(
    settings: &BedrockSettings,
    summary: &IndexSummary,
    status: &Status,
    documents_only: bool,
) -> Result<Cost, Refusal> {
    let documents = status.documents.left();
    let passages = if documents_only { 0 } else { status.passages.left() };
    let text: u64 = summary.sources.iter().map(|source| source.text_bytes).sum();
    let share = passages as f64 / status.passages.total.max(1) as f64;
    let bytes = documents * DOCUMENT_BYTES + passages * HEAD_BYTES + (text as f64 * share) as u64;
    let price = price(settings, &model(settings)?)?;
    let Estimate { tokens, usd, .. } = Estimate::of_bytes(documents + passages, bytes, price);
    Ok(Cost { tokens, usd })
}

/// The configured model, for filling an index.
pub(crate) fn for_filling(settings: &BedrockSettings, max_usd: f64) -> Result<Paid, Refusal> {
    let embedder = Arc::new(embedder(settings, model(settings)?, Limits::filling(), max_usd)?);
    let shared = Arc::clone(&embedder);
    let spent = Box::new(move || Cost { tokens: shared.spent().tokens, usd: shared.spent().usd });
    Ok(Paid { embedder, spent })
}

/// The model that made some vectors, for questions to them.
pub(super) fn for_questions(settings: &BedrockSettings, id: &EmbedderId) -> Result<Arc<dyn Embedder>, Refusal> {
    let configured = model(settings)?;
    // Another length of vector may be configured by now: questions are asked as these vectors were made.
    let model = Model::of(id).unwrap_or_else(|| configured.clone()).invoked_as(&configured);
    Ok(Arc::new(embedder(settings, model, Limits::queries(), settings.max_usd)?))
}

fn model(settings: &BedrockSettings) -> Result<Model, BedrockError> {
    Model::new(&settings.model, Some(settings.dimensions).filter(|dimensions| *dimensions > 0))
}

fn price(settings: &BedrockSettings, model: &Model) -> Result<Price, BedrockError> {
    if settings.usd_per_1k_tokens == 0.0 {
        Ok(model.price())
    } else {
        Price::per_thousand_tokens(settings.usd_per_1k_tokens)
    }
}

fn embedder(
    settings: &BedrockSettings,
    model: Model,
    limits: Limits,
    max_usd: f64,
) -> Result<BedrockEmbedder, BedrockError> {
    let named = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let access = Access::new(named(&settings.region), named(&settings.profile));
    let price = price(settings, &model)?;
    BedrockEmbedder::new(Options { model, access, limits, price, max_usd })
}
