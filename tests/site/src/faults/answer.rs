//! From a fault to an answer and the way it is handed over.

use bytes::Bytes;

use super::{Fault, bombs, listings, pages};
use crate::http::{Request, Response};
use crate::routes;
use crate::serve::Delivery;
use crate::site::State;

impl Fault {
    /// The answer to a request that meets this fault, and how it is handed over.
    pub(crate) fn answer(self, state: &State, request: &Request) -> (Response, Delivery) {
        // What the site would say if it behaved: as the client wants it, and as plain text for those who change it.
        let truth = || routes::answer(state, &request.unconditional());
        let plain = || routes::answer(state, &request.plain());
        let whole = |response| (response, Delivery::Whole);
        let page = |html: String| whole(Response::html(200, html));
        let xml = |text: String| whole(Response::new(200, "application/xml", text));
        let nothing = || Response::html(200, Bytes::new());
        match self {
            Self::Status { status, retry_after } => {
                let response = Response::html(status, format!("<html><body><h1>Error {status}</h1></body></html>"));
                whole(match retry_after {
                    Some(when) => response.with("Retry-After", when),
                    None => response,
                })
            }
            Self::Redirect { status, to } => whole(Response::redirect(status, to.replace("{path}", &request.path))),
            Self::RedirectLoop => {
                let back = request.query == "loop=1";
                whole(Response::redirect(302, format!("{}{}", request.path, if back { "" } else { "?loop=1" })))
            }
            Self::RedirectForever => whole(Response::redirect(302, format!("{}?{}", request.path, next(request)))),
            Self::NotModified => whole(Response { status: 304, headers: Vec::new(), body: Bytes::new() }),
            Self::HugeHead { bytes } => {
                let mut response = truth();
                for _ in 0..bytes.div_ceil(1_000) {
                    response = response.with("X-Padding", "x".repeat(1_000 - "X-Padding: \r\n".len()));
                }
                whole(response)
            }
            Self::ContentType { content_type } => whole(truth().replacing("Content-Type", content_type)),
            Self::BadEncoding { name } => whole(plain().with("Content-Encoding", name)),
            Self::Body { status, content_type, body } => whole(Response::new(status, &content_type, body)),

            Self::NeverAnswer => (nothing(), Delivery::Silence),
            Self::StallAfter { bytes } => (truth(), Delivery::StallAfter(bytes)),
            Self::Drip { bytes, pause_ms } => (truth(), Delivery::Drip { bytes: bytes.max(1), pause_ms }),
            Self::WrongLength { by } => (truth(), Delivery::Length(by)),
            Self::Unfinished => (truth(), Delivery::Unfinished),
            Self::Reset { after: 0 } => (nothing(), Delivery::Reset),
            Self::Reset { after } => (truth(), Delivery::ResetAfter(after)),
            Self::Close => (nothing(), Delivery::Close),
            Self::NotHttp => (nothing(), Delivery::Raw(Bytes::from_static(b"220 mail.example ESMTP ready\r\n\r\n"))),
            Self::Bomb { encoding, bytes } => {
                (nothing().with("Content-Encoding", encoding.name()), Delivery::Stream(bombs::bomb(encoding, bytes)))
            }
            Self::Huge { bytes } => (nothing(), Delivery::Stream(pages::huge(bytes))),

            Self::Charset { charset } => whole(pages::recoded(charset, plain())),
            Self::LoginPage => page(pages::login()),
            Self::EmptyBody => whole(nothing()),
            Self::EmptyPage => page(pages::empty()),
            Self::SoftNotFound => page(pages::soft_not_found()),
            Self::DeepNesting { depth } => page(pages::nested(&plain(), depth)),
            Self::Binary => whole(Response::html(200, pages::binary())),
            Self::RobotsMeta { content } => page(pages::with_robots(&plain(), &content)),
            Self::Canonical { to } => page(pages::with_canonical(&plain(), &to)),

            Self::HugeRobots { bytes } => {
                (Response::new(200, "text/plain", Bytes::new()), Delivery::Stream(listings::huge_robots(bytes)))
            }
            Self::SitemapMalformed => xml(listings::malformed_sitemap()),
            Self::SitemapEntities => xml(listings::entities()),
            Self::SitemapForeign => xml(listings::foreign(&plain())),
            Self::SitemapRecursive => xml(listings::index_of(&here(state, request))),
            Self::SitemapForever => xml(listings::index_of(&format!("{}?{}", here(state, request), next(request)))),
            Self::SitemapHuge { entries } => xml(listings::huge_sitemap(&here(state, request), entries)),
            Self::TocMalformed => {
                whole(Response::new(200, "application/json", r#"{"contents":[{"title":"It ends","href":"before.ht"#))
            }
            Self::TocDeep { depth } => whole(Response::new(200, "application/json", listings::deep_toc(depth))),
        }
    }
}

/// The address that was asked for, without its query.
fn here(state: &State, request: &Request) -> String {
    let base = routes::base_url(&state.settings(), request);
    format!("{base}{}", crate::http::percent_encode(&request.path))
}

/// A query that follows the one that was asked for.
fn next(request: &Request) -> String {
    let hop = request.query.strip_prefix("hop=").and_then(|hop| hop.parse::<u64>().ok());
    format!("hop={}", hop.map_or(1, |hop| hop.wrapping_add(1)))
}
