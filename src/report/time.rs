//! Moments: what users type and what they read.

use cloudops_indexes::model::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Now.
pub(crate) fn now() -> Timestamp {
    jiff::Timestamp::now().as_second()
}

/// Reads `2026-01-31`, `2026-01-31T10:00:00Z`, or a time ago: `36h`, `7d`, `2w`, `3mo`, `1y`.
pub(crate) fn parse_since(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.as_second());
    }
    if let Ok(date) = text.parse::<Date>()
        && let Ok(midnight) = date.to_zoned(TimeZone::UTC)
    {
        return Ok(midnight.timestamp().as_second());
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim().to_ascii_lowercase().as_str() {
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "m" | "mo" => 30 * 86_400,
        "y" => 365 * 86_400,
        _ => 0,
    };
    match number.parse::<i64>() {
        Ok(number) if seconds > 0 => Ok(now.saturating_sub(number.saturating_mul(seconds))),
        _ => Err(format!("`{text}` is neither a date (`2026-01-31`) nor a time ago (`36h`, `7d`, `2w`, `3mo`, `1y`)")),
    }
}

/// `2026-01-31`.
pub(crate) fn date(moment: Timestamp) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(moment) else { return String::new() };
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

/// `just now`, `5 minutes ago`, `3 days ago`, `2 years ago`.
pub(crate) fn age(moment: Timestamp, now: Timestamp) -> String {
    let seconds = now.saturating_sub(moment);
    let (number, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..5_184_000 => (seconds / 86_400, "day"),
        5_184_000..63_072_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

/// The age of what is still to come: `now`, `in 5 minutes`, `in 3 days`.
pub(crate) fn until(moment: Timestamp, now: Timestamp) -> String {
    let seconds = moment.saturating_sub(now);
    let (number, unit) = match seconds {
        ..1 => return "now".to_owned(),
        1..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("in {number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A length of time: `40 s`, `5 min`, `2 h 10 min`.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = 1_700_000_000;

    #[test]
    fn since_takes_dates_and_times_ago() {
        let cases = [
            ("2023-11-14", 1_699_920_000),
            ("2023-11-14T01:00:00Z", 1_699_923_600),
            ("36h", NOW - 36 * 3_600),
            ("7d", NOW - 7 * 86_400),
            (" 2w ", NOW - 14 * 86_400),
            ("3mo", NOW - 90 * 86_400),
            ("1y", NOW - 365 * 86_400),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_since(text, NOW), Ok(expected), "{text}");
        }
        for text in ["", "d", "7", "-7d", "7x", "yesterday", "2023-13-01", "99999999999999999999y"] {
            assert!(parse_since(text, NOW).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_are_rounded_down() {
        let cases = [
            (0, "just now"),
            (-50, "just now"),
            (61, "1 minute ago"),
            (7_300, "2 hours ago"),
            (86_400, "1 day ago"),
            (59 * 86_400, "59 days ago"),
            (100 * 86_400, "3 months ago"),
            (800 * 86_400, "2 years ago"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(age(NOW - seconds, NOW), expected);
        }
        for (seconds, expected) in [
            (0, "now"),
            (-9, "now"),
            (1, "in 1 second"),
            (119, "in 1 minute"),
            (90_000, "in 25 hours"),
            (604_800, "in 7 days"),
        ] {
            assert_eq!(until(NOW + seconds, NOW), expected);
        }
        assert_eq!(date(NOW), "2023-11-14");
        assert_eq!(date(i64::MAX), "");
    }
}
