//! Pages: the frontier of a crawl, and what is remembered of every address, in one table.
//!
//! A page belongs to the run that found it last. It is queued until what became of it is written in the same transaction as
//! the links that were found on it and the document that was made of it, so no instant exists at which a page is lost.

use std::collections::{HashMap, HashSet};

use cloudops_indexes::model::Timestamp;
use rusqlite::{Connection, params};

use super::page::{Discovered, FoundBy, Known, NewDocument, Outcome, Queued, Settled, Suspicion, Tally, Validators};
use super::{Ledger, LedgerError};

/// A page that a site still lists is removed when it has been missing for this long, in seconds.
pub const GONE_SECONDS: i64 = 24 * 3600;

const IDLE: i64 = 0;
const QUEUED: i64 = 1;
const TAKEN: i64 = 2;

impl Ledger {
    /// Adds pages to a run's queue. Pages that the run has already found are left as they are. Says how many are new to it.
    pub fn discover(&mut self, source: &str, run: i64, pages: &[Discovered]) -> Result<u64, LedgerError> {
        self.write(|connection| discover(connection, source, run, pages))
    }

    /// Takes the next pages from a run's queue: those never looked at first, then those looked at longest ago.
    ///
    /// `read_as` says how pages are read now: what was read in another way is fetched without validators.
    pub fn take(&mut self, source: &str, run: i64, limit: usize, read_as: &str) -> Result<Vec<Queued>, LedgerError> {
        self.write(|connection| {
            let pages: Vec<Queued> = {
                let mut statement = connection.prepare_cached(
                    "SELECT key, url, depth, found_by, guide, document, content_hash, etag, last_modified, body_hash,
                            gone_since, read_as IS ?4, listed, checked
                     FROM page WHERE source = ?1 AND run = ?2 AND queued = 1 ORDER BY checked LIMIT ?3",
                )?;
                let rows = statement.query_map(params![source, run, limit as i64, read_as], |row| {
                    let same_way: bool = row.get(11)?;
                    let document: Option<String> = row.get(5)?;
                    let content_hash: Option<String> = row.get(6)?;
                    let known = document.zip(content_hash).map(|(document, content_hash)| {
                        Ok::<_, rusqlite::Error>(Known {
                            document,
                            content_hash,
                            validators: if same_way {
                                Validators { etag: row.get(7)?, last_modified: row.get(8)? }
                            } else {
                                Validators::default()
                            },
                            body_hash: if same_way { row.get(9)? } else { None },
                        })
                    });
                    let found_by: String = row.get(3)?;
                    Ok(Queued {
                        key: row.get(0)?,
                        url: row.get(1)?,
                        depth: row.get(2)?,
                        found_by: FoundBy::parse(&found_by),
                        guide: row.get(4)?,
                        known: known.transpose()?,
                        gone_since: row.get(10)?,
                        listed: row.get(12)?,
                        checked: row.get(13)?,
                    })
                })?;
                rows.collect::<Result<_, _>>()?
            };
            let mut statement = connection.prepare_cached("UPDATE page SET queued = ?2 WHERE key = ?1")?;
            for page in &pages {
                statement.execute([page.key, TAKEN])?;
            }
            Ok(pages)
        })
    }

    /// Puts pages back that were taken by a process that is gone. Belongs at the beginning of a run that is taken up again.
    pub fn untake(&mut self, source: &str, run: i64) -> Result<(), LedgerError> {
        self.write(|connection| {
            connection.execute(
                "UPDATE page SET queued = ?3 WHERE source = ?1 AND run = ?2 AND queued = ?4",
                params![source, run, QUEUED, TAKEN],
            )
        })?;
        Ok(())
    }

    /// Writes what became of pages, what they lead to and the documents that were made of them, in one transaction.
    /// Says how many pages were found that are new to the run.
    pub fn settle(
        &mut self,
        source: &str,
        run: i64,
        read_as: &str,
        settled: &[Settled],
        now: Timestamp,
    ) -> Result<u64, LedgerError> {
        self.write(|connection| {
            let mut found = 0;
            for page in settled {
                settle(connection, source, run, read_as, page, now)?;
                found += discover(connection, source, run, &page.discovered)?;
            }
            Ok(found)
        })
    }

