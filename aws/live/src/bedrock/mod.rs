//! Vectors by the embedding models of Amazon Bedrock, through `InvokeModel`
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>).
//!
//! Texts leave the machine and money is spent: nothing is sent before a cap in US dollars is given, and no request is
//! sent or repeated whose estimate does not fit below it. Estimates are high; what the service counts above them for
//! requests under way is the most that can come on top. Texts and credentials are never logged.

mod client;
mod cost;
mod error;
mod model;
mod observe;
mod text;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use cloudops_indexes::embed::{EmbedError, Embedder, EmbedderId, PassageText};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use client::Connection;
pub use client::{Access, Limits};
use cost::{Account, Meter};
pub use cost::{Estimate, Price, Spent, tokens};
pub use error::BedrockError;
pub use model::Model;
use wire::Input;

/// How vectors are to be had.
#[derive(Debug, Clone)]
pub struct Options {
    /// The model.
    pub model: Model,
    /// Where and as whom.
    pub access: Access,
    /// How much at once, and for how long.
    pub limits: Limits,
    /// What is charged.
    pub price: Price,
    /// US dollars that this process may spend: what all its embedders spend counts, also those that were dropped.
    /// Requests that were not refused count as charged, whether or not their answers came.
    pub max_usd: f64,
}

/// An embedding model of Bedrock.
///
/// It owns the threads that wait for answers, so that it can be called from anywhere, from asynchronous code too; the
/// caller's thread waits.
pub struct BedrockEmbedder {
    id: EmbedderId,
    shared: Arc<Shared>,
    /// There until the embedder is dropped.
    runtime: Option<Runtime>,
}

/// What requests under way need.
#[derive(Debug)]
struct Shared {
    model: Model,
    access: Access,
    limits: Limits,
    meter: Arc<Meter>,
    connection: OnceCell<Connection>,
}

/// Texts of one request, with their places in the order of the caller.
struct Batch {
    places: Vec<usize>,
    texts: Vec<String>,
}

impl std::fmt::Debug for BedrockEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BedrockEmbedder").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Drop for BedrockEmbedder {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its threads is not allowed in asynchronous code.
            runtime.shutdown_background();
        }
    }
}

impl BedrockEmbedder {
    /// Prepares one. Nothing is sent before the first text, and credentials are not looked for either.
    pub fn new(options: Options) -> Result<Self, BedrockError> {
        Self::of_account(options, Account::of_process())
    }

