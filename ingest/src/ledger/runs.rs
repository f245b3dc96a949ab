//! Runs: every ingestion of a source, and how it ended.

use cloudops_indexes::model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::page::Tally;
use super::{Ledger, LedgerError};

/// Troubles of one run that are kept; the tally counts all of them.
const MAX_TROUBLES: i64 = 2_000;
/// A run that was cut off is taken up again for this long, in seconds; after that the site is looked at anew.
const RESUMABLE_SECONDS: i64 = 7 * 24 * 3600;
/// Runs of a source that are kept.
const MAX_RUNS: i64 = 200;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Under way, or cut off: whoever holds the source's lock knows which.
    Running,
    /// Everything was looked at.
    Done,
    /// Ended by a limit or by the user; what was read is in the index.
    Stopped,
    /// The site behaved so strangely that nothing was removed or replaced.
    Guarded,
    /// It could not be done.
    Failed,
    /// Cut off, and not taken up again.
    Abandoned,
}

impl RunState {
    /// The name in the database and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Guarded => "guarded",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    fn parse(text: &str) -> Self {
        [Self::Running, Self::Done, Self::Stopped, Self::Guarded, Self::Abandoned]
            .into_iter()
            .find(|state| state.as_str() == text)
            .unwrap_or(Self::Failed)
    }
}

/// What a run knows of the lists that a site gives of its own pages: sitemaps, tables of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// They have not all been read yet.
    Unfinished,
    /// There are none, or not all of them could be read: a page that they do not name may exist all the same.
    Partial,
    /// All of them were read.
    Complete,
}

impl Listing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Partial => "partial",
            Self::Complete => "complete",
        }
    }

    fn parse(text: &str) -> Self {
        [Self::Partial, Self::Complete].into_iter().find(|listing| listing.as_str() == text).unwrap_or(Self::Unfinished)
    }
}

/// One ingestion of a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Number, rising over all sources.
    pub id: i64,
    /// Name of the source.
    pub source: String,
    /// Kind of the source, such as `aws-docs`.
    pub kind: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub state: RunState,
    /// How often it was taken up again after being cut off.
    pub resumed: u32,
    /// What a person should know about its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Requests made.
    pub requests: u64,
    /// Bytes of bodies received, as they came over the wire.
    pub transferred: u64,
    /// Seconds spent, over all its pieces.
    pub seconds: f64,
    /// What became of its pages.
    #[serde(flatten)]
    pub tally: Tally,
    /// What is known of the site's own lists of its pages.
    #[serde(skip)]
    pub listing: Listing,
    /// Whether they name Markdown twins of the pages.
    #[serde(skip)]
    pub twins: bool,
    /// Whether pages that failed for a passing reason had their second chance.
    #[serde(skip)]
    pub retried: bool,
}

/// How the last run of a source ended, for schedules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or if it was cut off.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub state: RunState,
    /// What it left to say.
    pub message: Option<String>,
}

/// A page of a run that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Its address.
    pub url: String,
    /// A stable name for the reason.
    pub code: String,
    /// The reason in words.
    pub message: String,
}

/// What a run is begun with.
#[derive(Debug, Clone, Copy)]
pub struct Begin<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// Kind of the source.
    pub kind: &'a str,
    /// What decides which pages belong to it and how they are read. A run that was cut off is taken up only by its equal.
    pub fingerprint: &'a str,
    /// Take up a run that was cut off.
    pub resume: bool,
    /// The present.
    pub now: Timestamp,
}

const COLUMNS: &str = "id, source, kind, started, ended, state, resumed, message, requests, transferred, seconds, tally, \
                       listing, retried, twins";

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let state: String = row.get(5)?;
    let tally: String = row.get(11)?;
    let listing: String = row.get(12)?;
    Ok(Run {
        id: row.get(0)?,
        source: row.get(1)?,
        kind: row.get(2)?,
        started: row.get(3)?,
        ended: row.get(4)?,
        state: RunState::parse(&state),
        resumed: row.get(6)?,
        message: row.get(7)?,
        requests: row.get::<_, i64>(8)? as u64,
        transferred: row.get::<_, i64>(9)? as u64,
        seconds: row.get(10)?,
        tally: serde_json::from_str(&tally).unwrap_or_default(),
        listing: Listing::parse(&listing),
        retried: row.get(13)?,
        twins: row.get(14)?,
    })
}

pub(super) fn end(
    connection: &Connection,
    run: i64,
    state: RunState,
    message: Option<&str>,
    tally: &Tally,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let tally = serde_json::to_string(tally).unwrap_or_default();
    connection.execute(
        "UPDATE run SET state = ?2, message = ?3, tally = ?4, ended = ?5 WHERE id = ?1",
        params![run, state.as_str(), message, tally, now],
    )?;
    let oldest = "SELECT id FROM run WHERE source = (SELECT source FROM run WHERE id = ?1)
                  ORDER BY id DESC LIMIT -1 OFFSET ?2";
    connection.execute(&format!("DELETE FROM trouble WHERE run IN ({oldest})"), params![run, MAX_RUNS])?;
    connection.execute(&format!("DELETE FROM run WHERE id IN ({oldest})"), params![run, MAX_RUNS])?;
    Ok(())
}

