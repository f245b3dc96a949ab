//! Cron expressions in a time zone, with what cron itself does when the clocks change.
//!
//! An expression for certain hours is a wish about the clock on the wall: a time that the clocks skip comes right after
//! they did, and a time that comes twice counts once. An expression for every hour is about the passing of time: it goes
//! by the clock as it is, in both of the hours that look the same too.

use cronexpr::Crontab;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// An expression, and the zone that its times are in.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    zone_name: String,
    zone: TimeZone,
    times: Times,
}

/// What an expression is matched with.
#[derive(Debug, Clone)]
enum Times {
    /// The clock in its zone as it runs, both hours of two that look the same.
    Passing(Crontab),
    /// Times without a zone, written as if in UTC.
    OnTheWall(Crontab),
}

/// Text that is no cron expression, or a zone that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// The expression cannot be read.
    #[error("`{text}` is not a cron expression: {reason}")]
    Expression {
        /// As given.
        text: String,
        /// What is wrong with it, on one line.
        reason: String,
    },
    /// The expression has no time, such as the 30th of February.
    #[error("`{0}` never comes")]
    Never(String),
    /// The zone is not in the time zone database.
    #[error("`{0}` is not a time zone; they look like `Europe/Berlin` or `UTC`")]
    Zone(String),
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.zone_name == other.zone_name
    }
}

impl Eq for Cron {}

impl Cron {
    /// Reads an expression of five fields, or one of `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`.
    pub fn new(text: &str, zone_name: &str) -> Result<Self, CronError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let bad = |reason: &str| CronError::Expression { text: text.clone(), reason: reason.to_owned() };
        let expression = match text.to_ascii_lowercase().as_str() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * SUN",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            _ => text.as_str(),
        };
        let fields: Vec<&str> = expression.split(' ').collect();
        if fields.len() != 5 {
            return Err(bad("it takes five fields: minute, hour, day of the month, month, day of the week"));
        }
        // The parser finds no last day in December: it compares month 1 with month 12.
        let is_last = |item: &str| item.ends_with(['L', 'l']) && item.len() <= 2;
        if fields[2].split(',').any(is_last) || fields[4].split(',').any(is_last) {
            return Err(bad("`L` is not supported; for the last day of a month take `0 0 1 * *`, the day after"));
        }
        let zone = TimeZone::get(zone_name).map_err(|_| CronError::Zone(zone_name.to_owned()))?;
        let every_hour = matches!(fields[1], "*" | "*/1" | "0-23");
        let matched_in = if every_hour { zone_name } else { "UTC" };
        let times =
            cronexpr::parse_crontab(&format!("{expression} {matched_in}")).map_err(|error| bad(&reason(&error)))?;
        let times = if every_hour { Times::Passing(times) } else { Times::OnTheWall(times) };
        let cron = Self { zone_name: zone_name.to_owned(), text: text.clone(), zone, times };
        // Any moment will do: within four years everything has come that can come.
        if cron.after(Timestamp::UNIX_EPOCH).is_none() {
            return Err(CronError::Never(text));
        }
        Ok(cron)
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of the zone.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The first time after `moment`.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let times = match &self.times {
            Times::Passing(times) => return times.find_next(moment).ok().map(|time| time.timestamp()),
            Times::OnTheWall(times) => times,
        };
        let mut wall = moment.to_zoned(self.zone.clone()).datetime();
        // A time on the wall has no earlier moment than the times before it, so all up to this one are over. In an hour
        // that comes again, those that counted the first time are passed over one by one.
        loop {
            wall = times.find_next(TimeZone::UTC.to_timestamp(wall).ok()?).ok()?.datetime();
            let found = self.moment_of(wall)?;
            if found > moment {
                return Some(found);
            }
        }
    }

    /// The moment of a time on the wall: the first of two, and for one that the clocks skip the end of the gap.
    fn moment_of(&self, wall: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(wall);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => {
                let before = ambiguous.earlier().ok()?;
                Some(self.zone.following(before).next()?.timestamp())
            }
            _ => ambiguous.earlier().ok(),
        }
    }
}

/// What the parser says, without its drawing of the place.
fn reason(error: &cronexpr::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.trim_start_matches('^').trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let cron = Cron::new(expression, zone).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let mut moment: Timestamp = from.parse().unwrap();
        std::iter::repeat_with(|| {
            moment = cron.after(moment).unwrap();
            moment.to_zoned(zone.clone()).strftime("%a %m-%d %H:%M %:z").to_string()
        })
        .take(count)
        .collect()
    }

    #[test]
    fn expressions_come_when_they_should() {
        let cases: [(&str, &str, &str, &[&str]); 8] = [
            (
                "0 3 * * MON",
                "Europe/Berlin",
                "2026-03-22T00:00:00Z",
                &["Mon 03-23 03:00 +01:00", "Mon 03-30 03:00 +02:00"],
            ),
            ("*/20 * * * *", "UTC", "2026-01-01T00:10:30Z", &["Thu 01-01 00:20 +00:00", "Thu 01-01 00:40 +00:00"]),
            // The clocks skip 02:00 to 03:00: the run comes right after, and only once.
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-03-28T00:00:00Z",
                &["Sat 03-28 02:30 +01:00", "Sun 03-29 03:00 +02:00", "Mon 03-30 02:30 +02:00"],
            ),
            // They show 02:00 to 03:00 twice: it comes the first time.
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-10-24T12:00:00Z",
                &["Sun 10-25 02:30 +02:00", "Mon 10-26 02:30 +01:00"],
            ),
            // What comes every hour comes in both of them.
            (
                "30 * * * *",
                "Europe/Berlin",
                "2026-10-25T00:00:00Z",
                &["Sun 10-25 02:30 +02:00", "Sun 10-25 02:30 +01:00", "Sun 10-25 03:30 +01:00"],
            ),
            // A zone whose clocks skip midnight.
            ("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", &["Sun 09-06 01:00 -03:00"]),
            ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", &["Tue 02-29 00:00 +00:00"]),
            ("@weekly", "UTC", "2026-01-01T00:00:00Z", &["Sun 01-04 00:00 +00:00"]),
        ];
        for (expression, zone, from, expected) in cases {
            assert_eq!(times(expression, zone, from, expected.len()), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_said_on_one_line() {
        let cases = [
            ("0 3 * *", "five fields"),
            ("0 3 * * MON Europe/Berlin", "five fields"),
            ("61 3 * * *", "61"),
            ("0 3 * * FUNDAY", "cron expression"),
            ("0 0 L * *", "`L` is not supported"),
            ("0 0 * * 5L", "`L` is not supported"),
            ("0 0 30 2 *", "never comes"),
            ("", "five fields"),
        ];
        for (expression, expected) in cases {
            let error = Cron::new(expression, "UTC").unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains('\n'), "{expression}: {error}");
        }
        assert!(matches!(Cron::new("0 3 * * *", "Europe/Atlantis"), Err(CronError::Zone(_))));
    }
}
