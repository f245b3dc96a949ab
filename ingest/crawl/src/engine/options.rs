//! What is crawled, and how.

use std::sync::Arc;

use cloudops_ingest::EXTRACTOR_VERSION;
use cloudops_ingest::web::address::Scope;
use cloudops_ingest::web::page::PageOptions;
use globset::{Glob, GlobSet, GlobSetBuilder};
use url::Url;

use super::guard::Guard;
use super::site::Mirror;
use crate::fetch::FetchOptions;

/// Everything that a crawl needs to know.
#[derive(Debug, Clone)]
pub struct CrawlOptions {
    /// Name of the source: the first part of every document id.
    pub source: String,
    /// Kind of the source, such as `aws-docs`.
    pub kind: String,
    /// Where pages are listed.
    pub seeds: Vec<SeedOf>,
    /// What belongs to it.
    pub scope: Arc<Scope>,
    /// What the addresses of the scope begin with.
    pub prefixes: Vec<Url>,
    /// The patterns that the scope leaves out.
    pub exclude: Vec<String>,
    /// Which pages of the scope are meant.
    pub include: Include,
    /// How pages are read that belong to none of `guides`.
    pub pages: PageOptions,
    /// Parts of the site with a guide and services of their own.
    pub guides: Vec<GuidePages>,
    /// Whether links of pages are followed.
    pub follow_links: bool,
    /// Links between a page and the nearest listed one, at most.
    pub max_depth: u32,
    /// Pages that are fetched in one run, at most.
    pub max_pages: Option<u64>,
    /// Pages in work at once, over all hosts.
    pub in_flight: usize,
    /// The HTTP client.
    pub fetch: FetchOptions,
    /// When a site is not believed.
    pub guard: Guard,
    /// Take up a run that was cut off.
    pub resume: bool,
    /// Where pages are fetched from instead.
    pub mirror: Option<Mirror>,
    /// Use the Markdown twins of pages where `llms.txt` lists them.
    pub twins: bool,
}

/// Patterns of the pages that are meant; without any, all are. Pages to begin with are read whatever they say.
#[derive(Debug, Clone, Default)]
pub struct Include {
    patterns: Vec<String>,
    set: Option<GlobSet>,
}

impl Include {
    /// Makes them of globs that are compared with path and query; one without `/` matches at any depth.
    pub fn new(patterns: &[String]) -> Result<Self, globset::Error> {
        if patterns.is_empty() {
            return Ok(Self::default());
        }
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let anywhere = if pattern.starts_with('/') { pattern.clone() } else { format!("**/{pattern}") };
            set.add(Glob::new(&anywhere)?);
        }
        Ok(Self { patterns: patterns.to_vec(), set: Some(set.build()?) })
    }

    /// Whether a page is meant.
    pub(super) fn contains(&self, url: &Url) -> bool {
        self.set.as_ref().is_none_or(|set| set.is_match(&url[url::Position::BeforePath..url::Position::AfterQuery]))
    }
}

/// A part of a site.
#[derive(Debug, Clone)]
pub struct GuidePages {
    /// Id in the catalogue.
    pub id: String,
    /// What its addresses begin with.
    pub prefix: Url,
    /// How its pages are read.
    pub options: PageOptions,
}

/// A place that lists pages, or a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seed {
    /// A page to begin with.
    Page(Url),
    /// A sitemap, or a list of sitemaps.
    Sitemap(Url),
    /// The sitemaps that robots.txt of an origin names.
    Robots(Url),
    /// A table of contents, `toc-contents.json`.
    Toc(Url),
    /// RSS or Atom.
    Feed(Url),
    /// `llms.txt`.
    Llms(Url),
}

impl Seed {
    /// Its address.
    pub fn url(&self) -> &Url {
        match self {
            Self::Page(url)
            | Self::Sitemap(url)
            | Self::Robots(url)
            | Self::Toc(url)
            | Self::Feed(url)
            | Self::Llms(url) => url,
        }
    }
}

/// A seed, and what it is a seed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedOf {
    /// The seed.
    pub seed: Seed,
    /// Id of the guide; seeds of one guide stand in for each other.
    pub guide: Option<String>,
    /// Whether the site may well not have it: that it is missing is no trouble.
    pub optional: bool,
}

impl CrawlOptions {
    /// What decides which pages belong to the source. A run that was cut off is taken up only with the same.
    pub(super) fn fingerprint(&self) -> String {
        hash(&format!(
            "{:?}",
            (
                &self.source,
                &self.kind,
                &self.seeds,
                &self.prefixes,
                &self.exclude,
                &self.include.patterns,
                self.follow_links,
                self.max_depth
            )
        ))
    }

    /// What decides what a page is read as. Pages that were read otherwise are read again.
    pub(super) fn read_as(&self) -> String {
        let guides: Vec<_> = self.guides.iter().map(|guide| (&guide.prefix, &guide.options)).collect();
        hash(&format!("{:?}", (EXTRACTOR_VERSION, &self.pages, guides)))
    }
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}
