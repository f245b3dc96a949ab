//! The site as the crawl sees it: under its public addresses, wherever it is really fetched from.

use std::sync::Arc;
use std::time::Duration;

use cloudops_ingest::web::address::Scope;
use url::Url;

use super::options::CrawlOptions;
use crate::fetch::{Body, FetchError, Fetcher, Request, Response};

/// A delay between requests from which on the dates of sitemaps are believed.
const SLOW: Duration = Duration::from_secs(1);

/// Another place that serves the pages of a site under the same paths: a cache in the company's network, a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The site, such as `https://docs.aws.amazon.com/`.
    pub of: Url,
    /// Where its pages are fetched from.
    pub at: Url,
}

impl Mirror {
    /// Where a page of the site is fetched from.
    fn there(&self, url: &Url) -> Url {
        translate(url, &self.of, &self.at)
    }

    /// The public address of what is served there.
    fn back(&self, url: &Url) -> Url {
        translate(url, &self.at, &self.of)
    }
}

/// An address below `from` as the same address below `to`; any other as it is.
fn translate(url: &Url, from: &Url, to: &Url) -> Url {
    let (above, below) = (from.path().trim_end_matches('/'), url.path());
    let inside = url.origin() == from.origin() && below.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
    if !inside {
        return url.clone();
    }
    let mut translated = to.clone();
    translated.set_path(&format!("{}{}", to.path().trim_end_matches('/'), &below[above.len()..]));
    translated.set_query(url.query());
    translated
}

/// Fetches by public addresses.
#[derive(Debug, Clone)]
pub(super) struct Site {
    fetcher: Fetcher,
    mirror: Option<Mirror>,
    /// What redirects must stay inside, where pages are fetched from.
    scope: Arc<Scope>,
}

impl Site {
    pub(super) fn new(fetcher: Fetcher, options: &CrawlOptions) -> Self {
        let there = options.mirror.as_ref().and_then(|mirror| {
            Scope::new(options.prefixes.iter().map(|prefix| mirror.there(prefix)).collect(), &[]).ok()
        });
        let scope = there.map_or_else(|| Arc::clone(&options.scope), Arc::new);
        Self { fetcher, mirror: options.mirror.clone(), scope }
    }

    /// Fetches a page; redirects stay in scope.
    pub(super) async fn page(&self, request: Request) -> Result<Response, FetchError> {
        self.get(Request { scope: Some(Arc::clone(&self.scope)), ..request }).await
    }

    /// Fetches a list, wherever it has moved.
    pub(super) async fn list(&self, url: &Url, max_body_bytes: u64) -> Result<Response, FetchError> {
        self.get(Request { max_body_bytes: Some(max_body_bytes), ..Request::new(url.clone()) }).await
    }

    /// The sitemaps that robots.txt names.
    pub(super) async fn sitemaps(&self, origin: &Url) -> Result<Vec<Url>, FetchError> {
        let sitemaps = self.fetcher.sitemaps(&self.there(origin)).await?;
        Ok(sitemaps.iter().map(|url| self.back(url)).collect())
    }

    /// Whether robots.txt asks for so much time between requests that none should be made without need.
    pub(super) async fn is_slow(&self, origin: &Url) -> bool {
        let delay = self.fetcher.crawl_delay(&self.there(origin)).await.ok().flatten();
        delay.is_some_and(|delay| delay >= SLOW)
    }

    async fn get(&self, request: Request) -> Result<Response, FetchError> {
        let there = Request { url: self.there(&request.url), ..request };
        Ok(match self.fetcher.get(&there).await? {
            Response::Fetched(body) => Response::Fetched(Body { url: self.back(&body.url), ..body }),
            unchanged @ Response::Unchanged { .. } => unchanged,
        })
    }

    fn there(&self, url: &Url) -> Url {
        self.mirror.as_ref().map_or_else(|| url.clone(), |mirror| mirror.there(url))
    }

    /// The public address of what a mirror says: pages and lists that it serves may name it instead of the site.
    pub(super) fn back(&self, url: &Url) -> Url {
        self.mirror.as_ref().map_or_else(|| url.clone(), |mirror| mirror.back(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_serves_the_same_paths() {
        let url = |text: &str| Url::parse(text).unwrap();
        let mirror = Mirror { of: url("https://docs.aws.amazon.com/"), at: url("http://cache.local:81/aws") };
        let cases = [
            ("https://docs.aws.amazon.com/a/b.html?c=d", "http://cache.local:81/aws/a/b.html?c=d"),
            ("https://docs.aws.amazon.com/", "http://cache.local:81/aws/"),
            ("https://aws.amazon.com/a", "https://aws.amazon.com/a"),
        ];
        for (public, there) in cases {
            assert_eq!(mirror.there(&url(public)).as_str(), there);
            assert_eq!(mirror.back(&url(there)).as_str(), public);
        }
        assert_eq!(mirror.back(&url("http://cache.local:81/awsome/a")).as_str(), "http://cache.local:81/awsome/a");
    }
}
