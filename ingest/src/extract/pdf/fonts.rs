//! Fonts: what the bytes of a shown string say, and how wide they are.

use lopdf::{Dictionary, Document, Object, Stream};
use rustc_hash::FxHashMap;

use super::cmap::ToUnicode;
use super::glyphs::{self, Table};
use super::{Budget, MIB, get, metrics};
use crate::extract::Unreadable;

/// What a `ToUnicode` map may unpack to.
const MAX_CMAP_BYTES: usize = 4 * MIB;
/// Widths that are kept of a font.
const MAX_WIDTHS: usize = 100_000;

/// A font, as far as text needs it.
#[derive(Debug)]
pub(super) struct Font {
    codes: Codes,
    to_unicode: ToUnicode,
    pub(super) bold: bool,
    /// Whether all characters have the same width, as those of code.
    pub(super) mono: bool,
}

#[derive(Debug)]
enum Codes {
    /// One byte for each character.
    Simple { texts: Box<[Option<Box<str>>; 256]>, widths: Box<[f32; 256]> },
    /// Several bytes for each character.
    Composite { utf16: bool, widths: FxHashMap<u32, f32>, ranges: Vec<(u32, u32, f32)>, default: f32 },
}

impl Font {
    /// Reads the dictionary of a font. What is wrong with it is left out.
    pub(super) fn read(document: &Document, font: &Dictionary, budget: &mut Budget) -> Result<Self, Unreadable> {
        let subtype = name(document, font, b"Subtype");
        let to_unicode = match get(document, font, b"ToUnicode") {
            Some(Object::Stream(stream)) => ToUnicode::parse(&unpacked(stream, MAX_CMAP_BYTES, budget)?),
            _ => ToUnicode::default(),
        };
        let descendant = get(document, font, b"DescendantFonts")
            .and_then(|fonts| document.dereference(fonts.as_array().ok()?.first()?).ok()?.1.as_dict().ok());
        let inner = descendant.unwrap_or(font);
        let descriptor = get(document, inner, b"FontDescriptor").and_then(|descriptor| descriptor.as_dict().ok());
        let base = String::from_utf8_lossy(name(document, font, b"BaseFont")).to_lowercase();
        let flags = descriptor.and_then(|descriptor| get(document, descriptor, b"Flags")?.as_i64().ok()).unwrap_or(0);
        let weight = descriptor.and_then(|descriptor| number(get(document, descriptor, b"FontWeight")?));
        let has = |words: &[&str]| words.iter().any(|word| base.contains(word));
        let bold =
            has(&["bold", "black", "heavy", "demi"]) || flags & 0x4_0000 != 0 || weight.is_some_and(|w| w >= 600.0);
        let mono = has(&["courier", "mono", "consol", "menlo", "typewriter", "cmtt"]) || flags & 1 != 0;
        let codes = if subtype == b"Type0" {
            composite(document, font, inner)
        } else {
            simple(document, font, descriptor, &base, bold)
        };
        Ok(Self { codes, to_unicode, bold, mono })
    }

    /// Goes through the characters of a string: the text of each, its width in sizes of the font, and whether it is the
    /// byte that word spacing applies to.
    pub(super) fn each(&self, mut bytes: &[u8], mut visit: impl FnMut(&str, f32, bool)) {
        let mut text = String::new();
        while let Some(&first) = bytes.first() {
            text.clear();
            match &self.codes {
                Codes::Simple { texts, widths } => {
                    let code = usize::from(first);
                    if !self.to_unicode.write(u32::from(first), &mut text)
                        && let Some(known) = &texts[code]
                    {
                        text.push_str(known);
                    }
                    visit(&text, widths[code] / 1000.0, first == b' ');
                    bytes = &bytes[1..];
                }
                Codes::Composite { utf16, widths, ranges, default } => {
                    let length = self.to_unicode.code_length(bytes).clamp(1, 4).min(bytes.len());
                    let (code, rest) = bytes.split_at(length);
                    let number = code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
                    if !self.to_unicode.write(number, &mut text)
                        && *utf16
                        && let Some(c) = char::from_u32(number)
                    {
                        text.push(c);
                    }
                    let at = ranges.partition_point(|(first, ..)| *first <= number);
                    let range = at.checked_sub(1).map(|at| ranges[at]).filter(|(_, last, _)| number <= *last);
                    let width = widths.get(&number).copied().or(range.map(|range| range.2)).unwrap_or(*default);
                    visit(&text, width / 1000.0, length == 1 && first == b' ');
                    bytes = rest;
                }
            }
        }
    }
}

