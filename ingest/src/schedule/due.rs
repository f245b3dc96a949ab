//! When a source is due, from its schedule and from what became of its earlier runs.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Schedule, Source};

/// The first pause after a failure; every further failure doubles it, up to the interval of the schedule.
const FIRST_PAUSE: Duration = Duration::from_mins(5);

/// The latest run of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it was started.
    pub started: Timestamp,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// What became of it.
    pub end: RunEnd,
    /// What it came to, or why it failed, on one line.
    pub message: Option<String>,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// It is running, or was killed.
    Unfinished,
    /// It did what it should.
    Succeeded,
    /// It could not do what it should.
    Failed,
}

/// What is remembered of the runs of sources.
pub trait Runs {
    /// The latest run of a source, running or not.
    fn last(&self, source: &str) -> Option<LastRun>;

    /// When the latest run that succeeded was started.
    fn last_success(&self, source: &str) -> Option<Timestamp>;

    /// How many of the latest runs failed or were killed, without one that succeeded between them.
    fn failures_in_a_row(&self, source: &str) -> u32;
}

/// When a source is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it is to be run. In the past: at once.
    pub at: Timestamp,
    /// Starts that were missed; see [`super::Next::missed`].
    pub missed: u32,
    /// Failures in a row, because of which it is run then and not when its schedule says.
    pub after_failures: u32,
}

/// When a source is due. `since` is when somebody began to watch, `now` is now. `None` if it is not run by itself: it is
/// switched off, has no schedule, or nothing comes for years.
pub fn due(source: &Source, runs: &dyn Runs, since: Timestamp, now: Timestamp) -> Option<Due> {
    let schedule = source.schedule.as_ref().filter(|_| source.enabled)?;
    let Some(last) = runs.last(&source.name) else {
        let first = schedule.first(&source.name, since)?;
        return Some(Due { at: first.at, missed: 0, after_failures: 0 });
    };
    // A clock that went wrong and was put right must not keep a source waiting until what it said has come.
    let started = last.started.min(now);
    let ended = last.ended.unwrap_or(started).min(now);
    let next = schedule.next(&source.name, started, since)?;
    let regular = Due { at: next.at, missed: next.missed, after_failures: 0 };
    let failures = match last.end {
        RunEnd::Succeeded => 0,
        RunEnd::Failed => runs.failures_in_a_row(&source.name).max(1),
        RunEnd::Unfinished => match runs.failures_in_a_row(&source.name) {
            // It was stopped, or the machine was switched off. What dies again and again is dangerous.
            0 | 1 => return Some(Due { at: started, ..regular }),
            failures => failures,
        },
    };
    if failures == 0 {
        return Some(regular);
    }
    let again = ended.checked_add(back_off(schedule, failures, ended)).ok()?;
    Some(Due { at: again, missed: next.missed, after_failures: failures })
}

/// How long a source is left alone after so many failures: five minutes, doubled by every further one, and never longer
/// than its schedule waits anyway.
pub fn back_off(schedule: &Schedule, failures: u32, ended: Timestamp) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(schedule.interval(ended))
}

