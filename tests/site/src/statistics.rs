//! What was asked and what was sent. Requests to `/_control` are not counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

/// So many of the latest requests are remembered one by one.
const MAX_REQUESTS: usize = 20_000;
/// So many paths are counted one by one: an endless calendar must not fill the memory.
const MAX_PATHS: usize = 200_000;

/// Counters since the start, or since they were reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests that were read.
    pub requests: u64,
    /// Of these, with `If-None-Match` or `If-Modified-Since`.
    pub conditional: u64,
    /// Answers with status 200.
    pub ok: u64,
    /// Answers with status 304.
    pub not_modified: u64,
    /// Other answers with a status of 300 to 399.
    pub redirects: u64,
    /// Answers with a status of 400 to 499.
    pub client_errors: u64,
    /// Answers with a status of 500 and above.
    pub server_errors: u64,
    /// Bytes of bodies that were handed to the operating system, as they went over the wire.
    pub bytes_sent: u64,
    /// Requests that are being answered now.
    pub in_flight: u64,
    /// The most requests that were being answered at a time.
    pub max_in_flight: u64,
    /// By path, without the query.
    pub paths: BTreeMap<String, PathStatistics>,
}

/// Counters of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PathStatistics {
    /// Requests that were read.
    pub requests: u64,
    /// Answers with status 200.
    pub ok: u64,
    /// Answers with status 304.
    pub not_modified: u64,
    /// Bytes of bodies.
    pub bytes_sent: u64,
}

/// One request as it came in.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// Milliseconds since the site was started.
    pub at_ms: u64,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What the client called the site.
    pub host: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// Whether the client asked for news only.
    pub conditional: bool,
}

/// The counters and who changes them.
#[derive(Debug)]
pub(crate) struct Counters {
    started: Instant,
    inner: Mutex<(Statistics, VecDeque<Seen>)>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), inner: Mutex::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Statistics, &mut VecDeque<Seen>) -> T) -> T {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (statistics, seen) = &mut *inner;
        work(statistics, seen)
    }

    pub(crate) fn snapshot(&self) -> Statistics {
        self.with(|statistics, _| statistics.clone())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.with(|_, seen| seen.iter().cloned().collect())
    }

    pub(crate) fn reset(&self) {
        self.with(|statistics, seen| {
            let in_flight = statistics.in_flight;
            *statistics = Statistics { in_flight, max_in_flight: in_flight, ..Statistics::default() };
            seen.clear();
        });
    }

    pub(crate) fn connected(&self) {
        self.with(|statistics, _| statistics.connections += 1);
    }

    /// Counts a request in; it is in flight until what is returned is dropped.
    pub(crate) fn begin(&self, request: &crate::http::Request) -> InFlight<'_> {
        let at_ms = self.started.elapsed().as_millis() as u64;
        let conditional = request.is_conditional();
        self.with(|statistics, seen| {
            statistics.requests += 1;
            statistics.conditional += u64::from(conditional);
            statistics.in_flight += 1;
            statistics.max_in_flight = statistics.max_in_flight.max(statistics.in_flight);
            count_path(statistics, &request.path, |path| path.requests += 1);
            if seen.len() == MAX_REQUESTS {
                seen.pop_front();
            }
            let mark = if request.query.is_empty() { "" } else { "?" };
            seen.push_back(Seen {
                at_ms,
                method: request.method.clone(),
                target: format!("{}{mark}{}", request.path, request.query),
                host: request.host.clone(),
                user_agent: request.user_agent.clone(),
                conditional,
            });
        });
        InFlight { counters: self, path: request.path.clone() }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct InFlight<'a> {
    counters: &'a Counters,
    path: String,
}

impl InFlight<'_> {
    /// Counts the status of the answer. Counted before it is sent: a client that has it may ask for the counters at once.
    pub(crate) fn answered(&self, status: u16) {
        self.counters.with(|statistics, _| {
            let counter = match status {
                200 => &mut statistics.ok,
                304 => &mut statistics.not_modified,
                300..400 => &mut statistics.redirects,
                400..500 => &mut statistics.client_errors,
                _ => &mut statistics.server_errors,
            };
            *counter += 1;
            count_path(statistics, &self.path, |path| match status {
                200 => path.ok += 1,
                304 => path.not_modified += 1,
                _ => {}
            });
        });
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.counters.with(|statistics, _| {
            statistics.bytes_sent += bytes as u64;
            count_path(statistics, &self.path, |path| path.bytes_sent += bytes as u64);
        });
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.counters.with(|statistics, _| statistics.in_flight -= 1);
    }
}

fn count_path(statistics: &mut Statistics, path: &str, count: impl FnOnce(&mut PathStatistics)) {
    if let Some(known) = statistics.paths.get_mut(path) {
        count(known);
    } else if statistics.paths.len() < MAX_PATHS {
        count(statistics.paths.entry(path.to_owned()).or_default());
    }
}
