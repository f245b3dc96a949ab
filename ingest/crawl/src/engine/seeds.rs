//! Where the pages of a site are listed: robots.txt, sitemaps, tables of contents, feeds, `llms.txt`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cloudops_ingest::ledger::{Discovered, FoundBy, LedgerError, Trouble};
use cloudops_ingest::web::{address, feed, llms, sitemap, toc};
use futures_util::stream::{FuturesUnordered, StreamExt};
use rustc_hash::FxHashSet;
use serde::Serialize;
use url::Url;

use super::options::{CrawlOptions, Seed, SeedOf};
use super::site::Site;
use super::work::in_full;
use crate::fetch::{FetchError, Fetcher, Request, Response, shown};

/// Sitemaps that are read for one source; an index of indexes ends here.
const MAX_SITEMAPS: usize = 5_000;
/// Lists that are fetched at once.
const AT_ONCE: usize = 8;
/// A list may be larger than a page: 50 MB is what the sitemap protocol allows.
const MAX_LIST_BYTES: u64 = 50 * 1024 * 1024;
/// How often whoever waits is asked whether to go on.
const TICK: Duration = Duration::from_millis(200);
/// Troubles that are kept.
const MAX_TROUBLES: usize = 200;

/// What the lists came to.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Whether every guide has a list that was read to its end.
    pub(super) complete: bool,
    /// Whether `llms.txt` lists Markdown twins.
    pub(super) twins: bool,
    /// Lists that were there.
    read: usize,
    pub(super) troubles: Vec<Trouble>,
}

/// What reading the lists of one guide came to.
#[derive(Debug, Default, Clone, Copy)]
struct Lists {
    /// Lists that were read to their end.
    whole: usize,
    /// Lists that exist, or may, and could not be read to their end.
    broken: usize,
}

/// A list to be fetched.
#[derive(Debug, Clone)]
struct Wanted {
    seed: Seed,
    guide: Option<String>,
    optional: bool,
}

/// What one list says.
enum Said {
    Pages { pages: Vec<Discovered>, more: Vec<Wanted>, whole: bool, twins: bool },
    Failed { error: String, code: String, missing: bool },
}

/// Reads all lists and gives the pages in scope to `sink`, list by list, until it answers `false`.
pub(super) async fn list(
    site: &Site,
    options: &CrawlOptions,
    mut sink: impl FnMut(Vec<Discovered>) -> Result<bool, LedgerError>,
) -> Result<Listed, LedgerError> {
    let wanted = |of: &SeedOf| Wanted { seed: of.seed.clone(), guide: of.guide.clone(), optional: of.optional };
    let mut queue: VecDeque<Wanted> = options.seeds.iter().map(wanted).collect();
    let mut seen: FxHashSet<Url> = FxHashSet::default();
    let mut lists: BTreeMap<Option<String>, Lists> =
        options.seeds.iter().map(|of| (of.guide.clone(), Lists::default())).collect();
    let mut listed = Listed::default();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(next) = queue.pop_front()
        {
            // robots.txt is fetched as such, beside whatever else is at its origin.
            let is_robots = matches!(next.seed, Seed::Robots(_));
            if is_robots || (seen.len() < MAX_SITEMAPS && seen.insert(next.seed.url().clone())) {
                running.push(read(site, options, next));
            }
        }
        let next = tokio::time::timeout(TICK, running.next()).await;
        let Ok(next) = next else {
            // Nothing yet: whoever waits may have had enough.
            if sink(Vec::new())? {
                continue;
            }
            return Ok(listed);
        };
        let Some((from, said)) = next else { break };
        let group = lists.entry(from.guide.clone()).or_default();
        match said {
            Said::Pages { pages, more, whole, twins } => {
                listed.twins |= twins;
                // A list of lists says nothing by itself, and neither does a page, nor a feed of the latest ones.
                let lists = matches!(from.seed, Seed::Sitemap(_) | Seed::Toc(_) | Seed::Llms(_));
                listed.read += usize::from(lists || matches!(from.seed, Seed::Feed(_)));
                let only_leads_on = pages.is_empty() && !more.is_empty();
                if lists && !whole {
                    group.broken += 1;
                } else if lists && !only_leads_on {
                    group.whole += 1;
                }
                queue.extend(more);
                if !pages.is_empty() && !sink(pages)? {
                    return Ok(listed);
                }
            }
            Said::Failed { error, code, missing } => {
                if !(missing && from.optional) {
                    group.broken += usize::from(!missing);
                    if listed.troubles.len() < MAX_TROUBLES {
                        listed.troubles.push(Trouble { url: shown(from.seed.url()), code, message: error });
                    }
                }
            }
        }
    }
    listed.complete = lists.values().all(|lists| lists.whole > 0 && lists.broken == 0);
    Ok(listed)
}

