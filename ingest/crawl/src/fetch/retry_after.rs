//! `Retry-After`: seconds or a date.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The longest wait that is understood; what a host asks for beyond is the same.
const LONGEST: Duration = Duration::from_hours(24);

/// How long a host asks to wait. `None` for what says neither seconds nor a date; a date of the past is no wait.
pub(super) fn read(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long wait.
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let until = http_date(value)?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO).min(LONGEST))
}

/// A date in the form that servers send (`Sun, 06 Nov 1994 08:49:37 GMT`), or in one of the two that are still to be read
/// (RFC 9110, 5.6.7).
pub(super) fn http_date(value: &str) -> Option<Timestamp> {
    if let Ok(date) = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value) {
        return Some(date);
    }
    ["%a %b %e %H:%M:%S %Y", "%A, %d-%b-%y %H:%M:%S GMT"].iter().find_map(|format| {
        DateTime::strptime(format, value).ok()?.to_zoned(TimeZone::UTC).ok().map(|date| date.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        for (value, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("999999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Mon, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:40:00 GMT", Some(0)),
            ("Sun, 06 Nov 2094 08:40:00 GMT", Some(86_400)),
            ("soon", None),
            ("-5", None),
            ("", None),
            ("1.5", None),
        ] {
            assert_eq!(read(value, now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
