//! Addresses in one form, and which of them belong to a crawl.
//!
//! A page can be written in many ways: with a fragment, with the campaign that led to it, with `%7E` for `~`. All of
//! them become one address here, so that a page is fetched once. Hrefs come from pages that anybody may have written:
//! nothing in them can make these functions panic or take long.

mod locale;
mod scope;
mod tracking;

use std::borrow::Cow;
use std::fmt::Write;

use url::Url;

pub use locale::{is_english, locale, without_locale};
pub use scope::{Locales, Scope, ScopeError};

/// An href longer than this, in bytes, is no address.
pub const MAX_HREF: usize = 8 * 1024;

/// A canonical address longer than this, in bytes, is none; servers and caches refuse them as well.
pub const MAX_ADDRESS: usize = 2 * 1024;

/// The one form of an address; `None` if it is not of the web, or longer than [`MAX_ADDRESS`].
///
/// Without a base, only absolute addresses are read. Fragment, credentials, the port that the scheme implies and
/// parameters that only track visitors are dropped; percent-encoding is brought into its shortest form. The order of
/// parameters and `index.html` stay: whether they matter is known by the site alone. Canonical addresses are canonical:
/// applying this again changes nothing.
pub fn canonical(href: &str, base: Option<&Url>) -> Option<Url> {
    if href.len() > MAX_HREF {
        return None;
    }
    let mut url = Url::options().base_url(base).parse(href).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    without_root_dot(&mut url)?;
    if let Cow::Owned(path) = normal_escapes(url.path()) {
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        let normal = normal_escapes(query);
        match tracking::without(url.host_str().unwrap_or_default(), &normal) {
            Some(Cow::Borrowed(kept)) if kept == query => {}
            kept => {
                let kept = kept.map(Cow::into_owned);
                url.set_query(kept.as_deref());
            }
        }
    }
    (url.as_str().len() <= MAX_ADDRESS).then_some(url)
}

/// Whether an address is of a file that holds no text, by its extension: an image, an archive, a style sheet.
///
/// Scripts are not among them: people link to none, and a page may well be called `Node.js`.
pub fn is_asset(url: &Url) -> bool {
    const ASSETS: &[&str] = &[
        "7z", "avi", "bmp", "bz2", "css", "deb", "dmg", "doc", "eot", "epub", "exe", "gif", "gz", "ico", "iso", "jar",
        "jpeg", "jpg", "mov", "mp3", "mp4", "mpeg", "msi", "ogg", "otf", "png", "ppt", "pptx", "rar", "rpm", "svg",
        "tar", "tgz", "tif", "tiff", "ttf", "vsdx", "wasm", "wav", "webm", "webp", "whl", "wmv", "woff", "woff2",
        "xls", "xlsx", "xz", "zip",
    ];
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let Some((_, extension)) = name.rsplit_once('.') else { return false };
    extension.len() <= 5 && ASSETS.binary_search(&extension.to_ascii_lowercase().as_str()).is_ok()
}

/// `docs.aws.amazon.com.` is the same host as without the dot of the root.
fn without_root_dot(url: &mut Url) -> Option<()> {
    let host = url.host_str()?;
    if host.is_empty() {
        return None;
    }
    if host.ends_with('.') {
        let bare = host.trim_end_matches('.').to_owned();
        if bare.is_empty() {
            return None;
        }
        url.set_host(Some(&bare)).ok()?;
    }
    Some(())
}

/// Escapes in one form: none for unreserved characters, capital digits for the others (RFC 3986, 6.2.2).
///
/// A percent sign that starts no escape becomes `%25`, which is what it means. Otherwise an escape that is undone could
/// make another one out of its surroundings, and a page would have addresses without end.
fn normal_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut normal = String::with_capacity(text.len() + 8);
    let mut plain = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            at += 1;
            continue;
        }
        normal.push_str(&text[plain..at]);
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) {
            let byte = (high * 16 + low) as u8;
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                normal.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                _ = write!(normal, "%{byte:02X}");
            }
            at += 3;
        } else {
            normal.push_str("%25");
            at += 1;
        }
        plain = at;
    }
    normal.push_str(&text[plain..]);
    if normal == text { Cow::Borrowed(text) } else { Cow::Owned(normal) }
}

#[cfg(test)]
mod tests;
