//! Markdown → HTML as AWS publishes it: anchors in headings, boxes for notes, containers around tables and lists, buttons on
//! code.

use std::collections::VecDeque;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::layout::escape;

/// A page's text as HTML.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    /// Anchor and text of every section.
    pub(crate) sections: Vec<(String, String)>,
}

/// Renders the text of a page. Links to `x.md` lead to `x.html`.
pub(crate) fn render(markdown: &str) -> Rendered {
    let parser = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let mut events = parser.collect::<Events<'_>>();
    let mut rendered = Rendered::default();
    let mut written = Vec::new();
    let mut boxed = false;
    while let Some(event) = events.pop_front() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                heading(level as usize, &mut events, &mut written, &mut rendered.sections);
            }
            Event::Start(Tag::CodeBlock(kind)) => code(&kind, &mut events, &mut written),
            Event::Start(Tag::Paragraph) => {
                boxed = note(&mut events, &mut written);
                if !boxed {
                    written.push(Event::Start(Tag::Paragraph));
                }
            }
            Event::End(TagEnd::Paragraph) if boxed => {
                boxed = false;
                written.push(raw("</p></div></div>\n"));
            }
            Event::Start(Tag::Table(alignments)) => {
                written.push(raw("<div class=\"table-container\"><div class=\"table-contents\">"));
                written.push(Event::Start(Tag::Table(alignments)));
            }
            Event::End(TagEnd::Table) => {
                written.push(Event::End(TagEnd::Table));
                written.push(raw("</div></div>"));
            }
            Event::Start(Tag::List(None)) => {
                written.push(raw("<div class=\"itemizedlist\"><ul class=\"itemizedlist\">\n"));
            }
            Event::End(TagEnd::List(false)) => written.push(raw("</ul></div>\n")),
            Event::Start(Tag::List(Some(_))) => written.push(raw("<div class=\"procedure\"><ol>\n")),
            Event::End(TagEnd::List(true)) => written.push(raw("</ol></div>\n")),
            Event::Start(Tag::Item) => written.push(raw("<li class=\"listitem\">")),
            Event::End(TagEnd::Item) => written.push(raw("</li>\n")),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = without_md(&dest_url).into();
                written.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Code(text) => written.push(raw(format!("<code class=\"code\">{}</code>", escape(&text)))),
            other => written.push(other),
        }
    }
    html::push_html(&mut rendered.html, written.into_iter());
    rendered
}

type Events<'a> = VecDeque<Event<'a>>;

fn raw<'a>(html: impl Into<CowStr<'a>>) -> Event<'a> {
    Event::Html(html.into())
}

/// A heading, with the anchor that stands in it as `<a name="…"></a>` moved to its `id`.
fn heading<'a>(
    level: usize,
    events: &mut Events<'a>,
    written: &mut Vec<Event<'a>>,
    sections: &mut Vec<(String, String)>,
) {
    let mut inside = Vec::new();
    let mut anchor = None;
    let mut text = String::new();
    while let Some(event) = events.pop_front() {
        match event {
            Event::End(TagEnd::Heading(_)) => break,
            Event::InlineHtml(html) if html.starts_with("<a name=\"") => {
                anchor = html.split('"').nth(1).map(str::to_owned);
            }
            Event::InlineHtml(html) if &*html == "</a>" => {}
            Event::Text(part) => {
                text.push_str(&part);
                inside.push(Event::Text(part));
            }
            Event::Code(part) => {
                text.push_str(&part);
                inside.push(raw(format!("<code class=\"code\">{}</code>", escape(&part))));
            }
            other => inside.push(other),
        }
    }
    let anchor = anchor.unwrap_or_else(|| text.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "-"));
    let class = if level == 1 { " class=\"topictitle\"" } else { "" };
    written.push(raw(format!("<h{level}{class} id=\"{}\">", escape(&anchor))));
    written.extend(inside);
    written.push(raw(format!("</h{level}>\n")));
    if level > 1 {
        sections.push((anchor, text));
    }
}

