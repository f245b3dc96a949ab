//! What vectors cost: an estimate before, a cap that holds, and an account of what was used.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::error::BedrockError;

/// US dollars for a thousand tokens of input; vectors themselves cost nothing.
///
/// The constants are list prices for on-demand inference in US regions, as of 2025. They change and differ between
/// regions: <https://aws.amazon.com/bedrock/pricing/> is what counts, and callers may give a price of their own.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Price(f64);

impl Price {
    /// Amazon Titan Text Embeddings V2.
    pub const TITAN_V2: Self = Self(0.000_02);
    /// Cohere Embed 3, English and multilingual.
    pub const COHERE_V3: Self = Self(0.000_1);
    /// Cohere Embed 4, text.
    pub const COHERE_V4: Self = Self(0.000_12);

    /// A price of the caller's, in US dollars for a thousand tokens.
    pub fn per_thousand_tokens(usd: f64) -> Result<Self, BedrockError> {
        if usd.is_finite() && usd >= 0.0 { Ok(Self(usd)) } else { Err(BedrockError::Amount(usd)) }
    }

    /// US dollars for so many tokens.
    pub fn of(self, tokens: u64) -> f64 {
        tokens as f64 / 1000.0 * self.0
    }
}

/// What some texts will cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Texts that are sent.
    pub texts: u64,
    /// Tokens that they come to at most; see [`tokens`].
    pub tokens: u64,
    /// US dollars for them.
    pub usd: f64,
}

impl Estimate {
    /// The cost of texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, price: Price) -> Self {
        let (mut count, mut sum) = (0, 0);
        for text in texts {
            count += 1;
            sum += tokens(text);
        }
        Self::of_tokens(count, sum, price)
    }

    /// The cost of texts of which only the total length is known, in bytes of mostly English text.
    pub fn of_bytes(texts: u64, bytes: u64, price: Price) -> Self {
        Self::of_tokens(texts, bytes.div_ceil(ASCII_PER_TOKEN) + texts * (FRAME + 1), price)
    }

    fn of_tokens(texts: u64, tokens: u64, price: Price) -> Self {
        Self { texts, tokens, usd: price.of(tokens) }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.texts == 1 { "" } else { "s" };
        write!(f, "{} text{plural} of {} tokens for {}", self.texts, self.tokens, Usd(self.usd))
    }
}

/// ASCII characters to a token, at least.
///
/// AWS states 4.7 characters to a token for English
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html>). Documentation holds code,
/// names of actions and addresses too: 600 pages of AWS documentation came to 3.4 by the WordPiece vocabulary of BERT,
/// so that three is more than enough in sum. The tokenizers of these models are not published.
const ASCII_PER_TOKEN: u64 = 3;
/// Bytes of any other character to a token.
const OTHER_BYTES_PER_TOKEN: u64 = 2;
/// Tokens that stand around a text.
const FRAME: u64 = 2;

/// The tokens of a text, on the high side.
pub fn tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let other = text.len() as u64 - ascii;
    ascii.div_ceil(ASCII_PER_TOKEN) + other.div_ceil(OTHER_BYTES_PER_TOKEN) + FRAME
}

/// An amount, with as many digits as tell it from nothing.
pub(super) struct Usd(pub(super) f64);

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 >= 1.0 || self.0 == 0.0 { 2 } else { 6 };
        write!(f, "${:.digits$}", self.0)
    }
}

/// What has been used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Tokens: as the service counted them, or as estimated where it did not say.
    pub tokens: u64,
    /// US dollars for them.
    pub usd: f64,
}

/// Holds what is used below a cap.
#[derive(Debug)]
pub(super) struct Meter {
    price: Price,
    max_usd: f64,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    spent: u64,
    /// Tokens of requests under way.
    reserved: u64,
}

impl Meter {
    pub(super) fn new(price: Price, max_usd: f64) -> Result<Self, BedrockError> {
        if !max_usd.is_finite() || max_usd < 0.0 {
            return Err(BedrockError::Amount(max_usd));
        }
        Ok(Self { price, max_usd, used: Mutex::default() })
    }

    pub(super) fn price(&self) -> Price {
        self.price
    }

