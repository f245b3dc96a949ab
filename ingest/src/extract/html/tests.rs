//! Cases for the HTML extractor.

use super::extract;

fn body(html: &str) -> String {
    extract(&format!("<html><body>{html}</body></html>")).text
}

#[test]
fn the_main_column_only() {
    let page = "<html><head><title>Widgets - Cloud</title><link rel=canonical href='https://e.org/w.html'></head><body>
        <nav><a href=x>Menu</a></nav><header>Site</header>
        <div id='main-content'><h1 id='w'>Widgets <em>here</em></h1><p>Some <b>bold</b>, a <a href='https://e.org/a'>link</a> and <a href='b.html'>another</a>.</p>
        <div class='note'><h6>Note</h6><p>Take care.</p></div>
        <h2 id='steps'>Steps</h2><ol><li><p>First</p><ul><li>inner</li></ul></li><li>Second <code>x|y</code></li></ol>
        <pre class='programlisting'><code class='json'>{\n  \"a\": 1\n}</code></pre>
        <script>evil()</script><aside>More</aside></div><footer>Legal</footer></body></html>";
    let extracted = extract(page);
    assert_eq!(extracted.title.as_deref(), Some("Widgets here"));
    assert_eq!(extracted.front_matter.url.as_deref(), Some("https://e.org/w.html"));
    assert_eq!(extracted.sections[1].anchor.as_deref(), Some("steps"));
    let expected = "\
# Widgets *here*

Some **bold**, a [link](https://e.org/a) and another.

**Note:** Take care.

## Steps

1. First
  - inner
2. Second `x|y`

```json
{
  \"a\": 1
}
```
";
    assert_eq!(extracted.text, expected);
}

#[test]
fn tables_with_spans() {
    let table = "<table><caption>Limits</caption><thead><tr><th rowspan=2>Name</th><th colspan=2>Units</th></tr>\
        <tr><th>read</th><th>write</th></tr></thead><tbody><tr><td rowspan=2>A</td><td>1</td><td>2</td></tr>\
        <tr><td>3</td><td>4|5</td></tr><tr><td colspan=3>all</td></tr></tbody></table>";
    let expected = "Limits\n\n| Name | Units read | Units write |\n| --- | --- | --- |\n| A | 1 | 2 |\n| A | 3 | 4\\|5 |\n| all | | |\n";
    assert_eq!(body(table), expected);
}

#[test]
fn layout_tables_are_text() {
    assert_eq!(
        body("<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>"),
        "| | |\n| --- | --- |\n| a | b |\n"
    );
    assert_eq!(body("<table><tr><td>one cell</td></tr></table>"), "one cell\n");
}

#[test]
fn small_things() {
    let cases = [
        ("a<br>b", "a\nb\n"),
        ("<p># text</p><p>```</p>", "\\# text\n\n\\```\n"),
        ("<blockquote>said</blockquote>", "> said\n"),
        ("<dl><dt>Term</dt><dd>Meaning</dd></dl>", "**Term**\n\nMeaning\n"),
        ("x<span hidden>no</span> <span aria-hidden=true>no</span>y", "x y\n"),
        ("<pre>```\ncode</pre>", "````\n```\ncode\n````\n"),
        ("", ""),
        ("<p>un<b>closed", "un**closed**\n"),
    ];
    for (html, expected) in cases {
        assert_eq!(body(html), expected, "{html}");
    }
}

#[test]
fn hostile_pages_end() {
    for unit in ["<div>", "<b>", "<table><tr><td>", "<p>", "<ul><li>", "<", "<a href='", "&amp;", "<pre>", "<h1>"] {
        let started = std::time::Instant::now();
        extract(&unit.repeat(200_000 / unit.len()));
        assert!(started.elapsed().as_secs() < 30, "{unit} took {:?}", started.elapsed());
    }
    let spans = "<td colspan=60000 rowspan=65534>text</td>".repeat(100);
    body(&format!("<table>{}</table>", format!("<tr>{spans}</tr>").repeat(100)));
}

#[test]
fn a_real_page() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/aws-html/lambda_sns_raw.html");
    let Ok(bytes) = fs_err::read(&path) else {
        eprintln!("skipped: the real page is not beside the project");
        return;
    };
    let extracted = extract(&super::super::decode(&bytes).unwrap());
    assert_eq!(extracted.title.as_deref(), Some("aws-lambda-sns"));
    assert_eq!(
        extracted.front_matter.url.as_deref(),
        Some("https://docs.aws.amazon.com/solutions/latest/constructs/aws-lambda-sns.html")
    );
    let has = |text: &str| assert!(extracted.text.contains(text), "{text} is missing in\n{}", extracted.text);
    has("## Pattern Construct Props");
    has("```typescript");
    has("| Name | Type | Description |");
    assert!(!extracted.text.contains("Cookie"), "navigation stays out");
}
