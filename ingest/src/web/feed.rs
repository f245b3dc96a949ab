//! RSS 2.0, RSS 1.0 and Atom feeds.

use cloudops_indexes::model::Timestamp;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::Prefix;
use scraper::Html;
use url::Url;

pub use super::problem::ParseError;
use super::sitemap::LeftOut;
use super::{address, dates, problem, xml};

/// The most entries that are read from one feed.
pub const MAX_ENTRIES: usize = 10_000;

/// The largest feed that is read, in bytes.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;

/// The longest title, summary and category that are kept, in bytes, and how many categories.
const MAX_TITLE: usize = 500;
const MAX_SUMMARY: usize = 256 * 1024;
const MAX_CATEGORY: usize = 200;
const MAX_CATEGORIES: usize = 50;

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its title without markup, on one line; empty if it has none.
    pub title: String,
    /// The canonical address of its page.
    pub url: Url,
    /// When it came out; seconds since 1970.
    pub published: Option<Timestamp>,
    /// When it was changed last, where a feed tells both.
    pub updated: Option<Timestamp>,
    /// Its text as HTML, at most 256 KiB: the whole of it if the feed has it, otherwise the summary. Untrusted.
    pub summary_html: String,
    /// What it is filed under, such as `general:products/amazon-ec2`.
    pub categories: Vec<String>,
}

/// What was read of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feed {
    /// Its entries, in its order.
    pub entries: Vec<Entry>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// Reads a feed. Relative addresses are of `base`.
///
/// A feed that is cut off yields the entries in front of the cut. Nothing in it is expanded or fetched.
pub fn parse(bytes: &[u8], base: Option<&Url>) -> Result<Feed, ParseError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParseError::TooLarge { what: "the feed", limit: MAX_BYTES });
    }
    let text = xml::decode(bytes)?;
    let unexpected = || ParseError::Unexpected { expected: "a feed", found: problem::found(&text) };
    let mut feed = Feed::default();
    let mut is_feed = false;
    let mut depth = 0_usize;
    let mut reader = xml::reader(&text);
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) if !is_feed && problem::found(&text) == "a web page" => return Err(unexpected()),
            Err(error) if !is_feed => {
                return Err(ParseError::Broken { what: "the feed", reason: problem::reason(&error) });
            }
            Err(_) => {
                feed.left_out.truncated = true;
                break;
            }
        };
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "rss" | "RDF" | "feed" if depth == 0 => {
                    is_feed = true;
                    depth = 1;
                }
                _ if !is_feed => return Err(unexpected()),
                "item" | "entry" => {
                    let Ok(inside) = reader.read_text(start.name()) else {
                        feed.left_out.truncated = true;
                        break;
                    };
                    let prefix = start.name().prefix().map(|prefix| prefix.into_inner().to_owned());
                    match entry(&inside.into_inner(), prefix.as_deref(), base) {
                        None => feed.left_out.invalid += 1,
                        Some(_) if feed.entries.len() >= MAX_ENTRIES => feed.left_out.over_limit += 1,
                        Some(entry) => feed.entries.push(entry),
                    }
                }
                _ if depth >= xml::MAX_DEPTH => {
                    feed.left_out.truncated = true;
                    break;
                }
                _ => depth += 1,
            },
            Event::Empty(_) if !is_feed => return Err(unexpected()),
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => {
                feed.left_out.truncated |= depth > 0;
                break;
            }
            _ => {}
        }
    }
    if is_feed { Ok(feed) } else { Err(unexpected()) }
}

/// What an entry says about itself, as it is written.
#[derive(Default)]
struct Fields {
    title: String,
    link: Option<Url>,
    guid: Option<Url>,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    content: String,
    summary: String,
    categories: Vec<String>,
}

/// Reads the elements of one entry from what stands between its tags; `None` if it has no address.
fn entry(text: &str, prefix: Option<&str>, base: Option<&Url>) -> Option<Entry> {
    let mut fields = Fields::default();
    let mut reader = xml::reader(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = start.to_owned();
                let Ok(inside) = reader.read_text(name.name()) else { break };
                fields.read(&name, &inside.into_inner(), prefix, base);
            }
            Ok(Event::Empty(start)) => fields.read(&start, "", prefix, base),
            // What stands behind damage inside an entry may not be of it.
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let summary_html = if fields.content.is_empty() { fields.summary } else { fields.content };
    Some(Entry {
        title: fields.title,
        url: fields.link.or(fields.guid)?,
        published: fields.published.or(fields.updated),
        updated: fields.updated,
        summary_html,
        categories: fields.categories,
    })
}

impl Fields {
    fn read(&mut self, start: &BytesStart<'_>, inside: &str, prefix: Option<&str>, base: Option<&Url>) {
        let qualified = start.name();
        let own = qualified.prefix().map(Prefix::into_inner);
        let name = qualified.local_name();
        let name = name.as_ref();
        // `media:title` and the like are about pictures, not about the entry.
        let foreign = own.is_some() && own != prefix;
        match name {
            "encoded" if own == Some("content") => self.content = xml::content(inside, MAX_SUMMARY),
            "date" if own == Some("dc") => self.published = self.published.or_else(|| date(inside)),
            "updated" | "modified" => self.updated = self.updated.or_else(|| date(inside)),
            _ if foreign => {}
            "title" => self.title = plain(&xml::content(inside, MAX_TITLE * 4)),
            "link" => self.read_link(start, inside, base),
            "guid" | "id" => {
                let is_link = attribute(start, "isPermaLink").is_none_or(|value| value.trim() != "false");
                if is_link {
                    // Never relative: it may be any name.
                    self.guid = address::canonical(&xml::content(inside, address::MAX_HREF + 1), None);
                }
            }
            "pubDate" | "published" | "issued" => self.published = date(inside).or(self.published),
            "description" | "summary" => self.summary = xml::content(inside, MAX_SUMMARY),
            "content" => self.content = xml::content(inside, MAX_SUMMARY),
            "category" if self.categories.len() < MAX_CATEGORIES => {
                let term = attribute(start, "term").unwrap_or_else(|| xml::content(inside, MAX_CATEGORY));
                // Some feeds put all of them into one, with commas between.
                let terms =
                    term.split(',').map(str::trim).filter(|term| !term.is_empty() && term.len() <= MAX_CATEGORY);
                let free = MAX_CATEGORIES - self.categories.len();
                self.categories.extend(terms.take(free).map(str::to_owned));
            }
            _ => {}
        }
    }

    fn read_link(&mut self, start: &BytesStart<'_>, inside: &str, base: Option<&Url>) {
        let is_page = attribute(start, "rel").is_none_or(|rel| rel.trim() == "alternate");
        if self.link.is_none() && is_page {
            let href = attribute(start, "href").unwrap_or_else(|| xml::content(inside, address::MAX_HREF + 1));
            if !href.trim().is_empty() {
                self.link = address::canonical(&href, base);
            }
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.html_attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(xml::content(&found.value, address::MAX_HREF + 1))
}

fn date(inside: &str) -> Option<Timestamp> {
    dates::parse(&xml::content(inside, 100))
}

/// A title without the markup that some feeds put into it, on one line.
fn plain(text: &str) -> String {
    let text = if text.contains(['<', '&']) && !super::nests_too_deeply(text) {
        let fragment = Html::parse_fragment(text);
        let pieces: Vec<&str> = fragment.root_element().text().collect();
        pieces.concat()
    } else {
        text.to_owned()
    };
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    xml::shorten(&mut line, MAX_TITLE);
    line
}

#[cfg(test)]
mod tests;