    pub(super) fn spent(&self) -> Spent {
        let tokens = self.used().spent;
        Spent { tokens, usd: self.price.of(tokens) }
    }

    /// Fails if texts would exceed the cap. Asked before the first of them is sent.
    pub(super) fn admit(&self, estimate: Estimate) -> Result<(), BedrockError> {
        self.check(&self.used(), estimate)
    }

    /// Sets the tokens of one request aside, or fails if they would exceed the cap.
    pub(super) fn reserve(&self, estimate: Estimate) -> Result<Reservation<'_>, BedrockError> {
        let mut used = self.used();
        self.check(&used, estimate)?;
        used.reserved += estimate.tokens;
        Ok(Reservation { meter: self, tokens: estimate.tokens, used: None })
    }

    fn check(&self, used: &Used, estimate: Estimate) -> Result<(), BedrockError> {
        let taken = self.price.of(used.spent + used.reserved);
        if taken + estimate.usd > self.max_usd {
            return Err(BedrockError::TooExpensive { estimate, spent: taken, max_usd: self.max_usd });
        }
        Ok(())
    }

    fn used(&self) -> std::sync::MutexGuard<'_, Used> {
        // Sums are never left half done.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens of a request under way. One that is dropped without a word may have been charged: it counts in full.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    meter: &'a Meter,
    tokens: u64,
    used: Option<u64>,
}

impl Reservation<'_> {
    /// Says how many tokens were used in the end.
    pub(super) fn settle(mut self, tokens: u64) {
        self.used = Some(tokens);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut used = self.meter.used();
        used.reserved -= self.tokens;
        used.spent += self.used.unwrap_or(self.tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_on_the_high_side() {
        assert_eq!(tokens(""), FRAME);
        assert_eq!(tokens("abc"), FRAME + 1);
        assert_eq!(tokens("abcd"), FRAME + 2);
        // Three bytes each.
        assert_eq!(tokens("日本"), FRAME + 3);
        let text = "To encrypt the objects of an S3 bucket, turn on default encryption.";
        assert!(Estimate::of_bytes(1, text.len() as u64, Price::TITAN_V2).tokens >= tokens(text));
    }

    #[test]
    fn an_estimate_is_the_sum_at_the_price() {
        let text = "x".repeat(2_994);
        let estimate = Estimate::of([text.as_str(), &text], Price::COHERE_V3);
        assert_eq!((estimate.texts, estimate.tokens), (2, 2_000));
        assert!((estimate.usd - 0.000_2).abs() < 1e-12, "{estimate}");
        assert_eq!(estimate.to_string(), "2 texts of 2000 tokens for $0.000200");
        let own = Price::per_thousand_tokens(3.0).unwrap();
        assert_eq!(Estimate::of(["x"], own).to_string(), "1 text of 3 tokens for $0.009000");
        assert!(Price::per_thousand_tokens(f64::NAN).is_err() && Price::per_thousand_tokens(-1.0).is_err());
    }

    #[test]
    fn a_cap_holds_over_requests_under_way_and_done() {
        let price = Price::per_thousand_tokens(1.0).unwrap();
        let meter = Meter::new(price, 0.010).unwrap();
        let of = |tokens| Estimate::of_tokens(1, tokens, price);
        meter.admit(of(10)).unwrap();
        let first = meter.reserve(of(6)).unwrap();
        assert!(matches!(meter.reserve(of(5)), Err(BedrockError::TooExpensive { .. })));
        let second = meter.reserve(of(4)).unwrap();
        first.settle(2);
        assert_eq!(meter.spent().tokens, 2);
        drop(second);
        assert_eq!(meter.spent().tokens, 6, "what may have been charged counts");
        meter.admit(of(4)).unwrap();
        let error = meter.admit(of(5)).unwrap_err().to_string();
        assert!(error.contains("1 text of 5 tokens for $0.005") && error.contains("$0.01"), "{error}");
    }

    #[test]
    fn a_cap_is_an_amount() {
        for wrong in [f64::NAN, f64::INFINITY, -0.01] {
            assert!(matches!(Meter::new(Price::TITAN_V2, wrong), Err(BedrockError::Amount(_))));
        }
    }
}
