//! A site that cannot be trusted. What clients make of it is tested where they are.

use std::time::{Duration, Instant};

use cloudops_test_site::faults::{Charset, JAPANESE_WORDS, LATIN_WORDS};
use cloudops_test_site::{Encoding, Fault, Options, Rule, Site};

use crate::client::{get, get_with, raw};

const PAGE: &str = "/harbor-compute-guide/latest/userguide/disks.html";

fn site_with(fault: Fault) -> Site {
    let site = Site::start(Options::default()).unwrap();
    site.misbehave(Rule::new("*", fault));
    site
}

/// The bytes of the answer to one request.
fn wire(fault: Fault) -> Vec<u8> {
    raw(&site_with(fault), &format!("GET {PAGE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
}

/// What is announced, and what arrives.
fn lengths(bytes: &[u8]) -> (usize, usize) {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let announced = head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    (announced.parse().unwrap(), bytes.len() - head.len() - 4)
}

#[test]
fn statuses_and_redirects() {
    let site = Site::start(Options::default()).unwrap();
    site.misbehave(Rule::new(PAGE, Fault::throttle(429, 7)).times(2));
    for _ in 0..2 {
        let reply = get(&site, PAGE);
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("7")));
    }
    assert_eq!(get(&site, PAGE).status, 200);
    assert_eq!((site.statistics().client_errors, site.statistics().ok), (2, 1));

    site.misbehave(Rule::new("*", Fault::redirect("http://169.254.169.254{path}")));
    let reply = get(&site, "/latest/meta-data/");
    assert_eq!((reply.status, reply.header("location")), (302, Some("http://169.254.169.254/latest/meta-data/")));
    site.behave();
    assert_eq!(get(&site, PAGE).status, 200);

    site.misbehave(Rule::new("*", Fault::RedirectLoop));
    assert_eq!(get(&site, "/a").header("location"), Some("/a?loop=1"));
    assert_eq!(get(&site, "/a?loop=1").header("location"), Some("/a"));
    site.behave();
    site.misbehave(Rule::new("*", Fault::RedirectForever));
    assert_eq!(get(&site, "/a?hop=41").header("location"), Some("/a?hop=42"));
}

#[test]
fn stalls_end_with_the_client() {
    let started = Instant::now();
    assert!(wire(Fault::NeverAnswer).is_empty());
    let (announced, arrived) = lengths(&wire(Fault::StallAfter { bytes: 100 }));
    assert!(announced > 5_000 && arrived == 100, "{announced} {arrived}");
    // The client gave up twice after two seconds, and sites ended although they were not done.
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[test]
fn lengths_lie() {
    let (announced, arrived) = lengths(&wire(Fault::WrongLength { by: 500 }));
    assert_eq!(announced, arrived + 500);
    let (announced, arrived) = lengths(&wire(Fault::WrongLength { by: -500 }));
    assert_eq!(announced + 500, arrived);
    let unfinished = wire(Fault::Unfinished);
    assert!(!unfinished.ends_with(b"0\r\n\r\n") && unfinished.len() > 5_000);
}

#[test]
fn connections_break() {
    assert!(wire(Fault::Reset { after: 0 }).is_empty());
    assert!(wire(Fault::Close).is_empty());
    assert_eq!(lengths(&wire(Fault::Reset { after: 10 })).1, 10);
    assert!(wire(Fault::NotHttp).starts_with(b"220 "));
}

#[test]
fn drips() {
    let started = Instant::now();
    let (announced, arrived) = lengths(&wire(Fault::Drip { bytes: 2_000, pause_ms: 20 }));
    assert_eq!(announced, arrived);
    assert!(started.elapsed() > Duration::from_millis(60));
}

#[test]
fn bombs_and_floods() {
    for encoding in [Encoding::Gzip, Encoding::Brotli, Encoding::Zstd] {
        let site = site_with(Fault::Bomb { encoding, bytes: 1 << 30 });
        let reply = get(&site, PAGE);
        assert_eq!(reply.header("content-encoding"), Some(encoding.name()));
        assert!(reply.body.len() < 1_300_000, "{encoding:?}: {}", reply.body.len());
        assert!(reply.body.ends_with(b"0\r\n\r\n"));
    }
    let flood = wire(Fault::Huge { bytes: 3_000_000 });
    assert!(flood.len() > 3_000_000 && flood.ends_with(b"0\r\n\r\n"));
    assert!(wire(Fault::HugeRobots { bytes: 3_000_000 }).len() > 3_000_000);
    assert!(wire(Fault::HugeHead { bytes: 100_000 }).len() > 100_000);
}

#[test]
fn a_flood_does_not_stop_the_site() {
    let site = Site::start(Options::default()).unwrap();
    site.misbehave(Rule::new("/flood", Fault::Huge { bytes: 1 << 40 }));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(site.address()).unwrap();
            stream.write_all(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            let mut bytes = vec![0; 64 * 1024];
            for _ in 0..500 {
                stream.read_exact(&mut bytes).unwrap();
            }
        });
        for _ in 0..20 {
            assert_eq!(get(&site, PAGE).status, 200);
        }
    });
}