    /// One that spends the money of this account.
    fn of_account(options: Options, account: Account) -> Result<Self, BedrockError> {
        let Options { model, access, limits, price, max_usd } = options;
        let meter = Arc::new(Meter::new(price, max_usd, account)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bedrock")
            .enable_all()
            .build()
            .map_err(|error| BedrockError::Thread(error.to_string()))?;
        Ok(Self {
            id: model.embedder_id(),
            shared: Arc::new(Shared { model, access, limits, meter, connection: OnceCell::new() }),
            runtime: Some(runtime),
        })
    }

    /// What this embedder has used so far.
    pub fn spent(&self) -> Spent {
        self.shared.meter.spent()
    }

    /// What vectors of some passages would cost. Nothing is sent.
    pub fn estimate(&self, passages: &[PassageText<'_>]) -> Estimate {
        let texts = self.passages(passages);
        Estimate::of(texts.iter().map(String::as_str).filter(|text| !text.is_empty()), self.shared.meter.price())
    }

    fn passages(&self, passages: &[PassageText<'_>]) -> Vec<String> {
        passages.iter().map(|passage| text::passage(passage, self.shared.model.spec.most_units)).collect()
    }

    /// Vectors in the order of the texts; zeros for an empty one.
    fn embed(&self, texts: Vec<String>, input: Input) -> Result<Vec<Vec<f32>>, BedrockError> {
        // Nothing is said in an empty text, so nothing is near it; the models do not take one.
        let mut vectors = vec![vec![0.0; self.id.dimensions]; texts.len()];
        let batches = batches(texts, self.shared.model.spec.batch);
        if batches.is_empty() {
            return Ok(vectors);
        }
        let all = batches.iter().flat_map(|batch| &batch.texts).map(String::as_str);
        self.shared.meter.admit(Estimate::of(all, self.shared.meter.price()))?;

        let ended = || BedrockError::Thread("it ended early".to_owned());
        let (send, receive) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        self.runtime.as_ref().ok_or_else(ended)?.spawn(async move {
            // The caller is there, for it waits; if not, nobody misses the vectors.
            drop(send.send(shared.run(batches, input).await));
        });
        for (place, vector) in receive.recv().map_err(|_| ended())?? {
            vectors[place] = vector;
        }
        Ok(vectors)
    }
}

impl Shared {
    /// Sends all batches, some at a time. The first error ends it.
    async fn run(self: &Arc<Self>, batches: Vec<Batch>, input: Input) -> Result<Vec<(usize, Vec<f32>)>, BedrockError> {
        let mut made = Vec::new();
        let mut under_way = JoinSet::new();
        let mut waiting = batches.into_iter();
        loop {
            while under_way.len() < self.limits.concurrency.max(1) {
                let Some(batch) = waiting.next() else { break };
                let shared = Arc::clone(self);
                under_way.spawn(async move { shared.send(batch, input).await });
            }
            match under_way.join_next().await {
                // Dropping the set ends what else is under way.
                Some(done) => made.extend(done.map_err(|error| BedrockError::Thread(error.to_string()))??),
                None => return Ok(made),
            }
        }
    }

    async fn send(&self, batch: Batch, input: Input) -> Result<Vec<(usize, Vec<f32>)>, BedrockError> {
        let connection = self.connection.get_or_try_init(|| Connection::open(&self.access, &self.limits)).await?;
        let body = wire::request(&self.model, &batch.texts, input)?;
        let estimate = Estimate::of(batch.texts.iter().map(String::as_str), self.meter.price());
        let reservation = Arc::new(Mutex::new(self.meter.reserve(estimate)?));
        let invoked = connection.invoke(&self.model, body, Arc::clone(&reservation)).await;
        let settle = |tokens| reservation.lock().unwrap_or_else(PoisonError::into_inner).settle(tokens);
        let estimated = |attempts: u32| u64::from(attempts) * estimate.tokens;
        let body = match invoked.answer {
            Ok(body) => body,
            Err(error) => {
                settle(estimated(invoked.chargeable));
                return Err(error);
            }
        };
        let answer = wire::answer(&self.model, &body, batch.texts.len());
        let counted = answer.as_ref().ok().and_then(|answer| answer.tokens).or(invoked.tokens);
        // The last attempt is the one that was answered.
        settle(counted.unwrap_or(estimate.tokens) + estimated(invoked.chargeable.saturating_sub(1)));
        Ok(batch.places.into_iter().zip(answer?.vectors).collect())
    }
}

/// Texts in requests of at most so many, without the empty ones.
fn batches(texts: Vec<String>, most: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (place, text) in texts.into_iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        match batches.last_mut() {
            Some(batch) if batch.texts.len() < most => {
                batch.places.push(place);
                batch.texts.push(text);
            }
            _ => batches.push(Batch { places: vec![place], texts: vec![text] }),
        }
    }
    batches
}

impl Embedder for BedrockEmbedder {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn embed_queries(&self, queries: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let most_units = self.shared.model.spec.most_units;
        let texts = queries.iter().map(|query| text::query(query, most_units)).collect();
        self.embed(texts, Input::Query).map_err(|error| error.of_embedder(&self.id.name))
    }

    fn embed_passages(&self, passages: &[PassageText<'_>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.embed(self.passages(passages), Input::Document).map_err(|error| error.of_embedder(&self.id.name))
    }
}
