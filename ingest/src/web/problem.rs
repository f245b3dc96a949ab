//! Why a sitemap, a table of contents or a feed could not be read.

/// What was fetched is not what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// The bytes are not text in any encoding.
    #[error("it is not text")]
    NotText,
    /// It is something else, most often the web page that a site shows for everything it does not have.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What it was taken for, such as `a sitemap`.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// It is damaged so early that nothing could be read.
    #[error("failed to parse {what}: {reason}")]
    Broken {
        /// What it was taken for.
        what: &'static str,
        /// What the parser says, shortened.
        reason: String,
    },
    /// It is larger than such a file may be.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What it was taken for.
        what: &'static str,
        /// The largest size in bytes.
        limit: usize,
    },
}

/// What a text of another kind probably is.
pub(super) fn found(text: &str) -> &'static str {
    let start = text.trim_start();
    // Comments and declarations may come first.
    let head: String = start.chars().take(1_000).collect::<String>().to_ascii_lowercase();
    if head.starts_with("<!doctype html") || head.contains("<html") {
        "a web page"
    } else if head.starts_with('<') {
        "other XML"
    } else if head.starts_with(['{', '[']) {
        "JSON"
    } else {
        "other text"
    }
}

/// An error of a parser as a short reason of one line.
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}
