//! In what format a page is, by what its server says, its name and its first bytes.

use super::{Fetched, Refusal};
use crate::extract::Format;

/// How far into a page its format is looked for.
const SNIFFED: usize = 1024;

/// The format of a page, and the charset that its server declares.
pub(super) fn of<'a>(fetched: &Fetched<'a>) -> Result<(Format, Option<&'a str>), Refusal> {
    let content_type = fetched.content_type.unwrap_or_default();
    let (mime, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let mime = mime.trim().to_ascii_lowercase();
    if is_binary(fetched.body) {
        return Err(if mime.starts_with("text/") { Refusal::NotText } else { Refusal::UnknownFormat });
    }
    let format = match mime.as_str() {
        "text/html" | "application/xhtml+xml" if !has_markdown_name(fetched) => Format::Html,
        // Markdown by its name, unless it is a page about the missing file.
        "text/html" | "application/xhtml+xml" => if_html(fetched.body).unwrap_or(Format::Markdown),
        "text/markdown" | "text/x-markdown" => Format::Markdown,
        "text/plain" if has_markdown_name(fetched) => Format::Markdown,
        "text/plain" => if_html(fetched.body).unwrap_or(Format::Plain),
        "application/xml" | "text/xml" => if_html(fetched.body).ok_or(Refusal::UnknownFormat)?,
        // Nothing is said: the bytes must speak for themselves.
        "" | "application/octet-stream" | "binary/octet-stream" | "unknown/unknown" => {
            let named = Format::of_path(fetched.url.path());
            if_html(fetched.body).or(named).ok_or(Refusal::UnknownFormat)?
        }
        _ => return Err(Refusal::UnknownFormat),
    };
    Ok((format, charset(parameters)))
}

fn has_markdown_name(fetched: &Fetched<'_>) -> bool {
    Format::of_path(fetched.url.path()) == Some(Format::Markdown)
}

/// `charset=utf-8`, with or without quotes.
fn charset(parameters: &str) -> Option<&str> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

/// HTML, if the bytes begin like it.
fn if_html(body: &[u8]) -> Option<Format> {
    let start: Vec<u8> = body.iter().filter(|byte| **byte != 0).take(SNIFFED).copied().collect();
    let start = String::from_utf8_lossy(&start).to_ascii_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let begins = ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.starts_with(tag));
    let in_xml = (start.starts_with("<?xml") || start.starts_with("<!--")) && start.contains("<html");
    (begins || in_xml).then_some(Format::Html)
}

/// Whether the bytes begin like a format that is no text, whatever the server calls it.
fn is_binary(body: &[u8]) -> bool {
    const MAGIC: &[&[u8]] = &[
        b"%PDF-",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x89PNG",
        b"GIF8",
        b"\xff\xd8\xff",
        b"\x28\xb5\x2f\xfd",
        b"wOF",
        b"RIFF",
        b"\x7fELF",
        b"BZh",
        b"\xfd7zXZ",
        b"7z\xbc\xaf",
    ];
    MAGIC.iter().any(|magic| body.starts_with(magic))
}
