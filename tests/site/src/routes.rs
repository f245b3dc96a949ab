//! Which path is what, on a site that behaves.

use std::sync::Arc;

use crate::compress::Encoding;
use crate::content::{Guide, Page, hash, title};
use crate::discovery::{View, guide_index};
use crate::http::{Request, Response, date};
use crate::layout::{Frame, escape};
use crate::render::render;
use crate::settings::Settings;
use crate::site::State;

/// Bodies that are smaller are not worth compressing.
const MIN_COMPRESSED: usize = 200;

/// Answers a request as a site does that has nothing to hide.
pub(crate) fn answer(state: &State, request: &Request) -> Response {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Response::new(405, "text/plain", "only GET and HEAD").with("Allow", "GET, HEAD");
    }
    let settings = state.settings();
    let base = base_url(&settings, request);
    let (locale, path) = split_locale(&request.path, &settings.locales);
    if let Some(response) = page(state, &settings, &base, locale, path, request) {
        return response;
    }
    if let Some((content_type, text)) = document(state, &settings, &base, path) {
        return finished(&settings, request, content_type, &text);
    }
    if let Some(to) = redirect(state, locale, path) {
        return to;
    }
    let gone = state.content().was_here(path);
    not_found(if gone { settings.gone_status } else { 404 })
}

/// Scheme and host that absolute addresses start with.
pub(crate) fn base_url(settings: &Settings, request: &Request) -> String {
    settings.base_url.clone().unwrap_or_else(|| format!("http://{}", request.host))
}

fn split_locale<'a>(path: &'a str, locales: &[String]) -> (Option<&'a str>, &'a str) {
    let first = path.get(1..).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if locales.iter().any(|locale| locale == first) {
        return (Some(first), &path[first.len() + 1..]);
    }
    (None, path)
}

/// A page of a guide, as HTML or as its Markdown twin.
fn page(
    state: &State,
    settings: &Settings,
    base: &str,
    locale: Option<&str>,
    path: &str,
    request: &Request,
) -> Option<Response> {
    let twin = path.strip_suffix(".md").filter(|_| settings.markdown).map(|name| format!("{name}.html"));
    let html_path = twin.as_deref().unwrap_or(path);
    let page = Arc::clone(state.content().pages.get(html_path)?);
    // Everything that the bytes are made of, so that neither validators nor the cache need the bytes.
    let version = hash(&[
        &format!("{:x}", page.version),
        html_path,
        base,
        locale.unwrap_or_default(),
        if twin.is_some() { "md" } else { "html" },
        &format!("{}{}{:?}", settings.calendar, settings.markdown, settings.locales),
    ]);
    let content_type = if twin.is_some() { "text/markdown; charset=UTF-8" } else { "text/html; charset=UTF-8" };
    let encoding = request.encoding(&settings.encodings);
    let response = match validated(settings, request, encoding, version, Some(page.modified)) {
        Ok(unchanged) => return Some(unchanged),
        Err(response) => response,
    };
    let body = state.cache.get_or((version, encoding), || {
        let text = page.text()?;
        let text = match twin {
            Some(_) => text,
            None => html(state, settings, base, locale, html_path, &page, &text),
        };
        Ok(encoding.compress(text.as_bytes()))
    });
    let Ok(body) = body else {
        return Some(Response::new(500, "text/plain", "the file of this page cannot be read"));
    };
    let mut response = response.with("Content-Type", content_type);
    response.body = body;
    Some(response)
}

/// The HTML of a page of a guide.
fn html(
    state: &State,
    settings: &Settings,
    base: &str,
    locale: Option<&str>,
    path: &str,
    page: &Page,
    text: &str,
) -> String {
    let rendered = render(text);
    let content = state.content();
    let guide = content.guides.get(&page.guide);
    let before = guide.and_then(|guide| guide.pages.range(..page.name.clone()).next_back());
    let after = guide.and_then(|guide| guide.pages.range(page.name.clone()..).nth(1));
    let frame = Frame {
        settings,
        base,
        title: &title(text).unwrap_or_else(|| page.name.clone()),
        guide: guide.map_or("", |guide| guide.title.as_str()),
        prefix: guide.map_or("/", |guide| guide.prefix.as_str()),
        path,
        locale,
        build: page.build,
        previous: before.map(String::as_str),
        next: after.map(String::as_str),
        sections: &rendered.sections,
    };
    frame.wrap(&rendered.html)
}