impl Ledger {
    /// Begins a run, or takes up the one that was cut off. The caller holds the source's lock.
    pub fn begin(&mut self, begin: Begin<'_>) -> Result<Run, LedgerError> {
        let Begin { source, kind, fingerprint, resume, now } = begin;
        let id = self.write(|connection| {
            let cut_off: Option<(i64, String, i64)> = connection
                .query_row(
                    "SELECT id, fingerprint, started FROM run WHERE source = ?1 AND state = 'running' ORDER BY id DESC LIMIT 1",
                    [source],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            if let Some((id, before, started)) = cut_off
                && resume
                && before == fingerprint
                && now - started < RESUMABLE_SECONDS
            {
                connection.execute("UPDATE run SET resumed = resumed + 1 WHERE id = ?1", [id])?;
                return Ok(id);
            }
            connection.execute(
                "UPDATE run SET state = 'abandoned', ended = ?2, message = coalesce(message, 'it was cut off')
                 WHERE source = ?1 AND state = 'running'",
                params![source, now],
            )?;
            connection.execute(
                "INSERT INTO run (source, kind, fingerprint, started, state) VALUES (?1, ?2, ?3, ?4, 'running')",
                params![source, kind, fingerprint, now],
            )?;
            Ok(connection.last_insert_rowid())
        })?;
        self.run(id)?.ok_or_else(|| self.damaged(format!("run {id} is missing")))
    }

    /// Adds to what a run has cost, in requests, bytes on the wire and seconds.
    pub fn spend(&mut self, run: i64, requests: u64, transferred: u64, seconds: f64) -> Result<(), LedgerError> {
        self.write(|connection| {
            connection.execute(
                "UPDATE run SET requests = requests + ?2, transferred = transferred + ?3, seconds = seconds + ?4 WHERE id = ?1",
                params![run, requests as i64, transferred as i64, seconds],
            )
        })?;
        Ok(())
    }

    /// Notes that the site's own lists have been read, whether all of them could be, and whether they name Markdown twins.
    pub fn set_listing(&mut self, run: i64, listing: Listing, twins: bool) -> Result<(), LedgerError> {
        self.write(|connection| {
            let sql = "UPDATE run SET listing = ?2, twins = ?3 WHERE id = ?1";
            connection.execute(sql, params![run, listing.as_str(), twins])
        })?;
        Ok(())
    }

    /// Ends a run and forgets the oldest ones of its source.
    pub fn end(
        &mut self,
        run: i64,
        state: RunState,
        message: Option<&str>,
        tally: &Tally,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|connection| end(connection, run, state, message, tally, now))
    }

    /// One run.
    pub fn run(&self, id: i64) -> Result<Option<Run>, LedgerError> {
        self.read(|connection| {
            connection.query_row(&format!("SELECT {COLUMNS} FROM run WHERE id = ?1"), [id], run).optional()
        })
    }

    /// The latest runs, newest first; of one source or of all.
    pub fn runs(&self, source: Option<&str>, limit: usize) -> Result<Vec<Run>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM run WHERE ?1 IS NULL OR source = ?1 ORDER BY id DESC LIMIT ?2"
            ))?;
            statement.query_map(params![source, limit as i64], run)?.collect()
        })
    }

    /// The latest run of every source, by its name.
    pub fn latest_runs(&self) -> Result<Vec<Run>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM run WHERE id IN (SELECT max(id) FROM run GROUP BY source) ORDER BY source"
            ))?;
            statement.query_map([], run)?.collect()
        })
    }

    /// How the last run of a source ended.
    pub fn last_run(&self, source: &str) -> Result<Option<LastRun>, LedgerError> {
        let last = self.runs(Some(source), 1)?.pop();
        Ok(last.map(|run| LastRun { started: run.started, ended: run.ended, state: run.state, message: run.message }))
    }

    /// Runs of a source that failed since the last one that did not.
    pub fn failures_in_a_row(&self, source: &str) -> Result<u32, LedgerError> {
        let failed = |run: &&Run| matches!(run.state, RunState::Failed | RunState::Guarded | RunState::Abandoned);
        Ok(self.runs(Some(source), 64)?.iter().take_while(failed).count() as u32)
    }

    /// When a source was last looked at with success.
    pub fn last_success(&self, source: &str) -> Result<Option<Timestamp>, LedgerError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT max(ended) FROM run WHERE source = ?1 AND state IN ('done', 'stopped')",
                    [source],
                    |row| row.get(0),
                )
                .optional()
                .map(Option::flatten)
        })
    }

    /// Keeps what went wrong with a page of a run. Of a great many only the first are kept.
    pub(super) fn put_trouble(
        connection: &rusqlite::Connection,
        run: i64,
        trouble: &Trouble,
    ) -> rusqlite::Result<usize> {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO trouble (run, url, code, message)
                 SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM trouble WHERE run = ?1) < ?5",
            )?
            .execute(params![run, trouble.url, trouble.code, trouble.message, MAX_TROUBLES])
    }

    /// Keeps what went wrong outside of pages: with sitemaps and the like.
    pub fn put_troubles(&mut self, run: i64, troubles: &[Trouble]) -> Result<(), LedgerError> {
        self.write(|connection| {
            for trouble in troubles {
                Self::put_trouble(connection, run, trouble)?;
            }
            Ok(())
        })
    }

    /// Pages of a run that could not be read, by reason and address.
    pub fn troubles(&self, run: i64, limit: usize) -> Result<Vec<Trouble>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT url, code, message FROM trouble WHERE run = ?1 ORDER BY code, url LIMIT ?2")?;
            let rows = statement.query_map(params![run, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                Ok(Trouble { url: row.get(0)?, code: row.get(1)?, message: row.get(2)? })
            })?;
            rows.collect()
        })
    }
}
