//! Manners towards one host: how many requests at once, how far apart, and when to leave it alone.
//!
//! Concurrency follows the host as TCP follows a network: a little more with every answer, half as much when the host says
//! that it is too much (additive increase, multiplicative decrease). A host that asks for a pause gets it, for all of its
//! pages; one that fails page after page is left alone for a while, so that it does not cost a timeout for each of them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::{FetchError, Manners};

/// The shortest pause of a host that asks for one without saying how long; twice as long each time that it asks again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that is remembered of a host's `Retry-After`.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);
/// The longest time for which a host that failed too often is left alone.
const LONGEST_BREAK: Duration = Duration::from_mins(10);
/// The longest delay between two requests that robots.txt can ask for.
pub(super) const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// What was asked of one host, and how it went.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct HostStatistics {
    /// The host, with its port.
    pub host: String,
    /// Requests sent, with tries that failed, redirects and robots.txt.
    pub requests: u64,
    /// Bytes of bodies as they came over the wire, those that were given up included.
    pub transferred: u64,
    /// Tries after the first.
    pub retries: u64,
    /// Answers that ask for fewer requests (429, and 503 with `Retry-After`).
    pub throttled: u64,
    /// Tries that ended without an answer, or with a problem of the site (5xx).
    pub failures: u64,
    /// Milliseconds that requests waited for their turn, for a pause or for another try, added up.
    pub waited_ms: u64,
    /// Requests that are allowed at once, now.
    pub concurrency: usize,
    /// Whether the host failed so often in a row that it is left alone.
    pub down: bool,
}

/// One host.
#[derive(Debug)]
pub(super) struct HostGate {
    manners: Manners,
    state: Mutex<State>,
    /// A request ended, or more are allowed.
    room: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    /// Requests allowed at once, in fractions; between 1 and the configured number.
    window: f64,
    /// Time between two requests: the configured rate, or the delay that robots.txt asks for.
    spacing: Duration,
    next_start: Instant,
    paused_until: Instant,
    /// Why it is paused.
    pause_status: u16,
    /// Since when the window is what it is: requests that began before know nothing about it.
    slowed: Instant,
    /// How often in a row the host asked for fewer requests.
    strain: u32,
    /// Pages in a row that could not be had for reasons of the host.
    failures: u32,
    last_failure: String,
    /// Until when the host is left alone, and how often it was.
    down_until: Option<Instant>,
    breaks: u32,
    statistics: HostStatistics,
}

/// The right to send one request, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    host: Arc<HostGate>,
    entered: Instant,
    /// It finds out whether the host is back: one try is enough to say that it is not.
    pub(super) probe: bool,
}

impl HostGate {
    pub(super) fn new(name: String, manners: Manners) -> Self {
        let now = Instant::now();
        let statistics = HostStatistics {
            host: name,
            requests: 0,
            transferred: 0,
            retries: 0,
            throttled: 0,
            failures: 0,
            waited_ms: 0,
            concurrency: manners.concurrency.max(1),
            down: false,
        };
        let state = State {
            in_flight: 0,
            window: manners.concurrency.max(1) as f64,
            spacing: spacing(manners.per_second),
            next_start: now,
            paused_until: now,
            pause_status: 429,
            slowed: now,
            strain: 0,
            failures: 0,
            last_failure: String::new(),
            down_until: None,
            breaks: 0,
            statistics,
        };
        Self { manners, state: Mutex::new(state), room: Notify::new() }
    }

    /// Waits for the turn of a request for `url`, which is how it is named in errors.
    pub(super) async fn enter(self: &Arc<Self>, url: &str) -> Result<Permit, FetchError> {
        let arrived = Instant::now();
        // The slot is held while the request waits for its time, so that requests start in the order of their slots.
        let mut permit = self.take_slot(url).await?;
        let mut start = {
            let mut state = self.state();
            let start = state.next_start.max(Instant::now());
            state.next_start = start + state.spacing;
            start
        };
        loop {
            start = start.max(self.open(url)?);
            if start <= Instant::now() {
                break;
            }
            sleep_until(start).await;
        }
        permit.entered = Instant::now();
        let mut state = self.state();
        state.statistics.requests += 1;
        state.statistics.waited_ms += millis(arrived.elapsed());
        drop(state);
        Ok(permit)
    }

