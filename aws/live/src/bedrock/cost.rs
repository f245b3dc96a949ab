//! What vectors cost: an estimate before, a cap that holds, and an account of what was used.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

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

/// A dollar, in what accounts are kept in: whole numbers, because sums of fractions would come to lie above a cap that
/// they should just reach.
const DOLLAR: f64 = 1e12;

/// The amount as accounts keep it.
fn whole(usd: f64) -> u64 {
    (usd * DOLLAR).round() as u64
}

/// Money that embedders spend together, whatever their models, dimensions and prices.
#[derive(Debug, Clone, Default)]
pub(super) struct Account(Arc<Mutex<Balance>>);

#[derive(Debug, Default)]
struct Balance {
    spent: u64,
    /// For requests under way.
    reserved: u64,
}

impl Account {
    /// The one of this process. A cap is the process's, and must hold if an embedder is dropped and opened again, too.
    pub(super) fn of_process() -> Self {
        static ACCOUNT: LazyLock<Account> = LazyLock::new(Account::default);
        ACCOUNT.clone()
    }

    fn balance(&self) -> MutexGuard<'_, Balance> {
        // Sums are never left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds what an account spends below a cap, and counts what one embedder has used of it.
#[derive(Debug)]
pub(super) struct Meter {
    price: Price,
    max_usd: f64,
    account: Account,
    tokens: AtomicU64,
}

impl Meter {
    pub(super) fn new(price: Price, max_usd: f64, account: Account) -> Result<Self, BedrockError> {
        if !max_usd.is_finite() || max_usd < 0.0 {
            return Err(BedrockError::Amount(max_usd));
        }
        Ok(Self { price, max_usd, account, tokens: AtomicU64::new(0) })
    }

    pub(super) fn price(&self) -> Price {
        self.price
    }

    /// What this meter's requests have used; others may have spent more from the same account.
    pub(super) fn spent(&self) -> Spent {
        let tokens = self.tokens.load(Ordering::Relaxed);
        Spent { tokens, usd: self.price.of(tokens) }
    }

    /// Fails if texts would exceed the cap. Asked before the first of them is sent.
    pub(super) fn admit(&self, estimate: Estimate) -> Result<(), BedrockError> {
        self.check(&self.account.balance(), estimate)
    }

    /// Sets the money for one request aside, or fails if it would exceed the cap.
    pub(super) fn reserve(self: &Arc<Self>, estimate: Estimate) -> Result<Reservation, BedrockError> {
        let mut reservation = Reservation { meter: Arc::clone(self), estimate, times: 0 };
        reservation.extend_to(1)?;
        Ok(reservation)
    }

    fn check(&self, balance: &Balance, estimate: Estimate) -> Result<(), BedrockError> {
        let taken = balance.spent.saturating_add(balance.reserved);
        if taken.saturating_add(whole(estimate.usd)) > whole(self.max_usd) {
            return Err(BedrockError::TooExpensive { estimate, spent: taken as f64 / DOLLAR, max_usd: self.max_usd });
        }
        Ok(())
    }
}

/// Money for a request under way and its repetitions. One that is dropped without a word may have been charged for all
/// of them: it counts in full.
#[derive(Debug)]
pub(super) struct Reservation {
    meter: Arc<Meter>,
    estimate: Estimate,
    /// Attempts that it is enough for; none once it is settled.
    times: u32,
}

impl Reservation {
    /// Sets aside what is missing for so many attempts that may all be charged, or fails if that would exceed the cap.
    pub(super) fn extend_to(&mut self, times: u32) -> Result<(), BedrockError> {
        let mut balance = self.meter.account.balance();
        while self.times < times {
            self.meter.check(&balance, self.estimate)?;
            balance.reserved = balance.reserved.saturating_add(whole(self.estimate.usd));
            self.times += 1;
        }
        Ok(())
    }

    /// Says how many tokens were used in the end.
    pub(super) fn settle(&mut self, tokens: u64) {
        let reserved = whole(self.estimate.usd).saturating_mul(u64::from(self.times));
        self.times = 0;
        let mut balance = self.meter.account.balance();
        balance.reserved = balance.reserved.saturating_sub(reserved);
        balance.spent = balance.spent.saturating_add(whole(self.meter.price.of(tokens)));
        self.meter.tokens.fetch_add(tokens, Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.settle(self.estimate.tokens.saturating_mul(u64::from(self.times)));
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
        let meter = Arc::new(Meter::new(price, 0.010, Account::default()).unwrap());
        let of = |tokens| Estimate::of_tokens(1, tokens, price);
        meter.admit(of(10)).unwrap();
        let mut first = meter.reserve(of(6)).unwrap();
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
    fn meters_of_one_account_spend_the_same_money_at_their_own_prices() {
        let account = Account::default();
        let [cheap, dear] = [1.0, 2.0].map(|usd| {
            let price = Price::per_thousand_tokens(usd).unwrap();
            Arc::new(Meter::new(price, 0.010, account.clone()).unwrap())
        });
        let of = |meter: &Meter, tokens| Estimate::of_tokens(1, tokens, meter.price());
        cheap.reserve(of(&cheap, 4)).unwrap().settle(4);
        let under_way = dear.reserve(of(&dear, 2)).unwrap();
        assert!(cheap.admit(of(&cheap, 3)).is_err(), "what others have under way counts");
        cheap.admit(of(&cheap, 2)).unwrap();
        drop(under_way);
        drop(dear);
        assert!(cheap.admit(of(&cheap, 3)).is_err(), "what was spent by one that is gone counts");
        cheap.admit(of(&cheap, 2)).unwrap();
        assert_eq!(cheap.spent().tokens, 4, "its own");
    }

    #[test]
    fn a_repetition_needs_money_of_its_own() {
        let price = Price::per_thousand_tokens(1.0).unwrap();
        let meter = Arc::new(Meter::new(price, 0.010, Account::default()).unwrap());
        let mut request = meter.reserve(Estimate::of_tokens(1, 4, price)).unwrap();
        request.extend_to(1).unwrap();
        request.extend_to(2).unwrap();
        assert!(matches!(request.extend_to(3), Err(BedrockError::TooExpensive { .. })));
        drop(request);
        assert_eq!(meter.spent().tokens, 8, "both may have been charged");
        meter.reserve(Estimate::of_tokens(1, 2, price)).unwrap().settle(0);
        assert_eq!(meter.spent().tokens, 8);
    }

    #[test]
    fn small_amounts_reach_a_cap_and_no_further() {
        // A tenth has no exact form in binary: ten of them are not one there.
        let price = Price::per_thousand_tokens(0.1).unwrap();
        let meter = Arc::new(Meter::new(price, 1.0, Account::default()).unwrap());
        let estimate = Estimate::of_tokens(1, 1_000, price);
        for _ in 0..10 {
            meter.reserve(estimate).unwrap().settle(1_000);
        }
        assert!(meter.reserve(estimate).is_err());
    }

    #[test]
    fn a_cap_is_an_amount() {
        for wrong in [f64::NAN, f64::INFINITY, -0.01] {
            let meter = Meter::new(Price::TITAN_V2, wrong, Account::default());
            assert!(matches!(meter, Err(BedrockError::Amount(_))));
        }
    }
}