fn code<'a>(kind: &CodeBlockKind<'_>, events: &mut Events<'a>, written: &mut Vec<Event<'a>>) {
    let language = match kind {
        CodeBlockKind::Fenced(language) => &**language,
        CodeBlockKind::Indented => "",
    };
    let mut block = format!(
        "<pre class=\"programlisting\"><div class=\"code-btn-container\"><div class=\"btn-copy-code\" title=\"Copy\">\
         <awsui-icon name=\"copy\"></awsui-icon></div></div><code class=\"{} \">",
        escape(language)
    );
    while let Some(event) = events.pop_front() {
        match event {
            Event::End(TagEnd::CodeBlock) => break,
            // Braces are kept from the template language of the page, as on the real site.
            Event::Text(text) => block.push_str(&escape(&text).replace('{', "<span>{</span>")),
            _ => {}
        }
    }
    block.push_str("</code></pre>\n");
    written.push(raw(block));
}

/// Opens a box if the paragraph starts with a line that is just **Note** or the like.
fn note<'a>(events: &mut Events<'a>, written: &mut Vec<Event<'a>>) -> bool {
    let [Some(Event::Start(Tag::Strong)), Some(Event::Text(title)), Some(Event::End(TagEnd::Strong)), Some(after)] =
        [0, 1, 2, 3].map(|at| events.get(at))
    else {
        return false;
    };
    let class = match &**title {
        "Note" => "note",
        "Important" => "important",
        "Tip" => "tip",
        "Warning" => "warning",
        _ => return false,
    };
    if !matches!(after, Event::HardBreak | Event::SoftBreak) {
        return false;
    }
    let title = title.clone();
    events.drain(..4);
    written.push(raw(format!(
        "<div class=\"awsdocs-note awsdocs-{class}\"><div class=\"awsdocs-note-title\">\
         <awsui-icon name=\"status-info\" variant=\"link\"></awsui-icon><h6>{title}</h6></div><div class=\"awsdocs-note-text\"><p>"
    )));
    true
}

/// `page.md#section` → `page.html#section`, for links within the site.
fn without_md(link: &str) -> String {
    let (path, fragment) = link.split_at(link.find('#').unwrap_or(link.len()));
    match path.strip_suffix(".md") {
        Some(name) if !path.contains("://") => format!("{name}.html{fragment}"),
        _ => link.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_the_real_site() {
        let rendered = render(concat!(
            "# A title<a name=\"a.title\"></a>\n\nSee [b](b.md#c) and [d](https://example.com/d.md)\\.\n\n## `x` & y<a name=\"xy\"></a>\n\n",
            "**Note**  \nMind the gap\\.\n\n```json\n{\"a\": 1}\n```\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\n+ one\n+ two\n\n1. do\n",
        ));
        let html = &rendered.html;
        for expected in [
            "<h1 class=\"topictitle\" id=\"a.title\">A title</h1>",
            "<a href=\"b.html#c\">b</a> and <a href=\"https://example.com/d.md\">d</a>.",
            "<h2 id=\"xy\"><code class=\"code\">x</code> &amp; y</h2>",
            "<h6>Note</h6></div><div class=\"awsdocs-note-text\"><p>Mind the gap.</p></div></div>",
            "<code class=\"json \"><span>{</span>&quot;a&quot;: 1}\n</code></pre>",
            "<div class=\"table-container\"><div class=\"table-contents\"><table>",
            "<div class=\"itemizedlist\"><ul class=\"itemizedlist\">\n<li class=\"listitem\">one</li>",
            "<div class=\"procedure\"><ol>",
        ] {
            assert!(html.contains(expected), "{expected} is missing in\n{html}");
        }
        assert_eq!(rendered.sections, [("xy".to_owned(), "x & y".to_owned())]);
    }
}