    /// Queues pages that failed for a passing reason once more. Says how many there are.
    pub fn queue_retries(&mut self, source: &str, run: i64) -> Result<u64, LedgerError> {
        self.write(|connection| {
            connection.execute("UPDATE run SET retried = 1 WHERE id = ?1", [run])?;
            let again = connection.execute(
                "UPDATE page SET queued = ?3, outcome = NULL WHERE source = ?1 AND run = ?2 AND outcome LIKE 'retry:%'",
                params![source, run, QUEUED],
            )?;
            Ok(again as u64)
        })
    }

    /// Queues pages that nothing led to in this run and that have a document, or may yet have one: a page that has not changed
    /// does not say again what it links to. Forgets all others. Belongs after everything else has been fetched. Says how many
    /// there are.
    pub fn queue_unlisted(&mut self, source: &str, run: i64) -> Result<u64, LedgerError> {
        self.write(|connection| {
            let unlisted = connection.execute(
                "UPDATE page SET run = ?2, queued = ?3, outcome = NULL, found_by = 'unlisted'
                 WHERE source = ?1 AND run < ?2 AND (document IS NOT NULL OR outcome IS NULL OR outcome LIKE 'retry:%'
                     OR outcome = 'refused:held_back' OR (outcome LIKE 'failed:%' AND outcome <> 'failed:gone'))",
                params![source, run, QUEUED],
            )?;
            connection.execute("DELETE FROM page WHERE source = ?1 AND run < ?2", params![source, run])?;
            Ok(unlisted as u64)
        })
    }

    /// Removes the documents of pages that are gone for certain, or excluded by now. Belongs at the end of a run, once the site as a whole has
    /// been found to behave. Says how many there are.
    pub fn remove_gone(&mut self, source: &str, run: i64) -> Result<u64, LedgerError> {
        self.write(|connection| {
            let gone: Vec<(i64, String, String)> = {
                let mut statement = connection.prepare_cached(
                    "SELECT key, url, document FROM page
                     WHERE source = ?1 AND run = ?2 AND outcome IN ('gone:confirmed', 'unwanted:excluded') AND document IS NOT NULL",
                )?;
                let rows =
                    statement.query_map(params![source, run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                rows.collect::<Result<_, _>>()?
            };
            for (key, url, document) in &gone {
                remove(connection, source, run, *key, url, document)?;
            }
            Ok(gone.len() as u64)
        })
    }

    /// Removes the documents of addresses that have moved, where the address that stands for them has a document now.
    /// Belongs at the end of a run. Says how many there are.
    pub fn remove_moved(&mut self, source: &str, run: i64) -> Result<u64, LedgerError> {
        self.write(|connection| {
            let moved: Vec<(i64, String, String)> = {
                let mut statement = connection.prepare_cached(
                    "SELECT page.key, page.url, page.document FROM page JOIN page AS target
                     ON target.source = page.source AND target.url = page.moved_to AND target.document IS NOT NULL
                     AND target.run = ?2 AND target.outcome IN ('added', 'changed', 'unchanged')
                     WHERE page.source = ?1 AND page.run = ?2 AND page.outcome = 'moved' AND page.document IS NOT NULL
                       AND target.document <> page.document",
                )?;
                let rows =
                    statement.query_map(params![source, run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                rows.collect::<Result<_, _>>()?
            };
            for (key, url, document) in &moved {
                remove(connection, source, run, *key, url, document)?;
            }
            Ok(moved.len() as u64)
        })
    }

    /// What became of the pages of the latest run of a source, in numbers. Linear in the source's pages.
    pub fn tally(&self, source: &str, run: i64) -> Result<Tally, LedgerError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT outcome, count(*) FROM page WHERE source = ?1 AND run = ?2 GROUP BY outcome")?;
            let mut rows = statement.query(params![source, run])?;
            let mut tally = Tally::default();
            while let Some(row) = rows.next()? {
                let outcome: Option<String> = row.get(0)?;
                tally.add(outcome.as_deref(), row.get::<_, i64>(1)? as u64);
            }
            Ok(tally)
        })
    }

    /// How the pages that had a good version before fare in a run. Linear in the source's pages.
    pub fn suspicion(&self, source: &str, run: i64) -> Result<Suspicion, LedgerError> {
        self.read(|connection| {
            let mut suspicion = Suspicion::default();
            let mut statement = connection.prepare_cached(
                "SELECT outcome, count(*) FROM page
                 WHERE source = ?1 AND run = ?2 AND document IS NOT NULL AND outcome IS NOT NULL AND outcome <> 'added'
                 GROUP BY outcome",
            )?;
            let mut rows = statement.query(params![source, run])?;
            while let Some(row) = rows.next()? {
                let outcome: String = row.get(0)?;
                let pages = row.get::<_, i64>(1)? as u64;
                // A page that could not be fetched, or was not to be, says nothing about the site's content.
                if outcome.starts_with("failed:") || outcome.starts_with("retry:") || outcome == "unwanted:excluded" {
                    continue;
                }
                suspicion.checked += pages;
                if !matches!(outcome.as_str(), "unchanged" | "changed") {
                    *suspicion.odd.entry(outcome).or_default() += pages;
                }
            }
            let same: i64 = connection
                .prepare_cached(
                    "SELECT coalesce(max(pages), 0) FROM (SELECT count(*) AS pages FROM page
                     WHERE source = ?1 AND run = ?2 AND outcome = 'changed' GROUP BY text_hash)",
                )?
                .query_row(params![source, run], |row| row.get(0))?;
            suspicion.alike = same as u64;
            Ok(suspicion)
        })
    }