async fn read(site: &Site, options: &CrawlOptions, wanted: Wanted) -> (Wanted, Said) {
    let said = match &wanted.seed {
        Seed::Page(url) => Said::Pages {
            pages: found([(url.clone(), None)], &wanted, options, FoundBy::Start),
            more: Vec::new(),
            whole: true,
            twins: false,
        },
        Seed::Robots(origin) => match site.sitemaps(origin).await {
            Ok(sitemaps) => Said::Pages {
                pages: Vec::new(),
                more: sitemaps
                    .into_iter()
                    .filter(|url| may_matter(url, options))
                    .map(|url| below(&wanted, url))
                    .collect(),
                whole: true,
                twins: false,
            },
            Err(error) => failed(&error),
        },
        _ => match fetch(site, wanted.seed.url()).await {
            Ok((url, bytes)) => understand(site, &url, &bytes, &wanted, options),
            Err(error) => failed(&error),
        },
    };
    (wanted, said)
}

async fn fetch(site: &Site, url: &Url) -> Result<(Url, bytes::Bytes), FetchError> {
    match site.list(url, MAX_LIST_BYTES).await? {
        Response::Fetched(body) => Ok((body.url, body.bytes)),
        // Nobody asked whether it changed; a server that says so all the same has nothing to list.
        Response::Unchanged { .. } => Ok((url.clone(), bytes::Bytes::new())),
    }
}

fn failed(error: &FetchError) -> Said {
    Said::Failed {
        error: in_full(error),
        code: error.code().to_owned(),
        missing: matches!(error, FetchError::Gone { .. } | FetchError::Denied { .. }),
    }
}

fn understand(site: &Site, url: &Url, bytes: &[u8], wanted: &Wanted, options: &CrawlOptions) -> Said {
    let unreadable = |error: &dyn std::fmt::Display| Said::Failed {
        error: format!("`{}` cannot be read: {error}", shown(wanted.seed.url())),
        code: "bad_list".to_owned(),
        missing: false,
    };
    match &wanted.seed {
        Seed::Sitemap(_) => match sitemap::parse(bytes) {
            Ok(parsed) => {
                let whole = parsed.left_out.is_complete();
                match parsed.sitemap {
                    sitemap::Sitemap::Index(entries) => Said::Pages {
                        pages: Vec::new(),
                        more: entries
                            .into_iter()
                            .map(|entry| site.back(&entry.url))
                            .filter(|url| may_matter(url, options))
                            .map(|url| below(wanted, url))
                            .collect(),
                        whole,
                        twins: false,
                    },
                    sitemap::Sitemap::Pages(entries) => {
                        let entries = entries.into_iter().map(|entry| (site.back(&entry.url), entry.modified));
                        let pages = found(entries, wanted, options, FoundBy::Sitemap);
                        Said::Pages { pages, more: Vec::new(), whole, twins: false }
                    }
                }
            }
            Err(error) => unreadable(&error),
        },
        Seed::Toc(_) => match toc::parse(bytes, url) {
            Ok(toc) => {
                let whole = toc.left_out.is_complete();
                let urls = toc.entries.into_iter().map(|entry| (site.back(&entry.url), None));
                let more = toc
                    .includes
                    .iter()
                    .map(|include| Wanted { seed: Seed::Toc(site.back(&include.url)), ..wanted.clone() });
                Said::Pages {
                    more: more.collect(),
                    pages: found(urls, wanted, options, FoundBy::Toc),
                    whole,
                    twins: false,
                }
            }
            Err(error) => unreadable(&error),
        },
        Seed::Feed(_) => match feed::parse(bytes, Some(url)) {
            Ok(feed) => Said::Pages {
                pages: found(
                    feed.entries.into_iter().map(|entry| (site.back(&entry.url), entry.updated.or(entry.published))),
                    wanted,
                    options,
                    FoundBy::Feed,
                ),
                more: Vec::new(),
                whole: true,
                twins: false,
            },
            Err(error) => unreadable(&error),
        },
        Seed::Llms(_) => match llms::parse(bytes, url) {
            Ok(parsed) => {
                let (indexes, links): (Vec<_>, Vec<_>) = parsed.links.into_iter().partition(llms::Link::is_index);
                let twins = links.iter().any(|link| llms::page_of_twin(&link.url).is_some());
                let page = |link: llms::Link| llms::page_of_twin(&link.url).unwrap_or(link.url);
                let urls = links.into_iter().map(|link| (site.back(&page(link)), None));
                Said::Pages {
                    pages: found(urls, wanted, options, FoundBy::Llms),
                    more: indexes
                        .into_iter()
                        .map(|link| site.back(&link.url))
                        .filter(|url| may_matter(url, options))
                        .map(|url| Wanted { seed: Seed::Llms(url), optional: true, ..wanted.clone() })
                        .collect(),
                    whole: true,
                    twins,
                }
            }
            Err(error) => unreadable(&error),
        },
        Seed::Page(_) | Seed::Robots(_) => unreadable(&"it is no list"),
    }
}

