//! One HTTP client: polite to sites, safe against them.
//!
//! *Polite*: it says who it is, does what robots.txt asks for (delays included), keeps to a rate and a number of requests
//! for each host, slows down and pauses when a host asks for it, asks conditionally, and leaves a host alone that fails
//! page after page.
//!
//! *Safe*: it follows redirects itself, and checks each of them against the scope of the crawl, robots.txt and the rule
//! about private addresses; it connects to public addresses only, unless told otherwise; it stops at limits of size, time
//! and ratio of compression; and what is cut off is never taken for a page.
//!
//! Two things cannot be seen from here. Behind a proxy it is the proxy that resolves names, so only addresses that are
//! written as numbers are checked; a proxy for crawling should have its own rule. And a plain page that a server sends
//! without a length, or with one that is too small, ends where the server says.

mod client;
mod decode;
mod error;
mod exchange;
mod guard;
mod host;
mod retry_after;
mod robots;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cloudops_ingest::web::address::Scope;
use reqwest::header::HeaderMap;
use robotxt::Robots;
use rustc_hash::FxHashMap;
use url::Url;

pub use self::error::{FetchError, shown};
pub use self::host::HostStatistics;

use self::decode::Limits;
use self::exchange::{Answer, Want};
use self::guard::{Forbidden, Rule};
use self::host::HostGate;
use self::robots::RobotsCache;

/// Hosts whose manners and statistics are kept.
const MAX_HOSTS: usize = 2_000;

/// How pages are fetched.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// What the crawler calls itself. The product at its beginning is the name that robots.txt may address.
    pub user_agent: String,
    /// Whether addresses that are not on the public internet may be asked. Metadata services of clouds never are.
    pub allow_private: bool,
    /// Through which proxy requests go.
    pub proxy: Proxy,
    /// The largest page, in bytes, both as transferred and as decoded.
    pub max_body_bytes: u64,
    /// How many bytes one transferred byte may become. It is checked from 1 MiB on.
    pub max_ratio: u32,
    /// The longest time for a connection, with resolving its name and with TLS.
    pub connect_timeout: Duration,
    /// The longest time for one try of one request, from the first byte sent to the last one read.
    pub timeout: Duration,
    /// The longest silence: before an answer, and within one.
    pub idle_timeout: Duration,
    /// Redirects that are followed for one page.
    pub max_redirects: usize,
    /// How hosts are treated.
    pub manners: Manners,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("cloudops/", env!("CARGO_PKG_VERSION"), " (documentation crawler)").to_owned(),
            allow_private: false,
            proxy: Proxy::Environment,
            max_body_bytes: 16 << 20,
            max_ratio: 200,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_secs(20),
            max_redirects: 8,
            manners: Manners::default(),
        }
    }
}

/// How one host is treated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manners {
    /// Requests at once; fewer while the host says that it is too much.
    pub concurrency: usize,
    /// Requests a second; 0 for as many as there are answers. A `Crawl-delay` of robots.txt that asks for fewer is kept, up
    /// to a minute between two requests.
    pub per_second: f64,
    /// Tries of one request, the first included.
    pub max_attempts: u32,
    /// The wait before the second try; up to twice as long before each further one, and a random part of that.
    pub first_wait: Duration,
    /// The longest single wait, whether chosen here or asked for by the host. A host that asks for a longer one is not
    /// asked again before it is over; its pages are [`FetchError::Throttled`] until then.
    pub max_wait: Duration,
    /// Pages in a row that a host may fail, after all tries, before it is left alone ([`FetchError::HostDown`]); 0 for no
    /// limit.
    pub max_failures: u32,
    /// How long it is left alone; then one request finds out whether it is back, and if not, twice as long.
    pub break_for: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            concurrency: 4,
            per_second: 10.0,
            max_attempts: 4,
            first_wait: Duration::from_millis(500),
            max_wait: Duration::from_mins(1),
            max_failures: 8,
            break_for: Duration::from_secs(30),
        }
    }
}

/// Through which proxy requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` or the system's settings say.
    Environment,
    /// This one, for everything.
    Url(String),
    /// None.
    Direct,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The address.
    pub url: Url,
    /// The `ETag` of the version that is known.
    pub etag: Option<String>,
    /// The `Last-Modified` of the version that is known, as it was sent.
    pub last_modified: Option<String>,
    /// Redirects must stay inside.
    pub scope: Option<Arc<Scope>>,
    /// The largest page, if it is not [`FetchOptions::max_body_bytes`].
    pub max_body_bytes: Option<u64>,
}

