//! What the SDK does not hand out of a request: how often it was sent, and the tokens that were counted. And what it
//! does not ask: whether there is money for another attempt.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_bedrockruntime::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockruntime::error::BoxError;

use super::cost::Reservation;
use super::error::BedrockError;

/// Where Bedrock states the tokens of a request; Cohere's answers have them nowhere else.
const TOKENS: &str = "x-amzn-bedrock-input-token-count";

/// What was seen of one request and its repetitions.
#[derive(Debug, Default)]
pub(super) struct Seen {
    sent: AtomicU32,
    refused: AtomicU32,
    /// One more than the number, so that none is told from zero.
    tokens: AtomicU64,
    /// Why it was not sent once more.
    unpaid: Mutex<Option<BedrockError>>,
}

impl Seen {
    /// How often it was sent.
    pub(super) fn attempts(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Attempts that may have been charged: all that were not refused. Also where a success was announced, for its
    /// body may never have come.
    pub(super) fn chargeable(&self) -> u32 {
        self.attempts().saturating_sub(self.refused.load(Ordering::Relaxed))
    }

    /// Tokens of the last answer.
    pub(super) fn tokens(&self) -> Option<u64> {
        self.tokens.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Why it was not sent once more, if that was for money.
    pub(super) fn unpaid(&self) -> Option<BedrockError> {
        self.unpaid.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Looks, and ends a request whose next attempt the money is not enough for.
#[derive(Debug)]
pub(super) struct Observer {
    pub(super) seen: Arc<Seen>,
    pub(super) reservation: Arc<Mutex<Reservation>>,
}

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
        // What was refused is not charged: its money serves the next attempt.
        let needed = self.seen.chargeable().saturating_add(1);
        let paid = self.reservation.lock().unwrap_or_else(PoisonError::into_inner).extend_to(needed);
        if let Err(error) = paid {
            let reason = error.to_string();
            *self.seen.unpaid.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            return Err(reason.into());
        }
        self.seen.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !context.response().status().is_success() {
            self.seen.refused.fetch_add(1, Ordering::Relaxed);
        }
        let tokens = context.response().headers().get(TOKENS).and_then(|tokens| tokens.parse::<u64>().ok());
        self.seen.tokens.store(tokens.map_or(0, |tokens| tokens.saturating_add(1)), Ordering::Relaxed);
        Ok(())
    }
}
