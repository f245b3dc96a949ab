//! As much of HTTP/1.1 as a site needs that must be able to lie: heads are read and written by hand, so that a length, an
//! encoding or the end of a body can be wrong on purpose.

use std::io;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::compress::Encoding;
use crate::layout::add;

/// Longest head of a request that is read, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Longest body of a request that is read, in bytes: control requests carry whole pages.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What a client asked for. Header values that nobody here looks at are dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Percent-decoded, without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: String,
    pub(crate) user_agent: String,
    accept_encoding: String,
    if_none_match: Option<String>,
    if_modified_since: Option<String>,
    pub(crate) close: bool,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request as a client makes it that knows one encoding.
    pub(crate) fn get(path: &str, host: &str, encoding: Encoding) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            host: host.to_owned(),
            accept_encoding: encoding.name().to_owned(),
            ..Self::default()
        }
    }

    /// Reads one request, using bytes left over by the request before it. `None` when the client has closed.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin), pending: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let head = loop {
            if let Some(at) = find(pending, b"\r\n\r\n") {
                break at;
            }
            if pending.len() > MAX_HEAD {
                return Err(io::Error::other("the head of the request is too long"));
            }
            if stream.read_buf(pending).await? == 0 {
                return Ok(None);
            }
        };
        let (mut request, length) = Self::parse(&String::from_utf8_lossy(&pending[..head]))
            .ok_or_else(|| io::Error::other("this is not a request"))?;
        pending.drain(..head + 4);
        if length > MAX_BODY {
            return Err(io::Error::other("the body of the request is too long"));
        }
        while pending.len() < length {
            if stream.read_buf(pending).await? == 0 {
                return Ok(None);
            }
        }
        request.body = pending.drain(..length).collect();
        Ok(Some(request))
    }

    /// The request and the length of the body that follows.
    fn parse(head: &str) -> Option<(Self, usize)> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        // The absolute form is what clients send that take this site for a proxy.
        let target = match target.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request =
            Self { method: method.to_owned(), path: percent_decode(path), query: query.to_owned(), ..Self::default() };
        let mut length = 0;
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "host" => value.clone_into(&mut request.host),
                "user-agent" => value.clone_into(&mut request.user_agent),
                "accept-encoding" => value.clone_into(&mut request.accept_encoding),
                "if-none-match" => request.if_none_match = Some(value.to_owned()),
                "if-modified-since" => request.if_modified_since = Some(value.to_owned()),
                "connection" => request.close = value.eq_ignore_ascii_case("close"),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
        Some((request, length))
    }

    /// Whether the client asked for nothing but news.
    pub(crate) fn is_conditional(&self) -> bool {
        self.if_none_match.is_some() || self.if_modified_since.is_some()
    }

    /// The same request from a client that has nothing yet.
    pub(crate) fn unconditional(&self) -> Self {
        Self { if_none_match: None, if_modified_since: None, ..self.clone() }
    }

    /// The same request from a client that also cannot decompress.
    pub(crate) fn plain(&self) -> Self {
        Self { accept_encoding: String::new(), ..self.unconditional() }
    }

    /// Whether what the client has is what there is. As RFC 9110 wants it, a date counts only without a tag.
    pub(crate) fn has(&self, etag: Option<&str>, modified: Option<i64>) -> bool {
        if let Some(theirs) = &self.if_none_match {
            let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return etag.is_some_and(|ours| theirs == "*" || theirs.split(',').any(|tag| strong(tag) == strong(ours)));
        }
        match (&self.if_modified_since, modified) {
            (Some(theirs), Some(modified)) => parse_date(theirs).is_some_and(|since| modified <= since),
            _ => false,
        }
    }

    /// The best encoding that client and site have in common; among equals the first that the site offers.
    pub(crate) fn encoding(&self, offered: &[Encoding]) -> Encoding {
        let weight = |name: &str| {
            self.accept_encoding.split(',').find_map(|entry| {
                let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
                let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse::<f32>().ok());
                (coding.trim().eq_ignore_ascii_case(name)).then_some(weight.unwrap_or(0.0))
            })
        };
        let mut best = (Encoding::Identity, 0.0);
        for encoding in offered {
            let weight = weight(encoding.name()).or_else(|| weight("*")).unwrap_or(0.0);
            if weight > best.1 {
                best = (*encoding, weight);
            }
        }
        best.0
    }
}

