//! Vectors that were made once and are kept by the content they were made of, so that nothing is embedded twice: not
//! after a crash, not when a page changes around a paragraph, not when the index is made anew.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use super::IndexError;
use crate::embed::{EmbedderId, PassageText};

const FILE: &str = "embeddings.sqlite";

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS model (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (name, version)
);
CREATE TABLE IF NOT EXISTS vector (
    model INTEGER NOT NULL,
    content BLOB NOT NULL,
    scale REAL NOT NULL,
    components BLOB NOT NULL,
    PRIMARY KEY (model, content)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wanted (
    passage INTEGER PRIMARY KEY,
    times INTEGER NOT NULL
);
";

/// Rows of `wanted` that are kept: more would be a log, not a hint.
const MOST_WANTED: usize = 20_000;

/// What a text is known by: the first half of the BLAKE3 of all its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ContentHash([u8; 16]);

impl ContentHash {
    pub(crate) fn of(text: &PassageText<'_>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [text.title, text.headings, text.body] {
            // Lengths first: no two different texts may look the same one behind the other.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(hash)
    }
}

/// The kept vectors of one embedder in one data directory.
pub(crate) struct Embeddings {
    connection: Connection,
    model: i64,
    dimensions: usize,
}

impl Embeddings {
    /// Opens them, and makes the file if there is none.
    pub(crate) fn open(data_dir: &Path, embedder: &EmbedderId) -> Result<Self, IndexError> {
        let connection = connect(data_dir)?;
        connection.execute(
            "INSERT OR IGNORE INTO model (name, version) VALUES (?1, ?2)",
            params![embedder.name, embedder.version],
        )?;
        let model = connection.query_row(
            "SELECT id FROM model WHERE name = ?1 AND version = ?2",
            params![embedder.name, embedder.version],
            |row| row.get(0),
        )?;
        Ok(Self { connection, model, dimensions: embedder.dimensions })
    }

    /// Opens them if anything was ever kept here.
    pub(crate) fn open_existing(data_dir: &Path, embedder: &EmbedderId) -> Result<Option<Self>, IndexError> {
        if data_dir.join(FILE).exists() { Self::open(data_dir, embedder).map(Some) } else { Ok(None) }
    }

    /// The vector of a content, if it was ever made.
    pub(crate) fn get(&self, content: ContentHash) -> Result<Option<Vec<f32>>, IndexError> {
        let mut statement =
            self.connection.prepare_cached("SELECT scale, components FROM vector WHERE model = ?1 AND content = ?2")?;
        let found: Option<(f32, Vec<u8>)> =
            statement.query_row(params![self.model, content.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        // One of another length was cut short: as good as none.
        Ok(found
            .filter(|(_, bytes)| bytes.len() == self.dimensions)
            .map(|(scale, bytes)| bytes.into_iter().map(|byte| f32::from(byte as i8) * scale).collect()))
    }

    /// Keeps vectors, durably enough to survive the death of the process.
    pub(crate) fn keep<'a>(
        &mut self,
        vectors: impl Iterator<Item = (ContentHash, &'a [f32])>,
    ) -> Result<(), IndexError> {
        let transaction = self.connection.transaction()?;
        {
            let mut statement = transaction.prepare_cached(
                "INSERT OR REPLACE INTO vector (model, content, scale, components) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (content, vector) in vectors {
                // A scale of its own for each: a vector may end up in any set.
                let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
                let scale = largest / 127.0;
                let bytes: Vec<u8> = vector
                    .iter()
                    .map(|x| if scale > 0.0 { (x / scale).round().clamp(-127.0, 127.0) as i8 as u8 } else { 0 })
                    .collect();
                statement.execute(params![self.model, content.0, scale, bytes])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Vectors that are kept.
    pub(crate) fn len(&self) -> Result<u64, IndexError> {
        let count: i64 =
            self.connection
                .query_row("SELECT count(*) FROM vector WHERE model = ?1", [self.model], |row| row.get(0))?;
        Ok(count as u64)
    }

    /// Forgets what is in no document any more, and what other models made.
    pub(crate) fn retain(&mut self, contents: &[ContentHash]) -> Result<(), IndexError> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch("CREATE TEMP TABLE live (content BLOB PRIMARY KEY) WITHOUT ROWID")?;
        {
            let mut statement = transaction.prepare_cached("INSERT OR IGNORE INTO live (content) VALUES (?1)")?;
            for content in contents {
                statement.execute([content.0])?;
            }
        }
        transaction.execute(
            "DELETE FROM vector WHERE model <> ?1 OR content NOT IN (SELECT content FROM live)",
            [self.model],
        )?;
        transaction.execute("DELETE FROM model WHERE id <> ?1", [self.model])?;
        transaction.execute_batch("DROP TABLE live")?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes the list of passages that searches would have liked to have vectors of, most wanted first.
    pub(crate) fn take_wanted(&mut self) -> Result<Vec<u64>, IndexError> {
        // One that reads before it writes is refused at once, not after a wait, if somebody else writes in between.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let wanted = {
            let mut statement = transaction.prepare("SELECT passage FROM wanted ORDER BY times DESC, passage")?;
            let rows = statement.query_map([], |row| row.get::<_, i64>(0))?;
            rows.map(|passage| passage.map(|passage| passage as u64)).collect::<Result<Vec<_>, _>>()?
        };
        transaction.execute("DELETE FROM wanted", [])?;
        transaction.commit()?;
        Ok(wanted)
    }
}

/// Notes that a search would have liked to have vectors of these passages. Where nothing was ever embedded, nothing is
/// noted.
pub(crate) fn want(data_dir: &Path, passages: &[u64]) -> Result<(), IndexError> {
    if passages.is_empty() || !data_dir.join(FILE).exists() {
        return Ok(());
    }
    let mut connection = connect(data_dir)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: usize = transaction.query_row("SELECT count(*) FROM wanted", [], |row| row.get::<_, i64>(0))? as usize;
    if known < MOST_WANTED {
        let mut statement = transaction.prepare(
            "INSERT INTO wanted (passage, times) VALUES (?1, 1)
             ON CONFLICT (passage) DO UPDATE SET times = times + 1",
        )?;
        for passage in passages {
            statement.execute([*passage as i64])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Opens the file, and makes it anew if it is no database any more.
fn connect(data_dir: &Path) -> Result<Connection, IndexError> {
    let is_damaged = |error: &rusqlite::Error| {
        matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
    };
    match try_connect(data_dir) {
        Err(error) if is_damaged(&error) => {
            let path = data_dir.join(FILE);
            tracing::warn!(%error, path = %path.display(), "kept vectors cannot be read: put aside, and made again");
            for ending in ["", "-wal", "-shm"] {
                let part = data_dir.join(format!("{FILE}{ending}"));
                match fs_err::rename(&part, data_dir.join(format!("{FILE}{ending}.damaged"))) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
            Ok(try_connect(data_dir)?)
        }
        connection => Ok(connection?),
    }
}

fn try_connect(data_dir: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(data_dir.join(FILE))?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // All of it can be made again; what a power cut takes is a few seconds of work.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn id(version: &str) -> EmbedderId {
        EmbedderId { name: "m".into(), version: version.into(), dimensions: 3 }
    }

    fn hash(body: &str) -> ContentHash {
        ContentHash::of(&PassageText { title: "t", headings: "", body })
    }

    #[test]
    fn vectors_come_back_nearly_as_they_were() {
        let dir = TempDir::new().unwrap();
        let mut kept = Embeddings::open(dir.path(), &id("1")).unwrap();
        kept.keep([(hash("a"), &[0.6f32, -0.8, 0.0][..]), (hash("zero"), &[0.0, 0.0, 0.0])].into_iter()).unwrap();
        let vector = kept.get(hash("a")).unwrap().unwrap();
        for (x, y) in vector.iter().zip([0.6, -0.8, 0.0]) {
            assert!((x - y).abs() < 0.01, "{vector:?}");
        }
        assert_eq!(kept.get(hash("zero")).unwrap(), Some(vec![0.0; 3]));
        assert_eq!(kept.get(hash("b")).unwrap(), None);
        let other = Embeddings::open(dir.path(), &id("2")).unwrap();
        assert_eq!(other.get(hash("a")).unwrap(), None, "another version made none");
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let dir = TempDir::new().unwrap();
        let vector = &[1.0f32, 0.0, 0.0][..];
        let mut old = Embeddings::open(dir.path(), &id("1")).unwrap();
        old.keep([(hash("a"), vector)].into_iter()).unwrap();
        let mut kept = Embeddings::open(dir.path(), &id("2")).unwrap();
        kept.keep([(hash("a"), vector), (hash("b"), vector)].into_iter()).unwrap();
        kept.retain(&[hash("b"), hash("c"), hash("b")]).unwrap();
        assert_eq!((kept.len().unwrap(), kept.get(hash("a")).unwrap()), (1, None));
        assert!(kept.get(hash("b")).unwrap().is_some());
        assert_eq!(Embeddings::open(dir.path(), &id("1")).unwrap().len().unwrap(), 0);
    }

    #[test]
    fn parts_cannot_be_confused() {
        let of = |title, headings, body| ContentHash::of(&PassageText { title, headings, body });
        assert_ne!(of("ab", "", "c"), of("a", "b", "c"));
        assert_ne!(of("", "a", ""), of("", "", "a"));
    }

    #[test]
    fn the_most_wanted_come_first_and_once() {
        let dir = TempDir::new().unwrap();
        want(dir.path(), &[1, 2]).unwrap();
        assert!(!dir.path().join(FILE).exists(), "nothing is being embedded here");
        let mut kept = Embeddings::open(dir.path(), &id("1")).unwrap();
        want(dir.path(), &[7, 9]).unwrap();
        want(dir.path(), &[9]).unwrap();
        assert_eq!(kept.take_wanted().unwrap(), [9, 7]);
        assert!(kept.take_wanted().unwrap().is_empty());
    }
}
