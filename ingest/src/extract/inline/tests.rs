//! Cases for single lines.

use super::*;

fn cleaned(line: &str, in_table: bool, plain: bool, aws: bool) -> String {
    let mut references = References::default();
    references.insert("guide".to_owned(), "https://example.org/g".to_owned());
    let mut out = String::new();
    clean(line, Style { in_table, plain, aws, references: &references }, &mut out);
    out
}

#[test]
fn lines() {
    let cases = [
        (r"in us\-east\-2 \(Ohio\)\.", "in us-east-2 (Ohio)."),
        (r"keep `a\-b` and ``x ` y``", r"keep `a\-b` and ``x ` y``"),
        (r"C:\temp\*", r"C:\temp*"),
        ("two  spaces\tand\u{a0}more  ", "two spaces and more"),
        ("see [the page](other.md#x)\\.", "see the page."),
        ("see [it](https://e.org/a\\_b \"title\")", "see [it](https://e.org/a_b)"),
        (r"at [https://e\.org/](https://e.org/)", "at https://e.org/"),
        ("[`code`](x.md) [a [b] c](y.md)", "`code` a [b] c"),
        ("![\\[The big picture\\]](http://e.org/i.png) after", "The big picture after"),
        ("![image](i.png)", ""),
        ("[![Build](b.svg)](https://ci.org)", "[Build](https://ci.org)"),
        (
            "[text][guide] [guide] [Guide][] [none][x]",
            "[text](https://example.org/g) [guide](https://example.org/g) [Guide](https://example.org/g) [none][x]",
        ),
        ("<https://e.org/x> &lt;b&gt; &copy; AT&T", "https://e.org/x <b> © AT&T"),
        ("a<br/>b <b>bold</b> <account-id> x<!-- no -->y", "a b bold <account-id> xy"),
        ("a < b and <https>", "a < b and <https>"),
        ("*****Copyright*****", "Copyright"),
        ("[unclosed](x", "[unclosed](x"),
        ("]] [[", "]] [["),
        ("`never closed", "`never closed"),
        (r"\# not a heading \#", r"\# not a heading #"),
        (
            "x [\\[See the AWS documentation website for more details\\]](http://docs.aws.amazon.com/x.html)",
            "x (see the page on the web)",
        ),
        ("[a](https://e.org/?a=1&amp;b=2)", "[a](https://e.org/?a=1&b=2)"),
        ("**Bold** and *it*", "**Bold** and *it*"),
    ];
    for (line, expected) in cases {
        assert_eq!(cleaned(line, false, false, false), expected, "{line}");
    }
}

#[test]
fn aws_pages_keep_angle_brackets() {
    assert_eq!(cleaned("the <b> element, <region><a name=\"x\"></a>", false, false, true), "the <b> element, <region>");
}

#[test]
fn tables_and_titles() {
    assert_eq!(cleaned(r"a \| b", true, false, false), r"a \| b");
    assert_eq!(cleaned("x <pre>{<br />  \"a\": 1 }</pre>", true, false, true), "x `{ \"a\": 1 }`");
    assert_eq!(cleaned("**Using** `s3:Get*` with *care* [x](y.md)", false, true, false), "Using s3:Get* with care x");
}

#[test]
fn anchors_are_returned() {
    let references = References::default();
    let style = Style { in_table: false, plain: false, aws: true, references: &references };
    let mut out = String::new();
    assert_eq!(clean("Title<a name=\"one\"></a><a id=\"two\"></a>", style, &mut out).as_deref(), Some("one"));
    assert_eq!(out, "Title");
}

#[test]
fn hostile_lines_are_linear() {
    for unit in ["[", "]", "](", "[](", "![", "`", "<a ", "<!--", "*a", "\\", "&#", "[a](b)", "[[a](", "<pre>", "`` `"]
    {
        let line = unit.repeat(1_000_000 / unit.len());
        let started = std::time::Instant::now();
        cleaned(&line, false, false, false);
        assert!(started.elapsed().as_secs() < 20, "{unit} took {:?}", started.elapsed());
    }
}
