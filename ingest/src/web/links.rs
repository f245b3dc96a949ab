//! Links of a page.

use rustc_hash::FxHashSet;
use scraper::node::Element;
use scraper::{Html, Node};
use url::Url;

use super::address;

/// The most links that are read from one page.
pub const MAX_LINKS: usize = 5_000;

/// The canonical addresses that a page links to, in its order, each once; none if the page is built to be slow.
///
/// For a page that is parsed already there is [`links_in`].
pub fn links(html: &str, address: &Url) -> Vec<Url> {
    if super::nests_too_deeply(html) {
        return Vec::new();
    }
    links_in(&Html::parse_document(html), address)
}

/// The canonical addresses that a parsed page links to, in its order, each once.
///
/// `address` is where the page came from; a `<base href>` in it is honored. Links that ask not to be followed and links
/// to files without text are left out, the page itself as well. Where a page sends browsers on at once counts as a link.
pub fn links_in(page: &Html, address: &Url) -> Vec<Url> {
    let base = base_in(page, address);
    let mut found = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut known: FxHashSet<Url> = FxHashSet::default();
    if let Some(own) = address::canonical(address.as_str(), None) {
        known.insert(own);
    }
    for element in elements(page) {
        let href = match element.name() {
            "a" | "area" if is_followed(element) => element.attr("href"),
            "meta" => refresh_target(element),
            _ => None,
        };
        // Most links of a page are there more than once, written in the same way.
        let Some(href) = href.filter(|href| !href.starts_with('#') && seen.insert(href)) else { continue };
        let Some(url) = address::canonical(href, Some(&base)) else { continue };
        if !address::is_asset(&url) && known.insert(url.clone()) {
            found.push(url);
            if found.len() == MAX_LINKS {
                break;
            }
        }
    }
    found
}

/// Where a page sends browsers on (`<meta http-equiv="refresh">`), as the entrance of most AWS guides does.
pub fn refresh_in(page: &Html, address: &Url) -> Option<Url> {
    let target = elements(page).find_map(|element| refresh_target(element))?;
    address::canonical(target, Some(&base_in(page, address)))
}

/// What relative addresses in a page are relative to.
pub fn base_in(page: &Html, address: &Url) -> Url {
    let href = elements(page).find_map(|element| if element.name() == "base" { element.attr("href") } else { None });
    let base = href.filter(|href| href.len() <= address::MAX_HREF).and_then(|href| address.join(href).ok());
    base.filter(|base| matches!(base.scheme(), "http" | "https")).unwrap_or_else(|| address.clone())
}

fn elements(page: &Html) -> impl Iterator<Item = &Element> {
    page.tree.root().descendants().filter_map(|node| match node.value() {
        Node::Element(element) => Some(element),
        _ => None,
    })
}

fn is_followed(element: &Element) -> bool {
    let rel = element.attr("rel").unwrap_or_default();
    !rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("nofollow"))
}

/// The address in `<meta http-equiv="refresh" content="0; URL='page.html'">`.
fn refresh_target(element: &Element) -> Option<&str> {
    if element.name() != "meta" || !element.attr("http-equiv")?.trim().eq_ignore_ascii_case("refresh") {
        return None;
    }
    let (_, target) = element.attr("content")?.split_once([';', ','])?;
    let target = target.trim_start();
    let target = match target.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => target[3..].trim_start().strip_prefix('=')?.trim(),
        _ => target.trim(),
    };
    let target = target.trim_matches(['"', '\'']);
    (!target.is_empty()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let address = Url::parse("https://h.example/guide/page.html").unwrap();
        links(html, &address).into_iter().map(String::from).collect()
    }

    #[test]
    fn of_a_page() {
        let html = r##"<html><head><title>x</title></head><body>
            <a href="a.html">A</a> <a href="a.html#part">A again</a> <a href="./a.html">and again</a>
            <a href="#top">Top</a> <a href="page.html#x">Here</a> <a href="">Here</a> <a>none</a>
            <a href="b.html" rel="noopener NOFOLLOW">B</a> <a href="mailto:x@h.example">Mail</a>
            <a href="x.png">Picture</a> <a href="//other.example/c?utm_source=x">C</a>
            <map><area href="d.html"></map> <a href="https://[bad">bad</a> <a href=" e.html
            ">E</a></body></html>"##;
        assert_eq!(
            found(html),
            [
                "https://h.example/guide/a.html",
                "https://other.example/c",
                "https://h.example/guide/d.html",
                "https://h.example/guide/e.html"
            ]
        );
    }

    #[test]
    fn of_another_base() {
        assert_eq!(found("<base href='/other/'><a href=x.html>x</a>"), ["https://h.example/other/x.html"]);
        assert_eq!(found("<base href='javascript:x'><a href=x.html>x</a>"), ["https://h.example/guide/x.html"]);
    }

    #[test]
    fn sent_on() {
        let page = |html: &str| {
            let address = Url::parse("https://h.example/guide/").unwrap();
            refresh_in(&Html::parse_document(html), &address).map(String::from)
        };
        let expected = Some("https://h.example/guide/welcome.html");
        for html in [
            "<meta http-equiv=refresh content='10;URL=welcome.html'>",
            "<meta http-equiv=Refresh content=\"0; url = 'welcome.html'\">",
            "<meta http-equiv=refresh content='0,welcome.html'>",
        ] {
            assert_eq!(page(html).as_deref(), expected, "{html}");
        }
        assert_eq!(page("<meta http-equiv=refresh content='30'>"), None);
        assert_eq!(page("<meta http-equiv=refresh content='0;ü'>").as_deref(), Some("https://h.example/guide/%C3%BC"));
        assert_eq!(page("<meta name=refresh content='0;url=x'>"), None);
        assert_eq!(found("<meta http-equiv=refresh content='0;URL=w.html'>"), ["https://h.example/guide/w.html"]);
    }

    #[test]
    fn bounded() {
        use std::fmt::Write;
        let mut html = String::new();
        for at in 0..MAX_LINKS + 10 {
            write!(html, "<p><a href={at}.html>x</a>").unwrap();
        }
        assert_eq!(found(&html).len(), MAX_LINKS);
        assert!(found(&"<a href=x.html><div>".repeat(100_000)).is_empty());
    }
}
