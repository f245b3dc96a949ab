//! The language that an address says its page is in.

use std::borrow::Cow;

use url::Url;

/// Folders of aws.amazon.com, and the language that each is in. Sorted.
const AWS: &[(&str, &str)] = &[
    ("ar", "ar"),
    ("cn", "zh_cn"),
    ("de", "de"),
    ("es", "es"),
    ("fr", "fr"),
    ("id", "id"),
    ("it", "it"),
    ("jp", "ja"),
    ("ko", "ko"),
    ("pl", "pl"),
    ("pt", "pt"),
    ("ru", "ru"),
    ("th", "th"),
    ("tr", "tr"),
    ("tw", "zh_tw"),
    ("vi", "vi"),
];

/// Folders of repost.aws that are a language. Sorted.
const REPOST: &[&str] = &["de", "en", "es", "fr", "it", "ja", "ko", "pt", "zh-Hans", "zh-Hant"];

/// Languages that sites are translated into. Sorted.
///
/// Not every pair of letters: `/go-to/` is no language.
const LANGUAGES: &[&str] = &[
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk",
    "ur", "vi", "zh",
];

/// The language that the first folder of an address names: `de_de` in `docs.aws.amazon.com/de_de/…`, `ja` in
/// `aws.amazon.com/jp/…`; `None` if it names none, which is English on these sites.
///
/// On sites that are not of AWS only a language with its region counts, as in `/pt-br/`: a folder `it` may be anything.
pub fn locale(url: &Url) -> Option<&str> {
    let segment = first_segment(url)?;
    match url.host_str()? {
        "aws.amazon.com" => {
            let at = AWS.binary_search_by_key(&segment, |(folder, _)| folder).ok()?;
            Some(AWS[at].1)
        }
        "repost.aws" => REPOST.contains(&segment).then_some(segment),
        "docs.aws.amazon.com" if segment == "ar" => Some(segment),
        _ => has_region(segment).then_some(segment),
    }
}

/// The address without the folder of its language.
pub fn without_locale(url: &Url) -> Url {
    let mut plain = url.clone();
    if locale(url).is_some()
        && let Some(segment) = first_segment(url)
    {
        let rest = &url.path()[1 + segment.len()..];
        // What is left must not be read as a host, as in `/de_de//example.com`.
        let rest = if rest.is_empty() { Cow::Borrowed("/") } else { Cow::Borrowed(rest) };
        plain.set_path(&rest);
    }
    plain
}

/// Whether a language is English: `en`, `en_us`, `en-GB`.
pub fn is_english(locale: &str) -> bool {
    let language = locale.split(['_', '-']).next().unwrap_or_default();
    language.eq_ignore_ascii_case("en")
}

fn first_segment(url: &Url) -> Option<&str> {
    url.path().strip_prefix('/')?.split('/').next().filter(|segment| !segment.is_empty())
}

/// `de_de`, `pt-br`, `en-US`.
fn has_region(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    bytes.len() == 5
        && matches!(bytes[2], b'_' | b'-')
        && segment.get(..2).is_some_and(|language| LANGUAGES.binary_search(&language).is_ok())
        && bytes[3..].iter().all(u8::is_ascii_alphabetic)
}
