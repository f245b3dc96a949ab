//! Crawls of the stand-in site, from its first listing to what a run means for the index.

#![allow(
    clippy::unwrap_used,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "in a test a panic is a report"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cloudops_crawl::engine::{
    Control, CrawlOptions, Ended, Guard, GuidePages, Include, Progress, Seed, SeedOf, crawl, probe,
};
use cloudops_crawl::fetch::{FetchOptions, Manners};
use cloudops_indexes::model::Document;
use cloudops_ingest::ledger::{Ledger, RunState};
use cloudops_ingest::web::address::Scope;
use cloudops_ingest::web::page::PageOptions;
use cloudops_test_site::{Fault, MARKERS, Options, Rule, Site};
use url::Url;

fn site() -> Site {
    Site::start(Options::default()).unwrap()
}

fn url(site: &Site, path: &str) -> Url {
    Url::parse(&site.url(path)).unwrap()
}

fn pages(guide: Option<&str>) -> PageOptions {
    PageOptions {
        source: "web".into(),
        kind: None,
        services: guide.map(|_| vec!["ec2".to_owned()]).unwrap_or_default(),
        guide: guide.map(str::to_owned),
        tags: vec![],
        any_locale: false,
    }
}

/// All guides of the site, listed by its sitemap.
fn options(site: &Site) -> CrawlOptions {
    let prefixes: Vec<Url> = site.guides().iter().map(|guide| url(site, &guide_prefix(site, guide))).collect();
    CrawlOptions {
        source: "web".into(),
        kind: "website".into(),
        seeds: vec![seed(Seed::Sitemap(url(site, "/sitemap_index.xml")))],
        scope: Arc::new(Scope::new(prefixes.clone(), &[]).unwrap()),
        prefixes,
        exclude: vec![],
        include: Include::default(),
        pages: pages(None),
        guides: vec![],
        follow_links: true,
        max_depth: 8,
        max_pages: None,
        in_flight: 8,
        fetch: FetchOptions {
            allow_private: true,
            timeout: Duration::from_secs(10),
            manners: Manners {
                per_second: 0.0,
                max_attempts: 2,
                first_wait: Duration::from_millis(10),
                max_wait: Duration::from_millis(50),
                ..Manners::default()
            },
            ..FetchOptions::default()
        },
        guard: Guard::default(),
        resume: true,
        mirror: None,
        twins: true,
    }
}

fn seed(seed: Seed) -> SeedOf {
    SeedOf { seed, guide: None, optional: false }
}

/// The folder of a guide's pages.
fn guide_prefix(site: &Site, guide: &str) -> String {
    let pages = site.pages();
    let page = pages.iter().find(|page| page.contains(guide)).unwrap();
    page[..=page.rfind('/').unwrap()].to_owned()
}

fn now() -> i64 {
    1_700_000_000
}

fn go(data_dir: &Path, options: &CrawlOptions) -> Ended {
    go_at(data_dir, options, now)
}

fn go_at(data_dir: &Path, options: &CrawlOptions, now: fn() -> i64) -> Ended {
    let mut ledger = Ledger::open(data_dir).unwrap();
    crawl(&mut ledger, options, now, &mut |_| Control::Continue).unwrap()
}

/// What the index would take over: documents by address, `None` for one that is removed.
fn publish(data_dir: &Path) -> BTreeMap<String, Option<Document>> {
    let mut ledger = Ledger::open(data_dir).unwrap();
    let pending = ledger.pending("web", 0, 10_000).unwrap();
    let sequences: Vec<_> = pending.iter().map(|pending| pending.sequence).collect();
    ledger.applied(&sequences, &[]).unwrap();
    pending.into_iter().map(|pending| (pending.url, pending.prepared.map(|prepared| prepared.document))).collect()
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

fn status(status: u16) -> Fault {
    Fault::Status { status, retry_after: None }
}

#[test]
fn everything_is_found_read_and_not_transferred_again() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let mut options = options(&site);
    let guide = site.guides().remove(0);
    options.guides = vec![GuidePages {
        id: guide.clone(),
        prefix: url(&site, &guide_prefix(&site, &guide)),
        options: pages(Some(&guide)),
    }];
    let ended = go(dir.path(), &options);
    let all = sorted(site.pages().iter().map(|page| site.url(page)));
    let count = all.len() as u64;
    let tally = &ended.run.tally;
    assert_eq!((ended.run.state, tally.added, tally.found), (RunState::Done, count, count), "{:?}", ended.run);
    let documents = publish(dir.path());
    assert_eq!(sorted(documents.keys().cloned()), all);
    for (address, document) in &documents {
        let document = document.as_ref().unwrap();
        assert_eq!(document.url.as_deref(), Some(address.as_str()));
        assert!(document.id.starts_with("web/127.0.0.1"), "{}", document.id);
        assert!(MARKERS.iter().all(|marker| !document.text.contains(marker)), "{}", document.text);
        if address.contains(&guide) {
            assert_eq!(document.guide.as_deref(), Some(guide.as_str()));
            assert_eq!(document.services, ["ec2"]);
        }
    }

    let transferred = ended.run.transferred;
    site.reset_statistics();
    let again = go(dir.path(), &options);
    assert_eq!((again.run.state, again.run.tally.unchanged), (RunState::Done, count), "{:?}", again.run);
    assert!(publish(dir.path()).is_empty());
    assert_eq!(site.statistics().not_modified, count);
    assert!(again.run.transferred * 5 < transferred, "{} of {transferred}", again.run.transferred);
}