/// Whether a source should have been refreshed by now: its last success is older than its schedule wants it, by a tenth of
/// the interval (at least five minutes, at most six hours). Never for one that has not succeeded yet.
pub fn is_overdue(source: &Source, runs: &dyn Runs, now: Timestamp) -> bool {
    let Some(schedule) = source.schedule.as_ref().filter(|_| source.enabled) else { return false };
    let Some(success) = runs.last_success(&source.name) else { return false };
    let Some(next) = schedule.next(&source.name, success, success) else { return false };
    let grace = (schedule.interval(next.at) / 10).clamp(Duration::from_mins(5), Duration::from_hours(6));
    next.at.checked_add(grace).is_ok_and(|latest| latest < now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Cron, Folder, What, When};

    struct Told {
        last: Option<LastRun>,
        success: Option<Timestamp>,
        failures: u32,
    }

    impl Runs for Told {
        fn last(&self, _source: &str) -> Option<LastRun> {
            self.last.clone()
        }

        fn last_success(&self, _source: &str) -> Option<Timestamp> {
            self.success
        }

        fn failures_in_a_row(&self, _source: &str) -> u32 {
            self.failures
        }
    }

    fn source(when: When) -> Source {
        let schedule = Some(Schedule { when, jitter: Duration::ZERO, catch_up: true });
        Source { schedule, ..Source::new("docs", What::Folder(Folder::new("/docs"))) }
    }

    fn every(hours: u64) -> Source {
        source(When::Every(Duration::from_hours(hours)))
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-01-{text}Z").parse().unwrap()
    }

    /// A run that took a minute.
    fn run(started: &str, end: RunEnd, failures: u32) -> Told {
        let started = at(started);
        let ended = (end != RunEnd::Unfinished).then(|| started.checked_add(Duration::from_mins(1)).unwrap());
        Told { last: Some(LastRun { started, ended, end, message: None }), success: None, failures }
    }

    #[test]
    fn what_became_of_the_last_run_decides() {
        let now = at("05T12:00:00");
        let cases = [
            (run("05T10:00:00", RunEnd::Succeeded, 0), at("06T10:00:00"), 0),
            (run("05T10:00:00", RunEnd::Unfinished, 1), at("05T10:00:00"), 0),
            (run("05T10:00:00", RunEnd::Unfinished, 2), at("05T10:10:00"), 2),
            (run("05T10:00:00", RunEnd::Failed, 1), at("05T10:06:00"), 1),
            (run("05T10:00:00", RunEnd::Failed, 3), at("05T10:21:00"), 3),
            // Never longer than the schedule waits.
            (run("05T10:00:00", RunEnd::Failed, 40), at("06T10:01:00"), 40),
            // A clock that was a year ahead.
            (run("25T10:00:00", RunEnd::Succeeded, 0), at("06T12:00:00"), 0),
        ];
        for (runs, expected, failures) in cases {
            let due = due(&every(24), &runs, now, now).unwrap();
            assert_eq!((due.at, due.after_failures), (expected, failures), "{:?}", runs.last);
        }
        let never = Told { last: None, success: None, failures: 0 };
        assert_eq!(due(&every(24), &never, now, now).unwrap().at, now);
    }

    #[test]
    fn what_is_switched_off_or_has_no_schedule_is_never_due() {
        let now = at("05T12:00:00");
        let runs = run("05T10:00:00", RunEnd::Failed, 1);
        assert_eq!(due(&Source { enabled: false, ..every(1) }, &runs, now, now), None);
        assert_eq!(due(&Source { schedule: None, ..every(1) }, &runs, now, now), None);
    }

    #[test]
    fn a_failure_is_tried_again_before_the_next_of_certain_times() {
        let weekly = source(When::Cron(Cron::new("0 3 * * MON", "UTC").unwrap()));
        let now = at("05T12:00:00");
        assert_eq!(due(&weekly, &run("05T03:00:00", RunEnd::Failed, 2), now, now).unwrap().at, at("05T03:11:00"));
        assert_eq!(due(&weekly, &run("05T03:00:00", RunEnd::Succeeded, 0), now, now).unwrap().at, at("12T03:00:00"));
    }

    #[test]
    fn the_pause_doubles_up_to_the_interval() {
        let schedule = every(1).schedule.unwrap();
        let minutes = |failures| back_off(&schedule, failures, at("05T12:00:00")).as_secs() / 60;
        assert_eq!([1, 2, 3, 4, 5, 33, u32::MAX].map(minutes), [5, 10, 20, 40, 60, 60, 60]);
        let quick = Schedule { when: When::Every(Duration::from_secs(1)), ..schedule };
        assert_eq!(back_off(&quick, 3, at("05T12:00:00")), Duration::from_secs(1));
    }

    #[test]
    fn overdue_is_what_is_older_than_its_schedule_wants() {
        let told = |success: &str| Told { last: None, success: Some(at(success)), failures: 0 };
        let now = at("05T12:00:00");
        let cases = [("05T10:00:00", false), ("04T11:00:00", false), ("04T09:00:00", true), ("01T00:00:00", true)];
        for (success, overdue) in cases {
            assert_eq!(is_overdue(&every(24), &told(success), now), overdue, "{success}");
        }
        assert!(!is_overdue(&every(24), &Told { last: None, success: None, failures: 3 }, now));
    }
}
