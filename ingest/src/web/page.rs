//! A fetched page as a document.
//!
//! ```text
//! bytes → format → decode → parse once → what the page says of itself, its links, its text → refuse, or document and passages
//! ```
//!
//! A pure function of its input. What a server sends with status 200 is often no page at all: a form to log in, an error
//! in prose, an empty frame that a script would fill. Such pages are refused with a reason, so that a crawl can tell a
//! site that has changed its mind from a site that has new text.

mod format;
mod head;
mod place;
mod refusal;

use cloudops_indexes::model::{Document, Kind, Timestamp};
use url::Url;

use self::head::Head;
pub use self::refusal::Refusal;
use super::address;
use crate::EXTRACTOR_VERSION;
use crate::extract::{self, Extracted, Format, html};
use crate::source::{Prepared, title_of_path, united};

/// Of what source a page is, and what is known of it beforehand. What is set here wins over what a page says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageOptions {
    /// Name of the source: the first part of every document id.
    pub source: String,
    /// Kind of every page; `None` means guess by address.
    pub kind: Option<Kind>,
    /// AWS services that the pages are about; empty means as the page or its address say.
    pub services: Vec<String>,
    /// Guide that the pages belong to.
    pub guide: Option<String>,
    /// Tags of every page.
    pub tags: Vec<String>,
    /// Whether pages in other languages than English are read.
    pub any_locale: bool,
}

/// A page as it came over the network.
#[derive(Debug, Clone, Copy)]
pub struct Fetched<'a> {
    /// Its address after redirects. For the Markdown twin of a page: the address of the page.
    pub url: &'a Url,
    /// `Content-Type` as the server sent it.
    pub content_type: Option<&'a str>,
    /// The bytes, decompressed.
    pub body: &'a [u8],
    /// `Last-Modified`, seconds since 1970.
    pub modified: Option<Timestamp>,
}

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The document and its passages; `None` if there is nothing to index, for which see [`Facts::refused`].
    pub prepared: Option<Prepared>,
    /// What the page says besides its text.
    pub facts: Facts,
}

/// What a page says besides its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The address that the page gives itself, on whatever host.
    pub canonical: Option<Url>,
    /// Where its links lead, each once, in order. None if the page asks not to follow them.
    pub links: Vec<Url>,
    /// Its language in lower case, such as `en_us` or `de`.
    pub locale: Option<String>,
    /// Whether the page asks not to be indexed. It is prepared all the same: to obey is up to who crawls.
    pub noindex: bool,
    /// Whether the page asks not to follow its links.
    pub nofollow: bool,
    /// Why there is nothing to index.
    pub refused: Option<Refusal>,
    /// Letters and digits of its text, title not counted.
    pub text_chars: usize,
}

/// Reads a page.
pub fn read(fetched: &Fetched<'_>, options: &PageOptions) -> Page {
    let mut facts = Facts { locale: url_locale(fetched.url), ..Facts::default() };
    let prepared = match prepare(fetched, options, &mut facts) {
        Ok(prepared) => Some(prepared),
        Err(refusal) => {
            facts.refused = Some(refusal);
            None
        }
    };
    Page { prepared, facts }
}

fn prepare(fetched: &Fetched<'_>, options: &PageOptions, facts: &mut Facts) -> Result<Prepared, Refusal> {
    let (format, charset) = format::of(fetched)?;
    let text = extract::decode_with(fetched.body, charset).map_err(|_| Refusal::NotText)?;
    let mut head = Head::default();
    let extracted = match format {
        Format::Html => match html::parse(&text) {
            Some(page) => {
                head = Head::of(&page, fetched.url);
                facts.canonical.clone_from(&head.canonical);
                (facts.noindex, facts.nofollow) = (head.robots.noindex, head.robots.nofollow);
                if !facts.nofollow {
                    facts.links = std::mem::take(&mut head.links);
                }
                html::extract_parsed(&page, text.len())
            }
            None => html::extract_flat(&text),
        },
        other => extract::extract(other, &text),
    };
    // A translation that is missing is served in English under the address of the other language, and the other way
    // round: what the page says counts for its text, what the address says for its place.
    if let Some(locale) = head.locale.take() {
        facts.locale = Some(locale);
    }
    facts.text_chars = text_chars(&extracted);
    if let Some(refusal) = refusal::of(&head, &extracted, facts.text_chars) {
        return Err(refusal);
    }
    let foreign = |locale: &Option<String>| locale.as_deref().is_some_and(|locale| !address::is_english(locale));
    if !options.any_locale && (foreign(&facts.locale) || foreign(&url_locale(fetched.url))) {
        return Err(Refusal::WrongLocale);
    }
    let passages = crate::chunk::chunk(&extracted);
    let document = document(fetched, options, &head, extracted);
    Ok(Prepared { document, passages, masked: Vec::new() })
}

