//! A record, and the document that becomes of it.

use cloudops_indexes::model::{Document, Kind};

use super::ExportOptions;
use crate::EXTRACTOR_VERSION;
use crate::extract::{Format, extract};
use crate::mask::{is_masked_kind, mask, mask_extracted};
use crate::source::metadata::united;
use crate::source::{Failure, Prepared, Reason};

const MAX_ID_CHARS: usize = 200;
const MAX_TITLE_CHARS: usize = 300;
const MAX_WORDS: usize = 100;

/// The fields of a record that are mapped, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// As in the mapping: id, title, url, updated, services, tags, kind.
    pub(super) single: [Option<String>; 7],
    /// Names of the fields of the text, and what they hold.
    pub(super) text: Vec<(String, String)>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it is: `line 17`, `record 17`.
    pub place: String,
    /// Id of its document.
    pub id: String,
    /// Its content.
    pub fields: Fields,
}

impl Record {
    /// A record at a place.
    pub(super) fn new(place: String, fields: Fields, options: &ExportOptions) -> Self {
        let own = fields.single[0].as_deref().map(str::trim).filter(|id| !id.is_empty());
        let name = own.map_or_else(|| fingerprint(&fields), as_name);
        Self { place, id: format!("{}/{name}", options.source), fields }
    }

    /// Bytes of its content.
    pub fn size(&self) -> u64 {
        let single: usize = self.fields.single.iter().flatten().map(String::len).sum();
        let text: usize = self.fields.text.iter().map(|(_, text)| text.len()).sum();
        (single + text) as u64
    }

    fn fail(&self, reason: Reason) -> Failure {
        Failure { path: self.place.clone(), reason }
    }
}

/// The name of a record that has none: the same as long as its content is.
fn fingerprint(fields: &Fields) -> String {
    blake3::hash(format!("{fields:?}").as_bytes()).to_hex()[..16].to_owned()
}

/// An id as the name of a document, which is also part of an address.
fn as_name(id: &str) -> String {
    let allowed = |c: char| if c.is_control() || c.is_whitespace() || matches!(c, '#' | '?') { '-' } else { c };
    id.chars().map(allowed).take(MAX_ID_CHARS).collect()
}

/// BLAKE3 of everything that decides the document of a record.
pub fn content_hash(record: &Record, options: &ExportOptions) -> String {
    let mut hash = blake3::Hasher::new();
    let decisive = (EXTRACTOR_VERSION, &record.id, options.kind, &options.tags, &options.services);
    hash.update(format!("{decisive:?}").as_bytes());
    let mut field = |text: &str| {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for value in &record.fields.single {
        field(value.as_deref().unwrap_or("\0"));
    }
    for (name, text) in &record.fields.text {
        field(name);
        field(text);
    }
    hash.finalize().to_hex().to_string()
}

/// Makes the document and its passages of a record.
pub fn prepare(record: &Record, options: &ExportOptions) -> Result<Prepared, Failure> {
    let [_, title, url, updated, services, tags, kind] = &record.fields.single;
    let title = title.as_deref().map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let title = title.filter(|title| !title.is_empty());
    let sections: Vec<(&str, String)> = record
        .fields
        .text
        .iter()
        .map(|(name, text)| (name.as_str(), clean(text)))
        .filter(|(_, text)| !text.trim().is_empty())
        .collect();
    if sections.is_empty() {
        return Err(record.fail(Reason::Empty));
    }
    let mut markdown = String::new();
    if let Some(title) = &title {
        markdown.push_str("# ");
        markdown.push_str(title);
        markdown.push_str("\n\n");
    }
    let named = record.fields.text.len() > 1;
    for (name, text) in &sections {
        if named {
            // `fields.summary` is called `summary`.
            let name = name.trim_matches('/').rsplit(['.', '/']).find(|part| *part != "*").unwrap_or(name);
            markdown.push_str("## ");
            markdown.push_str(name);
            markdown.push_str("\n\n");
        }
        markdown.push_str(text.trim_end());
        markdown.push_str("\n\n");
    }
    let own_kind = kind.as_deref().and_then(|kind| kind.trim().parse::<Kind>().ok());
    let kind = own_kind.or(options.kind).unwrap_or(Kind::Note);
    let mut extracted = extract(Format::Markdown, &markdown);
    let masked = if is_masked_kind(kind) { mask_extracted(&mut extracted) } else { Vec::new() };
    let title = title.map(|mut title| {
        if is_masked_kind(kind) {
            mask(&mut title);
        }
        title
    });
    let passages = crate::chunk::chunk(&extracted);
    let first_line = || {
        let line = extracted.text.lines().map(|line| line.trim_start_matches(['#', ' '])).find(|line| !line.is_empty());
        line.map_or_else(|| record.id.clone(), |line| line.chars().take(80).collect())
    };
    let title = title.unwrap_or_else(first_line).chars().take(MAX_TITLE_CHARS).collect();
    let url = url.as_deref().map(str::trim).filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let document = Document {
        id: record.id.clone(),
        source: options.source.clone(),
        title,
        url: url.map(str::to_owned),
        path: Some(options.path.to_string_lossy().into_owned()),
        guide: None,
        services: united([&words(services.as_deref()), &options.services, &[]]),
        kind,
        tags: united([&words(tags.as_deref()), &options.tags, &[]]),
        updated: updated.as_deref().and_then(seconds),
        text: extracted.text,
        content_hash: content_hash(record, options),
    };
    Ok(Prepared { document, passages, masked })
}

/// The text of a field, which may be that of an editor in a browser.
fn clean(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n");
    let start = text.trim_start();
    let is_html = start.starts_with('<') && (text.contains("</") || text.contains("/>"));
    if is_html { extract(Format::Html, &text).text } else { text }
}

/// Words of a field with commas, semicolons, bars or lines between them.
fn words(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or_default().split([',', ';', '|', '\n']).map(str::trim).filter(|word| !word.is_empty());
    parts.take(MAX_WORDS).map(str::to_lowercase).collect()
}

/// A time as exports have it: ISO 8601 with or without a zone or a time, or a number of (milli)seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this number in the year 5138.
        return Some(if number.abs() > 100_000_000_000 { number / 1_000 } else { number });
    }
    // Jira writes `+0000`, which is a zone as well.
    let zoned = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?.to_timestamp().ok());
    if let Some(timestamp) = zoned {
        return Some(timestamp.as_second());
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok();
    let civil = civil.or_else(|| Some(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0)));
    Some(civil?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let cases = [
            ("2024-05-17T12:00:00Z", Some(1_715_947_200)),
            ("2024-05-17T14:00:00.000+0200", Some(1_715_947_200)),
            ("2024-05-17 12:00:00", Some(1_715_947_200)),
            ("2024-05-17", Some(1_715_904_000)),
            ("1715947200", Some(1_715_947_200)),
            ("1715947200000", Some(1_715_947_200)),
            ("last week", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
