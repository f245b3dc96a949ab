//! Cases for reading pages.

use std::fmt::Write;
use std::path::PathBuf;

use super::*;

const GUIDE: &[u8] = include_bytes!("../../../tests/fixtures/pages/guide.html");
const ARTICLE: &[u8] = include_bytes!("../../../tests/fixtures/pages/article.html");
const ANNOUNCEMENT: &[u8] = include_bytes!("../../../tests/fixtures/pages/announcement.html");
const BULLETIN: &[u8] = include_bytes!("../../../tests/fixtures/pages/bulletin.html");
const LOGIN: &[u8] = include_bytes!("../../../tests/fixtures/pages/login.html");
const MISSING: &[u8] = include_bytes!("../../../tests/fixtures/pages/missing.html");
const JAPANESE: &[u8] = include_bytes!("../../../tests/fixtures/pages/japanese.html");

const GUIDE_URL: &str = "https://docs.aws.amazon.com/widgetstore/latest/userguide/resize-widget.html?tab=1";

fn options() -> PageOptions {
    PageOptions { source: "web".into(), ..PageOptions::default() }
}

fn read_as(url: &str, content_type: Option<&str>, body: &[u8], options: &PageOptions) -> Page {
    let url = Url::parse(url).unwrap();
    read(&Fetched { url: &url, content_type, body, modified: Some(1_700_000_000) }, options)
}

fn read_html(url: &str, body: &[u8]) -> Page {
    read_as(url, Some("text/html;charset=UTF-8"), body, &options())
}

fn document(page: Page) -> Document {
    match page.prepared {
        Some(prepared) => prepared.document,
        None => panic!("refused: {:?}", page.facts.refused),
    }
}

/// Everything that is known of a page, for people.
fn shown(url: &str, body: &[u8]) -> String {
    let page = read_html(url, body);
    let mut out = String::new();
    let facts = &page.facts;
    let links: Vec<_> = facts.links.iter().map(Url::as_str).collect();
    writeln!(out, "canonical: {:?}", facts.canonical.as_ref().map(Url::as_str)).unwrap();
    writeln!(out, "locale: {:?}, noindex: {}, nofollow: {}", facts.locale, facts.noindex, facts.nofollow).unwrap();
    writeln!(out, "refused: {:?}, text_chars: {}", facts.refused, facts.text_chars).unwrap();
    writeln!(out, "links: {links:#?}").unwrap();
    if let Some(Prepared { document, passages, .. }) = &page.prepared {
        writeln!(out, "id: {}\ntitle: {}\nurl: {:?}", document.id, document.title, document.url).unwrap();
        writeln!(out, "guide: {:?}, services: {:?}", document.guide, document.services).unwrap();
        writeln!(out, "kind: {}, updated: {:?}", document.kind, document.updated).unwrap();
        for passage in passages {
            writeln!(out, "passage: {:?} #{:?}", passage.heading_path, passage.anchor).unwrap();
        }
        writeln!(out, "\n{}", document.text).unwrap();
    }
    out
}

#[test]
fn pages_of_every_family() {
    insta::assert_snapshot!("guide", shown(GUIDE_URL, GUIDE));
    insta::assert_snapshot!("article", shown("https://repost.aws/knowledge-center/widget-start", ARTICLE));
    insta::assert_snapshot!(
        "announcement",
        shown("https://aws.amazon.com/about-aws/whats-new/2024/05/fast-widgets/", ANNOUNCEMENT)
    );
    insta::assert_snapshot!(
        "bulletin",
        shown("https://aws.amazon.com/security/security-bulletins/AWS-2024-001/", BULLETIN)
    );
}

#[test]
fn nothing_around_the_text_is_indexed() {
    let text = document(read_html(GUIDE_URL, GUIDE)).text;
    for chrome in
        ["What is the store", "Document Conventions", "Did this page", "cookies", "Copy a widget", "switched off"]
    {
        assert!(!text.contains(chrome), "{chrome} in\n{text}");
    }
    let text = document(read_html("https://repost.aws/knowledge-center/a", ARTICLE)).text;
    for chrome in ["Log in", "lost widget", "Related", "Was this helpful", "Terms"] {
        assert!(!text.contains(chrome), "{chrome} in\n{text}");
    }
}

