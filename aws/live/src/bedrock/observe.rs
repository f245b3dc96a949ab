//! What the SDK does not hand out of a request: how often it was sent, and the tokens that were counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use aws_sdk_bedrockruntime::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockruntime::error::BoxError;

/// Where Bedrock states the tokens of a request; Cohere's answers have them nowhere else.
const TOKENS: &str = "x-amzn-bedrock-input-token-count";

/// What was seen of one request and its repetitions.
#[derive(Debug, Default)]
pub(super) struct Seen {
    sent: AtomicU32,
    answered: AtomicU32,
    /// One more than the number, so that none is told from zero.
    tokens: AtomicU64,
}

impl Seen {
    /// How often it was sent.
    pub(super) fn attempts(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Attempts that nothing is known of: they may have been charged.
    pub(super) fn lost(&self) -> u32 {
        self.attempts().saturating_sub(self.answered.load(Ordering::Relaxed))
    }

    /// Tokens of the last answer.
    pub(super) fn tokens(&self) -> Option<u64> {
        self.tokens.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// Looks, and touches nothing.
#[derive(Debug)]
pub(super) struct Observer(pub(super) Arc<Seen>);

impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "Observer"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.answered.fetch_add(1, Ordering::Relaxed);
        let tokens = context.response().headers().get(TOKENS).and_then(|tokens| tokens.parse::<u64>().ok());
        self.0.tokens.store(tokens.map_or(0, |tokens| tokens.saturating_add(1)), Ordering::Relaxed);
        Ok(())
    }
}
