//! How a site is started, and what can be switched while it runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::compress::Encoding;
use crate::content::Source;

/// How a site is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where pages come from.
    pub source: Source,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where guides lie, by the name of their folder: `amazon-ec2-user-guide` → `/AWSEC2/latest/UserGuide/`. The others lie
    /// at `/<guide>/latest/userguide/`.
    pub prefixes: BTreeMap<String, String>,
    /// How many bytes of rendered pages are kept.
    pub cache_bytes: usize,
    /// Whether pages are rendered before the site starts, so that it takes no processor time from what is measured.
    pub warm: bool,
    /// What can be switched later too.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: Source::Sample,
            port: 0,
            prefixes: BTreeMap::new(),
            cache_bytes: 128 * 1024 * 1024,
            warm: false,
            settings: Settings::default(),
        }
    }
}

/// What can be switched while the site runs.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long every answer is held back, in milliseconds.
    pub latency_ms: u64,
    /// Whether answers have an `ETag`, and `If-None-Match` is honoured.
    pub etag: bool,
    /// Whether answers have `Last-Modified`, and `If-Modified-Since` is honoured.
    pub last_modified: bool,
    /// The encodings on offer, the one that is liked best first.
    pub encodings: Vec<Encoding>,
    /// What robots.txt says.
    pub robots: Robots,
    /// Whether there are sitemaps.
    pub sitemaps: bool,
    /// Whether sitemaps name the time of the last change.
    pub sitemap_lastmod: bool,
    /// Whether the sitemap index names `sitemap.xml.gz` instead of `sitemap.xml`; both are served.
    pub gzip_sitemaps: bool,
    /// Whether guides have `toc-contents.json`.
    pub toc: bool,
    /// Whether there is `llms.txt`.
    pub llms: bool,
    /// Whether every page `x.html` has a twin `x.md`.
    pub markdown: bool,
    /// Whether there are an RSS and an Atom feed.
    pub feeds: bool,
    /// Locales that every page is also served in, such as `de_de`.
    pub locales: Vec<String>,
    /// Whether every page links to the calendar of its guide, which has no end.
    pub calendar: bool,
    /// The status of deleted pages: 404 or 410.
    pub gone_status: u16,
    /// Scheme and host of absolute addresses, without a slash at the end. What the client called the site by default.
    pub base_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            etag: true,
            last_modified: true,
            encodings: vec![Encoding::Brotli, Encoding::Gzip, Encoding::Zstd],
            robots: Robots::default(),
            sitemaps: true,
            sitemap_lastmod: true,
            gzip_sitemaps: false,
            toc: true,
            llms: true,
            markdown: true,
            feeds: true,
            locales: vec!["de_de".to_owned(), "ja_jp".to_owned()],
            calendar: false,
            gone_status: 404,
            base_url: None,
        }
    }
}

impl Settings {
    /// These settings with some replaced by an object of changes.
    pub fn laid_over(&self, changes: &serde_json::Map<String, serde_json::Value>) -> serde_json::Result<Self> {
        let mut settings = serde_json::to_value(self)?;
        for (name, change) in changes {
            settings[name.as_str()] = change.clone();
        }
        serde_json::from_value(settings)
    }
}

/// What robots.txt says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Robots {
    /// The whole file, in which case nothing else counts.
    pub text: Option<String>,
    /// Paths that nobody may ask for.
    pub disallow: Vec<String>,
    /// Seconds between two requests.
    pub crawl_delay: Option<f64>,
}

impl Robots {
    /// Nobody may read anything.
    pub fn disallow_all() -> Self {
        Self { disallow: vec!["/".to_owned()], ..Self::default() }
    }
}

impl Default for Robots {
    fn default() -> Self {
        Self { text: None, disallow: vec!["/private/".to_owned()], crawl_delay: None }
    }
}