#[test]
fn options_win() {
    let options = PageOptions {
        kind: Some(Kind::Pattern),
        services: vec!["ec2".into()],
        guide: Some("mine".into()),
        tags: vec!["Blue".into()],
        ..options()
    };
    let document = document(read_as(GUIDE_URL, Some("text/html"), GUIDE, &options));
    assert_eq!(document.kind, Kind::Pattern);
    assert_eq!(document.services, ["ec2"]);
    assert_eq!(document.guide.as_deref(), Some("mine"));
    assert_eq!(document.tags, ["blue"]);
}

/// Address, content type, body, and what becomes of it.
type Case = (&'static str, Option<&'static str>, Vec<u8>, Option<Refusal>);

#[test]
fn what_is_no_page_is_refused() {
    let url = "https://example.org/a/page.html";
    let body = |text: &str| format!("<html><body><main>{text}</main></body></html>").into_bytes();
    let sentence = "Widgets keep their size until somebody changes it, and that is all that there is to say. ";
    let cases: [Case; 17] = [
        (url, Some("text/html"), body(sentence), None),
        (url, None, body(sentence), None),
        (url, Some("application/pdf"), b"%PDF-1.4".to_vec(), Some(Refusal::UnknownFormat)),
        (url, Some("text/html"), b"%PDF-1.4 and so on".to_vec(), Some(Refusal::NotText)),
        (url, Some("text/html"), vec![1; 500], Some(Refusal::NotText)),
        (url, Some("application/json"), b"{}".to_vec(), Some(Refusal::UnknownFormat)),
        (url, Some("application/xhtml+xml"), body(sentence), None),
        (url, Some("text/plain"), sentence.into(), None),
        (url, Some("text/html"), Vec::new(), Some(Refusal::Empty)),
        (
            url,
            Some("text/html"),
            body("<h1>A long title that says very much about itself</h1><p>Short.</p>"),
            Some(Refusal::Empty),
        ),
        (url, Some("text/html"), LOGIN.to_vec(), Some(Refusal::Login)),
        (
            url,
            Some("text/html"),
            body("<form><input type=hidden name=SAMLRequest><button>Go</button></form>"),
            Some(Refusal::Login),
        ),
        (url, Some("text/html"), MISSING.to_vec(), Some(Refusal::Soft404)),
        (url, Some("text/html"), JAPANESE.to_vec(), Some(Refusal::WrongLocale)),
        (
            "https://docs.aws.amazon.com/de_de/a/latest/b/c.html",
            Some("text/html"),
            body(sentence),
            Some(Refusal::WrongLocale),
        ),
        // Pages about what others are refused for.
        (url, Some("text/html"), body(&format!("<h1>Sign in to the console</h1><form>Sign in</form>{sentence}")), None),
        (url, Some("text/html"), body(&format!("<h1>404 Not Found</h1>{}", sentence.repeat(12))), None),
    ];
    for (at, (url, content_type, body, refused)) in cases.into_iter().enumerate() {
        let page = read_as(url, content_type, &body, &options());
        assert_eq!(page.facts.refused, refused, "case {at}");
        assert_eq!(page.prepared.is_none(), refused.is_some(), "case {at}");
    }
}

#[test]
fn other_languages_if_allowed() {
    let options = PageOptions { any_locale: true, ..options() };
    let page = read_as("https://example.org/ja/page.html", Some("text/html"), JAPANESE, &options);
    assert_eq!(page.facts.locale.as_deref(), Some("ja"));
    assert_eq!(document(page).title, "ウィジェットのサイズを変更する");
}

