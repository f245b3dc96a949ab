//! One page: fetch it, read it, say what became of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use cloudops_indexes::model::Timestamp;
use cloudops_ingest::ledger::{
    Discovered, FoundBy, GONE_SECONDS, Listing, NewDocument, Outcome, Pending, Queued, Settled, Trouble, Validators,
};
use cloudops_ingest::web::page::{self, Fetched, PageOptions, Refusal};
use cloudops_ingest::web::{address, llms};
use futures_util::FutureExt;
use url::Url;

use super::options::CrawlOptions;
use super::site::Site;
use crate::fetch::{Body, FetchError, Fetcher, Request, Response};

/// Links of one page that are followed, at most.
const MAX_LINKS: usize = 2_000;
/// A site whose Markdown twins are missing this often has none.
const MAX_MISSING_TWINS: u32 = 3;

/// A page that changed on the day of its last look may have done so after it.
const LIST_GRAIN_SECONDS: i64 = 24 * 3600;
/// Every page is looked at this often, whatever lists say.
const LIST_TRUST_SECONDS: i64 = 7 * 24 * 3600;

/// How often a page waits for its host to come back, and how long at most.
const MAX_WAITS_FOR_HOST: u32 = 2;
const MAX_WAIT_FOR_HOST: Duration = Duration::from_mins(2);

/// What the ledger knows pages by that the source leaves out by now.
const EXCLUDED: &str = "excluded";

/// What every task of a crawl shares.
pub(super) struct Context {
    pub(super) site: Site,
    options: CrawlOptions,
    read_as: String,
    /// Whether the site's own lists of pages were read to their end.
    complete: AtomicBool,
    twins: AtomicBool,
    missing_twins: AtomicU32,
    /// Whether any page could be fetched so far.
    was_up: AtomicBool,
    now: fn() -> Timestamp,
}

impl Context {
    pub(super) fn new(options: &CrawlOptions, fetcher: Fetcher, now: fn() -> Timestamp) -> Self {
        Self {
            site: Site::new(fetcher, options),
            read_as: options.read_as(),
            options: options.clone(),
            complete: AtomicBool::new(false),
            twins: AtomicBool::new(false),
            missing_twins: AtomicU32::new(0),
            was_up: AtomicBool::new(false),
            now,
        }
    }

    pub(super) fn read_as(&self) -> &str {
        &self.read_as
    }

    pub(super) fn set_listing(&self, listing: Listing) {
        self.complete.store(listing == Listing::Complete, Ordering::Relaxed);
    }

    /// Fetches the Markdown twins of pages from now on, where the options allow it.
    pub(super) fn prefer_twins(&self) {
        self.twins.store(self.options.twins, Ordering::Relaxed);
    }
}

/// A page that is as it was.
fn unchanged(queued: &Queued) -> Settled {
    Settled {
        key: queued.key,
        url: queued.url.clone(),
        outcome: Outcome::Unchanged,
        asked: true,
        validators: None,
        body_hash: None,
        document: None,
        discovered: Vec::new(),
        trouble: None,
    }
}

/// What a sitemap alone says of a page: nothing new, if it has not changed since well before it was looked at last. Dates are
/// often no more than days, and are not believed for longer than a week.
pub(super) fn by_list(queued: &Queued, now: Timestamp) -> Option<Settled> {
    let read_this_way = queued.known.as_ref()?.body_hash.is_some() && queued.gone_since.is_none();
    let (listed, checked) = (queued.listed?, queued.checked?);
    let long_before = listed + LIST_GRAIN_SECONDS < checked;
    (read_this_way && long_before && now - checked < LIST_TRUST_SECONDS)
        .then(|| Settled { asked: false, ..unchanged(queued) })
}

/// Fetches and reads a page. Never fails and never panics: whatever happens is what became of the page.
pub(super) async fn settle(context: Arc<Context>, queued: Queued) -> Settled {
    let blank = unchanged(&queued);
    let Ok(url) = Url::parse(&queued.url) else {
        return with_trouble(blank, Outcome::Refused { code: "bad_address".to_owned() }, "it is no address".to_owned());
    };
    let options = &context.options;
    if !options.scope.contains(&url) || !(queued.found_by == FoundBy::Start || options.include.contains(&url)) {
        // It was in scope once. What the source leaves out by now is neither asked for nor kept.
        return Settled { outcome: Outcome::Unwanted { code: EXCLUDED.to_owned() }, asked: false, ..blank };
    }
    let work = fetch_and_read(&context, url, &queued, blank.clone());
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| internal_error(blank))
}

