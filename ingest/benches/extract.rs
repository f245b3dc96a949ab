//! How fast documents become passages.

use cloudops_ingest::chunk::chunk;
use cloudops_ingest::extract::{Format, extract};
use cloudops_ingest::web::page::{Fetched, PageOptions, read};
use divan::Bencher;
use divan::counter::BytesCount;
use scraper::Html;
use url::Url;

fn main() {
    divan::main();
}

/// A page in the style of the AWS documentation, about 80 KB.
fn page() -> String {
    let mut page = String::from("# Widgets\\-as\\-a\\-service<a name=\"widgets\"></a>\n\n");
    for part in 0..40 {
        let number = part.to_string();
        page.extend(["## Part ", &number, "<a name=\"part-", &number, "\"></a>\n\n"]);
        page.push_str(
            &"Widgets are kept in *three* places\\. See [the page](other.md#x) \\(and `code`\\)\\. ".repeat(8),
        );
        page.push_str("\n\n**Note**  \nWidgets cost money\\.\n\n1. First\\.\n\n1. Then\\.\n\n```\nwidget --make \\\n  --fast\n```\n\n");
        page.push_str("| Name | Limit | \n| --- | --- | \n");
        page.push_str(&"|  Widgets per Region  |  5,000  | \n".repeat(10));
        page.push('\n');
    }
    page
}

#[divan::bench]
fn markdown(bencher: Bencher) {
    let page = page();
    bencher.counter(BytesCount::of_str(&page)).bench(|| extract(Format::Markdown, &page));
}

#[divan::bench]
fn passages(bencher: Bencher) {
    let extracted = extract(Format::Markdown, &page());
    bencher.counter(BytesCount::of_str(&extracted.text)).bench(|| chunk(&extracted));
}

/// A page of the web in the style of the AWS documentation, about 45 KB: its text is there fourteen times over.
fn web_page() -> String {
    let page = include_str!("../tests/fixtures/pages/guide.html");
    let (start, rest) = page.split_once("<h2 id=\"before\">").unwrap_or((page, ""));
    let (text, end) = rest.split_once("<awsdocs-copyright").unwrap_or((rest, ""));
    let text = format!("<h2 id=\"before\">{text}");
    format!("{start}{}<awsdocs-copyright{end}", text.repeat(14))
}

/// Bytes to document and passages.
#[divan::bench]
fn web(bencher: Bencher) {
    let page = web_page();
    let options = PageOptions { source: "aws-docs".into(), ..PageOptions::default() };
    let Ok(url) = Url::parse("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize.html") else { return };
    let fetched = Fetched { url: &url, content_type: Some("text/html"), body: page.as_bytes(), modified: None };
    bencher.counter(BytesCount::of_str(&page)).bench(|| read(&fetched, &options));
}

/// What of that is the parser's.
#[divan::bench]
fn web_parser(bencher: Bencher) {
    let page = web_page();
    bencher.counter(BytesCount::of_str(&page)).bench(|| Html::parse_document(&page));
}

/// The decoded text to clean Markdown.
#[divan::bench]
fn web_extract(bencher: Bencher) {
    let page = web_page();
    bencher.counter(BytesCount::of_str(&page)).bench(|| extract(Format::Html, &page));
}