/// What a request is answered with, before anybody has thought about how it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    pub(crate) fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/html; charset=UTF-8", body)
    }

    pub(crate) fn json(status: u16, value: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("our own types have string keys");
        Self::new(status, "application/json", body)
    }

    pub(crate) fn redirect(status: u16, to: impl Into<String>) -> Self {
        Self { status, headers: vec![("Location", to.into())], body: Bytes::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a header instead of those of the same name.
    pub(crate) fn replacing(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(existing, _)| *existing != name);
        self.with(name, value)
    }

    /// The head as it goes over the wire. `length` is what is said about the body: nothing is said with `None`.
    pub(crate) fn head(&self, length: Option<u64>, close: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\nServer: stand-in\r\n", self.status, reason(self.status));
        head.push_str("Date: ");
        head.push_str(&date(Timestamp::now().as_second()));
        head.push_str("\r\n");
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        if let Some(length) = length {
            head.push_str("Content-Length: ");
            head.push_str(&length.to_string());
            head.push_str("\r\n");
        }
        head.push_str(if close { "Connection: close\r\n\r\n" } else { "\r\n" });
        head.into_bytes()
    }
}

/// Seconds since 1970 as headers write them.
pub(crate) fn date(seconds: i64) -> String {
    let timestamp = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).unwrap_or_default()
}

fn parse_date(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text).ok().map(Timestamp::as_second)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Whatever",
    }
}

/// Decodes `%20` and the like; what is not hexadecimal stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Encodes what may not stand in a path as it is.
pub(crate) fn percent_encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            add(&mut encoded, format_args!("%{byte:02X}"));
        }
    }
    encoded
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(head: &str) -> Request {
        Request::parse(head).unwrap().0
    }

    #[test]
    fn a_request_is_read() {
        let request =
            request("GET http://docs.example/a%20b/c.html?x=1 HTTP/1.1\r\nHost: docs.example\r\nConnection: close");
        assert_eq!((request.path.as_str(), request.query.as_str()), ("/a b/c.html", "x=1"));
        assert_eq!(request.host, "docs.example");
        assert!(request.close);
        assert_eq!(percent_encode("/a b/ü.html"), "/a%20b/%C3%BC.html");
    }

    #[test]
    fn encodings_are_negotiated() {
        use Encoding::{Brotli, Gzip, Identity, Zstd};
        for (accepted, expected) in [
            ("", Identity),
            ("gzip, br, zstd", Brotli),
            ("gzip;q=1.0, br;q=0.5", Gzip),
            ("zstd", Zstd),
            ("br;q=0, *", Gzip),
            ("identity", Identity),
        ] {
            let request = request(&format!("GET / HTTP/1.1\r\nAccept-Encoding: {accepted}"));
            assert_eq!(request.encoding(&[Brotli, Gzip, Zstd]), expected, "{accepted}");
        }
    }

    #[test]
    fn conditions_are_judged() {
        let tagged = request(
            "GET / HTTP/1.1\r\nIf-None-Match: \"x\", W/\"a\"\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        );
        assert!(tagged.has(Some("\"a\""), Some(9)));
        assert!(!tagged.has(Some("\"b\""), Some(0)));
        assert!(!tagged.has(None, Some(0)));
        let dated = request(&format!("GET / HTTP/1.1\r\nIf-Modified-Since: {}", date(1_700_000_000)));
        assert!(dated.has(None, Some(1_700_000_000)));
        assert!(!dated.has(None, Some(1_700_000_001)));
        assert!(!dated.has(None, None));
    }
}
