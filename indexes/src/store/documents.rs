//! Documents in SQLite, versioned by generation: a row lives from the generation that added it until the one that
//! removed it, so that readers of one generation never see half of the next.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};

use super::entry::Entry;
use super::{FileStat, IndexError, KnownDocument, StoredDocument};
use crate::model::{Document, Passage, Timestamp};

const FILE: &str = "documents.sqlite";

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS document (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT,
    path TEXT,
    guide TEXT,
    services TEXT NOT NULL,
    kind TEXT NOT NULL,
    tags TEXT NOT NULL,
    updated INTEGER,
    content_hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    ingested INTEGER NOT NULL,
    text_bytes INTEGER NOT NULL,
    simhash INTEGER NOT NULL,
    first_passage INTEGER NOT NULL,
    passages INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS document_id ON document (id);
CREATE INDEX IF NOT EXISTS document_url ON document (url);
CREATE INDEX IF NOT EXISTS document_removed ON document (removed) WHERE removed IS NOT NULL;
CREATE INDEX IF NOT EXISTS document_added ON document (added);
CREATE INDEX IF NOT EXISTS document_kind ON document (kind);
CREATE INDEX IF NOT EXISTS document_passages ON document (first_passage, passages, key, simhash, added, removed);
CREATE TABLE IF NOT EXISTS content (
    key INTEGER PRIMARY KEY,
    text BLOB NOT NULL,
    passages BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS source (
    name TEXT PRIMARY KEY,
    origin TEXT,
    ingested INTEGER NOT NULL
);
";

/// Rows that live in generation `?1`.
const LIVES: &str = "added <= ?1 AND (removed IS NULL OR removed > ?1)";

/// What ranking needs to know of a document without reading it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DocumentEntry {
    pub(crate) key: u64,
    pub(crate) first_passage: u64,
    pub(crate) passages: u32,
    pub(crate) simhash: u64,
}

/// Everything about a document but its text.
#[derive(Debug, Clone)]
pub(crate) struct DocumentHead {
    pub(crate) key: u64,
    pub(crate) document: Document,
    pub(crate) ingested: Timestamp,
}

const HEAD: &str = "key, id, source, title, url, path, guide, services, kind, tags, updated, content_hash, ingested";

fn head(row: &Row<'_>) -> rusqlite::Result<DocumentHead> {
    let lines = |text: &str| text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let kind: String = row.get(8)?;
    let kind = kind.parse().map_err(|error: String| {
        rusqlite::Error::FromSqlConversionFailure(8, rusqlite::types::Type::Text, error.into())
    })?;
    let tags: String = row.get(9)?;
    Ok(DocumentHead {
        key: row.get::<_, i64>(0)? as u64,
        document: Document {
            id: row.get(1)?,
            source: row.get(2)?,
            title: row.get(3)?,
            url: row.get(4)?,
            path: row.get(5)?,
            guide: row.get(6)?,
            services: lines(&row.get::<_, String>(7)?),
            kind,
            tags: lines(&tags),
            updated: row.get(10)?,
            text: String::new(),
            content_hash: row.get(11)?,
        },
        ingested: row.get(12)?,
    })
}

fn damaged(path: &Path, reason: &dyn ToString) -> IndexError {
    IndexError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

/// Decompresses what [`Entry`] compressed.
fn unpack(path: &Path, packed: &[u8], what: &str, key: u64) -> Result<Vec<u8>, IndexError> {
    zstd::decode_all(packed).map_err(|error| damaged(path, &format!("{what} of document {key}: {error}")))
}

/// Reading connections to the document store, as many as there are searches at once.
pub(crate) struct Documents {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Documents {
    pub(crate) fn open(data_dir: &Path) -> Result<Self, IndexError> {
        let documents = Self { path: data_dir.join(FILE), idle: Mutex::new(Vec::new()) };
        documents.with(|_| Ok(()))?;
        Ok(documents)
    }

    fn connect(&self) -> Result<Connection, IndexError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = |name: &Path, flags| -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(name, flags)?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            connection.query_row("SELECT count(*) FROM source", [], |row| row.get::<_, i64>(0))?;
            Ok(connection)
        };
        open(&self.path, flags).or_else(|first| {
            if !matches!(first.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) {
                return Err(damaged(&self.path, &first));
            }
            // Write-ahead logging wants to write beside the file, and this user cannot. Connections live no longer than
            // a generation, and before a generation is published the log is empty, so what it needs is in the file.
            let path = self.path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let uri = PathBuf::from(format!("file:{path}?immutable=1"));
            open(&uri, flags | OpenFlags::SQLITE_OPEN_URI).map_err(|_| damaged(&self.path, &first))
        })
    }

    /// Runs `work` with a connection of its own.
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, IndexError>) -> Result<T, IndexError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = work(&connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }

    /// All documents of a generation, by their first passage.
    pub(crate) fn entries(&self, generation: u64) -> Result<Vec<DocumentEntry>, IndexError> {
        self.with(|connection| entries(connection, generation))
    }

    /// A document's description by its key.
    pub(crate) fn head(&self, key: u64) -> Result<Option<DocumentHead>, IndexError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!("SELECT {HEAD} FROM document WHERE key = ?1"))?;
            Ok(statement.query_row([key as i64], head).optional()?)
        })
    }

    /// A whole document by its key.
    pub(crate) fn stored(&self, key: u64) -> Result<Option<StoredDocument>, IndexError> {
        let Some(head) = self.head(key)? else { return Ok(None) };
        let (text, passages) = self.content(key)?;
        Ok(Some(StoredDocument { document: Document { text, ..head.document }, passages, ingested: head.ingested }))
    }

    /// A document's text and passages by its key.
    pub(crate) fn content(&self, key: u64) -> Result<(String, Vec<Passage>), IndexError> {
        self.with(|connection| content(connection, &self.path, key))
    }

    /// The key of the document with this id or URL that lives in a generation.
    pub(crate) fn find(&self, id_or_url: &str, generation: u64) -> Result<Option<u64>, IndexError> {
        self.with(|connection| {
            for column in ["id", "url"] {
                let sql = format!("SELECT key FROM document WHERE {LIVES} AND {column} = ?2 ORDER BY key LIMIT 1");
                let mut statement = connection.prepare_cached(&sql)?;
                let found = statement.query_row(params![generation as i64, id_or_url], |row| row.get::<_, i64>(0));
                if let Some(key) = found.optional()? {
                    return Ok(Some(key as u64));
                }
            }
            Ok(None)
        })
    }

    /// Sources that were ever looked at: name, origin, and when.
    pub(crate) fn sources(&self) -> Result<Vec<(String, Option<String>, Timestamp)>, IndexError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT name, origin, ingested FROM source")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Runs a query whose first parameter is the generation, row by row. `{LIVES}` in it stands for the rows of it.
    pub(crate) fn each_live(
        &self,
        sql: &str,
        generation: u64,
        each: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), IndexError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&sql.replace("{LIVES}", LIVES))?;
            let mut rows = statement.query([generation as i64])?;
            while let Some(row) = rows.next()? {
                each(row)?;
            }
            Ok(())
        })
    }

    /// SQLite's own check of the file.
    pub(crate) fn integrity(&self) -> Result<Vec<String>, IndexError> {
        self.with(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
    }
}

