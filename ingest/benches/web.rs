//! How fast a page gives its links.

use std::fmt::Write;

use cloudops_ingest::web::address::{Scope, canonical};
use cloudops_ingest::web::links::{links, links_in};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use scraper::Html;
use url::Url;

fn main() {
    divan::main();
}

fn address() -> Url {
    Url::parse("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/concepts.html").expect("it is an address")
}

/// A page of about 100 KB with 1,000 links, each there twice.
fn page() -> String {
    let mut page = String::from("<html><head><title>Links</title></head><body>");
    for at in 0..1_000 {
        let link = at % 500;
        write!(page, "<p>See <a href=\"page-{link}.html#part\">page {link}</a>, which says more about the matter.</p>")
            .expect("strings take any text");
    }
    page.push_str("</body></html>");
    page
}

#[divan::bench]
fn parsed_page(bencher: Bencher) {
    let (html, address) = (page(), address());
    let parsed = Html::parse_document(&html);
    bencher.counter(BytesCount::of_str(&html)).bench_local(|| links_in(&parsed, &address));
}

#[divan::bench]
fn whole_page(bencher: Bencher) {
    let (html, address) = (page(), address());
    bencher.counter(BytesCount::of_str(&html)).bench_local(|| links(&html, &address));
}

#[divan::bench]
fn addresses(bencher: Bencher) {
    let base = address();
    let scope = Scope::new(vec![base.join("./").expect("it has a folder")], &[]).expect("it is a scope");
    let hrefs: Vec<String> = (0..1_000).map(|at| format!("../UserGuide/page-{at}.html?icmpid=x#part")).collect();
    bencher.counter(ItemsCount::new(hrefs.len())).bench_local(|| {
        hrefs.iter().filter_map(|href| canonical(href, Some(&base))).filter(|url| scope.contains(url)).count()
    });
}
