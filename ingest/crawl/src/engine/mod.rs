//! The crawl of one source: find its pages, fetch them, make documents of them, write down what became of each.
//!
//! ```text
//! seeds ─► sitemaps, tables of contents, feeds, llms.txt ─► ledger: queue
//!                                                             │  take        ▲ settle: outcome, links, document
//!                                                             ▼              │ (one transaction)
//!                                     tasks: fetch ─► extract ─┴─────────────┘
//! ```
//!
//! One thread owns the ledger and hands pages to tasks; what comes back is written in batches, each one transaction. The
//! crawl can be ended at any instant and goes on from the ledger. What enters or leaves the index is decided here, but the
//! index itself is the caller's: [`Watch`] is told when there is something to publish.

mod guard;
mod options;
mod seeds;
mod site;
mod work;

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use cloudops_indexes::model::Timestamp;
use cloudops_ingest::ledger::{Begin, Ledger, LedgerError, Listing, Queued, Run, RunState, Settled, Tally};

use rustc_hash::{FxBuildHasher, FxHashSet};

pub use guard::Guard;
pub use options::{CrawlOptions, GuidePages, Include, Seed, SeedOf};
pub use seeds::{Probe, probe};
pub use site::Mirror;

use crate::fetch::{FetchError, Fetcher, HostStatistics};
use work::Context;

/// Pages that are taken from the ledger at once.
const TAKE: usize = 256;
/// Settled pages are written when there are this many …
const BATCH: usize = 64;
/// … or when the first of them has waited for this long.
const BATCH_WAIT: Duration = Duration::from_millis(100);
/// How often the caller hears of progress.
const TICK: Duration = Duration::from_millis(100);
/// Pages between two looks at whether the site still behaves.
const LOOK_EVERY: u64 = 500;

/// A crawl could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrawlError {
    /// The ledger cannot be used.
    #[error("failed to keep track of the crawl")]
    Ledger(#[from] LedgerError),
    /// The HTTP client cannot be set up.
    #[error("failed to set up the HTTP client: {0}")]
    Client(FetchError),
    /// The runtime cannot be started.
    #[error("failed to start the threads of the crawl")]
    Runtime(#[source] std::io::Error),
}

/// How far a crawl is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Whether pages are still being listed, before any is fetched.
    pub listing: bool,
    /// Pages that were found.
    pub found: u64,
    /// Pages that were dealt with.
    pub done: u64,
    /// Pages that could not be fetched.
    pub failed: u64,
    /// Documents that were read and not handed to the caller for publishing yet.
    pub unpublished: u64,
    /// Whether they may be published before the end: there is nothing that they could spoil.
    pub first: bool,
}

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop at once; the run can be taken up again.
    Stop,
}

/// Is told how far a crawl is, ten times a second, and may end it. It is called on the thread that owns the ledger.
pub type Watch<'a> = dyn FnMut(&Progress) -> Control + 'a;

/// How a crawl ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The run, as the ledger has it now.
    pub run: Run,
    /// Whether it was ended by the caller and can be taken up again.
    pub interrupted: bool,
    /// What was asked of each host.
    pub hosts: Vec<HostStatistics>,
}

/// Crawls a source. The caller holds the lock of the source; the run is begun and ended here.
pub fn crawl(
    ledger: &mut Ledger,
    options: &CrawlOptions,
    now: fn() -> Timestamp,
    watch: &mut Watch<'_>,
) -> Result<Ended, CrawlError> {
    let fetcher = Fetcher::new(options.fetch.clone()).map_err(CrawlError::Client)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(std::thread::available_parallelism().map_or(2, usize::from).max(2))
        .thread_name("crawl")
        .enable_all()
        .build()
        .map_err(CrawlError::Runtime)?;
    let fingerprint = options.fingerprint();
    let begin = Begin {
        source: &options.source,
        kind: &options.kind,
        fingerprint: &fingerprint,
        resume: options.resume,
        now: now(),
    };
    let run = ledger.begin(begin)?;
    ledger.untake(&options.source, run.id)?;
    let known = ledger.known_pages(&options.source, run.id)?;
    let (sender, receiver) = channel();
    let mut crawl = Crawl {
        context: Arc::new(Context::new(options, fetcher.clone(), now)),
        tally: ledger.tally(&options.source, run.id)?,
        unpublished: ledger.pending_count(&options.source)?,
        slow: false,
        ledger,
        options,
        run,
        known,
        runtime,
        sender,
        receiver,
        queue: VecDeque::new(),
        in_flight: 0,
        handed_out: 0,
        seen: FxHashSet::default(),
        settled: Vec::new(),
        first_settled: None,
        told: Instant::now(),
        spent: (0, 0),
        clock: Instant::now(),
        looked_at: 0,
        now,
    };
    let end = crawl.go(watch);
    // Whatever happened, what it cost is written down.
    let spent = crawl.spend(&fetcher);
    let run = crawl.run.id;
    let interrupted = matches!(end, Ok(End::Interrupted));
    let ended = end.and_then(|end| crawl.finish(end));
    crawl.runtime.shutdown_background();
    ended.and(spent)?;
    let run = ledger.run(run)?.unwrap_or_else(|| unreachable!("a run is forgotten only by later ones"));
    Ok(Ended { run, interrupted, hosts: fetcher.statistics() })
}

