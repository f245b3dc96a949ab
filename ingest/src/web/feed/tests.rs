use proptest::prelude::*;

use super::*;

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="m" xmlns:atom="a">
<channel>
  <title>News</title><link>https://aws.amazon.com/new/</link><atom:link href="https://aws.amazon.com/new/feed/" rel="self"/>
  <item>
    <guid isPermaLink="false">0123abcd</guid>
    <title><![CDATA[Widgets &amp; <b>gadgets</b>
       are here]]></title>
    <media:title>A picture</media:title>
    <description>&lt;p&gt;Widgets &amp;amp; more.&lt;/p&gt;</description>
    <pubDate>Wed, 01 May 2024 00:00:00 GMT</pubDate>
    <category>general:products/amazon-ec2,marketing:marchitecture/compute</category>
    <link>https://aws.amazon.com/new/widgets/?utm_source=rss</link>
  </item>
  <item><title>Old</title><guid>https://aws.amazon.com/new/old/</guid><dc:date>2024-05-01T00:00:00Z</dc:date>
    <description>short</description><content:encoded><![CDATA[<p>Long</p>]]></content:encoded></item>
  <item><title>No address</title><guid isPermaLink="false">x</guid></item>
  <item><title>Relative</title><link>/new/relative/</link></item>
</channel></rss>"#;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
  <entry>
    <title type="html">R&amp;amp;D &lt;i&gt;news&lt;/i&gt;</title>
    <link rel="self" href="https://h.example/self"/><link href="https://h.example/a?x=1&amp;y=2"/>
    <id>urn:uuid:1</id><published>2024-05-01T00:00:00Z</published><updated>2024-05-02T00:00:00Z</updated>
    <summary>Short</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>A &amp; B</p></div></content>
    <category term="ec2"/>
  </entry>
  <entry><title>B</title><id>https://h.example/b</id><updated>2024-05-02</updated></entry>
</feed>"#;

fn base() -> Url {
    Url::parse("https://aws.amazon.com/new/feed/").unwrap()
}

#[test]
fn rss() {
    let feed = parse(RSS.as_bytes(), Some(&base())).unwrap();
    let [first, second, third] = feed.entries.as_slice() else { panic!("{feed:?}") };
    assert_eq!(first.title, "Widgets & gadgets are here");
    assert_eq!(first.url.as_str(), "https://aws.amazon.com/new/widgets/");
    assert_eq!(first.published, Some(1_714_521_600));
    assert_eq!(first.summary_html, "<p>Widgets &amp; more.</p>");
    assert_eq!(first.categories, ["general:products/amazon-ec2", "marketing:marchitecture/compute"]);
    assert_eq!(second.url.as_str(), "https://aws.amazon.com/new/old/");
    assert_eq!(second.summary_html, "<p>Long</p>");
    assert_eq!(second.published, Some(1_714_521_600));
    assert_eq!(third.url.as_str(), "https://aws.amazon.com/new/relative/");
    assert_eq!(feed.left_out, LeftOut { invalid: 1, ..LeftOut::default() });
}

#[test]
fn atom() {
    let feed = parse(ATOM.as_bytes(), None).unwrap();
    let [first, second] = feed.entries.as_slice() else { panic!("{feed:?}") };
    assert_eq!(first.title, "R&D news");
    assert_eq!(first.url.as_str(), "https://h.example/a?x=1&y=2");
    assert_eq!(first.published, Some(1_714_521_600));
    assert_eq!(first.updated, Some(1_714_608_000));
    assert_eq!(first.summary_html, r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>A &amp; B</p></div>"#);
    assert_eq!(first.categories, ["ec2"]);
    assert_eq!((second.url.as_str(), second.published), ("https://h.example/b", Some(1_714_608_000)));
    assert!(feed.left_out.is_complete());
}

#[test]
fn rss_one() {
    let text = r#"<rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>N</title></channel>
        <item rdf:about="https://h.example/a"><title>A</title><link>https://h.example/a</link></item></rdf:RDF>"#;
    assert_eq!(parse(text.as_bytes(), None).unwrap().entries.len(), 1);
}

#[test]
fn cut_off() {
    let cut = &RSS[..RSS.find("No address").unwrap()];
    let feed = parse(cut.as_bytes(), Some(&base())).unwrap();
    assert_eq!((feed.entries.len(), feed.left_out.truncated), (2, true));
}

#[test]
fn no_feed() {
    let unexpected = |found| Err(ParseError::Unexpected { expected: "a feed", found });
    assert_eq!(parse(b"<!doctype html><html><br></html>", None), unexpected("a web page"));
    assert_eq!(parse(b"<urlset/>", None), unexpected("other XML"));
    assert_eq!(parse(b"hello", None), unexpected("other text"));
    assert_eq!(parse(b"", None), Err(ParseError::Empty));
}

#[test]
fn an_empty_feed() {
    assert_eq!(parse(b"<rss><channel/></rss>", None).unwrap(), Feed::default());
}

proptest! {
    #[test]
    fn never_panics(at in 0..RSS.len(), byte in any::<u8>(), cut in 0..RSS.len(), atom in any::<bool>()) {
        let mut bytes = if atom { ATOM } else { RSS }.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut.max(1));
        _ = parse(&bytes, Some(&base()));
    }
}
