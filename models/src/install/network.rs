//! The HTTP client: who may be asked, how long is waited, how often it is tried again.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::ModelError;

/// How the network is used.
#[derive(Debug, Clone)]
pub struct Network {
    /// Nothing may be asked.
    pub offline: bool,
    /// The model hub (`HF_ENDPOINT`).
    pub hub: String,
    /// The package index, a "simple" one (`PIP_INDEX_URL`).
    pub index: String,
    /// The proxy.
    pub proxy: Proxy,
    /// How long is waited before the second try; twice as long before each further one.
    pub first_wait: Duration,
}

/// Through which proxy requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    Environment,
    /// This one.
    Url(String),
    /// None.
    Direct,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            offline: false,
            hub: "https://huggingface.co".to_owned(),
            index: "https://pypi.org/simple/".to_owned(),
            proxy: Proxy::Environment,
            first_wait: Duration::from_millis(500),
        }
    }
}

/// Tries of a request that fails for reasons that may pass.
const TRIES: u32 = 5;
/// Tries where nobody answers at all: a machine without a way to the server should soon go on to the next source.
const TRIES_UNANSWERED: u32 = 3;
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(15);
/// Silence after which a connection is given up.
const SILENCE: Duration = Duration::from_mins(1);
/// Pages of an index are a few hundred kilobytes.
const LARGEST_PAGE: u64 = 64 << 20;

/// Asks servers.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    network: Network,
}

/// Why a try failed, and whether another may not.
#[derive(Debug, Default)]
pub(super) struct Failure {
    pub(super) reason: String,
    /// Another try may succeed.
    pub(super) passing: bool,
    /// It came further than every try before it.
    pub(super) progressed: bool,
    /// There was no answer, not even an error.
    unanswered: bool,
    /// What the server answered, if it did.
    pub(super) status: Option<u16>,
    /// How long the server asks to wait.
    wait: Option<Duration>,
    /// An error that has nothing to do with the network.
    fatal: Option<Box<ModelError>>,
}

impl Failure {
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), passing: true, ..Self::default() }
    }

    pub(super) fn fatal(error: ModelError) -> Self {
        Self { fatal: Some(Box::new(error)), ..Self::default() }
    }

    fn of(error: &ureq::Error) -> Self {
        use ureq::Error;
        let passing = matches!(
            error,
            Error::Io(_) | Error::Timeout(_) | Error::HostNotFound | Error::ConnectionFailed | Error::Protocol(_)
        );
        Self { reason: error.to_string(), passing, unanswered: true, ..Self::default() }
    }

    pub(super) fn having_progressed(self, progressed: bool) -> Self {
        Self { progressed, ..self }
    }

    pub(super) fn reading(error: &io::Error) -> Self {
        Self::passing(error.to_string())
    }
}

