use std::io::Write;

use proptest::prelude::*;

use super::*;

const PAGES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://host.example/a.html</loc><lastmod>2024-05-01</lastmod><priority>1.0</priority></url>
  <url>
    <loc>
      https://host.example/b.html?x=1&amp;y=2#top
    </loc>
    <image:image><image:loc>https://host.example/b.png</image:loc></image:image>
    <lastmod>nonsense</lastmod>
  </url>
  <url><loc><![CDATA[https://host.example/c.html]]></loc></url>
  <url><loc>/relative.html</loc></url>
  <url><loc>javascript:alert(1)</loc></url>
  <url/>
  <url><loc>https://other.example/d.html</loc></url>
</urlset>"#;

fn addresses(parsed: &Parsed) -> Vec<&str> {
    parsed.entries().iter().map(|entry| entry.url.as_str()).collect()
}

#[test]
fn pages() {
    let parsed = parse(PAGES.as_bytes()).unwrap();
    assert!(matches!(parsed.sitemap, Sitemap::Pages(_)));
    assert_eq!(
        addresses(&parsed),
        [
            "https://host.example/a.html",
            "https://host.example/b.html?x=1&y=2",
            "https://host.example/c.html",
            "https://other.example/d.html"
        ]
    );
    assert_eq!(parsed.entries()[0].modified, Some(1_714_521_600));
    assert_eq!(parsed.entries()[1].modified, None);
    assert_eq!(parsed.left_out, LeftOut { invalid: 3, over_limit: 0, truncated: false });
}

#[test]
fn an_index_with_a_prefix() {
    let text = r#"<sm:sitemapindex xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9">
        <sm:sitemap><sm:loc>https://host.example/x/sitemap.xml</sm:loc><sm:lastmod>2024-05-01T00:00:00Z</sm:lastmod></sm:sitemap>
        </sm:sitemapindex>"#;
    let parsed = parse(text.as_bytes()).unwrap();
    assert!(matches!(&parsed.sitemap, Sitemap::Index(entries) if entries.len() == 1), "{parsed:?}");
    assert!(parsed.left_out.is_complete());
}

#[test]
fn an_empty_list_is_complete() {
    let parsed = parse(b"<urlset></urlset>").unwrap();
    assert!(parsed.entries().is_empty() && parsed.left_out.is_complete());
    assert!(parse(b"<urlset/>").unwrap().left_out.is_complete());
}

#[test]
fn encodings() {
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(PAGES.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(parse(&utf16).unwrap().entries().len(), 4);
    let marked = format!("\u{feff}{PAGES}");
    assert_eq!(parse(marked.as_bytes()).unwrap().entries().len(), 4);
    let latin =
        b"<?xml version='1.0' encoding='ISO-8859-1'?><urlset><url><loc>https://h.example/\xe4</loc></url></urlset>";
    assert_eq!(addresses(&parse(latin).unwrap()), ["https://h.example/%C3%A4"]);
}

#[test]
fn packed() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(PAGES.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    assert_eq!(parse(&packed).unwrap(), parse(PAGES.as_bytes()).unwrap());
    assert!(matches!(parse(&packed[..12]), Err(ParseError::Broken { .. })));
}

#[test]
fn a_bomb_is_refused() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let spaces = vec![b' '; 1024 * 1024];
    for _ in 0..60 {
        packer.write_all(&spaces).unwrap();
    }
    let packed = packer.finish().unwrap();
    assert!(packed.len() < 1024 * 1024);
    assert_eq!(parse(&packed), Err(ParseError::TooLarge { what: "the sitemap", limit: MAX_BYTES }));
}

#[test]
fn entities_are_not_expanded() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">
        <!ENTITY file SYSTEM "file:///etc/passwd">]>
        <urlset><url><loc>https://host.example/&lol2;&file;</loc></url><url><loc>https://host.example/a</loc></url></urlset>"#;
    let parsed = parse(laughs.as_bytes()).unwrap();
    assert_eq!(addresses(&parsed), ["https://host.example/&lol2;&file;", "https://host.example/a"]);
}

#[test]
fn cut_off() {
    let cut = &PAGES[..PAGES.find("c.html").unwrap()];
    let parsed = parse(cut.as_bytes()).unwrap();
    assert_eq!(parsed.entries().len(), 2);
    assert!(parsed.left_out.truncated && !parsed.left_out.is_complete());
    let crossed = "<urlset><url><loc>https://h.example/a</loc></url><url></loc></urlset>";
    let parsed = parse(crossed.as_bytes()).unwrap();
    assert_eq!((parsed.entries().len(), parsed.left_out.truncated), (1, true));
    let deep = format!("<urlset><url><loc>https://h.example/a</loc></url>{}", "<x>".repeat(100_000));
    assert!(parse(deep.as_bytes()).unwrap().left_out.truncated);
}

#[test]
fn more_than_may_be() {
    let many: Vec<_> = (0..MAX_ENTRIES + 3).map(|at| format!("<url><loc>https://h.example/{at}</loc></url>")).collect();
    let parsed = parse(format!("<urlset>{}</urlset>", many.concat()).as_bytes()).unwrap();
    assert_eq!((parsed.entries().len(), parsed.left_out.over_limit), (MAX_ENTRIES, 3));
}

#[test]
fn plain_text() {
    let parsed =
        parse("\u{feff}# all pages\nhttps://h.example/a\r\n\r\nhttps://h.example/b\nnot one\n".as_bytes()).unwrap();
    assert_eq!(addresses(&parsed), ["https://h.example/a", "https://h.example/b"]);
    assert_eq!(parsed.left_out.invalid, 1);
}

#[test]
fn feeds_as_sitemaps() {
    let rss = r#"<?xml version="1.0"?><rss version="2.0"><channel><link>https://h.example/</link>
        <item><title>A</title><link>https://h.example/a</link><pubDate>Wed, 01 May 2024 00:00:00 GMT</pubDate></item>
        </channel></rss>"#;
    let parsed = parse(rss.as_bytes()).unwrap();
    assert_eq!(parsed.entries()[0].modified, Some(1_714_521_600));
    assert_eq!(addresses(&parsed), ["https://h.example/a"]);
}

#[test]
fn no_sitemap() {
    let unexpected = |found| Err(ParseError::Unexpected { expected: "a sitemap", found });
    for (bytes, expected) in [
        (&b""[..], Err(ParseError::Empty)),
        (b" \n ", Err(ParseError::Empty)),
        (b"<!DOCTYPE html><html><body>Not found<br></body></html>", unexpected("a web page")),
        (b"<!-- x --><html><p>x</html>", unexpected("a web page")),
        (b"<svg xmlns='x'/>", unexpected("other XML")),
        (b"{\"a\": 1}", unexpected("JSON")),
        (b"Not found", unexpected("other text")),
        (b"\x00\x01\x02\x03", Err(ParseError::NotText)),
        (b"# nothing", Err(ParseError::Empty)),
    ] {
        assert_eq!(parse(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }
    assert!(matches!(parse(b"<?xml version='1.0'"), Err(ParseError::Broken { .. })));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        _ = parse(&bytes);
    }

    #[test]
    fn never_panics_on_damage(at in 0..PAGES.len(), byte in any::<u8>(), cut in 0..PAGES.len()) {
        let mut bytes = PAGES.as_bytes().to_vec();
        bytes[at] = byte;
        bytes.truncate(cut.max(1));
        if let Ok(parsed) = parse(&bytes) {
            prop_assert!(parsed.entries().len() <= 7);
        }
    }
}