#[test]
fn markdown_and_plain_text() {
    let text = "# Resize a widget\n\nWidgets keep their size until somebody changes it.\n\n## Steps\n\n1. Stop it.\n";
    for (url, content_type) in [
        ("https://example.org/a/resize.md", Some("text/plain")),
        ("https://example.org/a/resize.html", Some("text/markdown; charset=utf-8")),
        ("https://example.org/a/resize.md", None),
    ] {
        let document = document(read_as(url, content_type, text.as_bytes(), &options()));
        assert_eq!((document.title.as_str(), document.text.as_str()), ("Resize a widget", text));
        assert_eq!(document.url.as_deref(), Some(url));
    }
    let missing = read_as("https://example.org/a/resize.md", Some("text/html"), MISSING, &options());
    assert_eq!(missing.facts.refused, Some(Refusal::Soft404));
}

#[test]
fn titles_come_from_somewhere() {
    let title = |url: &str, body: &str| {
        document(read_html(url, format!("{body}{}", "Some words. ".repeat(9)).as_bytes())).title
    };
    let url = "https://example.org/a/resize-widget.html";
    assert_eq!(
        title(url, "<title>Widgets | Site</title><h1>Resize <b>a</b> widget</h1>"),
        "Resize **a** widget".replace('*', "")
    );
    assert_eq!(title(url, "<title>Resize a widget | Site</title><p>"), "Resize a widget");
    assert_eq!(title(url, "<title>Resize - fast</title><p>"), "Resize - fast");
    assert_eq!(title(url, "<title>Resize - AWS Widgets</title><p>"), "Resize");
    assert_eq!(title(url, "<p>"), "resize widget");
    assert_eq!(title("https://example.org/", "<p>"), "example.org");
}

#[test]
fn a_box_to_log_in_on_every_page_is_no_log_in_page() {
    let page = |around: &str| {
        let body = format!(
            "<{around}><form><input type=password></form></{around}><main><p>{}</main>",
            "Words enough for a page. ".repeat(5)
        );
        read_html("https://example.org/a.html", body.as_bytes()).facts.refused
    };
    assert_eq!(page("header"), None);
    assert_eq!(page("div"), Some(Refusal::Login));
}

#[test]
fn what_robots_are_told() {
    let robots = |content: &str| {
        let body = format!(
            "<html><head><meta name=ROBOTS content='{content}'></head><body><p>{} <a href=b.html>next</a>",
            "Words enough for a page. ".repeat(5)
        );
        let facts = read_html("https://example.org/a.html", body.as_bytes()).facts;
        (facts.noindex, facts.nofollow, facts.links.len())
    };
    assert_eq!(robots("index, follow"), (false, false, 1));
    assert_eq!(robots("NoIndex"), (true, false, 1));
    assert_eq!(robots("noindex,nofollow"), (true, true, 0));
    assert_eq!(robots("none"), (true, true, 0));
}

#[test]
fn canonical_addresses_are_believed_on_their_own_host_only() {
    let url = |href: &str| {
        let body = format!(
            "<html><head><link rel=canonical href='{href}'></head><body><p>{}",
            "Words enough for a page. ".repeat(5)
        );
        let page = read_html("https://example.org/a/b.html?x=1", body.as_bytes());
        let document = document(page);
        assert_eq!(document.id, "web/example.org/a/b.html?x=1");
        document.url.unwrap()
    };
    assert_eq!(url("https://example.org/a/b.html"), "https://example.org/a/b.html");
    assert_eq!(url("b.html#part"), "https://example.org/a/b.html");
    for wrong in ["https://evil.example/a/b.html", "https://example.org/", "javascript:alert(1)", "http://[", ""] {
        assert_eq!(url(wrong), "https://example.org/a/b.html?x=1", "{wrong}");
    }
}

