//! Which addresses a crawl may go to.

use std::fmt;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rustc_hash::{FxHashMap, FxHashSet};
use url::Url;

use super::locale::{is_english, locale};

/// The longest path, in bytes, that is not a trap.
const MAX_PATH: usize = 400;
/// The most folders of a path.
const MAX_SEGMENTS: usize = 24;
/// The most parameters of an address: more are the settings of a list, which has a page for every combination of them.
const MAX_PARAMETERS: usize = 6;
/// The longest query, in bytes.
const MAX_QUERY: usize = 300;
/// How often a folder may occur in a path: a link that is relative by mistake repeats it without end.
const MAX_REPEATS: usize = 2;
/// The most prefixes and globs: enough for every guide there is, few enough to be no load.
const MAX_RULES: usize = 20_000;

/// Which languages a crawl is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locales {
    /// Pages in the language of the prefix that they are under; English, if it names none.
    #[default]
    OfPrefix,
    /// Pages in any language.
    Any,
}

/// The scope of a crawl is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Nothing would be in it.
    #[error("a scope needs at least one address to be under")]
    Empty,
    /// A prefix is an address of something else.
    #[error("`{0}` is not an address of the web")]
    NotWeb(String),
    /// An exclude pattern cannot be read.
    #[error("failed to read the pattern `{pattern}`: {reason}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There are more prefixes or patterns than anybody needs.
    #[error("a scope has at most {MAX_RULES} addresses and patterns")]
    TooMany,
}

/// The addresses that a crawl may go to: those under a prefix, without those that a pattern excludes and without traps.
///
/// A prefix ends between folders: `https://host/a/b/` and `https://host/a/b` hold `/a/b` and `/a/b/c`, and never
/// `/a/bc`. Hosts and ports must be equal. Where a prefix is `http`, the `https` of the same host is in it, never the
/// other way round; [`Scope::admit`] takes links that were written before a site had `https`.
///
/// In exclude patterns `*` stands for any characters, slashes included. A pattern with `://` is compared with the whole
/// address, any other with path and query: `/a/*` from the root, `old-*.html` at any depth.
#[derive(Clone)]
pub struct Scope {
    hosts: FxHashMap<String, Vec<Site>>,
    exclude: Excluded,
    locales: Locales,
}

#[derive(Debug, Clone)]
struct Site {
    secure: bool,
    port: u16,
    /// Paths without the slash at their end.
    paths: FxHashSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Excluded {
    paths: GlobSet,
    addresses: GlobSet,
}

impl Scope {
    /// Makes a scope of prefixes and patterns of what is not in it.
    pub fn new(prefixes: Vec<Url>, exclude: &[String]) -> Result<Self, ScopeError> {
        if prefixes.is_empty() {
            return Err(ScopeError::Empty);
        }
        if prefixes.len() > MAX_RULES || exclude.len() > MAX_RULES {
            return Err(ScopeError::TooMany);
        }
        let mut hosts: FxHashMap<String, Vec<Site>> = FxHashMap::default();
        for prefix in prefixes {
            let Some(url) = super::canonical(prefix.as_str(), None) else {
                return Err(ScopeError::NotWeb(prefix.into()));
            };
            let Some((host, secure, port)) = place(&url) else { continue };
            let path = url.path().trim_end_matches('/').to_owned();
            let sites = hosts.entry(host.to_owned()).or_default();
            match sites.iter_mut().find(|site| site.secure == secure && site.port == port) {
                Some(site) => _ = site.paths.insert(path),
                None => sites.push(Site { secure, port, paths: FxHashSet::from_iter([path]) }),
            }
        }
        Ok(Self { hosts, exclude: Excluded::new(exclude)?, locales: Locales::default() })
    }

    /// The same scope for other languages.
    #[must_use]
    pub fn with_locales(mut self, locales: Locales) -> Self {
        self.locales = locales;
        self
    }

