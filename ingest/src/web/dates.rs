//! Points in time as sitemaps and feeds write them.

use cloudops_indexes::model::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// The web is younger, and nothing on it will be changed later: what is outside is a mistake.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2199;

/// The longest text that can be a point in time.
const MAX_LEN: usize = 64;

/// Reads a date in any form that is in use: W3C (`2024`, `2024-05`, `2024-05-01`, `2024-05-01T10:00Z`,
/// `2024-05-01 10:00:00.5+02:00`) or RFC 2822 (`Wed, 01 May 2024 10:00:00 GMT`).
///
/// What has no zone is taken for UTC, what has no time for the first moment of it.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_LEN {
        return None;
    }
    let time = w3c(text).or_else(|| {
        let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
        parser.parse_timestamp(text).ok().or_else(|| {
            // `UTC` is not a zone of the RFC, and often used.
            let text = text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z'))?;
            parser.parse_timestamp(format!("{text}GMT")).ok()
        })
    })?;
    let year = time.to_zoned(TimeZone::UTC).year();
    YEARS.contains(&year).then(|| time.as_second())
}

fn w3c(text: &str) -> Option<jiff::Timestamp> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let date = match text.len() {
        4 => Some(format!("{text}-01-01")),
        7 => Some(format!("{text}-01")),
        10 => Some(text.to_owned()),
        _ => None,
    };
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let Some(date) = date {
        return date.parse::<Date>().ok().and_then(|date| utc(date.to_datetime(jiff::civil::Time::midnight())));
    }
    text.parse::<jiff::Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let may = 1_714_521_600;
        for (text, expected) in [
            ("2024-05-01T00:00:00Z", Some(may)),
            ("2024-05-01", Some(may)),
            ("2024-05", Some(may)),
            ("2024", Some(1_704_067_200)),
            (" 2024-05-01T00:00Z\n", Some(may)),
            ("2024-05-01T02:00:00.123+02:00", Some(may)),
            ("2024-05-01T02:00:00+0200", Some(may)),
            ("2024-05-01T02:00+02", Some(may)),
            ("2024-04-30T22:00:00-02:00", Some(may)),
            ("2024-05-01T00:00:00", Some(may)),
            ("2024-05-01 00:00:00", Some(may)),
            ("2024-05-01t00:00:00z", Some(may)),
            ("Wed, 01 May 2024 00:00:00 GMT", Some(may)),
            ("Wed, 1 May 2024 02:00:00 +0200", Some(may)),
            ("Mon, 01 May 2024 00:00:00 GMT", Some(may)),
            ("01 May 2024 00:00:00 UTC", Some(may)),
            ("Wed, 01 May 2024 00:00:00 Z", Some(may)),
            ("0001-01-01T00:00:00Z", None),
            ("9999-12-31", None),
            ("2024-13-01", None),
            ("2024-02-30", None),
            ("yesterday", None),
            ("", None),
            ("ä", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse(&"2".repeat(100_000)), None);
    }
}
