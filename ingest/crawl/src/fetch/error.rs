//! Why a page could not be had, and what can be done about it.

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

/// Why a page could not be had. Every variant names the address as [`shown`] writes it.
///
/// Text of servers is never part of a message, except for addresses, which are percent-encoded.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// 404 or 410: there is no such page, now.
    #[error("`{url}` is gone: the site answered {status}")]
    Gone {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// 401, 402, 403, 407 or 451: the page is not for everybody.
    #[error("`{url}` is not for everybody: the site answered {status}")]
    Denied {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer that is neither a page nor one of the other errors.
    #[error("`{url}` was refused: the site answered {status}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// 5xx: the site has a problem.
    #[error("`{url}` failed at the site: it answered {status}")]
    Server {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The site asks for fewer requests.
    #[error("`{url}` was put off: the site answered {status}{}", in_words(", and asks to wait", *retry_after))]
    Throttled {
        /// What was asked for.
        url: String,
        /// The HTTP status: 429, or 503 with `Retry-After`.
        status: u16,
        /// How long the site asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It took too long.
    #[error("`{url}` took too long: {what} for {}", Seconds(*after))]
    Timeout {
        /// What was asked for.
        url: String,
        /// What was waited for.
        what: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// No connection, or one that ended before an answer.
    #[error("`{url}` could not be asked: {reason}")]
    Connect {
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// A connection that cannot be trusted.
    #[error("`{url}` could not be asked securely: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The host's name has no address.
    #[error("`{url}` could not be asked: the name of its host could not be resolved: {reason}")]
    Dns {
        /// What was asked for.
        url: String,
        /// What the resolver says.
        reason: String,
    },
    /// More bytes than allowed, as transferred or as decoded.
    #[error("`{url}` is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A few bytes that decode to very many.
    #[error("`{url}` is a decompression bomb: {transferred} bytes became more than {decoded}")]
    Bomb {
        /// What was asked for.
        url: String,
        /// Bytes read so far.
        transferred: u64,
        /// Bytes that they became, when it was given up.
        decoded: u64,
    },
    /// The page ended before its end.
    #[error("`{url}` was cut off after {transferred} bytes: {reason}")]
    Truncated {
        /// What was asked for.
        url: String,
        /// Bytes read.
        transferred: u64,
        /// How that is known.
        reason: String,
    },
    /// A `Content-Encoding` that was not asked for, or that the page is not in.
    #[error("`{url}` cannot be decoded: {reason}")]
    BadEncoding {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A redirect that leads nowhere.
    #[error("`{url}` redirects to what is no address: {reason}")]
    BadRedirect {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A redirect from a secured connection to one that is not.
    #[error("`{url}` redirects to `{to}`, which is not secured")]
    InsecureRedirect {
        /// What was asked for.
        url: String,
        /// Where it redirects to.
        to: String,
    },
    /// A redirect out of what is crawled.
    #[error("`{url}` redirects to `{to}`, which is out of scope")]
    OutOfScope {
        /// What was asked for.
        url: String,
        /// Where it redirects to.
        to: String,
    },
    /// An address that is not on the public internet.
    #[error("`{url}` was not asked: its address {address} is {}", forbidden_words(*metadata))]
    PrivateAddress {
        /// What would have been asked for.
        url: String,
        /// The address.
        address: IpAddr,
        /// It is the metadata service of a cloud, which is never asked.
        metadata: bool,
    },
    /// Redirect after redirect.
    #[error("`{url}` redirects more than {limit} times")]
    TooManyRedirects {
        /// What was asked for at first.
        url: String,
        /// How many are followed.
        limit: usize,
    },
    /// A redirect to where it came from.
    #[error("`{url}` redirects in a circle, back to `{to}`")]
    RedirectLoop {
        /// What was asked for at first.
        url: String,
        /// What was asked for twice.
        to: String,
    },
    /// The site's robots.txt asks crawlers to stay away from the page.
    #[error("`{url}` is not for crawlers: the site's robots.txt says so ({rule})")]
    DisallowedByRobots {
        /// What would have been asked for.
        url: String,
        /// The rule that says so.
        rule: String,
    },
    /// It is not known what robots.txt allows, and until it is, nothing is asked for.
    #[error("`{url}` was not asked: what the site's robots.txt allows is not known: {reason}")]
    RobotsUnavailable {
        /// What would have been asked for.
        url: String,
        /// Why it is not known.
        reason: String,
    },
    /// The host failed so often in a row that it is left alone for a while.
    #[error("`{url}` was not asked: its host failed {failures} times in a row, and is tried again in {}; the last failure: {reason}", Seconds(*retry_in))]
    HostDown {
        /// What would have been asked for.
        url: String,
        /// Failures in a row.
        failures: u32,
        /// The last of them.
        reason: String,
        /// Until when it is left alone.
        retry_in: Duration,
    },
    /// Not an address that can be asked for.
    #[error("`{url}` cannot be asked for: {reason}")]
    BadUrl {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The client could not be set up.
    #[error("failed to set up the HTTP client: {reason}")]
    Setup {
        /// What is wrong.
        reason: String,
    },
}

impl FetchError {
    /// Whether another try, later, may succeed without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Server { status, .. } => !matches!(status, 501 | 505),
            Self::Refused { status, .. } => matches!(status, 408 | 421 | 425),
            Self::Throttled { .. }
            | Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::Dns { .. }
            | Self::Truncated { .. }
            | Self::RobotsUnavailable { .. }
            | Self::HostDown { .. } => true,
            Self::Gone { .. }
            | Self::Denied { .. }
            | Self::Tls { .. }
            | Self::TooLarge { .. }
            | Self::Bomb { .. }
            | Self::BadEncoding { .. }
            | Self::BadRedirect { .. }
            | Self::InsecureRedirect { .. }
            | Self::OutOfScope { .. }
            | Self::PrivateAddress { .. }
            | Self::TooManyRedirects { .. }
            | Self::RedirectLoop { .. }
            | Self::DisallowedByRobots { .. }
            | Self::BadUrl { .. }
            | Self::Setup { .. } => false,
        }
    }

    /// A name of the kind of error that reports can rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gone { .. } => "gone",
            Self::Denied { .. } => "denied",
            Self::Refused { .. } => "refused",
            Self::Server { .. } => "server_error",
            Self::Throttled { .. } => "throttled",
            Self::Timeout { .. } => "timeout",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Dns { .. } => "dns",
            Self::TooLarge { .. } => "too_large",
            Self::Bomb { .. } => "decompression_bomb",
            Self::Truncated { .. } => "truncated",
            Self::BadEncoding { .. } => "bad_encoding",
            Self::BadRedirect { .. } => "bad_redirect",
            Self::InsecureRedirect { .. } => "insecure_redirect",
            Self::OutOfScope { .. } => "out_of_scope",
            Self::PrivateAddress { .. } => "private_address",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::RedirectLoop { .. } => "redirect_loop",
            Self::DisallowedByRobots { .. } => "disallowed_by_robots",
            Self::RobotsUnavailable { .. } => "robots_unavailable",
            Self::HostDown { .. } => "host_down",
            Self::BadUrl { .. } => "bad_url",
            Self::Setup { .. } => "setup",
        }
    }

    /// The HTTP status, where the site answered with one that is an error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Gone { status, .. }
            | Self::Denied { status, .. }
            | Self::Refused { status, .. }
            | Self::Server { status, .. }
            | Self::Throttled { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long the host should be left alone: it asks for it, or it failed too often in a row.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            Self::HostDown { retry_in, .. } => Some(*retry_in),
            _ => None,
        }
    }

    /// What can be done about it, where something can.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Denied { .. } => "The page needs a login or another network. Leave it out of the source.",
            Self::Throttled { .. } => {
                "Ask less of the site: lower the source's requests per second or its concurrency."
            }
            Self::Tls { .. } => {
                "Check that the system's CA certificates are up to date; the certificate of a company's proxy must be among them."
            }
            Self::TooLarge { .. } => "Raise the source's limit of bytes a page, or exclude the address.",
            Self::PrivateAddress { metadata: false, .. } => {
                "If the site is on your own network, allow private addresses for this source."
            }
            Self::OutOfScope { .. } => "If the page belongs to the source, add the address to its prefixes.",
            Self::DisallowedByRobots { .. } => {
                "Exclude the address, or ask the site's owner to allow it to this crawler in robots.txt."
            }
            Self::Setup { .. } => "Check the proxy's address, and that the system's CA certificates are installed.",
            _ => return None,
        })
    }
}