impl Client {
    pub(super) fn new(network: &Network) -> Result<Self, ModelError> {
        let tls = TlsConfig::builder()
            // The system's certificates: those of a company's proxy are among them.
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let proxy = match &network.proxy {
            Proxy::Environment => ureq::Proxy::try_from_env(),
            Proxy::Direct => None,
            Proxy::Url(url) => Some(ureq::Proxy::new(url).map_err(|error| ModelError::Download {
                url: redacted(url),
                reason: format!("it cannot be used as a proxy: {error}"),
            })?),
        };
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy)
            .http_status_as_error(false)
            .user_agent(concat!("cloudops/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .build()
            .new_agent();
        Ok(Self { agent, network: network.clone() })
    }

    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    /// Refuses where the network may not be used.
    pub(super) fn allowed(&self, what: &str) -> Result<(), ModelError> {
        if self.network.offline { Err(ModelError::Offline(what.to_owned())) } else { Ok(()) }
    }

    /// Runs `attempt` until it succeeds, fails for good, or was tried often enough.
    pub(super) fn retrying<T>(
        &self,
        url: &str,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, ModelError> {
        let mut wait = self.network.first_wait;
        let mut tries = 1;
        loop {
            let failure = match attempt() {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if let Some(error) = failure.fatal {
                return Err(*error);
            }
            if failure.progressed {
                (tries, wait) = (1, self.network.first_wait);
            }
            let most = if failure.unanswered { TRIES_UNANSWERED } else { TRIES };
            if !failure.passing || tries >= most {
                let tried = if tries > 1 { format!(" (tried {tries} times)") } else { String::new() };
                return Err(ModelError::Download { url: redacted(url), reason: failure.reason + &tried });
            }
            tracing::debug!(url = redacted(url), reason = failure.reason, "trying again");
            std::thread::sleep(failure.wait.unwrap_or(wait).min(LONGEST_WAIT));
            wait *= 2;
            tries += 1;
        }
    }

    /// One GET with a status that is fine, or why not.
    pub(super) fn get(&self, url: &str, headers: &[(&str, String)]) -> Result<Response<Body>, Failure> {
        let (url, login) = split_login(url);
        let mut request = self.agent.get(&url).config().https_only(is_https(&url)).build();
        if let Some(login) = login {
            request = request.header("authorization", login);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.call().map_err(|error| Failure::of(&error))?;
        refuse(&response)?;
        Ok(response)
    }

    /// The headers of the first answer to a HEAD, before any redirect; `None` if there is no such file.
    pub(super) fn head(&self, url: &str) -> Result<Option<HeaderMap>, ModelError> {
        self.retrying(url, || {
            let (url, login) = split_login(url);
            let mut request = self.agent.head(&url).config().https_only(is_https(&url)).max_redirects(0).build();
            if let Some(login) = login {
                request = request.header("authorization", login);
            }
            let response = request.call().map_err(|error| Failure::of(&error))?;
            if response.status().as_u16() == 404 {
                return Ok(None);
            }
            refuse(&response)?;
            Ok(Some(response.headers().clone()))
        })
    }

    /// The content type of a page, and the page.
    pub(super) fn page(&self, url: &str, accept: &str) -> Result<(String, String), ModelError> {
        self.retrying(url, || {
            let mut response = self.get(url, &[("accept", accept.to_owned())])?;
            let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let kind = kind.to_owned();
            let mut body = String::new();
            let reader = response.body_mut().as_reader();
            reader.take(LARGEST_PAGE).read_to_string(&mut body).map_err(|error| Failure::reading(&error))?;
            Ok((kind, body))
        })
    }
}

/// Turns a status that is an error into one.
fn refuse(response: &Response<Body>) -> Result<(), Failure> {
    let status = response.status();
    if status.is_success() || status.is_redirection() {
        return Ok(());
    }
    let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 416 | 429);
    let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok());
    let reason = format!("the server answered {status}");
    let status = Some(status.as_u16());
    Err(Failure { reason, passing, status, wait: wait.map(Duration::from_secs), ..Failure::default() })
}

/// Whether the connection is secured. It must stay so over redirects; what the user named without is another matter.
fn is_https(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
}

/// An address without its user and password, and those as a header.
fn split_login(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let Some((login, host)) = rest[..host_end].rsplit_once('@') else { return (url.to_owned(), None) };
    let login = base64::engine::general_purpose::STANDARD.encode(percent_decoded(login));
    (format!("{scheme}://{host}{}", &rest[host_end..]), Some(format!("Basic {login}")))
}

/// The address as it may be shown.
pub(super) fn redacted(url: &str) -> String {
    split_login(url).0
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| bytes[at] == b'%');
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    decoded
}

/// The address that `reference` means on the page `base`.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    if let Some(reference) = reference.strip_prefix("//") {
        return format!("{scheme}://{reference}");
    }
    if reference.starts_with('/') {
        return format!("{scheme}://{host}{reference}");
    }
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    for segment in reference.split('/') {
        match segment {
            "." => {}
            ".." => {
                if segments.len() > 1 {
                    segments.pop();
                }
            }
            segment => segments.push(segment),
        }
    }
    format!("{scheme}://{host}{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        let base = "https://h:1/simple/pkg/";
        let cases = [
            ("https://other/x.whl", "https://other/x.whl"),
            ("//cdn/x.whl", "https://cdn/x.whl"),
            ("/files/x.whl", "https://h:1/files/x.whl"),
            ("../../files/x.whl#sha256=1", "https://h:1/files/x.whl#sha256=1"),
            ("./x.whl", "https://h:1/simple/pkg/x.whl"),
        ];
        for (reference, expected) in cases {
            assert_eq!(resolve(base, reference), expected);
        }
    }

    #[test]
    fn what_is_asked_securely_is_asked_so_over_every_redirect() {
        for url in ["https://h/f", "HTTPS://h/f"] {
            assert!(is_https(url), "{url}");
        }
        for url in ["http://h/https://", "h/f", ""] {
            assert!(!is_https(url), "{url}");
        }
        // As it is after a redirect: the address is not secured any more, the request still asks for it. Nothing
        // listens at this port, so that another error would say that a connection was tried.
        let client = Client::new(&Network { proxy: Proxy::Direct, ..Network::default() }).unwrap();
        let error = client.agent.get("http://127.0.0.1:1/f").config().https_only(true).build().call().unwrap_err();
        assert!(matches!(error, ureq::Error::RequireHttpsOnly(_)), "{error}");
        assert!(!Failure::of(&error).passing, "asking again would not help");
    }

    #[test]
    fn logins_become_a_header_and_are_never_shown() {
        let (url, login) = split_login("https://me:p%40ss@host/simple/");
        assert_eq!(url, "https://host/simple/");
        assert_eq!(login.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(redacted("http://u:p@h"), "http://h");
        assert_eq!(split_login("https://host/a@b"), ("https://host/a@b".to_owned(), None));
    }
}
