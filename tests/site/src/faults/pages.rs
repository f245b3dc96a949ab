//! Pages that are not what they should be.

use bytes::Bytes;

use super::Charset;
use crate::http::Response;
use crate::layout::escape;
use crate::serve::Pieces;

/// What a page of [`Charset::Utf8IsLatin`] and its like says, and what must be read from it.
pub const LATIN_WORDS: &str = "Größe und Übermaß, déjà vu, piñata";
/// What a page of [`Charset::ShiftJisByHeader`] and its like says, and what must be read from it.
pub const JAPANESE_WORDS: &str = "キューの待ち時間を確認してください";

pub(super) fn login() -> String {
    "<!DOCTYPE html><html lang=\"en\"><head><title>Sign in</title></head><body><div id=\"login\"><h1>Sign in</h1>\
     <p>Your session has ended. Sign in to go on.</p><form action=\"/login\" method=\"post\">\
     <label>Name <input type=\"text\" name=\"username\"></label>\
     <label>Password <input type=\"password\" name=\"password\"></label><button type=\"submit\">Sign in</button></form>\
     <a href=\"/forgot\">Forgot your password?</a></div></body></html>"
        .to_owned()
}

pub(super) fn empty() -> String {
    "<!DOCTYPE html><html lang=\"en\"><head><title></title></head><body class=\"awsdocs awsui\"><div id=\"main\">\
     <div id=\"main-content\"><div id=\"main-col-body\"></div></div></div></body></html>"
        .to_owned()
}

pub(super) fn soft_not_found() -> String {
    "<!DOCTYPE html><html lang=\"en\"><head><title>Page not found</title></head><body><div id=\"main-content\">\
     <div id=\"main-col-body\"><h1>Page not found</h1><p>We cannot find the page that you are looking for.</p>\
     <p><a href=\"/index.html\">Go to the start page</a></p></div></div></body></html>"
        .to_owned()
}

pub(super) fn nested(truth: &Response, depth: usize) -> String {
    // Nothing closes them: a parser does that, and a page that closes them is no less deep.
    text(truth).replacen("</h1>", &format!("</h1>{}", "<div>".repeat(depth)), 1)
}

pub(super) fn binary() -> Bytes {
    (0..=255_u8).cycle().take(64 * 1024).collect()
}

pub(super) fn with_robots(truth: &Response, content: &str) -> String {
    let meta = format!("<head><meta name=\"robots\" content=\"{}\" />", escape(content));
    text(truth).replacen("<head>", &meta, 1)
}

pub(super) fn with_canonical(truth: &Response, to: &str) -> String {
    const LINK: &str = "<link rel=\"canonical\" href=\"";
    let html = text(truth);
    let mut parts = html.split(LINK);
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.find('"').map_or("", |quote| &part[quote..]);
        changed.push_str(LINK);
        changed.push_str(&escape(to));
        changed.push_str(rest);
    }
    changed
}

/// The page with foreign words in it, in the encoding that `charset` stands for.
pub(super) fn recoded(charset: Charset, truth: Response) -> Response {
    let (words, encoding, header, meta) = match charset {
        Charset::Utf8IsLatin => (LATIN_WORDS, encoding_rs::WINDOWS_1252, "text/html; charset=UTF-8", "UTF-8"),
        Charset::LatinByMeta => (LATIN_WORDS, encoding_rs::WINDOWS_1252, "text/html", "windows-1252"),
        Charset::ShiftJisByHeader => (JAPANESE_WORDS, encoding_rs::SHIFT_JIS, "text/html; charset=Shift_JIS", "UTF-8"),
        Charset::ShiftJisByMeta => (JAPANESE_WORDS, encoding_rs::SHIFT_JIS, "text/html", "Shift_JIS"),
        Charset::Utf16ByMark => (JAPANESE_WORDS, encoding_rs::UTF_16LE, "text/html", "UTF-16"),
    };
    let html = text(&truth).replacen("</h1>", &format!("</h1><p>{words}</p>"), 1).replacen(
        "charset=UTF-8",
        &format!("charset={meta}"),
        1,
    );
    let body = if encoding == encoding_rs::UTF_16LE {
        // The library reads this encoding and does not write it.
        std::iter::once(0xfeff).chain(html.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    } else {
        encoding.encode(&html).0.into_owned()
    };
    let mut response = truth.replacing("Content-Type", header);
    response.body = body.into();
    response
}

/// A page of paragraphs, each different from the one before by its number only.
pub(super) fn huge(bytes: u64) -> Pieces {
    let head = Bytes::from_static(
        b"<!DOCTYPE html><html><body><div id=\"main-content\"><div id=\"main-col-body\"><h1>Long</h1>",
    );
    let paragraph = |number: u64| {
        let text = format!("<p>Paragraph {number} says what was said before, only later and at greater length.</p>\n");
        Bytes::from(text.repeat(700))
    };
    let pieces = bytes / paragraph(0).len() as u64 + 1;
    let tail = Bytes::from_static(b"</div></div></body></html>");
    Box::new(std::iter::once(head).chain((0..pieces).map(paragraph)).chain([tail]))
}

fn text(truth: &Response) -> String {
    String::from_utf8_lossy(&truth.body).into_owned()
}