/// Reads `key, first_passage, passages, simhash`.
fn entry(row: &Row<'_>) -> rusqlite::Result<DocumentEntry> {
    Ok(DocumentEntry {
        key: row.get::<_, i64>(0)? as u64,
        first_passage: row.get::<_, i64>(1)? as u64,
        passages: row.get(2)?,
        simhash: row.get::<_, i64>(3)? as u64,
    })
}

fn entries(connection: &Connection, generation: u64) -> Result<Vec<DocumentEntry>, IndexError> {
    let sql =
        format!("SELECT key, first_passage, passages, simhash FROM document WHERE {LIVES} ORDER BY first_passage");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([generation as i64], entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn content(connection: &Connection, path: &Path, key: u64) -> Result<(String, Vec<Passage>), IndexError> {
    let mut statement = connection.prepare_cached("SELECT text, passages FROM content WHERE key = ?1")?;
    let found: Option<(Vec<u8>, Vec<u8>)> =
        statement.query_row([key as i64], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (text, passages) = found.ok_or_else(|| damaged(path, &format!("document {key} has no text")))?;
    let text = String::from_utf8(unpack(path, &text, "text", key)?).map_err(|error| damaged(path, &error))?;
    let passages = unpack(path, &passages, "passages", key)?;
    let passages: Vec<Passage> = serde_json::from_slice(&passages).map_err(|error| damaged(path, &error))?;
    let fits = |passage: &Passage| text.get(passage.range.clone()).is_some();
    if !passages.iter().all(fits) {
        return Err(damaged(path, &format!("passages of document {key} lie outside its text")));
    }
    Ok((text, passages))
}

/// The writing connection. Rows become visible when the generation they belong to becomes current.
pub(crate) struct DocumentsWriter {
    connection: Connection,
    /// The generation being written.
    generation: u64,
    next_passage: u64,
    /// Rows since the last transaction.
    pending: usize,
}

/// Rows in one transaction: bounds the write-ahead log, and what is redone by nobody since nothing is visible yet.
const TRANSACTION_ROWS: usize = 2000;

impl DocumentsWriter {
    /// Opens the store for the generation after `current`, and undoes what a writer that died has left.
    /// `next_passage` is the first id that was never given, as far as the current generation knows.
    pub(crate) fn open(data_dir: &Path, current: u64, next_passage: u64) -> Result<Self, IndexError> {
        let path = data_dir.join(FILE);
        let connection = Connection::open(&path)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What a commit has acknowledged must survive a power cut too.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        let next: i64 =
            connection
                .query_row("SELECT coalesce(max(first_passage + passages), 0) FROM document", [], |row| row.get(0))?;
        let mut writer =
            Self { connection, generation: current + 1, next_passage: next_passage.max(next as u64), pending: 0 };
        writer.undo()?;
        Ok(writer)
    }

    /// Takes back everything that belongs to the generation being written.
    ///
    /// In small transactions, each of which empties the log: on a full disk there is no room for a large one.
    pub(crate) fn undo(&mut self) -> Result<(), IndexError> {
        const ROWS: usize = 200;
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        let current = self.generation as i64 - 1;
        loop {
            let added: Vec<i64> = {
                let sql = format!("SELECT key FROM document WHERE added > ?1 LIMIT {ROWS}");
                let mut statement = self.connection.prepare_cached(&sql)?;
                statement.query_map([current], |row| row.get(0))?.collect::<Result<_, _>>()?
            };
            let removed = self.connection.execute(
                &format!(
                    "UPDATE document SET removed = NULL WHERE key IN
                        (SELECT key FROM document WHERE removed > ?1 LIMIT {ROWS})"
                ),
                [current],
            )?;
            if added.is_empty() && removed == 0 {
                return Ok(());
            }
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            for key in added {
                self.connection.prepare_cached("DELETE FROM content WHERE key = ?1")?.execute([key])?;
                self.connection.prepare_cached("DELETE FROM document WHERE key = ?1")?.execute([key])?;
            }
            self.connection.execute_batch("COMMIT")?;
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
    }

    /// The first passage id that was never given.
    pub(crate) fn next_passage(&self) -> u64 {
        self.next_passage
    }

    fn written(&mut self) -> Result<(), IndexError> {
        self.pending += 1;
        if self.pending >= TRANSACTION_ROWS {
            self.connection.execute_batch("COMMIT")?;
            self.pending = 0;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), IndexError> {
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    /// Makes everything durable, though not yet visible.
    pub(crate) fn flush(&mut self) -> Result<(), IndexError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT")?;
        }
        self.pending = 0;
        // Readers that cannot write beside the file see no log. If others hold it open, this does what it can.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// The documents of a source, as the generation being written has them.
    pub(crate) fn known(&self, source: &str) -> Result<HashMap<String, KnownDocument>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, content_hash, size, modified_ns FROM document WHERE source = ?1 AND removed IS NULL",
        )?;
        let rows = statement.query_map([source], |row| {
            let stat = FileStat { size: row.get::<_, i64>(2)? as u64, modified_ns: row.get(3)? };
            Ok((row.get(0)?, KnownDocument { content_hash: row.get(1)?, stat }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds a document; the one with the same id must have been removed. Returns its key and first passage.
    pub(crate) fn add(&mut self, entry: &Entry, now: Timestamp) -> Result<(u64, u64), IndexError> {
        self.begin()?;
        let document = &entry.document;
        let first = self.next_passage;
        self.connection
            .prepare_cached(
                "INSERT INTO document (id, added, source, title, url, path, guide, services, kind, tags, updated,
                    content_hash, size, modified_ns, ingested, text_bytes, simhash, first_passage, passages)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            )?
            .execute(params![
                document.id,
                self.generation as i64,
                document.source,
                document.title,
                document.url,
                document.path,
                document.guide,
                document.services.join("\n"),
                document.kind.as_str(),
                document.tags.join("\n"),
                document.updated,
                document.content_hash,
                entry.stat.size as i64,
                entry.stat.modified_ns,
                now,
                document.text.len() as i64,
                entry.simhash as i64,
                first as i64,
                entry.passages.len() as i64,
            ])?;
        let key = self.connection.last_insert_rowid();
        self.connection
            .prepare_cached("INSERT INTO content (key, text, passages) VALUES (?1, ?2, ?3)")?
            .execute(params![key, entry.packed_text, entry.packed_passages])?;
        self.next_passage += entry.passages.len() as u64;
        self.written()?;
        Ok((key as u64, first))
    }

    /// Ends the life of the document with this id. Returns its key, if there is one.
    pub(crate) fn remove(&mut self, id: &str) -> Result<Option<u64>, IndexError> {
        let found: Option<(i64, i64)> = self
            .connection
            .prepare_cached("SELECT key, added FROM document WHERE id = ?1 AND removed IS NULL")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((key, added)) = found else { return Ok(None) };
        self.begin()?;
        if added == self.generation as i64 {
            self.connection.prepare_cached("DELETE FROM document WHERE key = ?1")?.execute([key])?;
            self.connection.prepare_cached("DELETE FROM content WHERE key = ?1")?.execute([key])?;
        } else {
            self.connection
                .prepare_cached("UPDATE document SET removed = ?2 WHERE key = ?1")?
                .execute([key, self.generation as i64])?;
        }
        self.written()?;
        Ok(Some(key as u64))
    }

    /// Records what the file system says of an unchanged document. Visible at once: it changes no answer.
    pub(crate) fn touch(&mut self, id: &str, stat: FileStat) -> Result<(), IndexError> {
        self.begin()?;
        self.connection
            .prepare_cached("UPDATE document SET size = ?2, modified_ns = ?3 WHERE id = ?1 AND removed IS NULL")?
            .execute(params![id, stat.size as i64, stat.modified_ns])?;
        self.written()
    }

    /// Records that a source was looked at.
    pub(crate) fn source(&mut self, name: &str, origin: Option<&str>, now: Timestamp) -> Result<(), IndexError> {
        self.begin()?;
        self.connection.execute(
            "INSERT INTO source (name, origin, ingested) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, ingested = excluded.ingested",
            params![name, origin, now],
        )?;
        Ok(())
    }

    /// All documents of the generation being written, by their first passage.
    pub(crate) fn entries(&self) -> Result<Vec<DocumentEntry>, IndexError> {
        entries(&self.connection, self.generation)
    }

    /// Documents that the generation being written adds, by their first passage.
    pub(crate) fn added(&self) -> Result<Vec<DocumentEntry>, IndexError> {
        let generation = self.generation as i64;
        let mut statement = self.connection.prepare_cached(
            "SELECT key, first_passage, passages, simhash FROM document WHERE added = ?1 ORDER BY first_passage",
        )?;
        let rows = statement.query_map([generation], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets rows that neither the current generation nor the one before needs.
    pub(crate) fn collect_garbage(&mut self) -> Result<(), IndexError> {
        let before = self.generation as i64 - 1;
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        self.connection
            .execute("DELETE FROM content WHERE key IN (SELECT key FROM document WHERE removed <= ?1)", [before])?;
        self.connection.execute("DELETE FROM document WHERE removed <= ?1", [before])?;
        self.connection.execute(
            "DELETE FROM source WHERE name NOT IN (SELECT DISTINCT source FROM document)
             AND origin IS NULL",
            [],
        )?;
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }
}
