//! When a source is run, and when next.

use std::time::Duration;

use jiff::Timestamp;

use super::Cron;

/// Missed starts are counted up to here: nobody needs to know more.
const MOST_MISSED: u32 = 1_000;

/// When a source is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// How the times are found.
    pub when: When,
    /// Every start comes up to so much later, which spreads sources and machines out.
    pub jitter: Duration,
    /// Whether starts that were missed are made up for, all of them by one run.
    pub catch_up: bool,
}

/// How the times are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// So long after the last start.
    Every(Duration),
    /// At certain times.
    Cron(Cron),
}

/// The next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// When. In the past if starts are made up for.
    pub at: Timestamp,
    /// Starts that fell due while nobody watched, at most 1,000: made up for by this one, or left out.
    pub missed: u32,
}

impl Schedule {
    /// The next start of a source that was last started at `last`. `since` is when somebody began to watch: what fell due
    /// before was missed. `None` if nothing comes for years.
    ///
    /// The start is later than `last`, and later than `since` unless missed starts are made up for.
    pub fn next(&self, source: &str, last: Timestamp, since: Timestamp) -> Option<Next> {
        match &self.when {
            When::Every(every) => self.next_of_interval(source, *every, last, since),
            When::Cron(cron) => self.next_of_cron(source, cron, last, since),
        }
    }

    /// The first start of a source that was never run: at once, or at the first of certain times if nothing is made up for.
    pub fn first(&self, source: &str, since: Timestamp) -> Option<Next> {
        match &self.when {
            When::Cron(cron) if !self.catch_up => Some(Next { at: self.due_after(source, cron, since)?, missed: 0 }),
            _ => Some(Next { at: since, missed: 0 }),
        }
    }

    /// Time from `at` to the start after it, without its delay; a year if none comes.
    pub fn interval(&self, at: Timestamp) -> Duration {
        match &self.when {
            When::Every(every) => *every,
            When::Cron(cron) => cron.after(at).map_or(Duration::from_hours(24 * 366), |next| span(at, next)),
        }
    }

    fn next_of_interval(&self, source: &str, every: Duration, last: Timestamp, since: Timestamp) -> Option<Next> {
        let every = every.max(Duration::from_secs(1));
        let at = last.checked_add(every).ok()?.checked_add(self.delay(source, last, self.jitter)).ok()?;
        if at > since {
            return Some(Next { at, missed: 0 });
        }
        let missed = (span(at, since).as_millis() / every.as_millis()).saturating_add(1);
        let at = if self.catch_up {
            at
        } else {
            let skipped = i64::try_from(missed.checked_mul(every.as_millis())?).ok()?;
            at.checked_add(jiff::SignedDuration::from_millis(skipped)).ok()?
        };
        Some(Next { at, missed: u32::try_from(missed).unwrap_or(MOST_MISSED).min(MOST_MISSED) })
    }

    fn next_of_cron(&self, source: &str, cron: &Cron, last: Timestamp, since: Timestamp) -> Option<Next> {
        let first = self.due_after(source, cron, last)?;
        let (mut missed, mut due) = (0, first);
        while due <= since && missed < MOST_MISSED {
            missed += 1;
            due = self.due_after(source, cron, due)?;
        }
        let at = if self.catch_up || missed == 0 { first } else { self.due_after(source, cron, since.max(last))? };
        Some(Next { at, missed })
    }

    /// The first time of an expression, with its delay, that comes after `moment`.
    fn due_after(&self, source: &str, cron: &Cron, moment: Timestamp) -> Option<Timestamp> {
        // The time itself may have come before, and only its delay after.
        let mut slot = moment.checked_sub(self.jitter).ok()?.checked_sub(Duration::from_secs(1)).ok()?;
        loop {
            slot = cron.after(slot)?;
            // A delay ends before the next time does, so that times with their delays stay in order.
            let room =
                cron.after(slot).map_or(self.jitter, |next| span(slot, next)).saturating_sub(Duration::from_secs(1));
            let due = slot.checked_add(self.delay(source, slot, self.jitter.min(room))).ok()?;
            if due > moment {
                return Some(due);
            }
        }
    }

    /// A delay of up to `most` that belongs to a source and a time. Milliseconds.
    #[expect(clippy::unused_self, reason = "it is what the schedule adds to a time")]
    fn delay(&self, source: &str, time: Timestamp, most: Duration) -> Duration {
        if most.is_zero() {
            return Duration::ZERO;
        }
        let mut hash = blake3::Hasher::new();
        hash.update(source.as_bytes());
        hash.update(&time.as_millisecond().to_le_bytes());
        let mut drawn = [0; 8];
        drawn.copy_from_slice(&hash.finalize().as_bytes()[..8]);
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(u64::from_le_bytes(drawn) % (most + 1))
    }
}

