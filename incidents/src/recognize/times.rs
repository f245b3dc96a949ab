//! Moments in a text: dates and times as people write them, read as UTC unless they say otherwise.

use std::ops::Range;
use std::sync::LazyLock;

use cloudops_indexes::model::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use regex::{Captures, Regex};

use super::names::pattern;

/// A moment, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970.
    pub at: Timestamp,
    /// Whether a time of day was given, not a date alone.
    pub has_time: bool,
    /// The day where it was written, in the zone that was meant.
    pub date: Date,
    /// Bytes of the text.
    pub range: Range<usize>,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A date, a time, or both. Groups: y m d of ISO; day month year; month day year; hour minute second zone.
static WHEN: LazyLock<Regex> = LazyLock::new(|| {
    let month = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
    let date = format!(
        r"(?:(?P<y>20\d\d)[-/](?P<m>\d\d)[-/](?P<d>\d\d)|(?P<d4>\d{{2}})\.(?P<m4>\d{{2}})\.(?P<y4>20\d\d)|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<n2>{month})\b\.?(?:,?\s+(?P<y2>20\d\d))?|(?P<n3>{month})\b\.?\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y3>20\d\d))?)"
    );
    let time = r"(?P<h>[01]?\d|2[0-3]):(?P<mi>[0-5]\d)(?::(?P<s>[0-5]\d)(?:[.,]\d{1,9})?)?(?:\s?(?P<half>[ap]\.?m\.?)\b)?\s?(?P<z>Z\b|UTC(?:[+-]\d{1,2})?|GMT\b|[+-]\d\d:?\d\d\b|CET\b|CEST\b|EST\b|EDT\b|CST\b|CDT\b|PST\b|PDT\b|BST\b|IST\b|JST\b|AEDT\b|AEST\b)?";
    pattern(&format!(
        r"(?i)\b(?:{date}(?:(?:T|,?\s+(?:at\s+|around\s+|about\s+|~)?){time})?|{})",
        time.replace("?P<", "?P<t")
    ))
});

/// What a note says of all of its times.
static ALL_TIMES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:all )?times (?:are )?(?:in )?(UTC(?:[+-]\d{1,2})?|CET|CEST|EST|EDT|CST|CDT|PST|PDT|BST|IST|JST|AEDT|AEST)\b",
    )
});

/// Zones by their letters, in hours from UTC.
const ZONES: &[(&str, i8)] = &[
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("cest", 2),
    ("cet", 1),
    ("edt", -4),
    ("est", -5),
    ("cdt", -5),
    ("cst", -6),
    ("pdt", -7),
    ("pst", -8),
    ("bst", 1),
    ("jst", 9),
    ("aedt", 11),
    ("aest", 10),
];

/// The moment that a text states, if it is one and nothing else.
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_second());
    }
    let found = moments(text, None, usual_zone(text));
    let first = found.first()?;
    (first.range.start == 0).then_some(first.at)
}

/// Moments of a text in order. A time without a date belongs to the date before it, or else to `day`, or else to the
/// first date of the text; one that is earlier than the one before, by more than half a day, belongs to the next day.
///
/// Times without a zone are in `zone`.
pub fn moments(text: &str, day: Option<Date>, zone: Offset) -> Vec<Moment> {
    // Marks of emphasis touch what they stand beside; of the same length, so that places stay.
    let text = text.replace('_', " ");
    let text = text.as_str();
    let year = first_year(text).or(day.map(Date::year));
    let stated = WHEN.captures_iter(text).find_map(|found| date_of(&found, year)).map(|(date, _)| date);
    let mut current = day.or(stated);
    let mut last: Option<(Date, Time)> = None;
    let mut found = Vec::new();
    for captures in WHEN.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        // `us-east-1:111122223333` and `10.0.0.1:5432` are no times.
        let end = whole.start() + whole.as_str().trim_end().len();
        let is_part = text[end..].starts_with(|c: char| c.is_ascii_alphanumeric())
            || text[..whole.start()].ends_with(['-', '.', ':', '_', '/']) && captures.name("th").is_some();
        if is_part {
            continue;
        }
        let own = date_of(&captures, year);
        let time = time_of(&captures, zone);
        if own.is_none() && time.is_none() {
            continue;
        }
        if let Some((date, _)) = own {
            (current, last) = (Some(date), None);
        }
        let Some(mut date) = current else { continue };
        let (time, zone) = time.unwrap_or((Time::midnight(), Offset::UTC));
        if let (None, Some((before, earlier))) = (own, last)
            && before == date
            && earlier.hour() - time.hour() > 12
            && let Ok(next) = date.tomorrow()
        {
            date = next;
            current = Some(next);
        }
        let has_time = captures.name("h").is_some() || captures.name("th").is_some();
        if has_time {
            last = Some((date, time));
        }
        if let Ok(zoned) = date.to_datetime(time).to_zoned(TimeZone::fixed(zone)) {
            let at = zoned.timestamp().as_second();
            found.push(Moment { at, has_time, date, range: whole.start()..end });
        }
    }
    found
}