fn internal_error(blank: Settled) -> Settled {
    let message = "internal error: the page could not be read; please report its address".to_owned();
    with_trouble(blank, Outcome::Failed { code: "internal_error".to_owned(), transient: false }, message)
}

fn with_trouble(settled: Settled, outcome: Outcome, message: String) -> Settled {
    let code = match &outcome {
        Outcome::Refused { code } | Outcome::Unwanted { code } | Outcome::Failed { code, .. } => code.clone(),
        Outcome::Gone { .. } => "gone".to_owned(),
        _ => String::new(),
    };
    let trouble = Trouble { url: settled.url.clone(), code, message };
    Settled { outcome, trouble: Some(trouble), ..settled }
}

async fn fetch_and_read(context: &Arc<Context>, url: Url, queued: &Queued, blank: Settled) -> Settled {
    let validators = queued.known.as_ref().map(|known| known.validators.clone()).unwrap_or_default();
    let request =
        Request { etag: validators.etag, last_modified: validators.last_modified, ..Request::new(url.clone()) };
    match fetch_patiently(context, request).await {
        Ok(Response::Unchanged { .. }) if queued.known.is_some() => blank,
        Ok(Response::Unchanged { .. }) => with_trouble(
            blank,
            Outcome::Failed { code: "unasked_not_modified".to_owned(), transient: false },
            "the site answered that it has not changed, though nothing was known of it".to_owned(),
        ),
        Ok(Response::Fetched(body)) => {
            if let Some(moved) = moved(context, &url, &body, queued) {
                return Settled { discovered: vec![moved.clone()], outcome: Outcome::Moved { to: moved.url }, ..blank };
            }
            // Reading takes a millisecond or two of a core, which is long for a thread that serves connections.
            let (context, queued, fallback) = (Arc::clone(context), queued.clone(), blank.clone());
            tokio::task::spawn_blocking(move || read(&context, &url, &body, &queued, blank))
                .await
                .unwrap_or_else(|_| internal_error(fallback))
        }
        Err(error) => failed(context, &error, queued, blank),
    }
}

/// Waits for a host that was up and is left alone for a while; one that never answered is not waited for.
async fn fetch_patiently(context: &Context, request: Request) -> Result<Response, FetchError> {
    for _ in 0..MAX_WAITS_FOR_HOST {
        match fetch(context, request.clone()).await {
            Err(FetchError::HostDown { retry_in, .. }) if context.was_up.load(Ordering::Relaxed) => {
                tokio::time::sleep(retry_in.min(MAX_WAIT_FOR_HOST)).await;
            }
            answer => {
                context.was_up.fetch_or(answer.is_ok(), Ordering::Relaxed);
                return answer;
            }
        }
    }
    fetch(context, request).await
}

/// The page or its Markdown twin.
async fn fetch(context: &Context, request: Request) -> Result<Response, FetchError> {
    if context.twins.load(Ordering::Relaxed)
        && let Some(twin) = llms::markdown_twin(&request.url)
    {
        let asked = Request { url: twin, ..request.clone() };
        match context.site.page(asked).await {
            Ok(Response::Fetched(body)) if is_markdown(&body) && !body.redirected => {
                return Ok(Response::Fetched(Body { url: request.url, ..body }));
            }
            Ok(Response::Unchanged { transferred }) => return Ok(Response::Unchanged { transferred }),
            Ok(Response::Fetched(_)) | Err(FetchError::Gone { .. }) => {
                if context.missing_twins.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_MISSING_TWINS {
                    context.twins.store(false, Ordering::Relaxed);
                }
            }
            Err(error) => return Err(error),
        }
    }
    context.site.page(request).await
}

fn is_markdown(body: &Body) -> bool {
    body.content_type.as_deref().is_some_and(|content_type| content_type.trim_start().starts_with("text/markdown"))
}

/// The address that a page redirects to, unless it is only another way of writing its own.
fn moved(context: &Context, url: &Url, body: &Body, queued: &Queued) -> Option<Discovered> {
    let to = body.redirected.then(|| address::canonical(body.url.as_str(), None)).flatten()?;
    let to = context.options.scope.admit(to)?;
    (to != *url).then(|| stands_for(context, to, queued))
}

fn stands_for(context: &Context, to: Url, queued: &Queued) -> Discovered {
    Discovered {
        guide: context.options.guide_of(&to).map(|guide| guide.id.clone()).or_else(|| queued.guide.clone()),
        url: to.into(),
        depth: queued.depth,
        found_by: queued.found_by,
        listed: None,
    }
}