#[test]
fn a_site_without_validators_is_compared_by_content() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    site.set(|settings| (settings.etag, settings.last_modified) = (false, false));
    let all = go(dir.path(), &options(&site)).run.tally.added;
    publish(dir.path());
    // Another build of the site changes what is around the text, not the text.
    site.rebuild("*");
    let again = go(dir.path(), &options(&site));
    assert_eq!((again.run.tally.unchanged, again.run.tally.changed), (all, 0));
    assert!(publish(dir.path()).is_empty());
}

#[test]
fn what_changes_on_the_site_changes_in_the_index() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let options = options(&site);
    go(dir.path(), &options);
    publish(dir.path());
    let pages = site.pages();
    let [edited, deleted, renamed] = [&pages[1], &pages[2], &pages[3]];
    let folder = &renamed[..=renamed.rfind('/').unwrap()];
    let (new_name, added) = (format!("{folder}renamed.html"), format!("{folder}brand-new.html"));
    site.append(edited, "Zephyrs are now limited to 40.").unwrap();
    site.delete(deleted).unwrap();
    site.rename(renamed, &new_name, true).unwrap();
    site.add(&added, "# Brand new\n\nA page about zephyrs, which nobody has written about before.\n").unwrap();

    let ended = go(dir.path(), &options);
    let tally = &ended.run.tally;
    let troubles = Ledger::open(dir.path()).unwrap().troubles(ended.run.id, 10).unwrap();
    assert_eq!(
        (ended.run.state, tally.changed, tally.added, tally.removed),
        (RunState::Done, 1, 2, 2),
        "{:?} {troubles:?}",
        ended.run
    );
    let published = publish(dir.path());
    let text = |page: &str| published[&site.url(page)].as_ref().map(|document| document.text.clone());
    assert!(text(edited).unwrap().contains("limited to 40"));
    assert!(text(&added).is_some() && text(&new_name).is_some());
    assert_eq!((text(deleted), text(renamed)), (None, None));
    assert_eq!(published.len(), 5);
}

/// The clock of `a_page_that_is_still_listed_is_removed_after_a_day_only`.
static LISTED_CLOCK: AtomicI64 = AtomicI64::new(1_700_000_000);

#[test]
fn a_page_that_is_still_listed_is_removed_after_a_day_only() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let options = options(&site);
    let clock = || LISTED_CLOCK.load(Ordering::Relaxed);
    go_at(dir.path(), &options, clock);
    publish(dir.path());
    site.misbehave(Rule::new(site.pages().remove(5), status(404)));
    for (hours, removed) in [(1, 0), (20, 0), (26, 1)] {
        LISTED_CLOCK.store(1_700_000_000 + hours * 3_600, Ordering::Relaxed);
        let ended = go_at(dir.path(), &options, clock);
        assert_eq!((ended.run.state, ended.run.tally.removed), (RunState::Done, removed), "after {hours} hours");
        assert_eq!(publish(dir.path()).len() as u64, removed);
    }
    site.behave();
    assert_eq!(go_at(dir.path(), &options, clock).run.tally.added, 1, "it is back");
}

/// The clock of `a_site_that_wants_few_requests_is_believed_when_it_lists_nothing_new`.
static SLOW_CLOCK: AtomicI64 = AtomicI64::new(0);