#[test]
fn charsets() {
    let body = |charset| {
        let reply = get_with(&site_with(Fault::Charset { charset }), PAGE, "Accept-Encoding: gzip\r\n");
        (reply.header("content-type").unwrap().to_owned(), reply.body)
    };
    let contains = |bytes: &[u8], words: &[u8]| bytes.windows(words.len()).any(|window| window == words);

    let latin = encoding_rs::WINDOWS_1252.encode(LATIN_WORDS).0;
    let (header, bytes) = body(Charset::Utf8IsLatin);
    assert!(header.ends_with("charset=UTF-8") && contains(&bytes, &latin));
    let (header, bytes) = body(Charset::LatinByMeta);
    assert!(header == "text/html" && contains(&bytes, &latin) && contains(&bytes, b"charset=windows-1252"));

    let japanese = encoding_rs::SHIFT_JIS.encode(JAPANESE_WORDS).0;
    let (header, bytes) = body(Charset::ShiftJisByHeader);
    assert!(header.ends_with("charset=Shift_JIS") && contains(&bytes, &japanese));
    let (header, bytes) = body(Charset::ShiftJisByMeta);
    assert!(header == "text/html" && contains(&bytes, &japanese) && contains(&bytes, b"charset=Shift_JIS"));
    let (_, bytes) = body(Charset::Utf16ByMark);
    assert!(encoding_rs::UTF_16LE.decode(&bytes).0.contains(JAPANESE_WORDS));
}

#[test]
fn pages_lie() {
    let text = |fault| get(&site_with(fault), PAGE).text();
    assert!(text(Fault::LoginPage).contains("type=\"password\""));
    assert!(text(Fault::EmptyBody).is_empty());
    assert!(text(Fault::EmptyPage).contains("<div id=\"main-col-body\"></div>"));
    assert!(text(Fault::SoftNotFound).contains("Page not found"));
    assert!(text(Fault::Binary).starts_with('\0'));
    let deep = text(Fault::DeepNesting { depth: 100_000 });
    assert!(deep.len() > 500_000 && deep.contains("Snapshots copy only blocks"));
    assert!(
        text(Fault::RobotsMeta { content: "noindex".to_owned() })
            .contains("<meta name=\"robots\" content=\"noindex\" />")
    );
    let canonical = text(Fault::Canonical { to: "https://elsewhere.example/a".to_owned() });
    assert_eq!(canonical.matches("<link rel=\"canonical\" href=\"https://elsewhere.example/a\" />").count(), 2);

    let reply = get(&site_with(Fault::BadEncoding { name: "gzip".to_owned() }), PAGE);
    assert!(reply.header("content-encoding") == Some("gzip") && reply.text().contains("Snapshots"));
    let reply = get(&site_with(Fault::ContentType { content_type: "application/pdf".to_owned() }), PAGE);
    assert_eq!(reply.header("content-type"), Some("application/pdf"));
    assert_eq!(get(&site_with(Fault::NotModified), PAGE).status, 304);
}

#[test]
fn listings_lie() {
    let sitemap = "/harbor-compute-guide/latest/userguide/sitemap.xml";
    let text = |fault| get(&site_with(fault), sitemap).text();
    assert!(!text(Fault::SitemapMalformed).contains("</urlset>"));
    assert!(text(Fault::SitemapEntities).contains("<!ENTITY a9 \"&a8;&a8;"));
    let foreign = text(Fault::SitemapForeign);
    assert!(
        foreign.contains("<url><loc>http://169.254.169.254/latest/meta-data/</loc></url>") && foreign.contains(PAGE)
    );
    assert!(text(Fault::SitemapRecursive).contains("/sitemap.xml</loc>"));
    assert!(text(Fault::SitemapForever).contains("/sitemap.xml?hop=1</loc>"));
    assert_eq!(text(Fault::SitemapHuge { entries: 60_000 }).matches("<loc>").count(), 60_000);
    assert!(serde_json::from_str::<serde_json::Value>(&text(Fault::TocMalformed)).is_err());
    assert!(text(Fault::TocDeep { depth: 10_000 }).ends_with("]}]}"));
}

#[test]
fn a_calendar_never_ends() {
    let site = Site::start(Options::default()).unwrap();
    assert!(!get(&site, PAGE).text().contains("calendar/1/1.html"));
    site.set(|settings| settings.calendar = true);
    assert!(get(&site, PAGE).text().contains("/harbor-compute-guide/latest/userguide/calendar/1/1.html"));
    let page = get(&site, "/harbor-compute-guide/latest/userguide/calendar/7/99.html");
    assert_eq!(get(&site, "/calendar/1/2.html").status, 200);
    assert!(page.status == 200 && page.text().contains("../7/100.html") && page.text().contains("../8/99.html"));
}
