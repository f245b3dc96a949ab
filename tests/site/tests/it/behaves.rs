//! A site that has nothing to hide.

use std::collections::BTreeSet;
use std::io::Read;

use cloudops_test_site::{MARKERS, Options, Site, Source};

use crate::client::{ask, get, get_with, raw};

const SENDING: &str = "/lantern-queue-guide/latest/userguide/sending.html";

fn site() -> Site {
    Site::start(Options::default()).unwrap()
}

#[test]
fn a_page_looks_like_a_page() {
    let site = site();
    let page = get(&site, SENDING);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=UTF-8"));
    let html = page.text();
    for expected in [
        "<title>Sending messages - Lantern Queue Guide</title>",
        "<div id=\"main-col-body\">",
        "<h1 class=\"topictitle\" id=\"sending\">Sending messages</h1>",
        "<div class=\"awsdocs-page-header-container\">",
        "<h6>Note</h6>",
        "<meta name=\"this_doc_guide\" content=\"Lantern Queue Guide\" />",
    ] {
        assert!(html.contains(expected), "{expected} is missing");
    }
    assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{}\" />", site.url(SENDING))));
    for marker in MARKERS {
        assert!(html.contains(marker), "{marker} is missing");
    }
}

#[test]
fn every_page_can_be_read_and_found() {
    let site = site();
    assert_eq!(site.pages().len(), 39);
    let mut found = BTreeSet::new();
    let index = get(&site, "/sitemap_index.xml").text();
    for sitemap in locations(&index) {
        found.extend(locations(&get(&site, sitemap.strip_prefix(&site.base()).unwrap()).text()));
    }
    let pages: BTreeSet<_> = site.pages().iter().map(|path| site.url(path)).collect();
    assert_eq!(found, pages);
    for path in site.pages() {
        assert_eq!(get(&site, &path).status, 200, "{path}");
        let text = site.text(&path).unwrap();
        assert!(!MARKERS.iter().any(|marker| text.contains(marker)), "{path} has a marker in its text");
    }
}

fn locations(xml: &str) -> Vec<String> {
    xml.split("<loc>").skip(1).map(|rest| rest.split("</loc>").next().unwrap().to_owned()).collect()
}

#[test]
fn discovery() {
    let site = site();
    let toc: serde_json::Value =
        serde_json::from_slice(&get(&site, "/lantern-queue-guide/latest/userguide/toc-contents.json").body).unwrap();
    assert_eq!(toc["contents"][1]["href"], "sending.html");
    assert_eq!(toc["contents"][1]["contents"][0]["title"], "Delays before delivery");

    site.set(|settings| settings.robots.crawl_delay = Some(0.5));
    let robots = get(&site, "/robots.txt").text();
    assert!(robots.contains("Disallow: /private/\nCrawl-delay: 0.5\n"), "{robots}");
    assert!(robots.contains(&format!("Sitemap: {}", site.url("/sitemap_index.xml"))), "{robots}");

    let llms = get(&site, "/llms.txt").text();
    assert!(
        llms.contains(&format!("[Sending messages]({}.md)", site.url(SENDING).trim_end_matches(".html"))),
        "{llms}"
    );
    let twin = get(&site, &SENDING.replace(".html", ".md"));
    assert_eq!(twin.text(), site.text(SENDING).unwrap());
    site.set(|settings| settings.markdown = false);
    assert_eq!(get(&site, &SENDING.replace(".html", ".md")).status, 404);

    let path = site.announce("Lantern Queue has a lid", "<p>It can be closed.</p>");
    for feed in ["/about-aws/whats-new/recent/feed/", "/releases.atom"] {
        let text = get(&site, feed).text();
        assert!(text.contains("Lantern Queue has a lid") && text.contains(&path), "{text}");
    }
    assert!(get(&site, &path).text().contains("It can be closed."));

    assert_eq!(get(&site, "/lantern-queue-guide/").status, 302);
    let german = get(&site, &format!("/de_de{SENDING}")).text();
    assert!(german.contains("lang=\"de-de\"") && german.contains("übersetzt"));
    assert_eq!(get(&site, &format!("/fr_fr{SENDING}")).status, 404);
}

#[test]
fn archives_of_sitemaps() {
    let site = site();
    site.set(|settings| settings.gzip_sitemaps = true);
    let address = locations(&get(&site, "/sitemap_index.xml").text()).remove(0);
    let archive = get_with(&site, address.strip_prefix(&site.base()).unwrap(), "Accept-Encoding: br\r\n");
    assert_eq!((archive.header("content-type"), archive.header("content-encoding")), (Some("application/gzip"), None));
    let mut xml = String::new();
    flate2::read::GzDecoder::new(&archive.body[..]).read_to_string(&mut xml).unwrap();
    assert_eq!(locations(&xml).len(), 13);
}

#[test]
fn compression_is_negotiated() {
    let site = site();
    let plain = get(&site, SENDING).body;
    for (name, decode) in [("gzip", gunzip as fn(&[u8]) -> Vec<u8>), ("br", unbrotli), ("zstd", unzstd)] {
        let reply = get_with(&site, SENDING, &format!("Accept-Encoding: {name}\r\n"));
        assert_eq!(reply.header("content-encoding"), Some(name));
        assert!(reply.body.len() * 2 < plain.len());
        assert_eq!(decode(&reply.body), plain, "{name}");
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded).unwrap();
    decoded
}

fn unbrotli(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded).unwrap();
    decoded
}

fn unzstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::decode_all(bytes).unwrap()
}

