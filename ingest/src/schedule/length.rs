//! Lengths of time as people write them: `30s`, `10m`, `24h`, `7d`, `2w`, `1h30m`.

use std::time::Duration;

/// Text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; they look like `30s`, `10m`, `24h`, `7d`, `2w` or `1h30m`")]
pub struct LengthError(pub String);

/// Longer ones are mistakes, and would leave the range of a timestamp.
const MAX: u64 = 100 * 366 * 86_400;

/// Reads a length. A day has 24 hours here, whatever the clocks do.
pub fn parse(text: &str) -> Result<Duration, LengthError> {
    let error = || LengthError(text.to_owned());
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    if rest.is_empty() {
        return Err(error());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            _ => return Err(error()),
        };
        let number: u64 = number.parse().map_err(|_| error())?;
        seconds = number.checked_mul(factor).and_then(|part| seconds.checked_add(part)).ok_or_else(error)?;
        rest = after.trim_start();
    }
    if seconds > MAX { Err(error()) } else { Ok(Duration::from_secs(seconds)) }
}

/// Writes a length the way that [`parse`] reads it, in at most two units: `36h`, `1h30m`. Parts of a second are left out.
pub fn describe(length: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(7 * 86_400, "w"), (86_400, "d"), (3_600, "h"), (60, "m")];
    let seconds = length.as_secs();
    // `24h` is what people write, not `1d`: a day is not always 24 hours long.
    if seconds > 0 && seconds.is_multiple_of(3_600) && seconds <= 48 * 3_600 {
        return format!("{}h", seconds / 3_600);
    }
    for (unit, name) in UNITS {
        if seconds >= unit {
            let (whole, rest) = (seconds / unit, seconds % unit);
            let rest = Duration::from_secs(rest);
            let tail = if rest.is_zero() { String::new() } else { largest(rest) };
            return format!("{whole}{name}{tail}");
        }
    }
    format!("{seconds}s")
}

/// The largest unit of a length only.
fn largest(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        86_400.. => format!("{}d", seconds / 86_400),
        3_600.. => format!("{}h", seconds / 3_600),
        60.. => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        let cases = [
            ("1s", 1),
            ("90 min", 5_400),
            ("24h", 86_400),
            ("7d", 604_800),
            ("2W", 1_209_600),
            ("1h30m", 5_400),
            (" 1 day 2 hours ", 93_600),
            ("0s", 0),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "10", "-1h", "1.5h", "1x", "1h 30", "99999999999999999999h", "200000d", "1h,2m"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_are_written_as_they_are_read() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (5_400, "1h30m"),
            (86_400, "24h"),
            (129_600, "36h"),
            (604_800, "1w"),
            (3 * 86_400, "3d"),
            (8 * 86_400, "1w1d"),
        ] {
            assert_eq!(describe(Duration::from_secs(seconds)), text);
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
    }
}
