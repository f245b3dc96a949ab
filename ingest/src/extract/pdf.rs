//! PDF: glyphs at places on pages, put together to lines, paragraphs and headings again.
//!
//! ```text
//! load → interpret each page: spans → lines → without headers and footers → blocks → clean Markdown
//! ```
//!
//! `lopdf` reads objects and streams; everything that text needs beyond that (fonts, the graphics state, the layout) is
//! here, where every loop has a bound. A PDF is a program: a few kilobytes may ask for years of work. What a file may
//! cost is a [`Budget`], and one that is over it is refused as a whole, so that no text goes missing unnoticed.

mod blocks;
mod cmap;
mod fonts;
mod furniture;
mod glyphs;
mod interpret;
mod lines;
mod load;
mod metrics;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::{Dictionary, Document, Object};

use super::file::given_title;
use super::{Extracted, Unreadable};

const MIB: usize = 1024 * 1024;
/// Pages that are read. The longest guides of AWS have some 6,000.
const MAX_PAGES: usize = 20_000;
/// What one stream may unpack to.
const MAX_STREAM_BYTES: usize = 8 * MIB;
/// What all streams together may unpack to, those counted again that are used again.
const MAX_UNPACKED_BYTES: usize = 256 * MIB;
/// What all text together may have.
const MAX_TEXT_BYTES: usize = 32 * MIB;

/// What a file may still cost.
#[derive(Debug)]
struct Budget {
    unpacked: usize,
    text: usize,
}

impl Budget {
    const fn new() -> Self {
        Self { unpacked: MAX_UNPACKED_BYTES, text: MAX_TEXT_BYTES }
    }

    /// Pays for a stream.
    fn unpack(&mut self, bytes: usize) -> Result<(), Unreadable> {
        // Even an empty stream is work.
        let left = self.unpacked.checked_sub(bytes.saturating_add(64));
        self.unpacked = left.ok_or_else(|| {
            Unreadable::TooMuch(format!("its pages unpack to more than {} MB", MAX_UNPACKED_BYTES / MIB))
        })?;
        Ok(())
    }

    /// Pays for text.
    fn write(&mut self, bytes: usize) -> Result<(), Unreadable> {
        let left = self.text.checked_sub(bytes);
        self.text =
            left.ok_or_else(|| Unreadable::TooMuch(format!("it has more than {} MB of text", MAX_TEXT_BYTES / MIB)))?;
        Ok(())
    }
}

/// Reads a PDF. Sections are anchored by their page, as in `#page=3`, which browsers understand.
pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, Unreadable> {
    // The library has no known way to panic, and is not ours.
    catch_unwind(AssertUnwindSafe(|| read(bytes)))
        .unwrap_or_else(|_| Err(Unreadable::Damaged("the PDF reader gave up on it".to_owned())))
}

fn read(bytes: &[u8]) -> Result<Extracted, Unreadable> {
    let document = load::load(bytes)?;
    let mut lines = interpret::lines(&document)?;
    furniture::remove(&mut lines);
    let mut extracted = blocks::write(&lines);
    if let Some(title) = title(&document) {
        extracted.title = Some(title);
    }
    extracted.front_matter.updated = modified(&document);
    Ok(extracted)
}

/// A value of a dictionary, followed to where it is.
fn get<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    dictionary.get_deref(key, document).ok()
}

fn information<'a>(document: &'a Document, key: &[u8]) -> Option<&'a Object> {
    let information = get(document, &document.trailer, b"Info")?.as_dict().ok()?;
    get(document, information, key)
}

fn title(document: &Document) -> Option<String> {
    let title = lopdf::decode_text_string(information(document, b"Title")?).ok()?;
    given_title(&title)
}

/// When the document was last changed, in seconds since 1970: `D:20240131120000+01'00'`.
fn modified(document: &Document) -> Option<i64> {
    let text = [&b"ModDate"[..], b"CreationDate"].iter().find_map(|key| information(document, key)?.as_str().ok())?;
    let text = std::str::from_utf8(text.get(..text.len().min(23))?).ok()?;
    date(text.strip_prefix("D:").unwrap_or(text))
}

fn date(text: &str) -> Option<i64> {
    let digits = text.bytes().take(14).take_while(u8::is_ascii_digit).count();
    let number = |at: usize, length: usize, default: i8| -> Option<i8> {
        if digits < at + length { Some(default) } else { text.get(at..at + length)?.parse().ok() }
    };
    let year: i16 = (digits >= 4).then(|| text[..4].parse().ok())??;
    let date = jiff::civil::Date::new(year, number(4, 2, 1)?, number(6, 2, 1)?).ok()?;
    let time = date.at(number(8, 2, 0)?, number(10, 2, 0)?, number(12, 2, 0)?.min(59), 0);
    let utc = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let zone = &text[digits..];
    let hours = || zone.get(1..3)?.parse::<i64>().ok();
    let minutes = || zone.get(4..6)?.parse::<i64>().ok();
    let offset = hours().unwrap_or(0) * 3_600 + minutes().unwrap_or(0) * 60;
    Some(match zone.as_bytes().first() {
        Some(b'+') => utc - offset,
        Some(b'-') => utc + offset,
        _ => utc,
    })
}

#[cfg(test)]
mod tests;