/// An address as it may be shown: without user, password and fragment, without the values of a query that look like
/// secrets, and not longer than a few lines.
pub fn shown(url: &Url) -> String {
    const LONGEST: usize = 500;
    let mut url = url.clone();
    // Both fail only for addresses that cannot have a user or password.
    _ = url.set_username("");
    _ = url.set_password(None);
    url.set_fragment(None);
    if let Some(query) = url.query() {
        let query: Vec<String> = query.split('&').map(shown_parameter).collect();
        url.set_query(Some(&query.join("&")));
    }
    let mut text = String::from(url);
    if text.len() > LONGEST {
        // Addresses are ASCII once parsed; their hosts and paths are encoded.
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

fn shown_parameter(parameter: &str) -> String {
    const SECRETS: [&str; 9] = ["token", "key", "secret", "sign", "pass", "auth", "credential", "session", "code"];
    let Some((name, value)) = parameter.split_once('=') else { return parameter.to_owned() };
    let lower = name.to_ascii_lowercase();
    if !value.is_empty() && (lower == "sig" || SECRETS.iter().any(|secret| lower.contains(secret))) {
        format!("{name}=***")
    } else {
        parameter.to_owned()
    }
}

struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 10.0 { write!(formatter, "{seconds:.1} s") } else { write!(formatter, "{seconds:.0} s") }
    }
}