/// Why no more pages are fetched.
enum End {
    /// There are none left.
    Complete,
    /// As many as allowed were fetched.
    Limit,
    /// The site misbehaves.
    Guarded(String),
    /// The source cannot be crawled at all.
    Failed(String),
    /// The caller wanted it.
    Interrupted,
}

struct Crawl<'a> {
    ledger: &'a mut Ledger,
    options: &'a CrawlOptions,
    context: Arc<Context>,
    run: Run,
    /// Pages that had a good version when the crawl began.
    known: u64,
    runtime: tokio::runtime::Runtime,
    sender: Sender<Settled>,
    receiver: Receiver<Settled>,
    queue: VecDeque<Queued>,
    in_flight: usize,
    handed_out: u64,
    /// Hashes of the addresses that this process has put into the queue: most links lead to them.
    seen: FxHashSet<u64>,
    settled: Vec<Settled>,
    first_settled: Option<Instant>,
    tally: Tally,
    unpublished: u64,
    /// Whether the site wants so few requests that its lists are believed where they say that a page is as it was.
    slow: bool,
    told: Instant,
    spent: (u64, u64),
    clock: Instant,
    looked_at: u64,
    now: fn() -> Timestamp,
}

impl Crawl<'_> {
    fn go(&mut self, watch: &mut Watch<'_>) -> Result<End, CrawlError> {
        if self.run.listing == Listing::Unfinished
            && let Some(end) = self.list(watch)?
        {
            return Ok(end);
        }
        self.context.set_listing(self.run.listing);
        if self.run.twins {
            self.context.prefer_twins();
        }
        if let Some(origin) = self.options.prefixes.first() {
            self.slow = self.runtime.block_on(self.context.site.is_slow(origin));
        }
        let mut unlisted = false;
        loop {
            if let Some(end) = self.drain(watch)? {
                return Ok(end);
            }
            // The queue is empty: failures get another chance, then what nothing leads to any more is looked at.
            if !self.run.retried {
                self.run.retried = true;
                if self.ledger.queue_retries(&self.options.source, self.run.id)? > 0 {
                    self.recount()?;
                    continue;
                }
            }
            if !unlisted {
                unlisted = true;
                let pages = self.ledger.queue_unlisted(&self.options.source, self.run.id)?;
                if pages > 0 {
                    self.tally.found += pages;
                    continue;
                }
            }
            return Ok(End::Complete);
        }
    }

    /// Reads the lists that the site gives of its pages.
    fn list(&mut self, watch: &mut Watch<'_>) -> Result<Option<End>, CrawlError> {
        let source = self.options.source.as_str();
        let run = self.run.id;
        let mut found = self.tally.found;
        let ledger = &mut *self.ledger;
        let mut interrupted = false;
        let listed = self.runtime.block_on(seeds::list(&self.context.site, self.options, |pages| {
            found += ledger.discover(source, run, &pages)?;
            let progress = Progress { listing: true, found, ..Progress::default() };
            interrupted |= watch(&progress) == Control::Stop;
            Ok(!interrupted)
        }))?;
        if interrupted {
            return Ok(Some(End::Interrupted));
        }
        self.ledger.put_troubles(run, &listed.troubles)?;
        self.tally.found = found;
        if found == 0 {
            let reason = listed.troubles.first().map_or_else(
                || "no page was found".to_owned(),
                |trouble| format!("no page was found: {}", trouble.message),
            );
            return Ok(Some(End::Failed(reason)));
        }
        self.run.listing = if listed.complete { Listing::Complete } else { Listing::Partial };
        self.run.twins = listed.twins;
        self.ledger.set_listing(run, self.run.listing, listed.twins)?;
        Ok(None)
    }

    /// Fetches until the queue is empty.
    fn drain(&mut self, watch: &mut Watch<'_>) -> Result<Option<End>, CrawlError> {
        loop {
            let limit_reached = self.hand_out()?;
            if self.in_flight == 0 {
                self.write()?;
                // What was written may have led to more.
                if limit_reached {
                    return Ok(Some(End::Limit));
                }
                if self.queue.is_empty() && !self.refill()? {
                    return Ok(None);
                }
                if self.tell(watch)? {
                    return Ok(Some(End::Interrupted));
                }
                continue;
            }
            match self.receiver.recv_timeout(TICK) {
                Ok(settled) => {
                    self.take_in(settled);
                    while self.settled.len() < BATCH {
                        let Ok(settled) = self.receiver.try_recv() else { break };
                        self.take_in(settled);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is kept here"),
            }
            let waited = self.first_settled.is_some_and(|first| first.elapsed() >= BATCH_WAIT);
            if self.settled.len() >= BATCH || waited {
                self.write()?;
            }
            if self.tell(watch)? {
                return Ok(Some(End::Interrupted));
            }
            if self.tally.done() >= self.looked_at + LOOK_EVERY
                && let Some(end) = self.look()?
            {
                return Ok(Some(end));
            }
        }
    }

    /// Tells the caller how far it is, now and then. Whether the caller wants an end.
    fn tell(&mut self, watch: &mut Watch<'_>) -> Result<bool, CrawlError> {
        if self.told.elapsed() < TICK {
            return Ok(false);
        }
        self.told = Instant::now();
        let stop = watch(&self.progress()) == Control::Stop;
        if stop {
            self.write()?;
        }
        Ok(stop)
    }

    /// Gives tasks as many pages as may be in flight. Whether a limit forbids more.
    fn hand_out(&mut self) -> Result<bool, CrawlError> {
        while self.in_flight < self.options.in_flight.max(1) {
            if self.options.max_pages.is_some_and(|limit| self.handed_out >= limit) {
                return Ok(true);
            }
            if self.queue.is_empty() && !self.refill()? {
                break;
            }
            let Some(page) = self.queue.pop_front() else { break };
            if self.slow
                && let Some(settled) = work::by_list(&page, (self.now)())
            {
                self.keep(settled);
                if self.settled.len() >= BATCH {
                    break;
                }
                continue;
            }
            let (context, sender) = (Arc::clone(&self.context), self.sender.clone());
            self.runtime.spawn(async move {
                let settled = work::settle(context, page).await;
                // The receiver is gone when the crawl has ended: the page stays queued.
                drop(sender.send(settled));
            });
            self.in_flight += 1;
            self.handed_out += 1;
        }
        Ok(false)
    }

    fn refill(&mut self) -> Result<bool, CrawlError> {
        let room =
            self.options.max_pages.map_or(TAKE, |limit| (limit - self.handed_out.min(limit)).min(TAKE as u64) as usize);
        if room > 0 {
            self.queue.extend(self.ledger.take(&self.options.source, self.run.id, room, self.context.read_as())?);
        }
        Ok(!self.queue.is_empty())
    }

    fn take_in(&mut self, settled: Settled) {
        self.in_flight -= 1;
        self.keep(settled);
    }

    fn keep(&mut self, mut settled: Settled) {
        settled.discovered.retain(|page| self.seen.insert(FxBuildHasher.hash_one(&page.url)));
        self.first_settled.get_or_insert_with(Instant::now);
        self.settled.push(settled);
    }

    /// Writes what has been settled.
    fn write(&mut self) -> Result<(), CrawlError> {
        self.first_settled = None;
        if self.settled.is_empty() {
            return Ok(());
        }
        let (source, run) = (&self.options.source, self.run.id);
        let found = self.ledger.settle(source, run, self.context.read_as(), &self.settled, (self.now)())?;
        self.tally.found += found;
        self.unpublished += self.settled.iter().filter(|page| page.document.is_some()).count() as u64;
        for page in self.settled.drain(..) {
            self.tally.count(&page.outcome);
        }
        self.tally.left = self.tally.found.saturating_sub(self.tally.done());
        Ok(())
    }

    /// Counts anew, after pages were queued once more.
    fn recount(&mut self) -> Result<(), CrawlError> {
        self.tally = self.ledger.tally(&self.options.source, self.run.id)?;
        Ok(())
    }

    /// Whether the site behaves so far. Ends a crawl that has become pointless.
    fn look(&mut self) -> Result<Option<End>, CrawlError> {
        self.looked_at = self.tally.done();
        if self.known == 0 {
            return Ok(None);
        }
        let suspicion = self.ledger.suspicion(&self.options.source, self.run.id)?;
        let guard = &self.options.guard;
        Ok(guard
            .is_hopeless(&suspicion)
            .then(|| guard.judge(&suspicion, &self.options.source))
            .flatten()
            .map(End::Guarded))
    }

    fn progress(&mut self) -> Progress {
        let progress = Progress {
            listing: false,
            found: self.tally.found,
            done: self.tally.done(),
            failed: self.tally.failures(),
            unpublished: self.unpublished,
            first: self.known == 0,
        };
        if self.known == 0 {
            // The caller has been told of these.
            self.unpublished = 0;
        }
        progress
    }

    fn spend(&mut self, fetcher: &Fetcher) -> Result<(), CrawlError> {
        let hosts = fetcher.statistics();
        let requests: u64 = hosts.iter().map(|host| host.requests).sum();
        let bytes: u64 = hosts.iter().map(|host| host.transferred).sum();
        let before = std::mem::replace(&mut self.spent, (requests, bytes));
        let seconds = std::mem::replace(&mut self.clock, Instant::now()).elapsed().as_secs_f64();
        Ok(self.ledger.spend(self.run.id, requests - before.0, bytes - before.1, seconds)?)
    }

    /// Decides what the crawl means for pages that are gone, and ends the run.
    fn finish(&mut self, end: End) -> Result<(), CrawlError> {
        let (source, run) = (self.options.source.as_str(), self.run.id);
        let (state, message) = match end {
            // The run stays open: it is taken up where it was.
            End::Interrupted => return Ok(()),
            End::Failed(message) => (RunState::Failed, Some(message)),
            End::Guarded(message) => return Ok(self.ledger.end_guarded(source, run, &message, (self.now)())?),
            End::Limit | End::Complete => {
                let suspicion = self.ledger.suspicion(source, run)?;
                let tally = self.ledger.tally(source, run)?;
                if let Some(message) = self.options.guard.judge(&suspicion, source) {
                    return Ok(self.ledger.end_guarded(source, run, &message, (self.now)())?);
                }
                if let Some((code, message)) = hardly_read(&tally) {
                    let troubles = self.ledger.troubles(run, usize::MAX)?;
                    let example = troubles.into_iter().find(|trouble| trouble.code == code);
                    let example = example.map(|trouble| format!(", such as: {}", trouble.message)).unwrap_or_default();
                    (RunState::Failed, Some(format!("{message}{example}")))
                } else if matches!(end, End::Limit) {
                    (RunState::Stopped, Some(format!("it ended at its limit, {} pages are left", tally.left)))
                } else {
                    self.ledger.remove_gone(source, run)?;
                    self.ledger.remove_moved(source, run)?;
                    (RunState::Done, None)
                }
            }
        };
        let tally = self.ledger.tally(source, run)?;
        self.ledger.end(run, state, message.as_deref(), &tally, (self.now)())?;
        Ok(())
    }
}

/// A run in which most pages could not be fetched has failed: the most frequent reason, and what to say. What was read stays
/// pending.
fn hardly_read(tally: &Tally) -> Option<(String, String)> {
    let failures = tally.failures();
    let (code, _) = tally.failed.iter().max_by_key(|(_, pages)| **pages)?;
    (failures * 2 > tally.done())
        .then(|| (code.clone(), format!("{failures} of {} pages could not be fetched", tally.done())))
}
