//! The HTTP client against servers that behave, misbehave and attack.
//!
//! Nothing here says how long something may take at most, except that no test hangs.

#![allow(clippy::unwrap_used)]

mod site;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudops_crawl::fetch::{Body, FetchError, FetchOptions, Fetcher, Manners, Proxy, Request, Response};
use cloudops_ingest::web::address::Scope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use site::{Asked, Site, Step, head, page, redirect, status};

fn options() -> FetchOptions {
    FetchOptions {
        user_agent: "cloudops/0 (test)".to_owned(),
        allow_private: true,
        proxy: Proxy::Direct,
        max_body_bytes: 1 << 20,
        max_ratio: 100,
        connect_timeout: Duration::from_secs(10),
        timeout: Duration::from_secs(15),
        idle_timeout: Duration::from_secs(10),
        max_redirects: 3,
        manners: Manners {
            concurrency: 4,
            per_second: 0.0,
            max_attempts: 2,
            first_wait: Duration::from_millis(2),
            max_wait: Duration::from_millis(1500),
            max_failures: 0,
            break_for: Duration::from_mins(1),
        },
    }
}

fn once() -> FetchOptions {
    let options = options();
    FetchOptions { manners: Manners { max_attempts: 1, ..options.manners }, ..options }
}

async fn get(options: FetchOptions, url: Url) -> Result<Response, FetchError> {
    ask(&Fetcher::new(options).unwrap(), &Request::new(url)).await
}

async fn ask(fetcher: &Fetcher, request: &Request) -> Result<Response, FetchError> {
    tokio::time::timeout(Duration::from_secs(40), fetcher.get(request)).await.expect("no request hangs")
}

async fn body(fetcher: &Fetcher, url: Url) -> Body {
    match ask(fetcher, &Request::new(url)).await.unwrap() {
        Response::Fetched(body) => body,
        Response::Unchanged { .. } => panic!("nothing was known before"),
    }
}

async fn code(options: FetchOptions, url: Url) -> &'static str {
    let error = get(options, url.clone()).await.unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, FetchError::Setup { .. }) || text.contains(&format!("`{}", url.origin().ascii_serialization())),
        "{text}"
    );
    error.code()
}

fn encoded(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "br" => {
            let mut out = Vec::new();
            let fast = brotli::enc::BrotliEncoderParams { quality: 4, ..Default::default() };
            brotli::BrotliCompress(&mut &*bytes, &mut out, &fast).unwrap();
            out
        }
        "zstd" => zstd::stream::encode_all(bytes, 3).unwrap(),
        _ => bytes.to_vec(),
    }
}

