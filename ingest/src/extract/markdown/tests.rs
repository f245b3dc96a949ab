//! Cases for the Markdown extractor, in the style of the AWS documentation.

use super::super::Format;
use super::extract;

fn clean(text: &str) -> String {
    extract(text).text
}

#[test]
fn a_page_of_the_documentation() {
    let page = "\
# Widget quotas<a name=\"widget-quotas\"></a>

Widgets in us\\-east\\-2 \\(Ohio\\) are limited\\. For more, see [Gadgets](gadgets.md#top) and the [API](https://docs.aws.amazon.com/w/API\\_Get.html)\\.

**Note**
The quota is per Region\\.  \nIt can be raised\\.

**Topics**
+ [Limits](#limits)
+ [Steps](#steps)

## Limits<a name=\"limits\"></a>


****

| Name | Default | Comments |
| --- | --- | --- |
|  Widgets per Region  |  5,000  |  \\-  |
|  Tags  | 50 | <pre>{<br />  \"a\": 1<br />}</pre>  |

## Steps<a name=\"steps\"></a>

**To make one**

1. Open the console at [https://console\\.aws\\.amazon\\.com/](https://console.aws.amazon.com/)\\.

1. Choose **Make**\\.
![\\[The Make button\\]](http://docs.aws.amazon.com/w/images/make.png)

   ```
   # not a heading
   \"[Name](#cfn-name)\" : String,
   ```
   + Either this\\.
   + Or *that*\\.

1. Done\\.
";
    let extracted = extract(page);
    assert_eq!(extracted.title.as_deref(), Some("Widget quotas"));
    let sections: Vec<_> =
        extracted.sections.iter().map(|s| (s.level, s.heading.as_str(), s.anchor.as_deref())).collect();
    let expected =
        [(1, "Widget quotas", Some("widget-quotas")), (2, "Limits", Some("limits")), (2, "Steps", Some("steps"))];
    assert_eq!(sections, expected);
    let expected = "\
# Widget quotas

Widgets in us-east-2 (Ohio) are limited. For more, see Gadgets and the [API](https://docs.aws.amazon.com/w/API_Get.html).

**Note:** The quota is per Region.
It can be raised.

## Limits

| Name | Default | Comments |
| --- | --- | --- |
| Widgets per Region | 5,000 | - |
| Tags | 50 | `{ \"a\": 1 }` |

## Steps

**To make one**

1. Open the console at https://console.aws.amazon.com/.

2. Choose **Make**.
The Make button

   ```
   # not a heading
   \"Name\" : String,
   ```
   - Either this.
   - Or *that*.

3. Done.
";
    assert_eq!(extracted.text, expected);
    let tiled: usize = extracted.sections.iter().map(|section| section.range.len()).sum();
    assert_eq!(tiled, extracted.text.len());
}

#[test]
fn blocks() {
    let cases = [
        ("Title\n=====\n\nText\n\nPart\n----\nmore", "# Title\n\nText\n\n## Part\n\nmore\n"),
        ("## Closed ##\n#no heading\n# C#", "## Closed\n\n#no heading\n\n# C#\n"),
        ("a\n\n\n\nb", "a\n\nb\n"),
        ("-----\ntext\n\n***", "text\n"),
        ("> quoted\n>> deeper\n> [!WARNING]\n> careful", "> quoted\n> deeper\n> **Warning:**\n> careful\n"),
        ("text\n\n    code\n\n      more\n\nend", "text\n\n```\ncode\n\n  more\n```\n\nend\n"),
        ("- a\n\n    continued", "- a\n\n    continued\n"),
        ("~~~sh\n``` inside\n~~~\n", "~~~sh\n``` inside\n~~~\n"),
        ("```\nnever closed", "```\nnever closed\n```\n"),
        ("<!-- hidden\nlines -->\nseen", "seen\n"),
        ("<!-- never closed", "<!-- never closed\n"),
        ("3. three\n4) four", "3. three\n4. four\n"),
        ("[ref]: https://e.org/x\nSee [the ref][ref].", "\nSee [the ref](https://e.org/x).\n"),
        ("** Term **   <a name=\"t\"></a>\nMeaning\\.", "**Term**\nMeaning.\n"),
        ("**Note**\n```\nx\n```", "**Note:**\n```\nx\n```\n"),
        ("<h2 id=\"up\">Set <b>up</b></h2>\ntext", "## Set up\n\ntext\n"),
        ("\\# text\n\\| a", "\\# text\n\\| a\n"),
        ("**Topics**\n+ [Other page](other.md)\n", "**Topics**\n- Other page\n"),
    ];
    for (text, expected) in cases {
        assert_eq!(clean(text), expected.trim_start_matches('\n'), "{text:?}");
    }
}

#[test]
fn html_tables_become_pipe_tables() {
    let text =
        "Before\n<table>\n<tr><th>Name</th><th>Max</th></tr>\n<tr><td>Widgets</td><td>5</td></tr>\n</table>\nAfter";
    assert_eq!(clean(text), "Before\n\n| Name | Max |\n| --- | --- |\n| Widgets | 5 |\n\nAfter\n");
}

#[test]
fn titles() {
    let cases = [
        ("---\ntitle: From *above*\n---\n# Below", Some("From *above*")),
        ("# One `code` **bold**\n# Two", Some("One code bold")),
        ("banner\n\n# Real title\n\n## Part", Some("Real title")),
        ("## Only a part", Some("Only a part")),
        ("text", None),
    ];
    for (text, title) in cases {
        assert_eq!(extract(text).title.as_deref(), title, "{text:?}");
    }
}

#[test]
fn hostile_texts_end() {
    let units = [
        "#\n",
        "# a\n",
        "> ",
        "- ",
        "   - a\n",
        "[",
        "<table>\n",
        "<!--\n",
        "```\n",
        "| a\n| --- |\n",
        "**Note**\n",
        "`",
        "|",
        "\n",
        "    ",
    ];
    for unit in units {
        let text = unit.repeat(300_000 / unit.len());
        let started = std::time::Instant::now();
        for format in [Format::Markdown, Format::Plain, Format::Rst] {
            super::super::extract(format, &text);
        }
        assert!(started.elapsed().as_secs() < 30, "{unit:?} took {:?}", started.elapsed());
    }
}