fn failed(context: &Context, error: &FetchError, queued: &Queued, blank: Settled) -> Settled {
    let code = error.code().to_owned();
    let outcome = match error {
        FetchError::Gone { .. } if queued.known.is_some() => {
            let unlisted = queued.found_by == FoundBy::Unlisted && context.complete.load(Ordering::Relaxed);
            let long_gone = queued.gone_since.is_some_and(|since| (context.now)() - since >= GONE_SECONDS);
            Outcome::Gone { confirmed: unlisted || long_gone }
        }
        FetchError::DisallowedByRobots { .. } => Outcome::Unwanted { code },
        _ => Outcome::Failed { transient: error.is_transient(), code },
    };
    with_trouble(blank, outcome, in_full(error))
}

/// An error with what can be done about it.
pub(super) fn in_full(error: &FetchError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}. {hint}"),
        None => error.to_string(),
    }
}

/// Makes a document of a page, unless it is the one that is known.
fn read(context: &Context, url: &Url, body: &Body, queued: &Queued, blank: Settled) -> Settled {
    let body_hash = *blake3::hash(&body.bytes).as_bytes();
    let known = queued.known.as_ref();
    let validators = Some(Validators { etag: body.etag.clone(), last_modified: body.last_modified.clone() });
    let good = Settled { validators, body_hash: Some(body_hash), ..blank.clone() };
    if known.is_some_and(|known| known.body_hash == Some(body_hash)) {
        return good;
    }
    let modified = body.last_modified.as_deref().and_then(crate::fetch::http_date);
    let fetched = Fetched { url, content_type: body.content_type.as_deref(), body: &body.bytes, modified };
    let page = page::read(&fetched, context.options.page_options(url));
    let discovered = links(context, &page.facts, queued);
    if let Some(canonical) = &page.facts.canonical
        && let Some(to) = address::canonical(context.site.back(canonical).as_str(), None)
        && let Some(to) = context.options.scope.admit(to)
        && to != *url
    {
        let to = stands_for(context, to, queued);
        let outcome = Outcome::Moved { to: to.url.clone() };
        return Settled { outcome, discovered: std::iter::once(to).chain(discovered).collect(), ..blank };
    }
    if page.facts.noindex {
        let settled = with_trouble(
            blank,
            Outcome::Unwanted { code: "noindex".to_owned() },
            "it asks not to be indexed".to_owned(),
        );
        return Settled { discovered, ..settled };
    }
    let Some(prepared) = page.prepared else {
        let refusal = page.facts.refused.unwrap_or(Refusal::Empty);
        let settled = with_trouble(blank, Outcome::Refused { code: refusal.code().to_owned() }, refusal.to_string());
        return Settled { discovered, ..settled };
    };
    let document = &prepared.document;
    if known.is_some_and(|known| known.document == document.id && known.content_hash == document.content_hash) {
        return Settled { discovered, ..good };
    }
    let text_hash = i64::from_le_bytes(first_eight(blake3::hash(document.text.as_bytes()).as_bytes()));
    let document = NewDocument {
        id: document.id.clone(),
        content_hash: document.content_hash.clone(),
        text_hash,
        packed: Pending::pack(&prepared),
    };
    let outcome = if known.is_some() { Outcome::Changed } else { Outcome::Added };
    Settled { outcome, document: Some(document), discovered, ..good }
}

fn first_eight(hash: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    first
}

/// Pages in scope that a page links to.
fn links(context: &Context, facts: &page::Facts, queued: &Queued) -> Vec<Discovered> {
    let options = &context.options;
    if !options.follow_links || facts.nofollow || queued.depth >= options.max_depth {
        return Vec::new();
    }
    let public = facts.links.iter().map(|url| context.site.back(url));
    public
        .filter_map(|url| options.scope.admit(url))
        .filter(|url| options.include.contains(url) && !address::is_asset(url))
        .take(MAX_LINKS)
        .map(|url| Discovered {
            guide: options.guide_of(&url).map(|guide| guide.id.clone()).or_else(|| queued.guide.clone()),
            url: url.into(),
            depth: queued.depth + 1,
            found_by: FoundBy::Link,
            listed: None,
        })
        .collect()
}

impl CrawlOptions {
    /// The guide that an address belongs to: the one with the longest prefix.
    pub(super) fn guide_of(&self, url: &Url) -> Option<&super::GuidePages> {
        let inside = self.guides.iter().filter(|guide| {
            guide.prefix.host_str() == url.host_str()
                && guide.prefix.port_or_known_default() == url.port_or_known_default()
                && url.path().starts_with(guide.prefix.path())
        });
        inside.max_by_key(|guide| guide.prefix.path().len())
    }

    fn page_options(&self, url: &Url) -> &PageOptions {
        self.guide_of(url).map_or(&self.pages, |guide| &guide.options)
    }
}
