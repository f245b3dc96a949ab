//! Pages that are none.

use super::head::Head;
use crate::extract::Extracted;

/// Fewer letters and digits than this are no text.
const MIN_TEXT: usize = 40;
/// A page that asks for a password, or is called like an error or a log-in page, is one if it has no more text than this.
const SHORT_TEXT: usize = 600;

/// Why a page has nothing to index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nearly no letters or digits beside the title.
    #[error("it has no text")]
    Empty,
    /// A form to log in, in place of the page.
    #[error("it asks to log in")]
    Login,
    /// The bytes are no text in any encoding, although the server says that they are text.
    #[error("it is not text")]
    NotText,
    /// Neither HTML nor Markdown nor plain text.
    #[error("its format is not supported")]
    UnknownFormat,
    /// An error in prose, sent as if it were a page.
    #[error("it says that the page does not exist")]
    Soft404,
    /// The page is in another language than English.
    #[error("it is in another language")]
    WrongLocale,
}

impl Refusal {
    /// A stable name for reports and storage.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Login => "login",
            Self::NotText => "not_text",
            Self::UnknownFormat => "unknown_format",
            Self::Soft404 => "soft_404",
            Self::WrongLocale => "wrong_locale",
        }
    }

    /// Whether the page may be good again next time, so that what is known of it should be kept: all but formats and
    /// languages, which a page has on purpose.
    pub const fn is_suspicious(self) -> bool {
        !matches!(self, Self::UnknownFormat | Self::WrongLocale)
    }
}

pub(super) fn of(head: &Head, extracted: &Extracted, text_chars: usize) -> Option<Refusal> {
    let names = || {
        let title = head.title.as_deref();
        [extracted.title.as_deref(), title].into_iter().flatten().map(normal)
    };
    if text_chars <= SHORT_TEXT {
        if head.forms.password || head.forms.hands_on_login {
            return Some(Refusal::Login);
        }
        if names().any(|name| says_missing(&name)) {
            return Some(Refusal::Soft404);
        }
        if head.forms.any && names().any(|name| says_login(&name)) {
            return Some(Refusal::Login);
        }
    }
    (text_chars < MIN_TEXT).then_some(Refusal::Empty)
}

/// Lower case, typographic apostrophes made plain, without what surrounds the words.
fn normal(title: &str) -> String {
    let title = title.to_lowercase().replace('’', "'");
    title.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

/// Whether a title says that the page does not exist.
fn says_missing(title: &str) -> bool {
    const ANYWHERE: &[&str] = &[
        "page not found",
        "page cannot be found",
        "page can't be found",
        "page could not be found",
        "page couldn't be found",
        "page was not found",
        "page does not exist",
        "page doesn't exist",
        "page isn't available",
        "page is not available",
        "no longer exists",
        "can't find that page",
        "couldn't find that page",
        "can't find the page",
        "couldn't find the page",
        "could not find the page",
    ];
    let start = title.split(" - ").next().unwrap_or(title).split(" | ").next().unwrap_or(title).trim();
    matches!(
        start,
        "404" | "not found" | "error 404" | "404 error" | "404 not found" | "page missing" | "file not found"
    ) || ANYWHERE.iter().any(|phrase| title.contains(phrase))
}

/// Whether a title is that of a page to log in, and not of one about logging in.
fn says_login(title: &str) -> bool {
    let start = title.split([':', '|', '–', '—']).next().unwrap_or(title);
    let start = start.split(" - ").next().unwrap_or(start).trim();
    matches!(
        start,
        "sign in"
            | "signin"
            | "sign-in"
            | "log in"
            | "login"
            | "log-in"
            | "log on"
            | "please sign in"
            | "please log in"
    ) || title.contains("amazon web services sign-in")
        || title.contains("single sign-on required")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        for title in ["404", "404 - Widgets", "Page not found | AWS", "Sorry, this page doesn’t exist.", "Not Found"]
        {
            assert!(says_missing(&normal(title)), "{title}");
        }
        for title in ["Troubleshooting 404 errors", "Found and lost", "Error codes: 404"] {
            assert!(!says_missing(&normal(title)), "{title}");
        }
        for title in ["Sign in", "Log in - Widgets", "Amazon Web Services Sign-In", "Login | Wiki"] {
            assert!(says_login(&normal(title)), "{title}");
        }
        for title in ["Sign in to the console", "Login profiles", "Sign in with a root user"] {
            assert!(!says_login(&normal(title)), "{title}");
        }
    }
}
