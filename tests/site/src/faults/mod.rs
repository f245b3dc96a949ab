//! Every way to misbehave.
//!
//! A [`Fault`] says what goes wrong, a [`Rule`] where and how often. `answer` turns a fault into an answer; what such an
//! answer says is in `pages` and `listings`, how little of it arrives in `serve`.

mod answer;
mod bombs;
mod listings;
mod pages;
mod rules;

use serde::{Deserialize, Serialize};

use crate::compress::Encoding;

pub use pages::{JAPANESE_WORDS, LATIN_WORDS};
pub use rules::Rule;
pub(crate) use rules::{Rules, matches};

/// A way to misbehave. In JSON it is an object whose `kind` is the name in snake case: `{"kind": "stall_after", "bytes": 10}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    // What the head says.
    /// An error, or any other status, with a page that says no more than that.
    Status {
        /// The status.
        status: u16,
        /// The header of this name: seconds or a date.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// A redirect to anywhere: another host, a private address, a file. `{path}` in it is the path that was asked for.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The address.
        to: String,
    },
    /// A redirect to the same path with a query, and from there back.
    RedirectLoop,
    /// Redirects without end, each to an address that was not there before.
    RedirectForever,
    /// 304, whether or not the client asked for news only.
    NotModified,
    /// A head of so many bytes before the true answer.
    HugeHead {
        /// Size of the head.
        bytes: usize,
    },
    /// The true page under another content type.
    ContentType {
        /// The header.
        content_type: String,
    },
    /// The true page, not compressed, under the name of an encoding.
    BadEncoding {
        /// The encoding that the head names: `gzip`, or one that nobody knows.
        name: String,
    },
    /// Any answer at all.
    Body {
        /// The status.
        status: u16,
        /// The header.
        content_type: String,
        /// The body.
        body: String,
    },

    // What goes over the wire.
    /// The request is read and never answered.
    NeverAnswer,
    /// The true answer stops after some bytes of the body and the connection stays open.
    StallAfter {
        /// Bytes of the body that arrive.
        bytes: usize,
    },
    /// The true answer, a few bytes at a time.
    Drip {
        /// Bytes at a time.
        bytes: usize,
        /// Milliseconds between them.
        pause_ms: u64,
    },
    /// The true answer with a wrong `Content-Length`: too long, and the body ends before it; too short, and there is more.
    WrongLength {
        /// What is added to the length.
        by: i64,
    },
    /// The true answer in chunks, and the connection is closed before the last one.
    Unfinished,
    /// The connection is reset after some bytes of the true body; with 0 instead of an answer.
    Reset {
        /// Bytes of the body that are sent.
        after: usize,
    },
    /// The connection is closed without an answer.
    Close,
    /// Something that is not HTTP.
    NotHttp,
    /// A small body that decompresses to a huge one. It is generated while it is sent.
    Bomb {
        /// Not `identity`.
        encoding: Encoding,
        /// Decompressed size, rounded up to megabytes.
        bytes: u64,
    },
    /// A page that goes on and on. It is generated while it is sent.
    Huge {
        /// Size, rounded up.
        bytes: u64,
    },

    // What the page says.
    /// The true page with words in another encoding of characters: [`LATIN_WORDS`] or [`JAPANESE_WORDS`].
    Charset {
        /// What is said and what is true.
        charset: Charset,
    },
    /// 200 and a form that asks for a password.
    LoginPage,
    /// 200 and no body.
    EmptyBody,
    /// 200 and a page with everything but a text.
    EmptyPage,
    /// 200 and a page that says that there is no such page.
    SoftNotFound,
    /// The true page at the bottom of so many elements.
    DeepNesting {
        /// How many.
        depth: usize,
    },
    /// Bytes of every value, NUL first, that are called HTML.
    Binary,
    /// The true page with a `<meta name="robots">`.
    RobotsMeta {
        /// `noindex`, `nofollow` or both.
        content: String,
    },
    /// The true page with another canonical address.
    Canonical {
        /// The address.
        to: String,
    },

    // What lists of pages say.
    /// A robots.txt that goes on and on.
    HugeRobots {
        /// Size, rounded up.
        bytes: u64,
    },
    /// XML that breaks off within an element.
    SitemapMalformed,
    /// A sitemap with entities that expand to gigabytes.
    SitemapEntities,
    /// The true sitemap with addresses of other hosts, private networks and files in it.
    SitemapForeign,
    /// A sitemap index that lists itself.
    SitemapRecursive,
    /// Sitemap indexes without end: each lists one that was not there before.
    SitemapForever,
    /// A sitemap with so many pages that do not exist.
    SitemapHuge {
        /// How many.
        entries: usize,
    },
    /// JSON that breaks off.
    TocMalformed,
    /// A table of contents nested so deep.
    TocDeep {
        /// How deep.
        depth: usize,
    },
}

/// An encoding of characters, as it is said and as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// Header and page say UTF-8, and it is windows-1252.
    Utf8IsLatin,
    /// Only the page says that it is windows-1252.
    LatinByMeta,
    /// The header says that it is `Shift_JIS`, and the page says UTF-8.
    ShiftJisByHeader,
    /// Only the page says that it is `Shift_JIS`.
    ShiftJisByMeta,
    /// Nobody says anything, and it is UTF-16 with a byte order mark.
    Utf16ByMark,
}

impl Fault {
    /// A status that asks the client to come back in some seconds.
    pub fn throttle(status: u16, seconds: u64) -> Self {
        Self::Status { status, retry_after: Some(seconds.to_string()) }
    }

    /// A status without anything to it.
    pub fn status(status: u16) -> Self {
        Self::Status { status, retry_after: None }
    }

    /// A redirect that a client should forget.
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::Redirect { status: 302, to: to.into() }
    }
}