fn simple(document: &Document, font: &Dictionary, descriptor: Option<&Dictionary>, base: &str, bold: bool) -> Codes {
    let subtype = name(document, font, b"Subtype");
    let encoding = get(document, font, b"Encoding");
    let (base_name, differences) = match encoding {
        Some(Object::Name(name)) => (name.as_slice(), None),
        Some(Object::Dictionary(encoding)) => {
            (name(document, encoding, b"BaseEncoding"), get(document, encoding, b"Differences"))
        }
        _ => (&b""[..], None),
    };
    let fallback: &[u8] = if subtype == b"TrueType" { b"WinAnsiEncoding" } else { b"StandardEncoding" };
    let table: &Table = glyphs::encoding(if base_name.is_empty() { fallback } else { base_name });
    let symbols = encoding.is_none() && (base.contains("symbol") || base.contains("dingbats"));
    let mut texts: Box<[Option<Box<str>>; 256]> = Box::new([const { None }; 256]);
    for (slot, c) in texts.iter_mut().zip(table) {
        // What such a font shows in place of a letter is a sign for the eye: most of them are bullets.
        *slot = if symbols { Some("•".into()) } else { c.map(|c| c.to_string().into()) };
    }
    if let Some(Object::Array(differences)) = differences {
        let mut code = 0_usize;
        for difference in differences.iter().take(1_024) {
            match document.dereference(difference).map(|(_, object)| object) {
                Ok(Object::Integer(start)) => code = usize::try_from(*start).unwrap_or(256),
                Ok(Object::Name(name)) => {
                    if let Some(slot) = texts.get_mut(code) {
                        *slot = glyphs::named(name).map(Into::into);
                    }
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
    }
    let mut widths = Box::new([0.0; 256]);
    let missing = descriptor.and_then(|descriptor| number(get(document, descriptor, b"MissingWidth")?)).unwrap_or(0.0);
    // Glyphs of a Type 3 font are drawn in a space of their own.
    let scale = match get(document, font, b"FontMatrix") {
        Some(Object::Array(matrix)) if subtype == b"Type3" => matrix.first().and_then(number).unwrap_or(0.001) * 1000.0,
        _ => 1.0,
    };
    if let Some(Object::Array(given)) = get(document, font, b"Widths") {
        widths.fill(missing);
        let first = get(document, font, b"FirstChar").and_then(|first| first.as_i64().ok()).unwrap_or(0);
        let first = usize::try_from(first).unwrap_or(0).min(256);
        for (slot, width) in widths[first..].iter_mut().zip(given) {
            let width = document.dereference(width).ok().and_then(|(_, width)| number(width));
            *slot = width.unwrap_or(missing) * scale;
        }
    } else {
        for (slot, text) in widths.iter_mut().zip(texts.iter()) {
            let c = text.as_deref().and_then(|text| text.chars().next());
            *slot = c.map_or(0.0, |c| metrics::width(base, bold, c));
        }
    }
    Codes::Simple { texts, widths }
}

fn composite(document: &Document, font: &Dictionary, descendant: &Dictionary) -> Codes {
    let encoding = name(document, font, b"Encoding");
    let contains = |word: &[u8]| encoding.windows(word.len()).any(|window| window == word);
    let utf16 = contains(b"UCS2") || contains(b"UTF16");
    let default = get(document, descendant, b"DW").and_then(number).unwrap_or(1000.0);
    let mut widths = FxHashMap::default();
    let mut ranges = Vec::new();
    if let Some(Object::Array(given)) = get(document, descendant, b"W") {
        let mut given = given.iter().filter_map(|object| document.dereference(object).ok()).map(|(_, object)| object);
        while let (Some(first), Some(next)) = (given.next(), given.next()) {
            if widths.len() + ranges.len() > MAX_WIDTHS {
                break;
            }
            let Some(first) = number(first).map(|first| first as u32) else { continue };
            if let Object::Array(list) = next {
                widths.extend((first..).zip(list.iter().take(MAX_WIDTHS).filter_map(number)));
            } else if let (Some(last), Some(width)) = (number(next), given.next().and_then(number)) {
                ranges.push((first, last as u32, width));
            }
        }
    }
    ranges.sort_unstable_by_key(|(first, ..)| *first);
    Codes::Composite { utf16, widths, ranges, default }
}

/// Unpacks a stream of at most `limit` bytes. One that is broken is empty.
pub(super) fn unpacked(stream: &Stream, limit: usize, budget: &mut Budget) -> Result<Vec<u8>, Unreadable> {
    budget.unpack(stream.content.len())?;
    match stream.decompressed_content_with_limit(limit) {
        Ok(bytes) => {
            budget.unpack(bytes.len())?;
            Ok(bytes)
        }
        Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => {
            Err(super::load::over(limit))
        }
        Err(_) => Ok(Vec::new()),
    }
}

fn name<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> &'a [u8] {
    get(document, dictionary, key).and_then(|object| object.as_name().ok()).unwrap_or_default()
}

/// A number that can be calculated with.
pub(super) fn number(object: &Object) -> Option<f32> {
    object.as_float().ok().filter(|number| number.is_finite())
}