/// Everything that is neither a page nor a redirect: its type and its text.
fn document(state: &State, settings: &Settings, base: &str, path: &str) -> Option<(&'static str, String)> {
    const XML: &str = "application/xml";
    const TEXT: &str = "text/plain; charset=UTF-8";
    const HTML: &str = "text/html; charset=UTF-8";
    let content = state.content();
    let view = View { content: &content, settings, base };
    let listed = |title: &str, prefix: &str, markdown: &str| {
        let rendered = render(markdown);
        let frame = Frame {
            settings,
            base,
            title,
            guide: title,
            prefix,
            path,
            locale: None,
            build: 1,
            previous: None,
            next: None,
            sections: &rendered.sections,
        };
        (HTML, frame.wrap(&rendered.html))
    };
    match path {
        "/" | "/index.html" => return Some(listed("Documentation", "/", &view.guides())),
        "/robots.txt" => return Some((TEXT, view.robots())),
        // At the place that robots.txt names, and at the one where it is looked for without.
        "/sitemap_index.xml" | "/sitemap.xml" if settings.sitemaps => return Some((XML, view.sitemap_index())),
        "/llms.txt" if settings.llms => return Some((TEXT, view.llms())),
        "/about-aws/whats-new/recent/feed/" if settings.feeds => return Some(("application/rss+xml", view.rss())),
        "/releases.atom" if settings.feeds => return Some(("application/atom+xml", view.atom())),
        _ => {}
    }
    if let Some(news) = content.news.iter().find(|news| news.path == path) {
        return Some((HTML, announcement(&news.title, &news.summary)));
    }
    if path.starts_with("/private/") {
        return Some((HTML, announcement("Private", "<p>Nobody may read this by machine.</p>")));
    }
    if let Some(text) = calendar(path.trim_start_matches('/')) {
        return Some((HTML, announcement("Calendar", &render(&text).html)));
    }
    let (_, guide) = content.guide_of(path)?;
    match path.strip_prefix(&guide.prefix)? {
        "sitemap.xml" if settings.sitemaps => Some((XML, view.sitemap(guide))),
        "toc-contents.json" if settings.toc => {
            let toc = serde_json::to_string(&view.toc(guide)).expect("titles and links are strings");
            Some(("application/json", toc))
        }
        "llms.txt" if settings.llms => Some((TEXT, view.llms_of(guide))),
        "index.html" => Some(listed(&guide.title, &guide.prefix, &guide_index(guide))),
        rest => calendar(rest).map(|text| (HTML, calendar_page(guide, &text))),
    }
    .or_else(|| {
        // An archive is the file itself, not an encoding of it: see `finished`.
        let sitemap = path.strip_prefix(&guide.prefix) == Some("sitemap.xml.gz") && settings.sitemaps;
        sitemap.then(|| ("application/gzip", view.sitemap(guide)))
    })
}

/// A page of the announcements, which has another layout than the guides.
fn announcement(title: &str, html: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{0}</title></head><body><header><nav>qzmenu</nav></header>\
         <main><h1>{0}</h1>{html}</main><footer>qzcookie qzfeedback</footer></body></html>",
        escape(title)
    )
}

/// The month in `calendar/<year>/<month>.html`, with links that lead ever onward.
fn calendar(path: &str) -> Option<String> {
    let (year, month) = path.strip_prefix("calendar/")?.strip_suffix(".html")?.split_once('/')?;
    let (year, month) = (year.parse::<u64>().ok()?, month.parse::<u64>().ok()?);
    Some(format!(
        "# Changes of month {month} in year {year}\n\nNothing changed in month {month} of year {year}.\n\n\
         + [Next month](../{year}/{}.html)\n+ [Next year](../{}/{month}.html)\n",
        month.wrapping_add(1),
        year.wrapping_add(1),
    ))
}

fn calendar_page(guide: &Guide, markdown: &str) -> String {
    announcement(&guide.title, &render(markdown).html)
}

/// Where a path leads that has moved, or that is the folder of a guide.
fn redirect(state: &State, locale: Option<&str>, path: &str) -> Option<Response> {
    let content = state.content();
    let locale = locale.map(|locale| format!("/{locale}")).unwrap_or_default();
    if let Some(to) = content.moved_to(path) {
        return Some(Response::redirect(301, format!("{locale}{}", crate::http::percent_encode(to))));
    }
    let guide = content.guides.iter().find(|(id, guide)| {
        guide.prefix == path || guide.prefix.trim_end_matches('/') == path || path.trim_matches('/') == id.as_str()
    });
    guide.map(|(_, guide)| Response::redirect(302, format!("{locale}{}index.html", guide.prefix)))
}

fn not_found(status: u16) -> Response {
    Response::html(status, announcement("There is no such page", "<p>Perhaps there never was.</p>"))
}

/// A whole answer for a body that is made anew for every request.
fn finished(settings: &Settings, request: &Request, content_type: &str, text: &str) -> Response {
    let archive = content_type == "application/gzip";
    let version = hash(&[text]);
    let body = text.as_bytes();
    let encoding = match body.len() {
        _ if archive => Encoding::Identity,
        ..MIN_COMPRESSED => Encoding::Identity,
        _ => request.encoding(&settings.encodings),
    };
    match validated(settings, request, encoding, version, None) {
        Ok(unchanged) => unchanged,
        Err(response) => {
            let mut response = response.with("Content-Type", content_type);
            response.body = if archive { Encoding::Gzip.compress(body) } else { encoding.compress(body) };
            response
        }
    }
}

/// 304 if the client has this version; else the head of the answer that gives it.
fn validated(
    settings: &Settings,
    request: &Request,
    encoding: Encoding,
    version: u64,
    modified: Option<i64>,
) -> Result<Response, Response> {
    let modified = modified.filter(|_| settings.last_modified);
    // What is compressed on the way has a weak tag, as behind most content delivery networks.
    let weak = if encoding == Encoding::Identity { "" } else { "W/" };
    let etag = settings.etag.then(|| format!("{weak}\"{version:016x}\""));
    let unchanged = request.has(etag.as_deref(), modified);
    let status = if unchanged { 304 } else { 200 };
    let mut response = Response { status, headers: Vec::with_capacity(6), body: bytes::Bytes::new() };
    response = response.with("Cache-Control", "max-age=0").with("Vary", "Accept-Encoding");
    if let Some(etag) = etag {
        response = response.with("ETag", etag);
    }
    if let Some(modified) = modified {
        response = response.with("Last-Modified", date(modified));
    }
    if unchanged {
        return Ok(response);
    }
    if encoding != Encoding::Identity {
        response = response.with("Content-Encoding", encoding.name());
    }
    Err(response)
}