/// The zone of times that state none: what the text says of all of them, or else the first that it names, or UTC.
pub fn usual_zone(text: &str) -> Offset {
    let stated = ALL_TIMES.captures(text).and_then(|found| offset(found.get(1)?.as_str()));
    let named = || {
        WHEN.captures_iter(text).find_map(|found| {
            let zone = found.name("z").or_else(|| found.name("tz"))?.as_str();
            zone.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| offset(zone)).flatten()
        })
    };
    stated.or_else(named).unwrap_or(Offset::UTC)
}

fn first_year(text: &str) -> Option<i16> {
    let year = |found: Captures<'_>| {
        let year =
            found.name("y").or_else(|| found.name("y2")).or_else(|| found.name("y3")).or_else(|| found.name("y4"))?;
        year.as_str().parse().ok()
    };
    WHEN.captures_iter(text).find_map(year)
}

/// The date of a match, and whether it states its year.
fn date_of(found: &Captures<'_>, year: Option<i16>) -> Option<(Date, bool)> {
    let number = |name: &str| found.name(name)?.as_str().parse::<i16>().ok();
    let (own, month, day) = if let Some(month) = number("m") {
        (number("y"), month, number("d")?)
    } else if let Some(month) = number("m4") {
        (number("y4"), month, number("d4")?)
    } else {
        let (name, day, own) = [("n2", "d2", "y2"), ("n3", "d3", "y3")]
            .into_iter()
            .find_map(|(name, day, year)| Some((found.name(name)?.as_str(), number(day)?, number(year))))?;
        let name = name.to_ascii_lowercase();
        let month = MONTHS.iter().position(|month| name.starts_with(month))? as i16 + 1;
        (own, month, day)
    };
    let date = Date::new(own.or(year)?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some((date, own.is_some()))
}

fn time_of(found: &Captures<'_>, usual: Offset) -> Option<(Time, Offset)> {
    let get = |name: &str| found.name(name).or_else(|| found.name(&format!("t{name}")));
    let number = |name: &str| get(name)?.as_str().parse::<i8>().ok();
    let (mut hour, minute) = (number("h")?, number("mi")?);
    if let Some(half) = get("half") {
        let afternoon = half.as_str().starts_with(['p', 'P']);
        hour = if hour > 12 { hour } else { hour % 12 + if afternoon { 12 } else { 0 } };
    }
    let time = Time::new(hour, minute, number("s").unwrap_or(0), 0).ok()?;
    let zone = get("z").and_then(|zone| offset(zone.as_str())).unwrap_or(usual);
    Some((time, zone))
}

fn offset(zone: &str) -> Option<Offset> {
    let zone = zone.to_ascii_lowercase();
    if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == zone) {
        return Some(Offset::constant(*hours));
    }
    if zone == "ist" {
        return Offset::from_seconds(19_800).ok();
    }
    let digits = zone.strip_prefix("utc").unwrap_or(&zone);
    let sign = match digits.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = if digits.len() == 4 { digits.split_at(2) } else { (digits.as_str(), "0") };
    Offset::from_seconds(sign * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let to_text = |moment: Moment| jiff::Timestamp::from_second(moment.at).map(|at| at.to_string()).unwrap();
        moments(text, None, Offset::UTC).into_iter().map(to_text).collect()
    }

    #[test]
    fn dates_and_times_as_people_write_them() {
        let cases = [
            ("2026-03-14T08:02:05Z", vec!["2026-03-14T08:02:05Z"]),
            (
                "on 2026-03-14 08:02 UTC it began, at 09:15 it was over",
                vec!["2026-03-14T08:02:00Z", "2026-03-14T09:15:00Z"],
            ),
            ("14 March 2026, 8:02 pm", vec!["2026-03-14T20:02:00Z"]),
            ("Mar 3rd 2026 at 10:00 CET", vec!["2026-03-03T09:00:00Z"]),
            ("2026-03-14 23:50 page; 00:10 fixed", vec!["2026-03-14T23:50:00Z", "2026-03-15T00:10:00Z"]),
            ("at 08:02, which was on 2026-03-14", vec!["2026-03-14T08:02:00Z", "2026-03-14T00:00:00Z"]),
            ("2026-03-14T10:00:00+02:00", vec!["2026-03-14T08:00:00Z"]),
            ("08:02 without a day; port 10.0.0.1:5432", vec![]),
            ("2026-02-31 and 25:70", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(all(text), expected, "{text}");
        }
    }

    #[test]
    fn a_moment_alone() {
        assert_eq!(moment("1970-01-01T00:01:00Z"), Some(60));
        assert_eq!(moment("1970-01-02"), None);
        assert_eq!(moment("2026-11-25"), Some(1_795_564_800));
        assert_eq!(moment("see 2026-11-25"), None);
    }
}