#[test]
fn a_site_that_wants_few_requests_is_believed_when_it_lists_nothing_new() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let mut options = options(&site);
    options.prefixes.truncate(1);
    options.scope = Arc::new(Scope::new(options.prefixes.clone(), &[]).unwrap());
    let clock = || SLOW_CLOCK.load(Ordering::Relaxed);
    // The site's clock is the real one.
    let start = jiff::Timestamp::now().as_second() + 10 * 24 * 3_600;
    SLOW_CLOCK.store(start, Ordering::Relaxed);
    let all = go_at(dir.path(), &options, clock).run.tally.added;
    site.set(|settings| settings.robots.crawl_delay = Some(1.0));
    SLOW_CLOCK.store(start + 24 * 3_600, Ordering::Relaxed);
    site.reset_statistics();
    let again = go_at(dir.path(), &options, clock);
    assert_eq!((again.run.state, again.run.tally.unchanged), (RunState::Done, all), "{:?}", again.run);
    let asked = site.pages().iter().filter(|page| site.statistics().paths.contains_key(*page)).count();
    assert_eq!(asked, 0, "the sitemap says that nothing has changed");
}

#[test]
fn a_crawl_that_is_cut_off_goes_on_where_it_was() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    site.set(|settings| settings.latency_ms = 20);
    let options = CrawlOptions { in_flight: 2, ..options(&site) };
    let mut ledger = Ledger::open(dir.path()).unwrap();
    let mut watch = |progress: &Progress| if progress.done >= 5 { Control::Stop } else { Control::Continue };
    let ended = crawl(&mut ledger, &options, now, &mut watch).unwrap();
    assert!(ended.interrupted && ended.run.state == RunState::Running, "{:?}", ended.run);
    let all = site.pages().len() as u64;
    let before = ledger.tally("web", ended.run.id).unwrap();
    assert!(before.added >= 5 && before.left > 0, "{before:?}");
    let ended = crawl(&mut ledger, &options, now, &mut |_| Control::Continue).unwrap();
    assert_eq!((ended.run.state, ended.run.resumed, ended.run.tally.added), (RunState::Done, 1, all));
    assert_eq!(publish(dir.path()).len() as u64, all);
    let statistics = site.statistics();
    let fetched: u64 = site.pages().iter().map(|page| statistics.paths[page].requests).sum();
    assert!(fetched <= all + 2, "{fetched} requests for {all} pages: only what was in flight is fetched twice");
}

#[test]
fn a_limit_ends_a_run_and_the_next_goes_on() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let limited = CrawlOptions { max_pages: Some(10), ..options(&site) };
    let mut seen = 0;
    for _ in 0..2 {
        let ended = go(dir.path(), &limited);
        assert_eq!((ended.run.state, ended.run.tally.added), (RunState::Stopped, 10));
        seen += publish(dir.path()).len();
    }
    assert_eq!(seen, 20);
    let all = go(dir.path(), &options(&site)).run.tally;
    assert_eq!((all.added + 20, all.unchanged), (site.pages().len() as u64, 20));
}

#[test]
fn links_alone_lead_to_everything_but_not_out_of_scope() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    site.set(|settings| (settings.sitemaps, settings.toc, settings.llms) = (false, false, false));
    let guide = site.guides().remove(0);
    let prefix = url(&site, &guide_prefix(&site, &guide));
    let options = CrawlOptions {
        seeds: vec![seed(Seed::Page(prefix.join("index.html").unwrap()))],
        scope: Arc::new(Scope::new(vec![prefix.clone()], &["*permissions*".to_owned()]).unwrap()),
        prefixes: vec![prefix.clone()],
        ..options(&site)
    };
    let ended = go(dir.path(), &options);
    let expected = site.pages().iter().filter(|page| page.contains(&guide) && !page.contains("permissions")).count();
    assert_eq!((ended.run.state, ended.run.tally.added), (RunState::Done, expected as u64), "{:?}", ended.run);
    assert!(publish(dir.path()).keys().all(|address| address.starts_with(prefix.as_str())));

    let only = CrawlOptions { include: Include::new(&["what-*".to_owned()]).unwrap(), ..options };
    let other = tempfile::tempdir().unwrap();
    assert_eq!(go(other.path(), &only).run.tally.found, 2, "the start and the page that is meant");
}

