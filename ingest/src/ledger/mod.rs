//! What ingestion remembers between runs: one SQLite file beside the index.
//!
//! ```text
//! run      every ingestion of a source: when, how it ended, what it came to        (runs)
//! page     every address of a site: validators, last good version, what went wrong (pages: frontier and memory in one)
//! pending  documents that were read and are not in the index yet                   (pending)
//! change   what became different in the index, page by page                        (changes)
//! trouble  pages of a run that could not be read, and why                          (runs)
//! ```
//!
//! Every step of a crawl is one transaction here, so that a run that was killed goes on where it was: a page is queued until
//! what became of it is written, and a document is pending until the index has published it. Putting a document into the
//! index twice changes nothing, which is what makes the two stores agree after any crash.

mod changes;
mod page;
mod pages;
mod pending;
mod runs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use changes::{Change, ChangeFilter, What};
pub use page::{Discovered, FoundBy, Known, NewDocument, Outcome, Queued, Settled, Suspicion, Tally, Validators};
pub use pages::GONE_SECONDS;
pub use pending::Pending;
pub use runs::{Begin, LastRun, Listing, Run, RunState, Trouble};

const FILE: &str = "ingest.sqlite";
/// Raised when the tables change; a file of a later version is refused, one of an earlier version is brought up to date.
const VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    state TEXT NOT NULL,
    resumed INTEGER NOT NULL DEFAULT 0,
    listing TEXT NOT NULL DEFAULT 'unfinished',
    retried INTEGER NOT NULL DEFAULT 0,
    twins INTEGER NOT NULL DEFAULT 0,
    message TEXT,
    requests INTEGER NOT NULL DEFAULT 0,
    transferred INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    tally TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS run_source ON run (source, id);
CREATE TABLE IF NOT EXISTS page (
    key INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    url TEXT NOT NULL,
    run INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    found_by TEXT NOT NULL,
    guide TEXT,
    listed INTEGER,
    outcome TEXT,
    document TEXT,
    etag TEXT,
    last_modified TEXT,
    read_as TEXT,
    body_hash BLOB,
    content_hash TEXT,
    text_hash INTEGER,
    checked INTEGER,
    changed INTEGER,
    gone_since INTEGER,
    moved_to TEXT,
    UNIQUE (source, url)
);
CREATE INDEX IF NOT EXISTS page_queue ON page (source, run, queued, checked);
CREATE INDEX IF NOT EXISTS page_document ON page (source, document) WHERE document IS NOT NULL;
CREATE TABLE IF NOT EXISTS pending (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    url TEXT NOT NULL,
    content_hash TEXT,
    prepared BLOB,
    UNIQUE (source, document)
);
CREATE TABLE IF NOT EXISTS change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER,
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    url TEXT,
    title TEXT NOT NULL,
    guide TEXT,
    services TEXT NOT NULL,
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    first_run INTEGER NOT NULL,
    lines_added INTEGER NOT NULL,
    lines_removed INTEGER NOT NULL,
    sections TEXT NOT NULL,
    excerpt TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS change_at ON change (at);
CREATE TABLE IF NOT EXISTS trouble (
    run INTEGER NOT NULL,
    url TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (run, url)
) WITHOUT ROWID;
";

/// The ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// SQLite refused.
    #[error("failed to use `{}`", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A later version of this program has written it.
    #[error("`{}` was written by a later version of this program (layout {found}, this one knows {VERSION})", .path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
    },
    /// Something in it is not what was written.
    #[error("`{}` is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The data directory cannot be made.
    #[error("failed to create the data directory")]
    Io(#[from] std::io::Error),
}

impl LedgerError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Database { path, source } if is_damage(source) => Some(moving_away(path)),
            Self::Damaged { path, .. } => Some(moving_away(path)),
            Self::TooNew { .. } => Some("Use the version that wrote it, or another data directory.".to_owned()),
            Self::Database { source, .. } if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                Some("Free some space on the disk and run the same command again: it goes on where it was.".to_owned())
            }
            Self::Database { .. } | Self::Io(_) => None,
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase))
}

fn moving_away(path: &Path) -> String {
    format!(
        "Move `{}` away and ingest again: the index is not affected, pages are only fetched and compared anew.",
        path.display()
    )
}

/// An open ledger. Several processes may have it open; transactions are short.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

impl Ledger {
    /// Opens the ledger of a data directory, creating both if need be.
    pub fn open(data_dir: &Path) -> Result<Self, LedgerError> {
        fs_err::create_dir_all(data_dir)?;
        let path = data_dir.join(FILE);
        let opened = Connection::open(&path).and_then(|connection| {
            connection.busy_timeout(Duration::from_secs(30))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            // A killed process loses nothing; a power cut may lose the last seconds, whose pages are then fetched again.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            Ok(connection)
        });
        let connection = opened.map_err(|source| LedgerError::Database { path: path.clone(), source })?;
        let ledger = Self { connection, path };
        let found: i64 = ledger.read(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))?;
        if found > VERSION {
            return Err(LedgerError::TooNew { path: ledger.path, found });
        }
        if found < VERSION {
            ledger.read(|connection| {
                connection.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"))
            })?;
        }
        Ok(ledger)
    }

    /// Opens the ledger of a data directory for reading; `None` if nothing was ever remembered there.
    pub fn open_existing(data_dir: &Path) -> Result<Option<Self>, LedgerError> {
        let path = data_dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&path, flags).and_then(|connection| {
            connection.busy_timeout(Duration::from_secs(10))?;
            let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            Ok((connection, found))
        });
        let (connection, found) = opened.map_err(|source| LedgerError::Database { path: path.clone(), source })?;
        match found {
            // It is being made by another process this very moment.
            0 => Ok(None),
            VERSION => Ok(Some(Self { connection, path })),
            found => Err(LedgerError::TooNew { path, found }),
        }
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        work(&self.connection).map_err(|source| LedgerError::Database { path: self.path.clone(), source })
    }

    /// Runs `work` in one transaction.
    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        let path = &self.path;
        let fail = |source| LedgerError::Database { path: path.clone(), source };
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(fail)?;
        let value = work(&transaction).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(value)
    }

    fn damaged(&self, reason: impl Into<String>) -> LedgerError {
        LedgerError::Damaged { path: self.path.clone(), reason: reason.into() }
    }

    /// Forgets everything about a source: its pages, runs, changes and what is pending.
    pub fn forget(&mut self, source: &str) -> Result<(), LedgerError> {
        self.write(|connection| {
            connection.execute("DELETE FROM trouble WHERE run IN (SELECT id FROM run WHERE source = ?1)", [source])?;
            for table in ["page", "pending", "change", "run"] {
                connection.execute(&format!("DELETE FROM {table} WHERE source = ?1"), [source])?;
            }
            Ok(())
        })
    }

    /// SQLite's own check of the file: what is wrong with it, nothing if it is sound.
    pub fn integrity(&self) -> Result<Vec<String>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
    }
}

#[cfg(test)]
mod tests;
