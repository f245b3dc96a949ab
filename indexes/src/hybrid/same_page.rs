//! When two documents are the same page, so that one of them is shown and the other named beside it.
//!
//! A page is there more than once because guides share it (EC2 for Linux and for Windows), because a guide has versions,
//! because an address has languages or schemes, or because a folder and a crawl both brought it. A page made from the
//! same template for another service is another page, however near its words are: who asks about RDS is not helped by the
//! page about ECS.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::simhash::distance;
use crate::model::Document;
use crate::store::DocumentHead;

/// Fingerprints that differ in no more bits than this are near. Pages made from one template are as near as that, whatever
/// they are about.
pub(crate) const TWIN_BITS: u32 = 8;

/// What the same page is told by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    simhash: u64,
    /// Of the address without scheme and language; `None` if there is none.
    address: Option<u64>,
    /// Of the language that the address names.
    language: u64,
}

impl Identity {
    pub(super) fn of(document: &Document, simhash: u64) -> Self {
        let Some((address, language)) = document.url.as_deref().and_then(address) else {
            return Self { simhash, address: None, language: 0 };
        };
        Self { simhash, address: Some(hash(&address)), language: language.map_or(0, |language| hash(&language)) }
    }

    /// Whether both are at one address, in the same language or not. Cheap: decides before documents are compared.
    fn same_address(&self, other: &Self) -> bool {
        self.address.is_some() && self.address == other.address
    }

    pub(super) fn simhash(&self) -> u64 {
        self.simhash
    }

    pub(super) fn is_near(&self, other: &Self) -> bool {
        distance(self.simhash, other.simhash) <= TWIN_BITS
    }

    /// Whether one of them is a translation of the other: neither is newer in a way that matters to a reader.
    pub(super) fn is_translation(&self, other: &Self) -> bool {
        self.same_address(other) && self.language != other.language
    }
}

/// Whether two documents are the same page of the same service.
///
/// At one address it is the same page if it has kept its title or nearly all of its words; in another language it has
/// neither. Elsewhere it is, if nearly all words are the same, and name or title, and the service. Of different sources
/// the service must be known: two teams may have made their notes from one template.
pub(super) fn same_page(a: (&DocumentHead, &Identity), b: (&DocumentHead, &Identity)) -> bool {
    let ((a, a_identity), (b, b_identity)) = (a, b);
    let near = a_identity.is_near(b_identity);
    if !near && !a_identity.same_address(b_identity) {
        return false;
    }
    let (a, b) = (&a.document, &b.document);
    let same_title = || a.title.trim().eq_ignore_ascii_case(b.title.trim());
    if a_identity.same_address(b_identity) && (near || a_identity.is_translation(b_identity) || same_title()) {
        return true;
    }
    near && a.services.first() == b.services.first()
        && (a.source == b.source || !a.services.is_empty())
        && (same_title() || name(&a.id).is_some_and(|own| name(&b.id) == Some(own)))
}

/// What a page is called in its folder, without the ending that its format has. Pages that are the front of a folder
/// are called like all others that are.
fn name(id: &str) -> Option<&str> {
    let mut name = id.rsplit('/').next()?;
    // The Markdown twin of `page.html` may be called `page.html.md`.
    while let Some(bare) =
        [".html", ".htm", ".md", ".markdown", ".txt", ".rst"].iter().find_map(|end| name.strip_suffix(end))
    {
        name = bare;
    }
    (!name.is_empty() && !matches!(name, "index" | "README" | "readme")).then_some(name)
}

/// An address as far as it says which page it is, and the language in it: without scheme, fragment and locale.
fn address(url: &str) -> Option<(String, Option<String>)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let rest = rest.split('#').next()?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (first, below) = path.split_once('/').unwrap_or((path, ""));
    let (language, path) = if is_locale(first) { (Some(first.to_ascii_lowercase()), below) } else { (None, path) };
    let path = path.strip_suffix("index.html").unwrap_or(path).trim_end_matches('/');
    // `en_us` is what an address without a locale means.
    let language = language.filter(|language| !language.starts_with("en"));
    (!host.is_empty() && !path.is_empty()).then(|| (format!("{}/{path}", host.to_ascii_lowercase()), language))
}

/// `de_de`, `pt-BR`.
fn is_locale(part: &str) -> bool {
    let bytes = part.as_bytes();
    bytes.len() == 5
        && matches!(bytes[2], b'_' | b'-')
        && bytes[..2].iter().all(u8::is_ascii_lowercase)
        && bytes[3..].iter().all(u8::is_ascii_alphabetic)
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_page() {
        let page = Some(("docs.aws.amazon.com/ec2/latest/ug/a.html".to_owned(), None));
        for url in [
            "https://docs.aws.amazon.com/ec2/latest/ug/a.html",
            "http://docs.aws.amazon.com/ec2/latest/ug/a.html#part",
            "https://Docs.AWS.amazon.com/en_us/ec2/latest/ug/a.html",
        ] {
            assert_eq!(address(url), page, "{url}");
        }
        let german = address("https://docs.aws.amazon.com/de_de/ec2/latest/ug/a.html");
        assert_eq!(german, page.map(|(address, _)| (address, Some("de_de".to_owned()))));
        assert_eq!(address("https://e.org/a/index.html"), address("https://e.org/a/"));
        assert_ne!(address("https://e.org/a?x=1"), address("https://e.org/a?x=2"));
        for none in ["", "https://", "https://e.org", "https://e.org/", "https://e.org/index.html", "file:///a/b"] {
            assert_eq!(address(none), None, "{none}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(name("web/e.org/a/connect.html"), Some("connect"));
        assert_eq!(name("docs/guide/doc_source/connect.md"), Some("connect"));
        assert_eq!(name("web/e.org/a/connect.html.md"), Some("connect"));
        assert_eq!(name("docs/v1.2"), Some("v1.2"));
        for front in ["web/e.org/a/", "web/e.org/a/index.html", "docs/a/README.md"] {
            assert_eq!(name(front), None, "{front}");
        }
    }
}
