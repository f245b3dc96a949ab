//! Incidents that were recorded here, in SQLite beside the index: what no document holds.
//!
//! Every write is one transaction that is on disk before it is answered. Each incident carries the number of the write
//! that changed it last, so that a reader that has seen some takes up only what is new.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cloudops_indexes::model::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::incident::{Attempt, Incident, Status};

/// Name of the file in the data directory.
pub const FILE: &str = "incidents.sqlite";
/// How long a write waits for another one.
const BUSY: Duration = Duration::from_secs(10);
/// Version of the tables, in the file's `user_version`.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS incident (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL,
    changed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS incident_revision ON incident (revision);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('revision', 0), ('incident', 0);
";

/// Why an incident could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is one with this id.
    #[error("there is an incident `{0}` already")]
    Exists(String),
    /// There is none with this id.
    #[error("there is no incident `{0}`")]
    Unknown(String),
    /// It is over.
    #[error("incident `{0}` is resolved already")]
    Resolved(String),
    /// A record cannot be read.
    #[error("the record of incident `{id}` in `{path}` cannot be read: {reason}")]
    Damaged {
        /// Which one.
        id: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is of a newer program.
    #[error("`{path}` is of version {found}, this program reads {VERSION}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// SQLite could not do it.
    #[error("failed to use `{path}`: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The data directory cannot be made.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What is known of an incident's end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// What ended it.
    pub fix: String,
    /// Why it happened.
    pub root_cause: Option<String>,
    /// What kind of cause that is.
    pub cause: Option<String>,
    /// What was tried, beside the fix.
    pub tried: Vec<Attempt>,
    /// What keeps it from happening again.
    pub prevention: Vec<String>,
    /// When.
    pub resolved: Timestamp,
}

/// The file, open for reading and writing.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Connection,
}

/// What became of many incidents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Put {
    /// How many were not there.
    pub new: usize,
    /// Ids that belong to incidents of another origin.
    pub refused: Vec<String>,
}

/// A stored incident and the write that changed it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What happened.
    pub incident: Incident,
    /// Where it came from: `recorded`, `document`, `ops_item`, ...
    pub origin: String,
    /// When it was changed last.
    pub changed: Timestamp,
    /// Number of the write.
    pub revision: i64,
}

