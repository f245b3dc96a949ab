//! One request and its answer: tries, statuses, and the body under its limits.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use tokio::time::timeout;
use url::Url;

use super::decode::{Decoder, Encoding, Fault, Limits};
use super::host::HostGate;
use super::{Body, FetchError, Request, Shared, client, retry_after, shown};

/// The longest `Location` that is read.
const LONGEST_LOCATION: usize = 8 << 10;
/// The longest validator or content type that is kept.
const LONGEST_VALUE: usize = 1 << 10;

/// What is wanted of an answer.
pub(super) struct Want {
    pub(super) limits: Limits,
    /// Whether a body that is larger than the limit is cut there instead of refused.
    pub(super) cut: bool,
    pub(super) validators: HeaderMap,
}

/// An answer that is no error.
pub(super) enum Answer {
    Unchanged { transferred: u64 },
    Redirect(String),
    Body(Body),
}

/// The headers that ask for a page only if it changed.
pub(super) fn validators(request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let known = [(header::IF_NONE_MATCH, &request.etag), (header::IF_MODIFIED_SINCE, &request.last_modified)];
    for (name, value) in known {
        // One that cannot be sent back is as good as none.
        if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

impl Shared {
    /// Asks for one address, with every try that manners allow. Redirects are answers.
    pub(super) async fn ask(&self, url: &Url, want: &Want) -> Result<Answer, FetchError> {
        self.check_address(url)?;
        let name = shown(url);
        let host = self.host(url);
        let manners = &self.options.manners;
        let mut attempt = 1;
        loop {
            let permit = host.enter(&name).await?;
            let asked = timeout(self.options.timeout, self.ask_once(url, &name, want, &host)).await;
            let asked = asked.unwrap_or_else(|_| {
                let after = self.options.timeout;
                Err(FetchError::Timeout { url: name.clone(), what: "no complete page", after })
            });
            let error = match asked {
                Ok(answer) => {
                    permit.answered();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let probe = permit.probe;
            let throttled = matches!(error, FetchError::Throttled { .. });
            match &error {
                FetchError::Throttled { status, retry_after, .. } => permit.throttled(*status, *retry_after),
                FetchError::Server { status: 503, .. } => permit.failed(Some(503)),
                error if says_host_failed(error) => permit.failed(None),
                FetchError::PrivateAddress { .. } => {}
                _ => permit.answered(),
            }
            drop(permit);
            if error.is_transient() && attempt < manners.max_attempts && !probe {
                tracing::debug!(url = name, %error, attempt, "trying again");
                host.wait_before_retry(attempt, throttled).await;
                attempt += 1;
                continue;
            }
            if throttled || says_host_failed(&error) {
                host.gave_up(&error, probe);
            }
            return Err(error);
        }
    }

    async fn ask_once(&self, url: &Url, name: &str, want: &Want, host: &Arc<HostGate>) -> Result<Answer, FetchError> {
        let options = &self.options;
        let sent = self.client.get(url.clone()).headers(want.validators.clone()).send();
        // A connection and an answer have a limit each, and one limit together here.
        let response = match timeout(options.connect_timeout + options.idle_timeout, sent).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(client::no_answer(&error, name, options)),
            Err(_) => {
                let after = options.idle_timeout;
                return Err(FetchError::Timeout { url: name.to_owned(), what: "no answer", after });
            }
        };
        match judge(response.status(), response.headers(), name)? {
            Verdict::Unchanged if want.validators.is_empty() => {
                Err(FetchError::Refused { url: name.to_owned(), status: 304 })
            }
            Verdict::Unchanged => Ok(Answer::Unchanged { transferred: 0 }),
            Verdict::Redirect(location) => Ok(Answer::Redirect(location)),
            Verdict::Page => self.read(response, name, want, host).await.map(Answer::Body),
        }
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        name: &str,
        want: &Want,
        host: &Arc<HostGate>,
    ) -> Result<Body, FetchError> {
        let limit = want.limits.bytes;
        let too_large = || FetchError::TooLarge { url: name.to_owned(), limit };
        let headers = response.headers();
        let encodings = headers.get_all(header::CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
        let encoding =
            Encoding::read(encodings).map_err(|reason| FetchError::BadEncoding { url: name.to_owned(), reason })?;
        if !want.cut && response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let body = Body {
            url: response.url().clone(),
            redirected: false,
            status: response.status().as_u16(),
            content_type: value(headers, &header::CONTENT_TYPE),
            etag: value(headers, &header::ETAG),
            last_modified: value(headers, &header::LAST_MODIFIED),
            bytes: Bytes::new(),
            transferred: 0,
        };

        let mut decoder = Decoder::new(encoding, want.limits).map_err(|fault| named(fault, name, limit, 0))?;
        loop {
            let chunk = match timeout(self.options.idle_timeout, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => {
                    return Err(FetchError::Truncated {
                        url: name.to_owned(),
                        transferred: decoder.transferred(),
                        reason: client::innermost(&error),
                    });
                }
                Err(_) => {
                    return Err(FetchError::Timeout {
                        url: name.to_owned(),
                        what: "no more of the page",
                        after: self.options.idle_timeout,
                    });
                }
            };
            host.count_transferred(chunk.len() as u64);
            match decoder.push(&chunk) {
                Ok(()) => {}
                Err(Fault::TooLarge) if want.cut => {
                    let transferred = decoder.transferred();
                    return Ok(Body { bytes: decoder.decoded_so_far().into(), transferred, ..body });
                }
                Err(fault) => return Err(named(fault, name, limit, decoder.transferred())),
            }
        }
        let transferred = decoder.transferred();
        let bytes = decoder.finish().map_err(|fault| named(fault, name, limit, transferred))?;
        Ok(Body { bytes: bytes.into(), transferred, ..body })
    }
}

/// Whether an error speaks of the health of the host, and not of one page or of the asker.
fn says_host_failed(error: &FetchError) -> bool {
    matches!(
        error,
        FetchError::Server { .. }
            | FetchError::Timeout { .. }
            | FetchError::Connect { .. }
            | FetchError::Tls { .. }
            | FetchError::Dns { .. }
            | FetchError::Truncated { .. }
    )
}

enum Verdict {
    Page,
    Unchanged,
    Redirect(String),
}

/// What a status means.
fn judge(status: StatusCode, headers: &HeaderMap, name: &str) -> Result<Verdict, FetchError> {
    let url = name.to_owned();
    let status = status.as_u16();
    let wait = || {
        let wait = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        retry_after::read(wait, Timestamp::now())
    };
    match status {
        // A part of a page, which nobody asked for, is no page.
        206 => Err(FetchError::Refused { url, status }),
        200..=299 => Ok(Verdict::Page),
        304 => Ok(Verdict::Unchanged),
        301 | 302 | 303 | 307 | 308 => {
            let Some(location) = headers.get(header::LOCATION) else {
                return Err(FetchError::BadRedirect { url, reason: "it names no address".to_owned() });
            };
            if location.len() > LONGEST_LOCATION {
                return Err(FetchError::BadRedirect { url, reason: "it is too long".to_owned() });
            }
            // Servers write other letters as they are; they are encoded when the address is read.
            Ok(Verdict::Redirect(String::from_utf8_lossy(location.as_bytes()).into_owned()))
        }
        401..=403 | 407 | 451 => Err(FetchError::Denied { url, status }),
        404 | 410 => Err(FetchError::Gone { url, status }),
        429 => Err(FetchError::Throttled { url, status, retry_after: wait() }),
        503 => match wait() {
            Some(wait) => Err(FetchError::Throttled { url, status, retry_after: Some(wait) }),
            None => Err(FetchError::Server { url, status }),
        },
        500..=599 => Err(FetchError::Server { url, status }),
        _ => Err(FetchError::Refused { url, status }),
    }
}

fn named(fault: Fault, name: &str, limit: u64, transferred: u64) -> FetchError {
    let url = name.to_owned();
    match fault {
        Fault::TooLarge => FetchError::TooLarge { url, limit },
        Fault::Bomb { transferred, decoded } => FetchError::Bomb { url, transferred, decoded },
        Fault::Corrupt(reason) => FetchError::BadEncoding { url, reason },
        Fault::Incomplete(reason) => FetchError::Truncated { url, transferred, reason },
    }
}

/// A header's value, if it is one of letters and not too long.
fn value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= LONGEST_VALUE).then(|| value.to_owned())
}
