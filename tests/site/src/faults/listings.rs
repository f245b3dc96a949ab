//! Sitemaps, tables of contents and robots.txt that are not what they should be.

use bytes::Bytes;

use crate::http::Response;
use crate::layout::{add, escape};
use crate::serve::Pieces;

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"";

pub(super) fn malformed_sitemap() -> String {
    format!("{XML}<urlset {NAMESPACE}><url><loc>http://127.0.0.1/a.html</lo <url>&nonsense; <![CDATA[")
}

/// Nine levels of ten references each.
pub(super) fn entities() -> String {
    let mut xml = format!("{XML}<!DOCTYPE urlset [<!ENTITY a0 \"haha\">");
    for level in 1..10 {
        add(&mut xml, format_args!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10)));
    }
    add(&mut xml, format_args!("]><urlset {NAMESPACE}><url><loc>http://127.0.0.1/&a9;.html</loc></url></urlset>"));
    xml
}

/// The true sitemap with addresses in front that nobody should follow.
pub(super) fn foreign(truth: &Response) -> String {
    const ADDRESSES: [&str; 8] = [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/admin.html",
        "http://[fd00::1]/admin.html",
        "https://elsewhere.example/page.html",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//elsewhere.example/page.html",
        "not an address",
    ];
    let xml = String::from_utf8_lossy(&truth.body).into_owned();
    let element = if xml.contains("<sitemapindex") { "sitemap" } else { "url" };
    let mut entries = String::new();
    for address in ADDRESSES {
        add(&mut entries, format_args!("<{element}><loc>{}</loc></{element}>\n", escape(address)));
    }
    xml.replacen(&format!("<{element}>"), &format!("{entries}<{element}>"), 1)
}

/// A sitemap index with one entry.
pub(super) fn index_of(address: &str) -> String {
    format!("{XML}<sitemapindex {NAMESPACE}><sitemap><loc>{}</loc></sitemap></sitemapindex>", escape(address))
}

pub(super) fn huge_sitemap(here: &str, entries: usize) -> String {
    let folder = here.rsplit_once('/').map_or(here, |(folder, _)| folder);
    let mut xml = format!("{XML}<urlset {NAMESPACE}>");
    for entry in 0..entries {
        add(&mut xml, format_args!("<url><loc>{folder}/made-up-{entry}.html</loc></url>\n"));
    }
    xml.push_str("</urlset>");
    xml
}

pub(super) fn deep_toc(depth: usize) -> String {
    let open = "{\"title\":\"Deeper\",\"href\":\"index.html\",\"contents\":[";
    format!("{{\"contents\":[{}{}]}}", open.repeat(depth), "]}".repeat(depth))
}

pub(super) fn huge_robots(bytes: u64) -> Pieces {
    let head = Bytes::from_static(b"User-agent: *\n");
    let piece = Bytes::from("Disallow: /nothing/that/there/is/on/this/site/\n".repeat(1_000));
    let pieces = (bytes / piece.len() as u64 + 1) as usize;
    Box::new(std::iter::once(head).chain(std::iter::repeat_n(piece, pieces)))
}