/// Time from one moment to a later one; nothing if it is not later.
fn span(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(from.duration_until(to)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn every(seconds: u64, jitter: u64, catch_up: bool) -> Schedule {
        let when = When::Every(Duration::from_secs(seconds));
        Schedule { when, jitter: Duration::from_secs(jitter), catch_up }
    }

    fn cron(expression: &str, zone: &str, jitter: u64, catch_up: bool) -> Schedule {
        let when = When::Cron(Cron::new(expression, zone).unwrap());
        Schedule { when, jitter: Duration::from_secs(jitter), catch_up }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn missed_starts_are_made_up_for_once_or_left_out() {
        let (last, since) = (at("2026-01-01T00:00:00Z"), at("2026-01-03T12:00:00Z"));
        let cases = [
            (every(86_400, 0, true), "2026-01-02T00:00:00Z", 2),
            (every(86_400, 0, false), "2026-01-04T00:00:00Z", 2),
            (every(3 * 86_400, 0, true), "2026-01-04T00:00:00Z", 0),
            (cron("0 3 * * *", "UTC", 0, true), "2026-01-01T03:00:00Z", 3),
            (cron("0 3 * * *", "UTC", 0, false), "2026-01-04T03:00:00Z", 3),
            (cron("0 3 * * SUN", "UTC", 0, false), "2026-01-04T03:00:00Z", 0),
        ];
        for (schedule, expected, missed) in cases {
            let next = schedule.next("docs", last, since).unwrap();
            assert_eq!((next.at, next.missed), (at(expected), missed), "{schedule:?}");
        }
        let since = at("2046-01-01T00:00:00Z");
        assert_eq!(cron("* * * * *", "UTC", 0, false).next("docs", last, since).unwrap().missed, MOST_MISSED);
        assert_eq!(every(1, 0, true).next("docs", last, since).unwrap().missed, MOST_MISSED);
    }

    #[test]
    fn a_start_exactly_now_was_not_missed_by_who_watches_since_before() {
        let (last, since) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T12:00:00Z"));
        for catch_up in [true, false] {
            let next = every(86_400, 0, catch_up).next("docs", last, since).unwrap();
            assert_eq!(next, Next { at: at("2026-01-02T00:00:00Z"), missed: 0 });
        }
    }

    #[test]
    fn the_first_run_is_at_once_unless_it_waits_for_its_time() {
        let now = at("2026-01-01T12:00:00Z");
        assert_eq!(every(60, 9, false).first("docs", now).unwrap().at, now);
        assert_eq!(cron("0 3 * * *", "UTC", 0, true).first("docs", now).unwrap().at, now);
        assert_eq!(cron("0 3 * * *", "UTC", 0, false).first("docs", now).unwrap().at, at("2026-01-02T03:00:00Z"));
    }

    #[test]
    fn a_jitter_belongs_to_a_source_and_a_time() {
        let (schedule, last) = (every(86_400, 600, true), at("2026-01-01T00:00:00Z"));
        let next = |source: &str| schedule.next(source, last, last).unwrap().at;
        assert_eq!(next("docs"), next("docs"));
        assert_ne!(next("docs"), next("runbooks"));
    }

    fn schedules() -> impl Strategy<Value = Schedule> {
        let expressions = [
            "0 3 * * MON",
            "*/7 * * * *",
            "15 2 * * *",
            "30 1-3 * * *",
            "0 */5 * * *",
            "0 0 1,15 * FRI",
            "59 23 31 12 *",
        ];
        let zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"];
        let whens = prop_oneof![
            (1_u64..3_000_000).prop_map(|seconds| When::Every(Duration::from_secs(seconds))),
            (0..expressions.len(), 0..zones.len())
                .prop_map(move |(e, z)| When::Cron(Cron::new(expressions[e], zones[z]).unwrap())),
        ];
        (whens, 0_u64..20_000, any::<bool>()).prop_map(|(when, jitter, catch_up)| Schedule {
            when,
            jitter: Duration::from_secs(jitter),
            catch_up,
        })
    }

    fn moments() -> impl Strategy<Value = Timestamp> {
        // 2001 to 2065, in milliseconds.
        (1_000_000_000_000_i64..3_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_next_start_is_later_and_comes_in_order(
            schedule in schedules(), last in moments(), later in 0_i64..40_000_000, away in 0_i64..400_000_000,
        ) {
            let since = last.checked_add(jiff::SignedDuration::from_millis(away)).unwrap();
            let next = schedule.next("docs", last, since).unwrap();
            prop_assert!(next.at > last);
            prop_assert!(schedule.catch_up || next.at > since);
            prop_assert_eq!(next.missed == 0, schedule.next("docs", last, last).unwrap().at > since);
            // Following one start leads to a later one.
            let after = schedule.next("docs", next.at, next.at).unwrap();
            prop_assert!(after.at > next.at);
            // A later last start, of the same times, never leads to an earlier next one.
            let later = last.checked_add(jiff::SignedDuration::from_millis(later)).unwrap();
            if matches!(schedule.when, When::Cron(_)) {
                prop_assert!(schedule.next("docs", later, later).unwrap().at >= schedule.next("docs", last, last).unwrap().at);
            }
        }

        #[test]
        fn a_jitter_stays_within_its_bound(schedule in schedules(), last in moments()) {
            let next = schedule.next("docs", last, last).unwrap().at;
            let plain = Schedule { jitter: Duration::ZERO, ..schedule.clone() };
            match &schedule.when {
                When::Every(every) => {
                    let earliest = last.checked_add(*every).unwrap();
                    prop_assert!(next >= earliest && span(earliest, next) <= schedule.jitter);
                }
                When::Cron(cron) => {
                    // The time that it belongs to is at most the jitter before it.
                    let before = next.checked_sub(schedule.jitter).unwrap().checked_sub(Duration::from_millis(1)).unwrap();
                    prop_assert!(cron.after(before).unwrap() <= next);
                    prop_assert!(plain.next("docs", last, last).unwrap().at >= last);
                }
            }
        }
    }
}
