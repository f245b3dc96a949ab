//! XML as it is found on the web: in any encoding, cut off, with HTML in it.

use std::borrow::Cow;

use encoding_rs::Encoding;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use super::problem::ParseError;

/// Elements nested deeper than this end the reading: no sitemap or feed has them.
pub(super) const MAX_DEPTH: usize = 64;

/// Decodes by byte order mark, by the encoding that the XML declaration names, or else by guess.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ParseError> {
    if bytes.trim_ascii().is_empty() {
        return Err(ParseError::Empty);
    }
    if Encoding::for_bom(bytes).is_none()
        && let Some(encoding) = declared(bytes)
        && encoding != encoding_rs::UTF_8
    {
        return Ok(encoding.decode_without_bom_handling(bytes).0);
    }
    crate::extract::decode(bytes).map(Cow::Owned).map_err(|_| ParseError::NotText)
}

/// The encoding in `<?xml version="1.0" encoding="ISO-8859-1"?>`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(200)];
    let head = &head[..head.windows(2).position(|two| two == b"?>")?];
    let at = head.windows(9).position(|part| part == b"encoding=")? + 9;
    let quote = *head.get(at).filter(|quote| matches!(quote, b'"' | b'\''))?;
    let label = head[at + 1..].split(|byte| *byte == quote).next()?;
    // In UTF-16 the declaration itself could not have been read.
    Encoding::for_label(label).filter(|encoding| encoding.is_ascii_compatible())
}

/// A reader that takes `&` for what it is and expands nothing but characters.
pub(super) fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    reader
}

/// Adds the text that an event stands for. Entities that a document defines itself are never expanded.
pub(super) fn push_text(event: &Event<'_>, text: &mut String, limit: usize) {
    if text.len() >= limit {
        return;
    }
    match event {
        Event::Text(part) => text.push_str(&part.xml10_content()),
        Event::CData(part) => text.push_str(&part.xml10_content()),
        Event::GeneralRef(entity) => text.push_str(&resolved(entity)),
        _ => {}
    }
}

/// Character references and the entities of XML and HTML as characters, others as they were written.
fn resolved(entity: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return character.to_string();
    }
    let name = entity.xml10_content();
    match name.as_ref() {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        "nbsp" => "\u{a0}".to_owned(),
        other => format!("&{other};"),
    }
}

/// The text of an element from what stands between its tags: unescaped, or as it is if it holds elements.
pub(super) fn content(raw: &str, limit: usize) -> String {
    let mut text = String::new();
    let mut reader = reader(raw);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            // Markup that was not escaped, as in Atom's XHTML.
            Ok(Event::Start(_) | Event::Empty(_) | Event::End(_)) | Err(_) => {
                raw.clone_into(&mut text);
                break;
            }
            Ok(event) => push_text(&event, &mut text, limit),
        }
    }
    shorten(&mut text, limit);
    text.trim().to_owned()
}

/// Cuts a text at a border between characters, at most `limit` bytes from its start.
pub(super) fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
    }
}