impl Store {
    /// Opens the file of a data directory, and makes it if it is not there.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        fs_err::create_dir_all(data_dir)?;
        let path = data_dir.join(FILE);
        let connection = Connection::open(&path).map_err(|source| StoreError::Sqlite { path: path.clone(), source })?;
        let store = Self { path, connection };
        store.run(|connection| {
            connection.busy_timeout(BUSY)?;
            // What was acknowledged is on disk, whatever happens next.
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        })?;
        let found = store.version()?;
        if found < VERSION {
            store.run(|connection| {
                connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))
            })?;
        }
        Ok(store)
    }

    /// Opens the file for reading only; `None` where nothing was recorded.
    pub fn open_existing(data_dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = data_dir.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags);
        let connection = connection.map_err(|source| StoreError::Sqlite { path: path.clone(), source })?;
        let store = Self { path, connection };
        store.run(|connection| connection.busy_timeout(BUSY))?;
        // A file that was just made has no tables for a moment.
        Ok((store.version()? > 0).then_some(store))
    }

    fn version(&self) -> Result<i64, StoreError> {
        let found = self.run(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))?;
        if found > VERSION { Err(StoreError::Newer { path: self.path.clone(), found }) } else { Ok(found) }
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.path.clone(), source }
    }

    /// Adds an incident. One without an id is given the next free `INC-<number>`; `taken` says which ids incidents have that
    /// are not recorded here. Returns it as it is stored.
    pub fn record(
        &mut self,
        mut incident: Incident,
        origin: &str,
        now: Timestamp,
        taken: &dyn Fn(&str) -> bool,
    ) -> Result<Incident, StoreError> {
        let path = self.path.clone();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let failed = |source| StoreError::Sqlite { path: path.clone(), source };
        let transaction = transaction.map_err(failed)?;
        if incident.id.is_empty() {
            loop {
                let number = count(&transaction, "incident").map_err(failed)?;
                incident.id = format!("INC-{number}");
                if !has(&transaction, &incident.id).map_err(failed)? && !taken(&incident.id) {
                    break;
                }
            }
        } else if has(&transaction, &incident.id).map_err(failed)? || taken(&incident.id) {
            return Err(StoreError::Exists(incident.id));
        }
        write(&transaction, &incident, origin, now).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(incident)
    }

    /// Adds incidents or replaces those of the same id and origin, all or none. How an incident ended that was ended here
    /// stays. Those whose id belongs to another origin are left out.
    pub fn put_all(&mut self, incidents: &[Incident], origin: &str, now: Timestamp) -> Result<Put, StoreError> {
        let path = self.path.clone();
        let failed = |source| StoreError::Sqlite { path: path.clone(), source };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut put = Put::default();
        for incident in incidents {
            let stored: Option<(String, String)> = transaction
                .prepare_cached("SELECT record, origin FROM incident WHERE id = ?1")
                .and_then(|mut known| known.query_row([&incident.id], |row| Ok((row.get(0)?, row.get(1)?))).optional())
                .map_err(failed)?;
            match stored {
                None => {
                    put.new += 1;
                    write(&transaction, incident, origin, now).map_err(failed)?;
                }
                Some((_, other)) if other != origin => put.refused.push(incident.id.clone()),
                Some((record, _)) => {
                    let mut incident = incident.clone();
                    let known = parse(&incident.id, &record, &path)?;
                    if incident.status == Status::Open && known.status == Status::Resolved {
                        keep_end(&mut incident, known);
                    }
                    write(&transaction, &incident, origin, now).map_err(failed)?;
                }
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(put)
    }

    /// Ends an incident. `known` is what documents say of it, where it was not recorded here.
    pub fn resolve(
        &mut self,
        id: &str,
        known: Option<&Incident>,
        resolution: Resolution,
        now: Timestamp,
    ) -> Result<Incident, StoreError> {
        let path = self.path.clone();
        let failed = |source| StoreError::Sqlite { path: path.clone(), source };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let stored: Option<(String, String)> = transaction
            .query_row("SELECT record, origin FROM incident WHERE id = ?1", [id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(failed)?;
        let (mut incident, origin) = match (stored, known) {
            (Some((record, origin)), _) => (parse(id, &record, &path)?, origin),
            (None, Some(known)) => (known.clone(), "document".to_owned()),
            (None, None) => return Err(StoreError::Unknown(id.to_owned())),
        };
        if incident.status == Status::Resolved {
            return Err(StoreError::Resolved(id.to_owned()));
        }
        let Resolution { fix, root_cause, cause, tried, prevention, resolved } = resolution;
        incident.status = Status::Resolved;
        incident.resolved = Some(resolved);
        incident.fix = Some(fix);
        incident.root_cause = root_cause.or(incident.root_cause);
        incident.cause = cause.or(incident.cause);
        incident.tried.extend(tried);
        incident.prevention.extend(prevention);
        write(&transaction, &incident, &origin, now).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(incident)
    }

    /// Number of the last write: another one means that there is something new.
    pub fn revision(&self) -> Result<i64, StoreError> {
        self.run(|connection| {
            connection.query_row("SELECT value FROM counter WHERE name = 'revision'", [], |row| row.get(0))
        })
    }

    /// What was changed after a write, in order.
    pub fn since(&self, revision: i64) -> Result<Vec<Stored>, StoreError> {
        let sql = "SELECT id, record, origin, changed, revision FROM incident WHERE revision > ?1 ORDER BY revision";
        let rows = self.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([revision], |row| {
                let (id, record): (String, String) = (row.get(0)?, row.get(1)?);
                Ok((id, record, row.get::<_, String>(2)?, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter()
            .map(|(id, record, origin, changed, revision)| {
                Ok(Stored { incident: parse(&id, &record, &self.path)?, origin, changed, revision })
            })
            .collect()
    }

    /// What SQLite finds wrong with the file. Empty means sound.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        let mut wrong = self.run(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            lines.filter(|line| !matches!(line, Ok(line) if line == "ok")).collect::<rusqlite::Result<Vec<_>>>()
        })?;
        if wrong.is_empty()
            && let Err(error) = self.since(0)
        {
            wrong.push(error.to_string());
        }
        Ok(wrong)
    }
}

/// Gives an incident the end of an earlier version of it.
fn keep_end(incident: &mut Incident, known: Incident) {
    incident.status = known.status;
    incident.resolved = known.resolved;
    incident.fix = known.fix;
    incident.root_cause = known.root_cause.or_else(|| incident.root_cause.take());
    incident.cause = known.cause.or_else(|| incident.cause.take());
    incident.tried = known.tried;
    incident.prevention = known.prevention;
}

/// The next value of a counter.
fn count(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection
        .query_row("UPDATE counter SET value = value + 1 WHERE name = ?1 RETURNING value", [name], |row| row.get(0))
}

fn has(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM incident WHERE id = ?1")?.exists([id])
}

fn write(connection: &Connection, incident: &Incident, origin: &str, now: Timestamp) -> rusqlite::Result<()> {
    let revision = count(connection, "revision")?;
    let record =
        serde_json::to_string(incident).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO incident (id, origin, changed, revision, record) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET origin = ?2, changed = ?3, revision = ?4, record = ?5",
        )?
        .execute(params![incident.id, origin, now, revision, record])?;
    Ok(())
}

fn parse(id: &str, record: &str, path: &Path) -> Result<Incident, StoreError> {
    serde_json::from_str(record).map_err(|error| StoreError::Damaged {
        id: id.to_owned(),
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_id(id: &str) -> Incident {
        Incident { id: id.to_owned(), ..Incident::default() }
    }

    fn nobody(_: &str) -> bool {
        false
    }

    fn titled(title: &str) -> Incident {
        Incident { title: title.to_owned(), ..Incident::default() }
    }

    #[test]
    fn recorded_resolved_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Store::open_existing(dir.path()).unwrap().is_none());
        let mut store = Store::open(dir.path()).unwrap();
        let first = store.record(titled("a"), "recorded", 5, &nobody).unwrap();
        assert_eq!(first.id, "INC-1");
        let named = Incident { id: "INC-2".to_owned(), ..titled("b") };
        store.record(named.clone(), "recorded", 5, &nobody).unwrap();
        assert!(matches!(store.record(named, "recorded", 5, &nobody), Err(StoreError::Exists(_))));
        // A name that is taken is passed over.
        assert_eq!(store.record(titled("c"), "recorded", 5, &nobody).unwrap().id, "INC-3");

        assert!(matches!(store.record(of_id("N"), "recorded", 5, &|id| id == "N"), Err(StoreError::Exists(_))));
        let resolution = Resolution { fix: "turned it off".to_owned(), resolved: 9, ..Resolution::default() };
        let resolved = store.resolve("INC-1", None, resolution.clone(), 9).unwrap();
        assert_eq!((resolved.status, resolved.resolved), (Status::Resolved, Some(9)));
        assert!(matches!(store.resolve("INC-1", None, resolution.clone(), 9), Err(StoreError::Resolved(_))));
        assert!(matches!(store.resolve("X", None, resolution.clone(), 9), Err(StoreError::Unknown(_))));
        let known = Incident { id: "X".to_owned(), ..titled("of a note") };
        store.resolve("X", Some(&known), resolution, 9).unwrap();

        let reader = Store::open_existing(dir.path()).unwrap().unwrap();
        let all = reader.since(0).unwrap();
        let ids: Vec<_> = all.iter().map(|stored| stored.incident.id.as_str()).collect();
        assert_eq!(ids, ["INC-2", "INC-3", "INC-1", "X"]);
        assert_eq!(reader.revision().unwrap(), all.last().unwrap().revision);
        assert_eq!(reader.since(all[2].revision).unwrap().len(), 1);
        assert!(reader.verify().unwrap().is_empty());
    }

    #[test]
    fn many_at_once_replace_and_count() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let of = |id: &str, title: &str| Incident { id: id.to_owned(), ..titled(title) };
        assert_eq!(store.put_all(&[of("a", "1"), of("b", "1")], "tracker", 0).unwrap().new, 2);
        assert_eq!(store.put_all(&[of("b", "2"), of("c", "2")], "tracker", 0).unwrap().new, 1);
        let other = store.put_all(&[of("b", "3"), of("d", "3")], "another", 0).unwrap();
        assert_eq!(other, Put { new: 1, refused: vec!["b".to_owned()] });
        let titles: Vec<_> = store.since(0).unwrap().into_iter().map(|stored| stored.incident.title).collect();
        assert_eq!(titles, ["1", "2", "2", "3"]);
        // What ended it here is not undone by a tracker that does not know of it.
        let resolution = Resolution { fix: "turned it off".to_owned(), resolved: 9, ..Resolution::default() };
        store.resolve("a", None, resolution, 9).unwrap();
        store.put_all(&[of("a", "4")], "tracker", 10).unwrap();
        let last = store.since(0).unwrap().pop().unwrap().incident;
        assert_eq!(
            (last.title.as_str(), last.fix.as_deref(), last.status),
            ("4", Some("turned it off"), Status::Resolved)
        );
    }

    #[test]
    fn a_file_of_a_newer_program_and_a_damaged_record_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.record(titled("a"), "recorded", 0, &nobody).unwrap();
        store.connection.execute("UPDATE incident SET record = '{'", []).unwrap();
        assert!(store.since(0).unwrap_err().to_string().contains("INC-1"));
        assert_eq!(store.verify().unwrap().len(), 1);
        store.connection.execute_batch("PRAGMA user_version = 99").unwrap();
        assert!(matches!(Store::open(dir.path()), Err(StoreError::Newer { found: 99, .. })));
    }
}
