//! A running site, and what tests do with it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::compress::Encoding;
use crate::content::{Content, UnknownPage};
use crate::faults::{Rule, Rules};
use crate::http::Request;
use crate::routes;
use crate::serve;
use crate::settings::{Options, Settings};
use crate::statistics::{Counters, Seen, Statistics};

/// A site that is served by a thread of its own until this is dropped.
pub struct Site {
    state: Arc<State>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Starts a site on 127.0.0.1. It answers as soon as this returns.
    pub fn start(options: Options) -> io::Result<Self> {
        let state = Arc::new(State {
            content: RwLock::new(Content::load(&options.source, &options.prefixes)?),
            settings: RwLock::new(Arc::new(options.settings)),
            rules: Mutex::default(),
            counters: Counters::new(),
            cache: Cache { limit: options.cache_bytes, kept: Mutex::default() },
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        if options.warm {
            warm(&state, address);
        }
        // One thread: what is measured needs the other processors.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("site".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve::serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { state, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Paths of all pages, sorted.
    pub fn pages(&self) -> Vec<String> {
        self.state.content().paths()
    }

    /// Paths of all guides, sorted by the name of their folder. Each ends with a slash.
    pub fn guides(&self) -> Vec<String> {
        self.state.content().guides.values().map(|guide| guide.prefix.clone()).collect()
    }

    /// The Markdown that the page at `path` is made of, as it is now.
    pub fn text(&self, path: &str) -> Option<String> {
        let page = self.state.content().pages.get(path).cloned()?;
        page.text().ok()
    }

    /// Appends Markdown to a page.
    pub fn append(&self, path: &str, markdown: &str) -> Result<(), UnknownPage> {
        self.state.change_content().append(path, markdown)
    }

    /// Replaces the Markdown of a page.
    pub fn replace(&self, path: &str, markdown: &str) -> Result<(), UnknownPage> {
        self.state.change_content().replace(path, markdown)
    }

    /// Deletes a page. It is gone from sitemaps and tables of contents too; links to it stay.
    pub fn delete(&self, path: &str) -> Result<(), UnknownPage> {
        self.state.change_content().delete(path)
    }

    /// Adds a page to the guide that `path` lies in, or replaces the page that is there.
    pub fn add(&self, path: &str, markdown: &str) -> Result<(), UnknownPage> {
        self.state.change_content().add(path, markdown)
    }

    /// Gives a page another address in its guide or another one. The old one redirects to it (301), or is gone.
    pub fn rename(&self, from: &str, to: &str, redirect: bool) -> Result<(), UnknownPage> {
        self.state.change_content().rename(from, to, redirect)
    }

    /// Changes what is around the text of the pages that match a pattern: their validators change and their text does not.
    /// Returns how many there are.
    pub fn rebuild(&self, pattern: &str) -> usize {
        self.state.change_content().rebuild(pattern)
    }

    /// Appends a sentence to a share (0 to 1) of all pages, spread evenly, and returns their paths.
    pub fn change_fraction(&self, fraction: f64) -> Vec<String> {
        self.state.change_content().change_fraction(fraction)
    }

    /// Adds an entry to the feeds, and its page. Returns the path of the page.
    pub fn announce(&self, title: &str, summary_html: &str) -> String {
        self.state.change_content().announce(title, summary_html, Timestamp::now().as_second())
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.state.settings())
    }

    /// Changes settings: `site.set(|settings| settings.latency_ms = 10)`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(Arc::make_mut(&mut self.state.settings.write().unwrap_or_else(PoisonError::into_inner)));
    }

    /// Adds a rule of misbehaviour. Of several rules for a path the first that was added counts, until it is used up.
    pub fn misbehave(&self, rule: Rule) {
        self.state.rules().add(rule);
    }

    /// Takes back every rule of misbehaviour. Answers that are under way go on as they began.
    pub fn behave(&self) {
        self.state.rules().clear();
    }

    /// Counters since the start or the last reset.
    pub fn statistics(&self) -> Statistics {
        self.state.counters.snapshot()
    }

    /// The latest 20,000 requests in the order in which they came.
    pub fn requests(&self) -> Vec<Seen> {
        self.state.counters.seen()
    }

    /// Starts counting anew.
    pub fn reset_statistics(&self) {
        self.state.counters.reset();
    }

    /// Waits until the thread ends, which it does when the process is asked to.
    pub fn wait(mut self) {
        let stop = self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            drop(thread.join());
        }
        drop(stop);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Dropping the sender wakes the thread, and the runtime ends with every connection that is still open.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Site").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Renders every page in every encoding that is on offer, for a client that calls the site by its address.
fn warm(state: &State, address: SocketAddr) {
    let encodings = state.settings().encodings.clone();
    for path in state.content().paths() {
        for encoding in &encodings {
            // Only what it leaves in the cache is wanted.
            drop(routes::answer(state, &Request::get(&path, &address.to_string(), *encoding)));
        }
    }
}

/// What tests change and connections read.
#[derive(Debug)]
pub(crate) struct State {
    content: RwLock<Content>,
    settings: RwLock<Arc<Settings>>,
    rules: Mutex<Rules>,
    pub(crate) counters: Counters,
    pub(crate) cache: Cache,
}

impl State {
    pub(crate) fn content(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change_content(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    pub(crate) fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rendered and compressed pages by version. When it is full, what is there stays: crawlers go round in circles, for which
/// throwing out the oldest would be worst.
#[derive(Debug)]
pub(crate) struct Cache {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    bodies: HashMap<(u64, Encoding), Bytes>,
    /// Sum of their lengths.
    bytes: usize,
}

impl Cache {
    pub(crate) fn get_or(&self, key: (u64, Encoding), make: impl FnOnce() -> io::Result<Bytes>) -> io::Result<Bytes> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept().bodies.get(&key) {
            return Ok(found.clone());
        }
        let made = make()?;
        let mut kept = kept();
        if kept.bytes + made.len() <= self.limit {
            kept.bytes += made.len();
            kept.bodies.insert(key, made.clone());
        }
        Ok(made)
    }
}