    /// Whether a crawl may go to an address. The address should be canonical.
    pub fn contains(&self, url: &Url) -> bool {
        !is_trap(url) && self.is_under_prefix(url) && !self.exclude.matches(url)
    }

    /// The form in which a link belongs to the scope: itself, or with `https` where it was written with `http`.
    pub fn admit(&self, url: Url) -> Option<Url> {
        if self.contains(&url) {
            return Some(url);
        }
        if url.scheme() != "http" || url.port().is_some() {
            return None;
        }
        let mut secure = url;
        secure.set_scheme("https").ok()?;
        self.contains(&secure).then_some(secure)
    }

    /// The hosts of its prefixes, in no order.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    fn is_under_prefix(&self, url: &Url) -> bool {
        let Some((host, secure, port)) = place(url) else { return false };
        let Some(sites) = self.hosts.get(host) else { return false };
        let path = url.path();
        sites.iter().any(|site| {
            let same = site.secure == secure && site.port == port;
            let upgraded = !site.secure && secure && site.port == 80 && port == 443;
            (same || upgraded) && self.holds(site, url, path)
        })
    }

    /// Looks the path and its folders up, longest first, so that the number of prefixes does not matter.
    fn holds(&self, site: &Site, url: &Url, path: &str) -> bool {
        let mut under = path.trim_end_matches('/');
        loop {
            if site.paths.contains(under) && self.in_language(under, url) {
                return true;
            }
            match under.rfind('/') {
                Some(at) => under = &under[..at],
                None => return false,
            }
        }
    }

    fn in_language(&self, prefix: &str, url: &Url) -> bool {
        match self.locales {
            Locales::Any => true,
            // A prefix that goes beyond the root has the folder of the language in it, if there is one.
            Locales::OfPrefix => !prefix.is_empty() || locale(url).is_none_or(is_english),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("hosts", &self.hosts).field("locales", &self.locales).finish_non_exhaustive()
    }
}

impl Excluded {
    fn new(patterns: &[String]) -> Result<Self, ScopeError> {
        let (mut paths, mut addresses) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let bad = |error: globset::Error| ScopeError::BadPattern {
                pattern: pattern.clone(),
                reason: error.kind().to_string(),
            };
            if pattern.contains("://") {
                addresses.add(Glob::new(pattern).map_err(bad)?);
            } else if pattern.starts_with(['/', '*']) {
                paths.add(Glob::new(pattern).map_err(bad)?);
            } else {
                paths.add(Glob::new(&format!("*/{pattern}")).map_err(bad)?);
            }
        }
        let build = |set: GlobSetBuilder| {
            set.build().map_err(|error| ScopeError::BadPattern {
                pattern: patterns.join(" "),
                reason: error.kind().to_string(),
            })
        };
        Ok(Self { paths: build(paths)?, addresses: build(addresses)? })
    }

    fn matches(&self, url: &Url) -> bool {
        (!self.paths.is_empty() && self.paths.is_match(&url[url::Position::BeforePath..url::Position::AfterQuery]))
            || (!self.addresses.is_empty() && self.addresses.is_match(url.as_str()))
    }
}

/// Host, whether it is `https`, and port.
fn place(url: &Url) -> Option<(&str, bool, u16)> {
    let secure = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    Some((url.host_str()?, secure, url.port_or_known_default()?))
}

/// Whether an address looks like one of a place that has no end: very long, many parameters, folders that repeat.
fn is_trap(url: &Url) -> bool {
    let path = url.path();
    if path.len() > MAX_PATH {
        return true;
    }
    if let Some(query) = url.query()
        && (query.len() > MAX_QUERY || query.split('&').count() > MAX_PARAMETERS)
    {
        return true;
    }
    // At most a few dozen, so comparing all with all is nothing.
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).take(MAX_SEGMENTS + 1).collect();
    segments.len() > MAX_SEGMENTS
        || segments.iter().any(|segment| segments.iter().filter(|other| *other == segment).count() > MAX_REPEATS)
}