impl Request {
    /// Asks for whatever is there, and follows redirects anywhere.
    pub fn new(url: Url) -> Self {
        Self { url, etag: None, last_modified: None, scope: None, max_body_bytes: None }
    }
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Response {
    /// The version that is known is the current one.
    Unchanged {
        /// Bytes of bodies on the wire.
        transferred: u64,
    },
    /// A page.
    Fetched(Body),
}

/// A page.
#[derive(Debug, Clone)]
pub struct Body {
    /// Where it is, after redirects.
    pub url: Url,
    /// Whether there were any.
    pub redirected: bool,
    /// The HTTP status: 200, 203, or another of success without meaning here.
    pub status: u16,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `ETag` as sent.
    pub etag: Option<String>,
    /// `Last-Modified` as sent.
    pub last_modified: Option<String>,
    /// The page, decoded.
    pub bytes: Bytes,
    /// Bytes on the wire, without headers.
    pub transferred: u64,
}

/// The moment that a header such as `Last-Modified` names, in seconds since 1970; `None` for what is no date.
pub fn http_date(value: &str) -> Option<i64> {
    retry_after::http_date(value).map(jiff::Timestamp::as_second)
}

/// Fetches pages. Clones share connections, manners and what is known about hosts.
#[derive(Debug, Clone)]
pub struct Fetcher {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: FetchOptions,
    client: reqwest::Client,
    rule: Rule,
    proxies: Vec<String>,
    hosts: Mutex<FxHashMap<String, Arc<HostGate>>>,
    robots: RobotsCache,
}

impl Fetcher {
    /// Sets up a client. Nothing is asked for yet.
    pub fn new(options: FetchOptions) -> Result<Self, FetchError> {
        let (client, proxies) = client::build(&options)?;
        let shared = Shared {
            client,
            rule: Rule { allow_private: options.allow_private },
            proxies,
            hosts: Mutex::default(),
            robots: RobotsCache::default(),
            options,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Fetches a page: waits for its turn, follows redirects, tries again where that may help.
    ///
    /// Dropping the future ends the request.
    pub async fn get(&self, request: &Request) -> Result<Response, FetchError> {
        let limits = Limits {
            bytes: request.max_body_bytes.unwrap_or(self.shared.options.max_body_bytes),
            ratio: self.shared.options.max_ratio,
        };
        let want = Want { limits, cut: false, validators: exchange::validators(request) };
        let inside = |to: &Url| request.scope.as_ref().is_none_or(|scope| scope.contains(to));
        let mut hop = Hop::first(&request.url, self.shared.options.max_redirects)?;
        loop {
            self.shared.check_address(&hop.url)?;
            self.allowed(&hop.url).await?;
            match self.shared.ask(&hop.url, &want).await? {
                Answer::Unchanged { transferred } => return Ok(Response::Unchanged { transferred }),
                Answer::Body(body) => return Ok(Response::Fetched(Body { redirected: hop.seen.len() > 1, ..body })),
                Answer::Redirect(location) => hop.follow(&location, inside)?,
            }
        }
    }

    /// Whether robots.txt lets a page be fetched; fetches robots.txt if it is not known.
    pub async fn allowed(&self, url: &Url) -> Result<(), FetchError> {
        let rules = self.rules(url).await?;
        if rules.is_url_allowed(url) {
            return Ok(());
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let rule = rules.matching_rule(path).map_or_else(
            || "Disallow".to_owned(),
            |rule| {
                let pattern: String = rule.pattern().chars().filter(|c| !c.is_control()).take(100).collect();
                format!("Disallow: {pattern}")
            },
        );
        Err(FetchError::DisallowedByRobots { url: shown(url), rule })
    }

    /// The sitemaps that robots.txt of an address' origin names, in its order. They can be anywhere.
    pub async fn sitemaps(&self, origin: &Url) -> Result<Vec<Url>, FetchError> {
        Ok(self.rules(origin).await?.sitemaps().to_vec())
    }

    /// The delay between two requests that robots.txt of an address' origin asks for, as it is kept: at most a minute.
    pub async fn crawl_delay(&self, origin: &Url) -> Result<Option<Duration>, FetchError> {
        Ok(self.rules(origin).await?.crawl_delay().map(|delay| delay.min(host::LONGEST_DELAY)))
    }

    /// What was asked of every host so far, by the host's name.
    pub fn statistics(&self) -> Vec<HostStatistics> {
        let hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statistics: Vec<HostStatistics> = hosts.values().map(|host| host.statistics()).collect();
        drop(hosts);
        statistics.sort_by(|one, other| one.host.cmp(&other.host));
        statistics
    }

    /// The rules of an origin.
    async fn rules(&self, url: &Url) -> Result<Arc<Robots>, FetchError> {
        check_scheme(url)?;
        let origin = self.shared.robots.origin(&url.origin().ascii_serialization());
        let known = if let Some(known) = origin.known() {
            known
        } else {
            let _alone = origin.fetching.lock().await;
            // Another request may have fetched it meanwhile.
            match origin.known() {
                Some(known) => known,
                None => origin.learn(self.shared.fetch_robots(url).await),
            }
        };
        let rules = known.map_err(|error| about(error, url))?;
        self.shared.host(url).set_delay(rules.crawl_delay().unwrap_or_default());
        Ok(rules)
    }
}

impl Shared {
    /// What robots.txt says. What is no rule and no answer that means one is an error.
    async fn fetch_robots(&self, url: &Url) -> Result<Robots, FetchError> {
        let mut robots = url.clone();
        robots.set_path("/robots.txt");
        robots.set_query(None);
        let limits = Limits { bytes: robots::MAX_BYTES, ratio: self.options.max_ratio };
        let want = Want { limits, cut: true, validators: HeaderMap::new() };
        let mut hop = Hop::first(&robots, robots::MAX_REDIRECTS)?;
        loop {
            let error = match self.ask(&hop.url, &want).await {
                Ok(Answer::Body(body)) => {
                    return Ok(Robots::parse(&body.bytes, robots::product(&self.options.user_agent)));
                }
                // Nobody asked whether it changed.
                Ok(Answer::Unchanged { .. }) => FetchError::Refused { url: shown(&hop.url), status: 304 },
                Ok(Answer::Redirect(location)) => match hop.follow(&location, |_| true) {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Err(error) => error,
            };
            return match error {
                // The site has no robots.txt, or does not show it: everything is allowed (RFC 9309, 2.3.1.3). Too many
                // redirects count as that (2.3.1.2).
                FetchError::Gone { .. }
                | FetchError::Denied { .. }
                | FetchError::TooManyRedirects { .. }
                | FetchError::RedirectLoop { .. }
                | FetchError::BadRedirect { .. } => Ok(Robots::allow_all()),
                FetchError::Refused { status: 400..=499, .. } if !error.is_transient() => Ok(Robots::allow_all()),
                error => Err(error),
            };
        }
    }

    /// The gate of a URL's host.
    fn host(&self, url: &Url) -> Arc<HostGate> {
        let name = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(&name) {
            return Arc::clone(host);
        }
        if hosts.len() >= MAX_HOSTS {
            hosts.retain(|_, host| Arc::strong_count(host) > 1);
        }
        let host = Arc::new(HostGate::new(name.clone(), self.options.manners));
        hosts.insert(name, Arc::clone(&host));
        host
    }

    /// Refuses addresses that can be refused without resolving a name.
    fn check_address(&self, url: &Url) -> Result<(), FetchError> {
        check_scheme(url)?;
        let Some(host) = url.host() else { return Err(bad_url(url, "it has no host")) };
        if let Some((address, why)) = self.rule.forbids_literal(&host) {
            return Err(FetchError::PrivateAddress { url: shown(url), address, metadata: why == Forbidden::Metadata });
        }
        // The proxy's name is exempt from the check when names are resolved, so it must not be asked for itself.
        let name = url.host_str().unwrap_or_default();
        if !self.rule.allow_private && self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name)) {
            return Err(bad_url(url, "it is the address of the proxy"));
        }
        Ok(())
    }
}

/// One page's way through redirects.
struct Hop {
    url: Url,
    seen: Vec<Url>,
    max_redirects: usize,
}

impl Hop {
    fn first(url: &Url, max_redirects: usize) -> Result<Self, FetchError> {
        check_scheme(url)?;
        let url = bare(url.clone());
        Ok(Self { seen: vec![url.clone()], url, max_redirects })
    }

    fn follow(&mut self, location: &str, inside: impl Fn(&Url) -> bool) -> Result<(), FetchError> {
        let from = shown(&self.url);
        let bad = |reason: &str| FetchError::BadRedirect { url: from.clone(), reason: reason.to_owned() };
        let mut to = self.url.join(location.trim()).map(bare).map_err(|error| bad(&error.to_string()))?;
        if !matches!(to.scheme(), "http" | "https") {
            return Err(bad("it is not of the web"));
        }
        if self.url.scheme() == "https" && to.scheme() == "http" {
            // Sites behind a balancer that ends TLS often get their own scheme wrong.
            let upgraded = to.host() == self.url.host() && to.port().is_none() && to.set_scheme("https").is_ok();
            if !upgraded {
                return Err(FetchError::InsecureRedirect { url: from, to: shown(&to) });
            }
        }
        if !inside(&to) {
            return Err(FetchError::OutOfScope { url: from, to: shown(&to) });
        }
        if self.seen.contains(&to) {
            return Err(FetchError::RedirectLoop { url: shown(&self.seen[0]), to: shown(&to) });
        }
        if self.seen.len() > self.max_redirects {
            return Err(FetchError::TooManyRedirects { url: shown(&self.seen[0]), limit: self.max_redirects });
        }
        self.seen.push(to.clone());
        self.url = to;
        Ok(())
    }
}

/// The address without what is not sent: user, password and fragment.
fn bare(mut url: Url) -> Url {
    // Both fail only for addresses that cannot have a user or password.
    _ = url.set_username("");
    _ = url.set_password(None);
    url.set_fragment(None);
    url
}

fn check_scheme(url: &Url) -> Result<(), FetchError> {
    match url.scheme() {
        "http" | "https" => Ok(()),
        _ => Err(bad_url(url, "it is not of the web")),
    }
}

fn bad_url(url: &Url, reason: &str) -> FetchError {
    FetchError::BadUrl { url: shown(url), reason: reason.to_owned() }
}

/// An error of robots.txt as one of the page: the same where it is about the host, otherwise that the rules are unknown.
fn about(mut error: FetchError, page: &Url) -> FetchError {
    match &mut error {
        FetchError::Connect { url, .. }
        | FetchError::Tls { url, .. }
        | FetchError::Dns { url, .. }
        | FetchError::PrivateAddress { url, .. }
        | FetchError::HostDown { url, .. }
        | FetchError::Throttled { url, .. }
        | FetchError::BadUrl { url, .. }
        | FetchError::RobotsUnavailable { url, .. } => *url = shown(page),
        _ => return FetchError::RobotsUnavailable { url: shown(page), reason: error.to_string() },
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(from: &str, location: &str) -> Result<String, FetchError> {
        let mut hop = Hop::first(&Url::parse(from).unwrap(), 3)?;
        hop.follow(location, |to| to.host_str() != Some("outside"))?;
        Ok(hop.url.into())
    }

    #[test]
    fn redirects_are_resolved_and_judged() {
        assert_eq!(follow("https://h/a/b?q", "../c#f").unwrap(), "https://h/c");
        assert_eq!(follow("https://h/a", "https://me:word@other/x").unwrap(), "https://other/x");
        assert_eq!(follow("http://h/a", "https://h/a").unwrap(), "https://h/a");
        assert_eq!(follow("https://h/a", "http://h/b").unwrap(), "https://h/b", "secured, as it was");
        for (location, code) in [
            ("http://other/b", "insecure_redirect"),
            ("http://h:8080/b", "insecure_redirect"),
            ("file:///etc/passwd", "bad_redirect"),
            ("javascript:alert(1)", "bad_redirect"),
            ("https://", "bad_redirect"),
            ("https://outside/", "out_of_scope"),
            ("https://h/a", "redirect_loop"),
            ("#there", "redirect_loop"),
        ] {
            assert_eq!(follow("https://h/a", location).unwrap_err().code(), code, "{location}");
        }
    }

    #[test]
    fn redirects_end() {
        let mut hop = Hop::first(&Url::parse("https://h/0").unwrap(), 3).unwrap();
        for next in 1..=3 {
            hop.follow(&format!("/{next}"), |_| true).unwrap();
        }
        assert_eq!(hop.follow("/4", |_| true).unwrap_err().code(), "too_many_redirects");
    }

    #[test]
    fn an_error_is_small() {
        assert!(size_of::<FetchError>() <= 128);
    }
}