#[tokio::test]
async fn a_page_comes_with_what_is_known_about_it() {
    let site = Site::start(|asked: &Asked| {
        if asked.path != "/page?q=1" {
            return None;
        }
        assert_eq!(asked.header("user-agent"), Some("cloudops/0 (test)"));
        assert_eq!(asked.header("accept-language"), Some("en"));
        assert_eq!(asked.header("accept-encoding"), Some("gzip, br, zstd"));
        assert!(asked.header("accept").unwrap().contains("text/html"));
        for absent in ["cookie", "referer", "authorization", "if-none-match", "if-modified-since"] {
            assert_eq!(asked.header(absent), None, "{absent}");
        }
        let headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("ETag", "W/\"1\""),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("Set-Cookie", "a=b"),
        ];
        Some(page(&headers, b"<p>Hello</p>"))
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    let mut url = site.url("/page?q=1#part");
    url.set_username("me").unwrap();
    url.set_password(Some("word")).unwrap();
    let found = body(&fetcher, url).await;
    assert_eq!(found.url, site.url("/page?q=1"));
    assert_eq!(found.bytes, "<p>Hello</p>");
    assert_eq!((found.status, found.transferred, found.redirected), (200, 12, false));
    assert_eq!(found.content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(found.etag.as_deref(), Some("W/\"1\""));
    assert_eq!(found.last_modified.as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    // The second time, without a cookie.
    body(&fetcher, site.url("/page?q=1")).await;
    assert_eq!(site.count("/robots.txt"), 1);
    let statistics = fetcher.statistics();
    assert_eq!(statistics.len(), 1);
    assert_eq!(statistics[0].host, site.address.to_string());
    assert_eq!((statistics[0].requests, statistics[0].transferred, statistics[0].retries), (3, 24, 0));
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let site = Site::start(|asked: &Asked| match asked.path.as_str() {
        "/page" => {
            assert_eq!(asked.header("if-none-match"), Some("\"7\""));
            assert_eq!(asked.header("if-modified-since"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
            Some(vec![Step::Send(head(304, &[]))])
        }
        "/moved" => Some(redirect("/page")),
        "/unasked" => Some(vec![Step::Send(head(304, &[]))]),
        _ => None,
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    for path in ["/page", "/moved"] {
        let request = Request {
            etag: Some("\"7\"".to_owned()),
            last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
            ..Request::new(site.url(path))
        };
        assert!(matches!(ask(&fetcher, &request).await.unwrap(), Response::Unchanged { transferred: 0 }));
    }
    let unusable = Request { etag: Some("line\nbreak".to_owned()), ..Request::new(site.url("/unasked")) };
    assert_eq!(ask(&fetcher, &unusable).await.unwrap_err().code(), "refused");
}

#[tokio::test]
async fn every_encoding_is_decoded() {
    let text = "Amazon S3 stores objects in buckets. ".repeat(50);
    let sent = text.clone();
    let site = Site::start(move |asked: &Asked| {
        let encoding = asked.path.trim_start_matches('/').to_owned();
        if encoding == "robots.txt" {
            return None;
        }
        Some(page(&[("Content-Encoding", &encoding)], &encoded(&encoding, sent.as_bytes())))
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    for encoding in ["gzip", "br", "zstd", "identity"] {
        let found = body(&fetcher, site.url(&format!("/{encoding}"))).await;
        assert_eq!(found.bytes, text, "{encoding}");
        assert_eq!(found.transferred, encoded(encoding, text.as_bytes()).len() as u64);
    }
    assert_eq!(code(options(), site.url("/deflate")).await, "bad_encoding");
    assert_eq!(code(options(), site.url("/gzip,br")).await, "bad_encoding");
}

#[tokio::test]
async fn bombs_are_refused() {
    let site = Site::start(|asked: &Asked| {
        let encoding = asked.path.trim_start_matches('/').to_owned();
        if encoding == "robots.txt" {
            return None;
        }
        let bomb = encoded(&encoding, &vec![0; 8 << 20]);
        Some(vec![Step::Send(head(200, &[("Content-Encoding", &encoding)])), Step::Send(bomb)])
    })
    .await;
    for encoding in ["gzip", "br", "zstd"] {
        let large = FetchOptions { max_body_bytes: 1 << 30, ..once() };
        assert_eq!(code(large, site.url(&format!("/{encoding}"))).await, "decompression_bomb", "{encoding}");
        let loose = FetchOptions { max_ratio: u32::MAX, ..once() };
        assert_eq!(code(loose, site.url(&format!("/{encoding}"))).await, "too_large", "{encoding}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_whether_announced_or_not() {
    let site = Site::start(|asked: &Asked| match asked.path.as_str() {
        "/announced" => Some(vec![Step::Send(head(200, &[("Content-Length", "99999999999")]))]),
        "/endless" => Some(vec![Step::Send(head(200, &[])), Step::Drip(vec![b'x'; 100_000], Duration::ZERO)]),
        "/small" => Some(page(&[], &[b'x'; 100])),
        _ => None,
    })
    .await;
    assert_eq!(code(once(), site.url("/announced")).await, "too_large");
    assert_eq!(code(once(), site.url("/endless")).await, "too_large");
    let fetcher = Fetcher::new(once()).unwrap();
    let request = Request { max_body_bytes: Some(99), ..Request::new(site.url("/small")) };
    assert!(matches!(ask(&fetcher, &request).await, Err(FetchError::TooLarge { limit: 99, .. })));
    assert!(ask(&fetcher, &Request { max_body_bytes: Some(100), ..request }).await.is_ok());
}

#[tokio::test]
async fn what_is_cut_off_is_no_page() {
    let site = Site::start(|asked: &Asked| {
        let whole = encoded("gzip", &b"Buckets hold objects. ".repeat(100));
        match asked.path.as_str() {
            "/length" => Some(vec![Step::Send(head(200, &[("Content-Length", "100")])), Step::Send(b"short".to_vec())]),
            "/chunks" => Some(vec![
                Step::Send(head(200, &[("Transfer-Encoding", "chunked")])),
                Step::Send(b"5\r\nshort\r\n".to_vec()),
            ]),
            "/inside" => Some(vec![
                Step::Send(head(200, &[("Content-Encoding", "gzip")])),
                Step::Send(whole[..whole.len() - 3].to_vec()),
            ]),
            // A length that is too small cuts off what is compressed.
            "/lie" => Some(vec![
                Step::Send(head(200, &[("Content-Encoding", "gzip"), ("Content-Length", "20")])),
                Step::Send(whole),
            ]),
            _ => None,
        }
    })
    .await;
    for path in ["/length", "/chunks", "/inside", "/lie"] {
        assert_eq!(code(options(), site.url(path)).await, "truncated", "{path}");
        assert_eq!(site.count(path), 2, "it may have been an accident");
    }
}

#[tokio::test]
async fn silence_and_slowness_end() {
    let silence = Duration::from_secs(30);
    let site = Site::start(move |asked: &Asked| match asked.path.as_str() {
        "/nothing" => Some(vec![Step::Wait(silence)]),
        "/middle" => Some(vec![
            Step::Send(head(200, &[("Content-Length", "10")])),
            Step::Send(b"x".to_vec()),
            Step::Wait(silence),
        ]),
        "/drip" => Some(vec![Step::Send(head(200, &[])), Step::Drip(b"x".to_vec(), Duration::from_millis(5))]),
        "/headers" => Some(vec![
            Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Step::Drip(b"X-More: more\r\n".to_vec(), Duration::from_millis(20)),
        ]),
        _ => None,
    })
    .await;
    let impatient = FetchOptions {
        connect_timeout: Duration::from_millis(700),
        idle_timeout: Duration::from_millis(700),
        timeout: Duration::from_secs(2),
        ..once()
    };
    let fetcher = Fetcher::new(impatient).unwrap();
    fetcher.allowed(&site.url("/")).await.unwrap();
    let asked = ["/nothing", "/middle", "/drip", "/headers"].map(|path| {
        let (fetcher, request) = (fetcher.clone(), Request::new(site.url(path)));
        (path, tokio::spawn(async move { ask(&fetcher, &request).await }))
    });
    for (path, asked) in asked {
        let error = asked.await.unwrap().unwrap_err();
        assert_eq!(error.code(), "timeout", "{path}: {error}");
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn private_addresses_are_asked_only_on_request() {
    let site = Site::start(|_: &Asked| Some(page(&[], b"secret"))).await;
    let strict = FetchOptions { allow_private: false, ..options() };
    assert_eq!(code(strict.clone(), site.url("/")).await, "private_address");
    // By name it is refused where the name is resolved.
    let named = Url::parse(&format!("http://localhost:{}/", site.address.port())).unwrap();
    let error = get(strict, named.clone()).await.unwrap_err();
    assert_eq!(error.code(), "private_address", "{error}");
    assert!(error.hint().unwrap().contains("allow private addresses"));
    assert!(!error.is_transient());
    assert_eq!(site.count("/robots.txt") + site.count("/"), 0, "it was never asked");

    for metadata in
        ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://[::ffff:169.254.169.254]/"]
    {
        let error = get(options(), Url::parse(metadata).unwrap()).await.unwrap_err();
        assert!(matches!(error, FetchError::PrivateAddress { metadata: true, .. }), "{error}");
    }
}

#[tokio::test]
async fn redirects_are_followed_inside_the_scope() {
    let other = Site::start(|_: &Asked| Some(page(&[], b"elsewhere"))).await;
    let elsewhere = other.url("/docs/x").to_string();
    let site = Site::start(move |asked: &Asked| match asked.path.as_str() {
        "/docs/old" => Some(redirect("new#part")),
        "/docs/new" => Some(page(&[], b"moved")),
        "/docs/out" => Some(redirect("/blog/")),
        "/docs/away" => Some(redirect(&elsewhere)),
        "/docs/metadata" => Some(redirect("http://169.254.169.254/latest/meta-data/")),
        "/docs/file" => Some(redirect("file:///etc/passwd")),
        "/docs/nowhere" => Some(status(301, &[])),
        "/docs/a" => Some(redirect("/docs/b")),
        "/docs/b" => Some(redirect("/docs/a")),
        "/blog/" => Some(page(&[], b"blog")),
        path => {
            let number: u32 = path.strip_prefix("/docs/")?.parse().ok()?;
            Some(redirect(&format!("/docs/{}", number + 1)))
        }
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    let moved = body(&fetcher, site.url("/docs/old")).await;
    assert_eq!((moved.bytes.as_ref(), moved.redirected), (&b"moved"[..], true));
    assert_eq!(moved.url, site.url("/docs/new"));

    let scope = Arc::new(Scope::new(vec![site.url("/docs/")], &[]).unwrap());
    for (path, expected) in [
        ("/docs/out", "out_of_scope"),
        ("/docs/away", "out_of_scope"),
        ("/docs/metadata", "out_of_scope"),
        ("/docs/file", "bad_redirect"),
        ("/docs/nowhere", "bad_redirect"),
        ("/docs/a", "redirect_loop"),
        ("/docs/1", "too_many_redirects"),
    ] {
        let request = Request { scope: Some(Arc::clone(&scope)), ..Request::new(site.url(path)) };
        let error = ask(&fetcher, &request).await.unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
        assert!(!error.is_transient());
    }
    assert_eq!(site.count("/blog/") + other.count("/docs/x"), 0, "what is out of scope is not asked for");
    assert_eq!(site.count("/docs/5"), 0, "three redirects are three");
    // Without a scope the other rules still hold.
    let error = get(options(), site.url("/docs/metadata")).await.unwrap_err();
    assert_eq!(error.code(), "private_address", "{error}");
    assert_eq!(body(&fetcher, site.url("/docs/away")).await.bytes, "elsewhere");
}

#[tokio::test]
async fn statuses_say_what_became_of_a_page() {
    let site = Site::start(|asked: &Asked| {
        let code: u16 = asked.path.trim_start_matches('/').parse().ok()?;
        Some(status(code, &[]))
    })
    .await;
    for (answer, expected, tries) in [
        (404, "gone", 1),
        (410, "gone", 1),
        (401, "denied", 1),
        (403, "denied", 1),
        (451, "denied", 1),
        (418, "refused", 1),
        (408, "refused", 2),
        (206, "refused", 1),
        (300, "refused", 1),
        (500, "server_error", 2),
        (501, "server_error", 1),
        (503, "server_error", 2),
        (429, "throttled", 2),
    ] {
        let path = format!("/{answer}");
        let error = get(options(), site.url(&path)).await.unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
        assert_eq!(error.status(), Some(answer), "{error}");
        assert_eq!(error.is_transient(), tries > 1, "{error}");
        assert_eq!(site.count(&path), tries, "{answer}");
    }
}

#[tokio::test]
async fn a_host_that_asks_for_a_pause_gets_it() {
    let site = Site::start(|asked: &Asked| match asked.path.as_str() {
        "/busy" if asked.before == 0 => Some(status(429, &[("Retry-After", "1")])),
        "/broken" if asked.before == 0 => Some(status(502, &[])),
        "/busy" | "/broken" => Some(page(&[], b"now")),
        "/tomorrow" => Some(status(503, &[("Retry-After", "86400")])),
        _ => None,
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    assert_eq!(body(&fetcher, site.url("/broken")).await.bytes, "now");
    let before = Instant::now();
    assert_eq!(body(&fetcher, site.url("/busy")).await.bytes, "now");
    assert!(before.elapsed() >= Duration::from_secs(1));
    let statistics = fetcher.statistics().remove(0);
    assert_eq!((statistics.retries, statistics.throttled, statistics.failures), (2, 1, 1));
    assert!(statistics.waited_ms >= 900, "{statistics:?}");

    // A pause that is too long to wait for is an error, for this page and for the next, which is not even asked for.
    for path in ["/tomorrow", "/busy"] {
        let error = ask(&fetcher, &Request::new(site.url(path))).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("throttled", Some(503)), "{error}");
        assert!(error.retry_after().unwrap() > Duration::from_secs(80_000));
    }
    assert_eq!((site.count("/tomorrow"), site.count("/busy")), (1, 2));
}

#[tokio::test]
async fn a_dead_host_is_not_asked_page_by_page() {
    let site = Site::start(|asked: &Asked| (asked.path != "/robots.txt").then(|| status(500, &[]))).await;
    let manners = Manners { max_failures: 3, ..options().manners };
    let fetcher = Fetcher::new(FetchOptions { manners, ..options() }).unwrap();
    let mut codes = Vec::new();
    for number in 0..5 {
        let error = ask(&fetcher, &Request::new(site.url(&format!("/{number}")))).await.unwrap_err();
        assert!(error.is_transient());
        codes.push(error.code());
    }
    assert_eq!(codes, ["server_error", "server_error", "server_error", "host_down", "host_down"]);
    assert_eq!(site.count("/3"), 0);
    assert!(fetcher.statistics()[0].down);
}

#[tokio::test]
async fn nobody_at_home_and_no_such_name() {
    let free = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_eq!(code(once(), Url::parse(&format!("http://{free}/")).unwrap()).await, "connect");
    // Reserved for never being there (RFC 6761). A machine without a way to its resolver waits for an answer.
    let short = FetchOptions { connect_timeout: Duration::from_secs(1), ..once() };
    let error = get(short, Url::parse("http://cloudops.invalid/").unwrap()).await.unwrap_err();
    assert!(error.code() == "dns" || error.to_string().contains("no connection"), "{error}");
    // A server that does not speak HTTP, and one that does not speak TLS.
    let site = Site::start(|_: &Asked| Some(vec![Step::Send(b"220 smtp.example.org\r\n".to_vec())])).await;
    assert_eq!(code(once(), site.url("/")).await, "connect");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Closing with something unread would reset the connection before its words are heard.
            let mut heard = [0; 1024];
            if stream.read(&mut heard).await.is_ok_and(|bytes| bytes == 0) {
                continue;
            }
            // The client may be gone already.
            stream.write_all(b"220 smtp.example.org ready for mail\r\n").await.ok();
            while stream.read(&mut heard).await.is_ok_and(|bytes| bytes > 0) {}
        }
    });
    assert_eq!(code(once(), secure).await, "tls");
    for url in ["ftp://example.org/", "data:text/plain,x", "mailto:me@example.org"] {
        assert_eq!(get(once(), Url::parse(url).unwrap()).await.unwrap_err().code(), "bad_url", "{url}");
    }
}

#[tokio::test]
async fn a_proxy_may_be_on_a_private_network_and_leads_to_none() {
    let proxy = Site::start(|asked: &Asked| match asked.path.as_str() {
        "http://docs.invalid/page" => Some(page(&[], b"through the proxy")),
        "http://docs.invalid/inside" => Some(redirect("http://10.0.0.1/")),
        _ => None,
    })
    .await;
    for host in ["127.0.0.1", "localhost"] {
        let proxy = format!("http://{host}:{}", proxy.address.port());
        let options = FetchOptions { allow_private: false, proxy: Proxy::Url(proxy.clone()), ..once() };
        let fetcher = Fetcher::new(options.clone()).unwrap();
        let docs = |path| Url::parse(&format!("http://docs.invalid{path}")).unwrap();
        assert_eq!(body(&fetcher, docs("/page")).await.bytes, "through the proxy");
        let error = ask(&fetcher, &Request::new(docs("/inside"))).await.unwrap_err();
        assert_eq!(error.code(), "private_address", "{error}");
        let error = get(options, Url::parse(&proxy).unwrap()).await.unwrap_err();
        assert!(["private_address", "bad_url"].contains(&error.code()), "{error}");
    }
}

#[tokio::test]
async fn robots_txt_is_followed() {
    let rules = "User-agent: *\nDisallow: /\n\nUser-agent: CloudOps\nCrawl-delay: 0.4\nDisallow: /private\n\
                 Sitemap: https://example.org/sitemap.xml\n";
    let site = Site::start(move |asked: &Asked| match asked.path.as_str() {
        "/robots.txt" => Some(redirect("/really/robots.txt")),
        "/really/robots.txt" => Some(page(&[("Content-Encoding", "gzip")], &encoded("gzip", rules.as_bytes()))),
        "/into" => Some(redirect("/private/x")),
        _ => Some(page(&[], b"page")),
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    for path in ["/private/x", "/into"] {
        let error = ask(&fetcher, &Request::new(site.url(path))).await.unwrap_err();
        assert!(
            matches!(&error, FetchError::DisallowedByRobots { rule, .. } if rule == "Disallow: /private"),
            "{error}"
        );
    }
    assert_eq!(site.count("/private/x"), 0);
    assert!(fetcher.allowed(&site.url("/public")).await.is_ok());
    let before = Instant::now();
    body(&fetcher, site.url("/1")).await;
    body(&fetcher, site.url("/2")).await;
    body(&fetcher, site.url("/3")).await;
    assert!(before.elapsed() >= Duration::from_millis(800), "the delay is kept");
    assert_eq!(
        fetcher.sitemaps(&site.url("/")).await.unwrap(),
        [Url::parse("https://example.org/sitemap.xml").unwrap()]
    );
    assert_eq!(fetcher.crawl_delay(&site.url("/")).await.unwrap(), Some(Duration::from_millis(400)));
    assert_eq!(site.count("/really/robots.txt"), 1, "it is fetched once");
}

#[tokio::test]
async fn an_unknown_robots_txt_allows_nothing_for_now() {
    for answer in [500, 503, 429] {
        let site = Site::start(move |asked: &Asked| {
            Some(if asked.path == "/robots.txt" { status(answer, &[]) } else { page(&[], b"page") })
        })
        .await;
        let fetcher = Fetcher::new(once()).unwrap();
        for _ in 0..2 {
            let error = ask(&fetcher, &Request::new(site.url("/page"))).await.unwrap_err();
            assert!(error.is_transient(), "{error}");
            if answer != 429 {
                assert_eq!(error.code(), "robots_unavailable", "{error}");
                assert!(error.to_string().contains(&answer.to_string()), "{error}");
                assert_eq!(site.count("/robots.txt"), 1);
            }
        }
        assert_eq!(site.count("/page"), 0);
    }
}

#[tokio::test]
async fn a_site_without_robots_txt_allows_everything() {
    type Answer = Box<dyn Fn() -> Vec<Step> + Send + Sync>;
    let large = "# nothing\n".repeat(60_000) + "User-agent: *\nDisallow: /\n";
    let robots: [(&str, Answer); 5] = [
        ("gone", Box::new(|| status(404, &[]))),
        ("denied", Box::new(|| status(403, &[]))),
        ("circle", Box::new(|| redirect("/robots.txt"))),
        ("markup", Box::new(|| page(&[], b"<!doctype html><title>Not found</title>"))),
        ("large", Box::new(move || page(&[], large.as_bytes()))),
    ];
    for (name, robots) in robots {
        let site = Site::start(move |asked: &Asked| {
            Some(if asked.path == "/robots.txt" { robots() } else { page(&[], b"page") })
        })
        .await;
        let fetched = get(options(), site.url("/page")).await;
        assert!(fetched.is_ok(), "{name}: {fetched:?}");
    }
}

#[tokio::test]
async fn requests_share_one_robots_txt_and_the_limit_of_the_host() {
    let under_way = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let site = Site::start(|asked: &Asked| {
        let body = asked.path.clone().into_bytes();
        let length = body.len().to_string();
        (asked.path != "/robots.txt").then(|| {
            vec![
                Step::Wait(Duration::from_millis(10)),
                Step::Send(head(200, &[("Content-Length", &length)])),
                Step::Send(body),
            ]
        })
    })
    .await;
    let fetcher = Fetcher::new(options()).unwrap();
    let requests = (0..30).map(|number| {
        let (fetcher, url, under_way) = (fetcher.clone(), site.url(&format!("/{number}")), Arc::clone(&under_way));
        tokio::spawn(async move {
            let body = body(&fetcher, url).await;
            under_way.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(body.bytes, format!("/{number}"));
        })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap();
    }
    assert_eq!(under_way.load(std::sync::atomic::Ordering::Relaxed), 30);
    assert_eq!(site.count("/robots.txt"), 1);
    assert_eq!(fetcher.statistics()[0].requests, 31);
}