fn document(fetched: &Fetched<'_>, options: &PageOptions, head: &Head, extracted: Extracted) -> Document {
    let url = own_address(fetched.url, head.canonical.as_ref());
    let place = place::of(url, head);
    let services = if options.services.is_empty() { &place.services } else { &options.services };
    let Extracted { title, text, sections, front_matter: front } = extracted;
    let is_heading = sections.iter().any(|section| section.is_title);
    let title = title.map(|title| if is_heading { title } else { head.without_site(title) });
    let named = || Some(title_of_path(fetched.url.path().trim_end_matches('/'))).filter(|name| !name.is_empty());
    let host = fetched.url.host_str().unwrap_or_default();
    let title = title.filter(|title| !title.trim().is_empty()).or_else(named).unwrap_or_else(|| host.to_owned());
    let mut document = Document {
        id: id(&options.source, fetched.url),
        source: options.source.clone(),
        title,
        url: Some(url.as_str().to_owned()),
        path: None,
        guide: options.guide.clone().or(front.guide).or(place.guide),
        services: united([services, &front.services, &[]]),
        kind: options.kind.unwrap_or(place.kind),
        tags: united([&front.tags, &options.tags, &[]]),
        updated: front.updated.or(head.updated).or(fetched.modified),
        content_hash: String::new(),
        text,
    };
    document.content_hash = content_hash(&document, &sections);
    document
}

/// The address that a page gives itself, if it is on the host that it was fetched from.
///
/// A page below the root that calls the root its own address is wrong about it; so are whole sites made from one
/// template.
fn own_address<'a>(fetched: &'a Url, canonical: Option<&'a Url>) -> &'a Url {
    let same_host = |url: &&Url| url.host_str() == fetched.host_str() && url.port() == fetched.port();
    let is_root = |url: &Url| url.path() == "/";
    canonical.filter(same_host).filter(|url| !is_root(url) || is_root(fetched)).unwrap_or(fetched)
}

/// `<source>/<host>/<path…>`: one document for each address that was fetched.
fn id(source: &str, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{source}/{host}{port}{}{query}", url.path())
}

/// BLAKE3 of everything that decides what is indexed. Not of the bytes, which change with every banner and build, and
/// not of the time of the last change, which servers renew with every deployment.
fn content_hash(document: &Document, sections: &[extract::Section]) -> String {
    let mut hash = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(&EXTRACTOR_VERSION.to_le_bytes());
    for text in [&document.id, &document.source, &document.title, &document.text] {
        field(text.as_bytes());
    }
    field(document.url.as_deref().unwrap_or_default().as_bytes());
    field(document.guide.as_deref().unwrap_or_default().as_bytes());
    field(document.services.join("\n").as_bytes());
    field(document.kind.as_str().as_bytes());
    field(document.tags.join("\n").as_bytes());
    for section in sections {
        field(section.anchor.as_deref().unwrap_or_default().as_bytes());
    }
    hash.finalize().to_hex().to_string()
}

/// Letters and digits of a text, without the heading that is its title.
fn text_chars(extracted: &Extracted) -> usize {
    let count = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let title = extracted.sections.iter().find(|section| section.is_title);
    let title = title.and_then(|title| extracted.text.get(title.range.clone())?.lines().next());
    count(&extracted.text) - title.map_or(0, count)
}

/// The language that an address names, as [`Facts::locale`] writes it.
fn url_locale(url: &Url) -> Option<String> {
    address::locale(url).map(|locale| locale.to_ascii_lowercase().replace('-', "_"))
}

#[cfg(test)]
mod tests;