fn below(parent: &Wanted, url: Url) -> Wanted {
    Wanted { seed: Seed::Sitemap(url), guide: parent.guide.clone(), optional: parent.optional }
}

/// Whether a list can name pages in scope: it stands above them, or among them. The sitemap protocol lets a sitemap name
/// only what stands below its own folder, unless robots.txt of another host says otherwise.
fn may_matter(list: &Url, options: &CrawlOptions) -> bool {
    let folder = |url: &Url| url.path().rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
    let at = folder(list);
    options.prefixes.iter().any(|prefix| {
        let inside = folder(prefix);
        prefix.host_str() == list.host_str() && (inside.starts_with(&at) || at.starts_with(&inside))
    })
}

/// The addresses in scope, with what a list says of when they changed.
fn found(
    urls: impl IntoIterator<Item = (Url, Option<i64>)>,
    wanted: &Wanted,
    options: &CrawlOptions,
    found_by: FoundBy,
) -> Vec<Discovered> {
    urls.into_iter()
        .filter_map(|(url, listed)| {
            let url = options.scope.admit(address::canonical(url.as_str(), None)?)?;
            let meant = found_by == FoundBy::Start || (options.include.contains(&url) && !address::is_asset(&url));
            meant.then(|| Discovered {
                guide: options.guide_of(&url).map(|guide| guide.id.clone()).or_else(|| wanted.guide.clone()),
                url: url.into(),
                depth: 0,
                found_by,
                listed,
            })
        })
        .collect()
}

/// What a site would give, found out without keeping anything.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Probe {
    /// Pages in scope that are listed.
    pub pages: u64,
    /// The same by guide; pages of none are under an empty name.
    pub by_guide: BTreeMap<String, u64>,
    /// Some of their addresses.
    pub examples: Vec<String>,
    /// Whether every list could be read.
    pub complete: bool,
    /// Whether a list or one of the pages to begin with was there.
    pub reachable: bool,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
}

/// Reads the lists of a site and counts what is in them. Fetches no page, unless a page is all there is to begin with.
pub fn probe(options: &CrawlOptions) -> Result<Probe, super::CrawlError> {
    let site = Site::new(Fetcher::new(options.fetch.clone()).map_err(super::CrawlError::Client)?, options);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(super::CrawlError::Runtime)?;
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let mut probe = Probe::default();
    let listed = runtime.block_on(list(&site, options, |pages| {
        for page in pages {
            if seen.contains(&page.url) {
                continue;
            }
            probe.pages += 1;
            *probe.by_guide.entry(page.guide.unwrap_or_default()).or_default() += 1;
            if probe.examples.len() < 5 {
                probe.examples.push(page.url.clone());
            }
            seen.insert(page.url);
        }
        Ok(true)
    }))?;
    // Where nothing is listed, the pages to begin with must at least be there.
    let starts = options.seeds.iter().filter(|of| matches!(of.seed, Seed::Page(_)));
    let mut troubles = listed.troubles;
    let mut reachable = listed.read > 0;
    for start in starts.take(8) {
        match runtime.block_on(site.page(Request::new(start.seed.url().clone()))) {
            Ok(_) => reachable = true,
            Err(error) => troubles.push(Trouble {
                url: shown(start.seed.url()),
                code: error.code().to_owned(),
                message: in_full(&error),
            }),
        }
    }
    Ok(Probe { complete: listed.complete, reachable, troubles, ..probe })
}
