//! Sitemaps and sitemap indexes: XML, plain text, and feeds that are used as one (<https://www.sitemaps.org/protocol.html>).

use std::borrow::Cow;
use std::io::Read;

use cloudops_indexes::model::Timestamp;
use flate2::read::MultiGzDecoder;
use quick_xml::events::Event;
use url::Url;

pub use super::problem::ParseError;
use super::{address, dates, feed, problem, xml};

/// The most entries that are read from one file, as the protocol allows.
pub const MAX_ENTRIES: usize = 50_000;

/// The largest sitemap that is read, unpacked, in bytes, as the protocol allows.
pub const MAX_BYTES: usize = 50 * 1024 * 1024;

/// A page or another sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its canonical address. It may be of any host: whether to go there is the caller's to know.
    pub url: Url,
    /// When it was changed last, as the site says; seconds since 1970.
    pub modified: Option<Timestamp>,
}

/// What a sitemap lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sitemap {
    /// Other sitemaps.
    Index(Vec<Entry>),
    /// Pages.
    Pages(Vec<Entry>),
}

/// What was read of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Its entries, in its order; an address may occur more than once.
    pub sitemap: Sitemap,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// What is missing from a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Entries without an address of the web.
    pub invalid: usize,
    /// Entries behind the last that may be read.
    pub over_limit: usize,
    /// The file ends, or is damaged, in the middle.
    pub truncated: bool,
}

impl LeftOut {
    /// Whether all that the site wanted to list was read. If not, an address that is missing says nothing.
    pub const fn is_complete(self) -> bool {
        self.invalid == 0 && self.over_limit == 0 && !self.truncated
    }
}

impl Parsed {
    /// The entries, whatever they are of.
    pub fn entries(&self) -> &[Entry] {
        match &self.sitemap {
            Sitemap::Index(entries) | Sitemap::Pages(entries) => entries,
        }
    }
}

/// Reads a sitemap. It may be packed with gzip, whatever its name is.
///
/// Entities are never expanded and nothing is fetched. A sitemap that is cut off yields the entries in front of the cut.
pub fn parse(bytes: &[u8]) -> Result<Parsed, ParseError> {
    let (bytes, cut) = unpacked(bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(ParseError::TooLarge { what: "the sitemap", limit: MAX_BYTES });
    }
    let text = xml::decode(&bytes)?;
    let mut parsed = if text.trim_start().starts_with('<') { xml_sitemap(&text, &bytes)? } else { lines(&text)? };
    parsed.left_out.truncated |= cut;
    Ok(parsed)
}

/// Unpacks up to the largest size, and says whether there was more or the stream was damaged.
fn unpacked(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, bool), ParseError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok((Cow::Borrowed(bytes), false));
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(MAX_BYTES as u64 + 1).read_to_end(&mut plain);
    match read {
        Err(error) if plain.is_empty() => {
            Err(ParseError::Broken { what: "the packed sitemap", reason: problem::reason(&error) })
        }
        _ => Ok((Cow::Owned(plain), read.is_err())),
    }
}

/// The elements that matter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    List,
    Entry,
    Address,
    Modified,
    Other,
}

fn xml_sitemap(text: &str, bytes: &[u8]) -> Result<Parsed, ParseError> {
    let mut collector = Collector::default();
    let mut is_index = None;
    let mut stack: Vec<Element> = Vec::new();
    let mut reader = xml::reader(text);
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) if is_index.is_none() || collector.entries.is_empty() => {
                return Err(match problem::found(text) {
                    "a web page" => unexpected(text),
                    _ => ParseError::Broken { what: "the sitemap", reason: problem::reason(&error) },
                });
            }
            Err(_) => {
                collector.left_out.truncated = true;
                break;
            }
        };
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name();
                let element = match (stack.last(), name.as_ref()) {
                    (None, "rss" | "RDF" | "feed") => return of_feed(bytes),
                    (None, "sitemapindex" | "urlset") if is_index.is_none() => {
                        is_index = Some(name.as_ref() == "sitemapindex");
                        Element::List
                    }
                    (None, _) if is_index.is_none() => return Err(unexpected(text)),
                    // Either is found in either.
                    (Some(Element::List), "url" | "sitemap") => {
                        collector.begin();
                        Element::Entry
                    }
                    (Some(Element::Entry), "loc") => Element::Address,
                    (Some(Element::Entry), "lastmod") => Element::Modified,
                    _ => Element::Other,
                };
                if matches!(event, Event::Start(_)) {
                    if stack.len() >= xml::MAX_DEPTH {
                        collector.left_out.truncated = true;
                        break;
                    }
                    stack.push(element);
                } else if element == Element::Entry {
                    collector.end();
                }
            }
            Event::End(_) => {
                if stack.pop() == Some(Element::Entry) {
                    collector.end();
                }
            }
            Event::Eof => {
                collector.left_out.truncated |= !stack.is_empty();
                break;
            }
            _ => match stack.last() {
                Some(Element::Address) => xml::push_text(&event, &mut collector.address, address::MAX_HREF + 1),
                Some(Element::Modified) => xml::push_text(&event, &mut collector.modified, 100),
                _ => {}
            },
        }
    }
    let is_index = is_index.ok_or_else(|| unexpected(text))?;
    let Collector { entries, left_out, .. } = collector;
    Ok(Parsed { sitemap: if is_index { Sitemap::Index(entries) } else { Sitemap::Pages(entries) }, left_out })
}

/// Entries, and the one that is being read.
#[derive(Default)]
struct Collector {
    entries: Vec<Entry>,
    left_out: LeftOut,
    address: String,
    modified: String,
}

impl Collector {
    fn begin(&mut self) {
        self.address.clear();
        self.modified.clear();
    }

    fn end(&mut self) {
        self.push(address::canonical(self.address.trim(), None), dates::parse(&self.modified));
    }

    fn push(&mut self, url: Option<Url>, modified: Option<Timestamp>) {
        match url {
            None => self.left_out.invalid += 1,
            Some(_) if self.entries.len() >= MAX_ENTRIES => self.left_out.over_limit += 1,
            Some(url) => self.entries.push(Entry { url, modified }),
        }
    }
}

fn of_feed(bytes: &[u8]) -> Result<Parsed, ParseError> {
    let feed = feed::parse(bytes, None)?;
    let entry = |entry: feed::Entry| Entry { url: entry.url, modified: entry.updated.or(entry.published) };
    Ok(Parsed { sitemap: Sitemap::Pages(feed.entries.into_iter().map(entry).collect()), left_out: feed.left_out })
}

/// One address a line.
fn lines(text: &str) -> Result<Parsed, ParseError> {
    let mut collector = Collector::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let url = address::canonical(line, None);
        if url.is_none() && collector.entries.is_empty() {
            return Err(unexpected(text));
        }
        collector.push(url, None);
    }
    if collector.entries.is_empty() {
        return Err(ParseError::Empty);
    }
    Ok(Parsed { sitemap: Sitemap::Pages(collector.entries), left_out: collector.left_out })
}

fn unexpected(text: &str) -> ParseError {
    ParseError::Unexpected { expected: "a sitemap", found: problem::found(text) }
}

#[cfg(test)]
mod tests;