    /// Pages that had a good version before a run.
    pub fn known_pages(&self, source: &str, run: i64) -> Result<u64, LedgerError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT count(*) FROM page WHERE source = ?1 AND document IS NOT NULL
                     AND NOT (run = ?2 AND outcome IS 'added')",
                    params![source, run],
                    |row| row.get::<_, i64>(0),
                )
                .map(|pages| pages as u64)
        })
    }

    /// Brings the ledger in line with the index, whichever of them was lost, restored or made anew: pages whose document is
    /// not in `indexed` (id → content hash) are read again, and documents that no page stands for are looked up where
    /// `url_of` says they came from. Belongs at the beginning of a run.
    pub fn reconcile<S: std::hash::BuildHasher>(
        &mut self,
        source: &str,
        indexed: &HashMap<String, String, S>,
        url_of: impl Fn(&str) -> Option<String>,
    ) -> Result<(), LedgerError> {
        self.write(|connection| {
            let mut known: HashSet<String> = HashSet::new();
            let mut lost = Vec::new();
            {
                let mut statement = connection.prepare_cached(
                    "SELECT page.key, page.document, page.content_hash, pending.sequence FROM page
                     LEFT JOIN pending ON pending.source = page.source AND pending.document = page.document
                     WHERE page.source = ?1 AND page.document IS NOT NULL",
                )?;
                let mut rows = statement.query([source])?;
                while let Some(row) = rows.next()? {
                    let document: String = row.get(1)?;
                    let content_hash: Option<String> = row.get(2)?;
                    let pending: Option<i64> = row.get(3)?;
                    if pending.is_none() && indexed.get(&document) != content_hash.as_ref() {
                        lost.push((row.get::<_, i64>(0)?, indexed.contains_key(&document)));
                    }
                    known.insert(document);
                }
            }
            for (key, indexed) in lost {
                connection
                    .prepare_cached(
                        "UPDATE page SET etag = NULL, last_modified = NULL, read_as = NULL, body_hash = NULL, outcome = NULL,
                                content_hash = CASE WHEN ?2 THEN '' END, document = CASE WHEN ?2 THEN document END
                         WHERE key = ?1",
                    )?
                    .execute(params![key, indexed])?;
            }
            for (document, content_hash) in indexed {
                let Some(url) = (!known.contains(document)).then(|| url_of(document)).flatten() else { continue };
                // That it was to be removed is decided anew.
                connection
                    .prepare_cached("DELETE FROM pending WHERE source = ?1 AND document = ?2 AND prepared IS NULL")?
                    .execute(params![source, document])?;
                connection
                    .prepare_cached(
                        "INSERT INTO page (source, url, run, queued, depth, found_by, document, content_hash)
                         VALUES (?1, ?2, 0, ?5, 0, 'unlisted', ?3, ?4)
                         ON CONFLICT (source, url) DO UPDATE SET document = ?3, content_hash = ?4 WHERE document IS NULL",
                    )?
                    .execute(params![source, url, document, content_hash, IDLE])?;
            }
            Ok(())
        })
    }
}

pub(super) fn tally(connection: &Connection, source: &str, run: i64) -> rusqlite::Result<Tally> {
    let mut statement = connection
        .prepare_cached("SELECT outcome, count(*) FROM page WHERE source = ?1 AND run = ?2 GROUP BY outcome")?;
    let mut rows = statement.query(params![source, run])?;
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        let outcome: Option<String> = row.get(0)?;
        tally.add(outcome.as_deref(), row.get::<_, i64>(1)? as u64);
    }
    Ok(tally)
}