fn in_words(before: &str, wait: Option<Duration>) -> String {
    wait.map(|wait| format!("{before} {}", Seconds(wait))).unwrap_or_default()
}

fn forbidden_words(metadata: bool) -> &'static str {
    if metadata { "the metadata service of a cloud, which is never asked" } else { "not a public one" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_addresses_are_not_shown() {
        for (url, expected) in [
            ("https://me:word@h/p?a=1#f", "https://h/p?a=1"),
            (
                "https://h/p?X-Amz-Signature=abc&x=2&apiKey=k&sig=3",
                "https://h/p?X-Amz-Signature=***&x=2&apiKey=***&sig=***",
            ),
            ("https://h/p?token", "https://h/p?token"),
            ("https://h/ä", "https://h/%C3%A4"),
        ] {
            assert_eq!(shown(&Url::parse(url).unwrap()), expected);
        }
        let long = Url::parse(&format!("https://h/{}", "x".repeat(5000))).unwrap();
        assert!(shown(&long).len() < 520);
    }

    #[test]
    fn messages_say_what_happened_to_what() {
        let error = FetchError::Throttled {
            url: "https://h/".to_owned(),
            status: 429,
            retry_after: Some(Duration::from_secs(90)),
        };
        assert_eq!(error.to_string(), "`https://h/` was put off: the site answered 429, and asks to wait 90 s");
        assert_eq!((error.code(), error.status()), ("throttled", Some(429)));
        let error =
            FetchError::Timeout { url: "https://h/".to_owned(), what: "no answer", after: Duration::from_millis(500) };
        assert_eq!(error.to_string(), "`https://h/` took too long: no answer for 0.5 s");
    }
}