#[test]
fn validators() {
    let site = site();
    let first = get(&site, SENDING);
    let (tag, date) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
    let by_tag = format!("If-None-Match: {tag}\r\n");
    let by_date = format!("If-Modified-Since: {date}\r\n");
    for condition in [&by_tag, &by_date] {
        let reply = get_with(&site, SENDING, condition);
        assert_eq!((reply.status, reply.body.len()), (304, 0));
    }
    // The same page compressed has the same tag, weakly compared.
    assert_eq!(get_with(&site, SENDING, &format!("{by_tag}Accept-Encoding: br\r\n")).status, 304);

    site.append(SENDING, "A new sentence.").unwrap();
    for condition in [&by_tag, &by_date] {
        let reply = get_with(&site, SENDING, condition);
        assert_eq!(reply.status, 200);
        assert!(reply.text().contains("A new sentence."));
    }

    site.set(|settings| (settings.etag, settings.last_modified) = (false, false));
    let bare = get_with(&site, SENDING, &by_tag);
    assert_eq!((bare.status, bare.header("etag"), bare.header("last-modified")), (200, None, None));

    let statistics = site.statistics();
    assert_eq!((statistics.requests, statistics.ok, statistics.not_modified, statistics.conditional), (7, 4, 3, 6));
    assert_eq!(statistics.paths[SENDING].requests, 7);
    assert!(statistics.bytes_sent > 20_000, "{statistics:?}");
    site.reset_statistics();
    assert_eq!(site.statistics().requests, 0);
}

#[test]
fn validators_outlive_the_site() {
    let tag = |site: &Site| {
        site.set(|settings| settings.base_url = Some("http://docs.example".to_owned()));
        get(site, SENDING).header("etag").unwrap().to_owned()
    };
    assert_eq!(tag(&site()), tag(&site()));
}

#[test]
fn pages_change() {
    let site = site();
    let sitemap = "/lantern-queue-guide/latest/userguide/sitemap.xml";
    let renamed = "/lantern-queue-guide/latest/userguide/posting.html";
    let new = "/lantern-queue-guide/latest/userguide/new/page.html";

    site.add(new, "# New\n\nA page that is new.").unwrap();
    assert!(get(&site, new).text().contains("A page that is new."));
    assert!(get(&site, sitemap).text().contains("new/page.html"));

    site.rename(SENDING, renamed, true).unwrap();
    let moved = get(&site, SENDING);
    assert_eq!((moved.status, moved.header("location")), (301, Some(renamed)));
    assert_eq!(get(&site, renamed).status, 200);

    site.delete(renamed).unwrap();
    assert_eq!(get(&site, renamed).status, 404);
    site.set(|settings| settings.gone_status = 410);
    assert_eq!(get(&site, renamed).status, 410);
    let listed = get(&site, sitemap).text();
    assert!(!listed.contains("posting.html") && !listed.contains("sending.html"));

    assert!(site.delete("/nowhere.html").is_err());
    assert!(site.add("/nowhere.html", "x").is_err());
}

#[test]
fn changes_in_numbers() {
    let site = site();
    let before: Vec<_> = site.pages().iter().map(|path| get(&site, path).text()).collect();
    let changed = site.change_fraction(0.25);
    assert_eq!(changed.len(), 9);
    let after: Vec<_> = site.pages().iter().map(|path| get(&site, path).text()).collect();
    assert_eq!(before.iter().zip(&after).filter(|(a, b)| a != b).count(), 9);

    let text = site.text(SENDING);
    let tag = get(&site, SENDING).header("etag").map(str::to_owned);
    assert_eq!(site.rebuild("/lantern*"), 13);
    assert_eq!(site.text(SENDING), text);
    assert_ne!(get(&site, SENDING).header("etag").map(str::to_owned), tag);
}

#[test]
fn a_connection_is_used_again() {
    let site = site();
    let request = |rest: &str| format!("GET {SENDING} HTTP/1.1\r\nHost: a\r\n{rest}\r\n");
    let replies = raw(&site, &format!("{}{}", request(""), request("Connection: close\r\n")));
    assert_eq!(String::from_utf8_lossy(&replies).matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(site.statistics().connections, 1);
}

#[test]
fn a_head_has_no_body() {
    let site = site();
    let reply = ask(&site, &format!("HEAD {SENDING} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    assert!(reply.body.is_empty());
    assert!(reply.header("content-length").unwrap().parse::<usize>().unwrap() > 5_000);
    assert_eq!(ask(&site, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status, 405);
}

#[test]
fn latency_is_not_a_queue() {
    let site = site();
    site.set(|settings| settings.latency_ms = 100);
    let started = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(get(&site, SENDING).status, 200));
        }
    });
    let took = started.elapsed().as_millis();
    assert!((100..800).contains(&took), "{took} ms");
    assert!(site.statistics().max_in_flight > 4);
}

#[test]
fn a_folder_of_guides() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sample");
    let source = Source::Folder { path: folder.into(), guides: Vec::new(), limit: 20 };
    let prefixes = [("granary-storage-guide".to_owned(), "Granary/latest/dg".to_owned())].into();
    let site = Site::start(Options { source, prefixes, warm: true, ..Options::default() }).unwrap();
    assert_eq!(site.pages().len(), 20);
    assert_eq!(get(&site, "/granary-storage-guide").header("location"), Some("/Granary/latest/dg/index.html"));
    assert_eq!(site.guides(), ["/Granary/latest/dg/", "/harbor-compute-guide/latest/userguide/"]);
    assert!(get(&site, "/Granary/latest/dg/errors.html").text().contains("<code class=\"code\">ClockTooFar</code>"));
    assert!(get(&site, "/Granary/latest/dg/toc-contents.json").text().contains("\"href\":\"pieces.html\""));
}