fn discover(connection: &Connection, source: &str, run: i64, pages: &[Discovered]) -> rusqlite::Result<u64> {
    let mut found = 0;
    let mut statement = connection.prepare_cached(
        "INSERT INTO page (source, url, run, queued, depth, found_by, guide, listed) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)
         ON CONFLICT (source, url) DO UPDATE SET run = ?3, queued = 1, outcome = NULL, moved_to = NULL, depth = ?4,
             found_by = ?5, guide = coalesce(?6, guide), listed = ?7
         WHERE page.run <> ?3",
    )?;
    // What one list says of a page that another one named before.
    let mut listed = connection
        .prepare_cached("UPDATE page SET listed = ?4 WHERE source = ?1 AND url = ?2 AND run = ?3 AND listed IS NULL")?;
    for page in pages {
        let new = statement.execute(params![
            source,
            page.url,
            run,
            page.depth,
            page.found_by.as_str(),
            page.guide,
            page.listed
        ])?;
        if new == 0 && page.listed.is_some() {
            listed.execute(params![source, page.url, run, page.listed])?;
        }
        found += new;
    }
    Ok(found as u64)
}

fn settle(
    connection: &Connection,
    source: &str,
    run: i64,
    read_as: &str,
    page: &Settled,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let moved_to = match &page.outcome {
        Outcome::Moved { to } => Some(to.as_str()),
        _ => None,
    };
    // Being missing is remembered until the page is seen again; anything else says nothing of it.
    let gone = matches!(page.outcome, Outcome::Gone { .. });
    let seen = matches!(page.outcome, Outcome::Added | Outcome::Changed | Outcome::Unchanged);
    connection
        .prepare_cached(
            "UPDATE page SET queued = 0, outcome = ?2, moved_to = ?4, checked = CASE WHEN ?7 AND ?6 THEN ?3 ELSE checked END,
                gone_since = CASE WHEN ?5 THEN coalesce(gone_since, ?3) WHEN ?6 AND ?7 THEN NULL ELSE gone_since END
             WHERE key = ?1",
        )?
        .execute(params![page.key, page.outcome.as_text(), now, moved_to, gone, seen, page.asked])?;
    if let Some(Validators { etag, last_modified }) = &page.validators {
        connection
            .prepare_cached(
                "UPDATE page SET etag = ?2, last_modified = ?3, body_hash = ?4, read_as = ?5 WHERE key = ?1",
            )?
            .execute(params![page.key, etag, last_modified, page.body_hash, read_as])?;
    }
    if let Some(document) = &page.document {
        connection
            .prepare_cached(
                "UPDATE page SET document = ?2, content_hash = ?3, changed = ?4, text_hash = ?5 WHERE key = ?1",
            )?
            .execute(params![page.key, document.id, document.content_hash, now, document.text_hash])?;
        put_pending(connection, source, run, &page.url, document)?;
    }
    if let Some(trouble) = &page.trouble {
        Ledger::put_trouble(connection, run, trouble)?;
    } else {
        // It may have had some at the first try.
        connection
            .prepare_cached("DELETE FROM trouble WHERE run = ?1 AND url = ?2")?
            .execute(params![run, page.url])?;
    }
    Ok(())
}

fn put_pending(
    connection: &Connection,
    source: &str,
    run: i64,
    url: &str,
    document: &NewDocument,
) -> rusqlite::Result<()> {
    // A new sequence number: a commit that has read the row before does not take this one for done.
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO pending (run, source, document, url, content_hash, prepared)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![run, source, document.id, url, document.content_hash, document.packed])?;
    Ok(())
}

/// Has a document removed from the index, unless another page of the source stands for it.
fn remove(
    connection: &Connection,
    source: &str,
    run: i64,
    key: i64,
    url: &str,
    document: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE page SET document = NULL, content_hash = NULL, etag = NULL, last_modified = NULL, body_hash = NULL,
                    outcome = 'removed' WHERE key = ?1",
        )?
        .execute([key])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO pending (run, source, document, url)
             SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM page WHERE source = ?2 AND document = ?3)",
        )?
        .execute(params![run, source, document, url])?;
    Ok(())
}
