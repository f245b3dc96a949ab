//! How every source stands: last and next runs, failures, and whether it is out of date.

use cloudops_indexes::model::Timestamp;
use cloudops_ingest::schedule::{Due, RunEnd, Runs, Schedule, Source, When, describe_length, due, is_overdue};
use serde::Serialize;

use super::history::History;
use super::lock::SchedulerLock;
use super::{daemon, load, sources_file};
use crate::app::App;
#[cfg(feature = "mcp")]
use crate::report::time;
use crate::source_lock::SourceLock;

/// Sources that are named to a client as out of date; of the others it is told how many there are.
#[cfg(feature = "mcp")]
const NAMED: usize = 3;

/// How all sources stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Standings {
    /// The file that names them.
    pub(crate) file: String,
    /// Whether some process runs what is due.
    pub(crate) scheduler_running: bool,
    /// When some process last looked whether something is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheduler_seen: Option<Timestamp>,
    pub(crate) sources: Vec<Standing>,
}

/// How a source stands.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and a field of the JSON")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Standing {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// What is read: guides, addresses or a path.
    pub(crate) what: String,
    pub(crate) enabled: bool,
    /// `every 24h`, `0 3 * * MON (Europe/Berlin)`; `None` for one that is not run by itself.
    pub(crate) schedule: Option<String>,
    pub(crate) running: bool,
    pub(crate) last: Option<Last>,
    /// When the last run that succeeded was started.
    pub(crate) last_success: Option<Timestamp>,
    /// Failures since then, in a row.
    pub(crate) failures: u32,
    /// When it is run next; in the past: as soon as somebody schedules.
    pub(crate) next: Option<Timestamp>,
    /// Whether `next` is a pause after failures and not what the schedule says.
    pub(crate) backing_off: bool,
    /// Starts that were missed while nobody scheduled.
    pub(crate) missed: u32,
    /// Whether it should have been refreshed by now.
    pub(crate) overdue: bool,
}

/// The latest run of a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Last {
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) end: RunEnd,
    pub(crate) message: Option<String>,
}

impl Standing {
    /// Whether its latest runs failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.enabled && self.schedule.is_some() && self.failures > 0 && !self.running
    }
}

/// How all sources stand now.
pub(crate) fn standings(app: &App) -> anyhow::Result<Standings> {
    let now = jiff::Timestamp::now();
    let sources = load(app)?;
    let history = History::read(app.data_dir(), &sources)?;
    let seen = SchedulerLock::last_seen(app.data_dir());
    let scheduler_running = SchedulerLock::is_taken(app.data_dir());
    let since = daemon::since(seen, now);
    let standing = |source: &Source| {
        let due = due(source, &history, since, now);
        let running = SourceLock::is_taken(app.data_dir(), &source.name);
        of(source, &history, due, running, is_overdue(source, &history, now))
    };
    Ok(Standings {
        file: sources_file(app)?.display().to_string(),
        scheduler_running,
        scheduler_seen: seen.map(jiff::Timestamp::as_second),
        sources: sources.list.iter().map(standing).collect(),
    })
}

fn of(source: &Source, history: &dyn Runs, due: Option<Due>, running: bool, overdue: bool) -> Standing {
    let seconds = jiff::Timestamp::as_second;
    let last = history.last(&source.name).map(|last| Last {
        started: seconds(last.started),
        ended: last.ended.map(seconds),
        end: last.end,
        message: last.message,
    });
    let cut_off = running && last.as_ref().is_some_and(|last| last.end == RunEnd::Unfinished);
    Standing {
        name: source.name.clone(),
        kind: source.what.kind(),
        what: source.what.describe(),
        enabled: source.enabled,
        schedule: source.schedule.as_ref().map(describe),
        running,
        last,
        last_success: history.last_success(&source.name).map(seconds),
        // The run that is under way has not failed.
        failures: history.failures_in_a_row(&source.name).saturating_sub(u32::from(cut_off)),
        next: due.filter(|_| !running).map(|due| due.at.as_second()),
        backing_off: due.is_some_and(|due| due.after_failures > 0),
        missed: due.map_or(0, |due| due.missed),
        overdue,
    }
}

fn describe(schedule: &Schedule) -> String {
    match &schedule.when {
        When::Every(every) => format!("every {}", describe_length(*every)),
        When::Cron(cron) => format!("{} ({})", cron.text(), cron.zone_name()),
    }
}

/// What a client should know of sources that are out of date; `None` if all are as they should be, or nothing is known.
#[cfg(feature = "mcp")]
pub(crate) fn out_of_date(app: &App) -> Option<String> {
    let standings =
        standings(app).inspect_err(|error| tracing::debug!(error = format!("{error:#}"), "no schedule")).ok()?;
    say_out_of_date(&standings.sources, time::now())
}

#[cfg(feature = "mcp")]
fn say_out_of_date(sources: &[Standing], now: Timestamp) -> Option<String> {
    let stale: Vec<_> = sources.iter().filter(|source| source.overdue || source.is_failing()).collect();
    let said = stale.iter().take(NAMED).map(|source| {
        let refreshed = match source.last_success {
            Some(success) => format!("last refreshed {}", time::age(success, now)),
            None => "never read so far".to_owned(),
        };
        let failing = if source.is_failing() { ", and refreshing it fails" } else { "" };
        format!("`{}` {refreshed}{failing}", source.name)
    });
    let said = said.collect::<Vec<_>>().join("; ");
    let more = stale.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!stale.is_empty()).then(|| format!("Out of date: {said}{more}."))
}

#[cfg(all(test, feature = "mcp"))]
mod tests {
    use super::*;

    const NOW: Timestamp = 1_700_000_000;

    fn standing(name: &str, success: Option<Timestamp>, failures: u32, overdue: bool) -> Standing {
        Standing {
            name: name.to_owned(),
            kind: "folder",
            what: "/docs".to_owned(),
            enabled: true,
            schedule: Some("every 24h".to_owned()),
            running: false,
            last: None,
            last_success: success,
            failures,
            next: None,
            backing_off: false,
            missed: 0,
            overdue,
        }
    }

    #[test]
    fn what_is_overdue_or_failing_is_said_and_nothing_else() {
        let fine = standing("fine", Some(NOW), 0, false);
        assert_eq!(say_out_of_date(std::slice::from_ref(&fine), NOW), None);
        let old = standing("ec2", Some(NOW - 9 * 86_400), 0, true);
        let said = say_out_of_date(&[fine, old.clone()], NOW).unwrap();
        assert_eq!(said, "Out of date: `ec2` last refreshed 9 days ago.");
        let failing = standing("rds", None, 3, false);
        let off = Standing { enabled: false, ..failing.clone() };
        let said = say_out_of_date(&[failing, off, old.clone(), old.clone(), old], NOW).unwrap();
        let expected = "Out of date: `rds` never read so far, and refreshing it fails; `ec2` last refreshed 9 days ago; `ec2` \
                        last refreshed 9 days ago; and 1 more.";
        assert_eq!(said, expected);
        let long: Vec<_> = (0..9).map(|_| standing(&"x".repeat(64), Some(0), 1, true)).collect();
        assert!(say_out_of_date(&long, NOW).unwrap().len() < 450);
    }
}
