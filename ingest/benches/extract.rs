//! How fast documents become passages.

use cloudops_ingest::chunk::chunk;
use cloudops_ingest::extract::{Format, extract};
use divan::Bencher;
use divan::counter::BytesCount;

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
