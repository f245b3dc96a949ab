//! Documents on their way into the index.

use cloudops_indexes::model::{Document, Passage, Timestamp};
use rusqlite::params;

use super::changes::{Change, insert};
use super::pages::tally;
use super::runs::{RunState, end};
use super::{Ledger, LedgerError};
use crate::source::Prepared;

/// zstd level: what is packed is unpacked within minutes.
const LEVEL: i32 = 1;

/// A document that the index does not have yet, or one that it still has and should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its row; rising, and not used again.
    pub sequence: i64,
    /// The run that read it.
    pub run: i64,
    /// Id of the document.
    pub document: String,
    /// Address of its page.
    pub url: String,
    /// The document; `None` if it is to be removed.
    pub prepared: Option<Prepared>,
}

impl Pending {
    /// Packs a document with its passages for [`super::NewDocument`].
    ///
    /// # Panics
    /// If there is no memory left to compress into.
    pub fn pack(prepared: &Prepared) -> Vec<u8> {
        let json = serde_json::to_vec(&(&prepared.document, &prepared.passages))
            .expect("documents have no maps with keys that are not strings");
        zstd::bulk::compress(&json, LEVEL).expect("compressing into memory does not fail")
    }

    fn unpack(packed: &[u8]) -> Result<Prepared, String> {
        let json = zstd::decode_all(packed).map_err(|error| error.to_string())?;
        let (document, passages): (Document, Vec<Passage>) =
            serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        Ok(Prepared { document, passages, masked: Vec::new() })
    }
}

impl Ledger {
    /// The next documents of a source that the index does not have yet, in the order in which they were read.
    pub fn pending(&self, source: &str, after: i64, limit: usize) -> Result<Vec<Pending>, LedgerError> {
        type Row = (i64, i64, String, String, Option<Vec<u8>>);
        let rows: Vec<Row> = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT sequence, run, document, url, prepared FROM pending
                 WHERE source = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
            )?;
            let rows = statement.query_map(params![source, after, limit as i64], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
            rows.collect()
        })?;
        rows.into_iter()
            .map(|(sequence, run, document, url, packed)| {
                let prepared = packed.map(|packed| Pending::unpack(&packed)).transpose();
                let prepared =
                    prepared.map_err(|reason| self.damaged(format!("pending document `{document}`: {reason}")))?;
                Ok(Pending { sequence, run, document, url, prepared })
            })
            .collect()
    }

    /// Documents of a source that the index does not have yet.
    pub fn pending_count(&self, source: &str) -> Result<u64, LedgerError> {
        self.read(|connection| {
            connection
                .query_row("SELECT count(*) FROM pending WHERE source = ?1", [source], |row| row.get::<_, i64>(0))
                .map(|count| count as u64)
        })
    }

    /// Notes that the index has published what was pending, and what that changed. A row that was replaced meanwhile stays.
    pub fn applied(&mut self, sequences: &[i64], changes: &[Change]) -> Result<(), LedgerError> {
        self.write(|connection| {
            let mut statement = connection.prepare_cached("DELETE FROM pending WHERE sequence = ?1")?;
            for sequence in sequences {
                statement.execute([sequence])?;
            }
            insert(connection, changes)
        })
    }

    /// Ends a run whose site is not believed: what it has read and not published is thrown away, so that the index keeps its
    /// version of every page, and those pages are read again next time. All at once: a run that was judged is not judged
    /// again.
    pub fn end_guarded(&mut self, source: &str, run: i64, message: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|connection| {
            // A page that was added has no version in the index: it is forgotten. One that has changed keeps its document.
            connection.execute(
                "UPDATE page SET document = CASE outcome WHEN 'added' THEN NULL ELSE document END,
                        content_hash = CASE outcome WHEN 'added' THEN NULL ELSE '' END,
                        etag = NULL, last_modified = NULL, body_hash = NULL, outcome = 'refused:held_back'
                 WHERE source = ?1 AND run = ?2 AND outcome IN ('added', 'changed')
                   AND document IN (SELECT document FROM pending WHERE source = ?1 AND run = ?2)",
                params![source, run],
            )?;
            connection.execute("DELETE FROM pending WHERE source = ?1 AND run = ?2", params![source, run])?;
            let tally = tally(connection, source, run)?;
            end(connection, run, RunState::Guarded, Some(message), &tally, now)
        })
    }
}