    async fn take_slot(self: &Arc<Self>, url: &str) -> Result<Permit, FetchError> {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // From here on no notice is lost, even if it comes before the wait.
            room.as_mut().enable();
            if let Err(error) = self.open(url) {
                // Whoever waits behind this request must hear of it too.
                self.room.notify_one();
                return Err(error);
            }
            {
                let mut state = self.state();
                let probe = state.down_until.is_some();
                let allowed = if probe { 1 } else { state.window as usize };
                if state.in_flight < allowed.max(1) {
                    state.in_flight += 1;
                    return Ok(Permit { host: Arc::clone(self), entered: Instant::now(), probe });
                }
            }
            room.await;
        }
    }

    /// Until when the host is paused; an error where that is too long to wait for, or where the host is left alone.
    fn open(&self, url: &str) -> Result<Instant, FetchError> {
        let state = self.state();
        let now = Instant::now();
        if let Some(until) = state.down_until.filter(|until| *until > now) {
            return Err(FetchError::HostDown {
                url: url.to_owned(),
                failures: state.failures,
                reason: state.last_failure.clone(),
                retry_in: until - now,
            });
        }
        if state.paused_until > now + self.manners.max_wait {
            return Err(FetchError::Throttled {
                url: url.to_owned(),
                status: state.pause_status,
                retry_after: Some(state.paused_until - now),
            });
        }
        Ok(state.paused_until)
    }

    /// A page could not be had after every try, for a reason that is the host's.
    pub(super) fn gave_up(&self, reason: &FetchError, was_probe: bool) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.last_failure = reason.to_string();
        let limit = self.manners.max_failures;
        if limit > 0 && (was_probe || (state.down_until.is_none() && state.failures >= limit)) {
            let pause = doubled(self.manners.break_for, state.breaks).min(LONGEST_BREAK.max(self.manners.break_for));
            state.breaks = state.breaks.saturating_add(1);
            state.down_until = Some(Instant::now() + pause);
            drop(state);
            self.room.notify_waiters();
        }
    }

    /// The delay that robots.txt asks for. It is kept if it is longer than the one of the configured rate.
    pub(super) fn set_delay(&self, delay: Duration) {
        self.state().spacing = spacing(self.manners.per_second).max(delay.min(LONGEST_DELAY));
    }

    /// Waits before another try. Longer each time, and never as long as others that failed at the same moment.
    ///
    /// Where the host asked for a pause, its gate makes the try wait already.
    pub(super) async fn wait_before_retry(&self, attempt: u32, paused: bool) {
        let longest = doubled(self.manners.first_wait, attempt.saturating_sub(1)).min(self.manners.max_wait);
        let wait = if paused { Duration::ZERO } else { longest.mul_f64(random_fraction()) };
        self.count_retry(wait);
        tokio::time::sleep(wait).await;
    }

    fn count_retry(&self, wait: Duration) {
        let mut state = self.state();
        state.statistics.retries += 1;
        state.statistics.waited_ms += millis(wait);
    }

    pub(super) fn count_transferred(&self, bytes: u64) {
        self.state().statistics.transferred += bytes;
    }

    pub(super) fn statistics(&self) -> HostStatistics {
        let state = self.state();
        HostStatistics {
            concurrency: state.window as usize,
            down: state.down_until.is_some_and(|until| until > Instant::now()),
            ..state.statistics.clone()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and numbers are in order even then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The host answered, with whatever that is no problem of its own.
    pub(super) fn answered(&self) {
        let mut state = self.host.state();
        state.failures = 0;
        state.breaks = 0;
        let was_down = state.down_until.take().is_some();
        if self.entered > state.slowed {
            state.strain = 0;
            let most = self.host.manners.concurrency.max(1) as f64;
            state.window = (state.window + 1.0 / state.window).min(most);
        }
        drop(state);
        if was_down {
            self.host.room.notify_waiters();
        } else {
            self.host.room.notify_one();
        }
    }

    /// The host asks for fewer requests: all of its pages wait, as long as it says or longer each time.
    pub(super) fn throttled(&self, status: u16, retry_after: Option<Duration>) {
        let mut state = self.host.state();
        state.statistics.throttled += 1;
        self.slow_down(&mut state);
        self.pause(&mut state, status, retry_after);
        drop(state);
        self.host.room.notify_waiters();
    }

    /// No answer, or one that says that the host has a problem. `overloaded` is the status that says that it is too much
    /// for it.
    pub(super) fn failed(&self, overloaded: Option<u16>) {
        let mut state = self.host.state();
        state.statistics.failures += 1;
        self.slow_down(&mut state);
        if let Some(status) = overloaded {
            self.pause(&mut state, status, None);
        }
    }

    fn pause(&self, state: &mut State, status: u16, asked_for: Option<Duration>) {
        let pause = asked_for.filter(|pause| !pause.is_zero()).map_or_else(
            || {
                let longest = doubled(FIRST_PAUSE, state.strain.saturating_sub(1));
                longest.min(self.host.manners.max_wait).mul_f64(random_fraction())
            },
            |pause| pause.min(LONGEST_PAUSE),
        );
        state.paused_until = state.paused_until.max(Instant::now() + pause);
        state.pause_status = status;
    }

    /// Requests that were under way together say the same once.
    fn slow_down(&self, state: &mut State) {
        if self.entered > state.slowed {
            state.window = (state.window / 2.0).max(1.0);
            state.strain = state.strain.saturating_add(1);
            state.slowed = Instant::now();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.host.state().in_flight -= 1;
        self.host.room.notify_one();
    }
}

fn spacing(per_second: f64) -> Duration {
    if per_second > 0.0 {
        Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(LONGEST_DELAY)
    } else {
        Duration::ZERO
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(20))
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// A number between 0 and 1 that differs between requests and runs. Spreading waits needs no better one.
fn random_fraction() -> f64 {
    // Keys of hash maps are random.
    RandomState::new().hash_one(0_u8) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(manners: Manners) -> Arc<HostGate> {
        Arc::new(HostGate::new("h:443".to_owned(), manners))
    }

    fn quick() -> Manners {
        Manners { concurrency: 8, per_second: 0.0, ..Manners::default() }
    }

    fn failure() -> FetchError {
        FetchError::Connect { url: "https://h/x".to_owned(), reason: "refused".to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn concurrency_is_halved_once_for_requests_under_way_together_and_grows_again() {
        let host = gate(quick());
        let mut together = Vec::new();
        for _ in 0..8 {
            tokio::time::advance(Duration::from_millis(1)).await;
            together.push(host.enter("u").await.unwrap());
        }
        tokio::time::advance(Duration::from_millis(1)).await;
        for permit in together {
            permit.throttled(503, Some(Duration::from_secs(1)));
        }
        assert_eq!(host.statistics().concurrency, 4);
        let before = Instant::now();
        for _ in 0..40 {
            host.enter("u").await.unwrap().answered();
        }
        assert!(before.elapsed() >= Duration::from_secs(1), "the pause is kept");
        assert_eq!(host.statistics().concurrency, 8);
        assert_eq!(host.statistics().throttled, 8);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_requests_than_allowed_are_under_way() {
        let host = gate(Manners { concurrency: 2, ..quick() });
        let first = host.enter("u").await.unwrap();
        let _second = host.enter("u").await.unwrap();
        let third = tokio::time::timeout(Duration::from_secs(1), host.enter("u")).await;
        assert!(third.is_err(), "it waits");
        drop(first);
        tokio::time::timeout(Duration::from_secs(1), host.enter("u")).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_as_far_apart_as_asked_for() {
        let host = gate(Manners { per_second: 10.0, ..quick() });
        let before = Instant::now();
        for _ in 0..5 {
            host.enter("u").await.unwrap();
        }
        assert!(before.elapsed() >= Duration::from_millis(400));
        host.set_delay(Duration::from_hours(1));
        host.enter("u").await.unwrap();
        let before = Instant::now();
        host.enter("u").await.unwrap();
        assert!(before.elapsed() >= LONGEST_DELAY && before.elapsed() < 2 * LONGEST_DELAY, "a delay is bounded");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_too_long_is_an_error_and_not_a_wait() {
        let host = gate(Manners { max_wait: Duration::from_secs(10), ..quick() });
        tokio::time::advance(Duration::from_millis(1)).await;
        host.enter("u").await.unwrap().throttled(429, Some(Duration::from_hours(1)));
        let error = host.enter("u").await.unwrap_err();
        assert!(
            matches!(error, FetchError::Throttled { retry_after: Some(wait), .. } if wait.as_secs() > 3500),
            "{error}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_fails_is_left_alone_then_tried_once() {
        let host = gate(Manners { max_failures: 3, break_for: Duration::from_secs(30), ..quick() });
        for _ in 0..3 {
            assert!(!host.statistics().down);
            host.enter("u").await.unwrap();
            host.gave_up(&failure(), false);
        }
        let error = host.enter("u").await.unwrap_err();
        assert!(matches!(error, FetchError::HostDown { failures: 3, .. }), "{error}");
        assert!(error.to_string().contains("refused"), "{error}");

        tokio::time::advance(Duration::from_secs(31)).await;
        let probe = host.enter("u").await.unwrap();
        assert!(probe.probe);
        // Another one waits for what the probe says.
        let behind = tokio::spawn({
            let host = Arc::clone(&host);
            async move { host.enter("u").await.map(drop) }
        });
        tokio::task::yield_now().await;
        host.gave_up(&failure(), true);
        drop(probe);
        assert!(matches!(behind.await.unwrap(), Err(FetchError::HostDown { .. })));
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(host.enter("u").await.is_err(), "the second break is longer");
        tokio::time::advance(Duration::from_secs(31)).await;
        host.enter("u").await.unwrap().answered();
        assert!(!host.enter("u").await.unwrap().probe, "it is back");
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_who_waits_hears_that_the_host_is_down() {
        let host = gate(Manners { concurrency: 1, max_failures: 1, ..quick() });
        let permit = host.enter("u").await.unwrap();
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let host = Arc::clone(&host);
                tokio::spawn(async move { host.enter("u").await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        host.gave_up(&failure(), false);
        drop(permit);
        for waiting in waiting {
            let ended = tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
            assert!(matches!(ended, Err(FetchError::HostDown { .. })));
        }
    }

    #[test]
    fn random_fractions_are_fractions_and_random() {
        let many: Vec<f64> = (0..50).map(|_| random_fraction()).collect();
        assert!(many.iter().all(|fraction| (0.0..=1.0).contains(fraction)));
        assert!(many.iter().any(|fraction| *fraction < 0.5) && many.iter().any(|fraction| *fraction > 0.5));
    }
}