#[test]
fn what_is_left_out_by_now_leaves_the_index_without_being_asked_for() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let options = options(&site);
    go(dir.path(), &options);
    publish(dir.path());
    let exclude = vec!["*index.html".to_owned()];
    let scope = Arc::new(Scope::new(options.prefixes.clone(), &exclude).unwrap());
    site.reset_statistics();
    let ended = go(dir.path(), &CrawlOptions { scope, exclude, ..options });
    let left_out = site.pages().iter().filter(|page| page.ends_with("index.html")).count() as u64;
    assert_eq!((ended.run.state, ended.run.tally.removed), (RunState::Done, left_out), "{:?}", ended.run);
    assert_eq!(publish(dir.path()).values().filter(|document| document.is_none()).count() as u64, left_out);
    assert!(site.statistics().paths.keys().all(|path| !path.ends_with("index.html")));
}

#[test]
fn passing_faults_are_tried_again_and_lasting_ones_are_reported() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let pages = site.pages();
    site.misbehave(Rule::new(pages[0].clone(), status(500)).times(3));
    site.misbehave(Rule::new(pages[1].clone(), status(500)));
    let ended = go(dir.path(), &options(&site));
    assert_eq!((ended.run.state, ended.run.tally.failures()), (RunState::Done, 1), "{:?}", ended.run);
    assert_eq!(ended.run.tally.added, pages.len() as u64 - 1);
    let troubles = Ledger::open(dir.path()).unwrap().troubles(ended.run.id, 10).unwrap();
    let named = troubles.iter().any(|trouble| trouble.url == site.url(&pages[1]) && trouble.message.contains("500"));
    assert!(named, "{troubles:?}");
}

#[test]
fn a_site_that_falls_apart_changes_nothing() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let options = options(&site);
    let all = go(dir.path(), &options).run.tally.added;
    publish(dir.path());
    for code in [404, 403, 500] {
        site.misbehave(Rule::new("*.html", status(code)));
        let ended = go(dir.path(), &options);
        assert!(matches!(ended.run.state, RunState::Guarded | RunState::Failed), "{code}: {:?}", ended.run);
        assert!(ended.run.message.is_some() && publish(dir.path()).is_empty());
        site.behave();
    }
    let ended = go(dir.path(), &options);
    assert_eq!((ended.run.state, ended.run.tally.unchanged), (RunState::Done, all));

    // A person may know better.
    let pages: Vec<String> = site.pages().into_iter().filter(|page| !page.ends_with("index.html")).take(18).collect();
    for page in &pages {
        site.delete(page).unwrap();
    }
    assert_eq!(go(dir.path(), &options).run.state, RunState::Guarded);
    let believed = CrawlOptions { guard: Guard { off: true, ..Guard::default() }, ..options };
    assert_eq!(go(dir.path(), &believed).run.tally.removed, pages.len() as u64);
}

#[test]
fn a_site_that_is_not_there_is_a_failure_with_a_reason() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let options = options(&site);
    drop(site);
    let ended = go(dir.path(), &options);
    assert_eq!(ended.run.state, RunState::Failed);
    assert!(ended.run.message.as_deref().is_some_and(|message| message.contains("127.0.0.1")), "{:?}", ended.run);
}

#[test]
fn markdown_twins_are_read_where_the_site_lists_them() {
    let (site, dir) = (site(), tempfile::tempdir().unwrap());
    let options = CrawlOptions { seeds: vec![seed(Seed::Llms(url(&site, "/llms.txt")))], ..options(&site) };
    let ended = go(dir.path(), &options);
    let all = site.pages();
    assert_eq!((ended.run.state, ended.run.tally.added), (RunState::Done, all.len() as u64), "{:?}", ended.run);
    let documents = publish(dir.path());
    assert!(documents.keys().all(|address| address.ends_with(".html")), "pages are known by their own addresses");
    let statistics = site.statistics();
    let of = |extension: &str| statistics.paths.keys().filter(|path| path.ends_with(extension)).count();
    assert!(of(".md") >= all.len() && of(".html") == 0, "{:?}", statistics.paths.keys());
}

#[test]
fn a_probe_counts_and_keeps_nothing() {
    let site = site();
    let probe = probe(&options(&site)).unwrap();
    assert_eq!((probe.pages, probe.complete), (site.pages().len() as u64, true));
    assert!(probe.troubles.is_empty() && probe.reachable && probe.examples.len() == 5);
}