#[test]
fn only_what_is_indexed_decides_whether_a_page_has_changed() {
    let guide = String::from_utf8(GUIDE.to_vec()).unwrap();
    let hash = |text: &str, options: &PageOptions| {
        document(read_as(GUIDE_URL, Some("text/html"), text.as_bytes(), options)).content_hash
    };
    let same = hash(&guide, &options());
    for (from, to) in [
        ("We use cookies", "We still use cookies"),
        ("version=2021.12.02", "version=2029.01.01"),
        ("w12aab9c17b9", "w12aab9c18b1"),
        ("Copy a widget</div>", "Duplicate a widget</div>"),
        ("<body class=\"awsdocs", "<body class=\"x awsdocs"),
    ] {
        assert!(guide.contains(from), "{from}");
        assert_eq!(hash(&guide.replace(from, to), &options()), same, "{from}");
    }
    for (from, to) in [
        ("Stop every writer", "Stop each writer"),
        ("id=\"before\"", "id=\"first\""),
        ("<h1 class=\"topictitle\" id=\"resize-widget\">Resize", "<h1>Change"),
        ("content=\"User Guide\"", "content=\"Admin Guide\""),
    ] {
        assert!(guide.contains(from), "{from}");
        assert_ne!(hash(&guide.replace(from, to), &options()), same, "{from}");
    }
    assert_ne!(hash(&guide, &PageOptions { tags: vec!["x".into()], ..options() }), same);
    let url = Url::parse(GUIDE_URL).unwrap();
    let later = Fetched { url: &url, content_type: Some("text/html"), body: GUIDE, modified: Some(1_800_000_000) };
    assert_eq!(document(read(&later, &options())).content_hash, same, "when a server last copied its files");
}

#[test]
fn a_real_page() {
    let Some(body) = real_page() else { return };
    let url = "https://docs.aws.amazon.com/solutions/latest/constructs/aws-lambda-sns.html";
    let page = read_html(url, &body);
    assert_eq!(page.facts.locale.as_deref(), Some("en_us"));
    assert_eq!(page.facts.canonical.as_ref().map(Url::as_str), Some(url));
    let passages = page.prepared.as_ref().map(|prepared| prepared.passages.clone()).unwrap_or_default();
    assert!(passages.iter().any(|passage| passage.heading_path == ["Overview", "Python"]), "tabs are sections");
    let document = document(page);
    assert_eq!(document.title, "aws-lambda-sns");
    assert_eq!(document.guide.as_deref(), Some("aws-solutions-constructs"));
    assert_eq!(document.url.as_deref(), Some(url));
    assert_eq!(document.id, "web/docs.aws.amazon.com/solutions/latest/constructs/aws-lambda-sns.html");
    assert!(document.services.is_empty(), "the collection is about many: {:?}", document.services);
    let text = &document.text;
    let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((lines("# "), lines("## "), lines("### "), lines("| --- ")), (1, 6, 5, 4), "{text}");
    for fence in ["```typescript\nimport {", "```python\nfrom", "```java\nimport"] {
        assert!(text.contains(fence), "{fence} is missing in\n{text}");
    }
    assert_eq!(text.matches("```").count(), 6);
    for chrome in [
        "Cookie",
        "cookie",
        "Did this page",
        "Document Conventions",
        "Javascript is disabled",
        "PDF",
        "secretsmanager",
        "Thanks for letting",
        "Copy",
        "tabindex",
    ] {
        assert!(!text.contains(chrome), "{chrome} in\n{text}");
    }
}

fn real_page() -> Option<Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "not a setting: where data for tests lies")]
    let named = std::env::var_os("CLOUDOPS_DATA").map(PathBuf::from);
    let data = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    let page = fs_err::read(data.join("aws-html/lambda_sns_raw.html"));
    if page.is_err() {
        eprintln!("skipped: neither CLOUDOPS_DATA nor ../shared/data has the real page");
    }
    page.ok()
}

#[test]
fn hostile_pages_end() {
    let url = "https://example.org/a.html";
    for unit in [
        "<div class=cookie>",
        "<ul><li><a href=x>",
        "<awsdocs-tabs><dl><dt>",
        "<p class=note>",
        "<meta charset=",
        "<link rel=canonical href=",
    ] {
        let started = std::time::Instant::now();
        read_html(url, unit.repeat(200_000 / unit.len()).as_bytes());
        assert!(started.elapsed().as_secs() < 30, "{unit} took {:?}", started.elapsed());
    }
    let long = format!(
        "<html><head><meta charset={}><link rel=canonical href='http://{}'>",
        "x".repeat(5000),
        "y".repeat(100_000)
    );
    read_html(url, long.as_bytes());
}
