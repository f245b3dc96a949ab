//! What became different in the index, page by page: what a person reads to learn what has changed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cloudops_indexes::model::{Document, Timestamp};
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use similar::{Algorithm, ChangeTag, TextDiff};

use super::{Ledger, LedgerError};

/// Headings that are named for one change.
const MAX_SECTIONS: usize = 8;
/// Lines that are shown of one change.
const MAX_LINES: usize = 8;
/// Characters that are shown of one line.
const MAX_LINE_CHARS: usize = 240;
/// Two texts that have next to nothing in common are compared for this long, then taken as they are.
const PATIENCE: Duration = Duration::from_millis(200);
/// Changes are kept for this long, in seconds.
const KEPT_SECONDS: i64 = 400 * 24 * 3600;

/// What happened to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is new.
    Added,
    /// Its text is another one.
    Changed,
    /// It is gone.
    Removed,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Added, Self::Changed, Self::Removed];

    /// The name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for What {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|what| what.as_str() == text.trim().to_ascii_lowercase());
        known.ok_or_else(|| format!("unknown change `{text}` (one of added, changed, removed)"))
    }
}

/// One document that became different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Number, rising in the order in which changes became visible. 0 for one that is not stored yet.
    pub id: i64,
    /// The run that found it; `None` for folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// Its source.
    pub source: String,
    /// Its id.
    pub document: String,
    /// Where a person can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title, the new one if there is one.
    pub title: String,
    /// Its guide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// Services that it is about.
    pub services: Vec<String>,
    /// What happened to it.
    pub what: What,
    /// When the index changed.
    pub at: Timestamp,
    /// Whether the source was ingested for the first time then: everything in it is new, which is no news.
    pub first_run: bool,
    /// Lines that are new.
    pub lines_added: u64,
    /// Lines that are gone.
    pub lines_removed: u64,
    /// Headings below which something changed, at most 8.
    pub sections: Vec<String>,
    /// The first lines that are new (`+ …`) or gone (`- …`), at most 8.
    pub excerpt: Vec<String>,
}

impl Change {
    /// What it means that `before` became `after`; `None` if that is no change. At least one of them must be there.
    pub fn between(
        run: Option<i64>,
        before: Option<&Document>,
        after: Option<&Document>,
        at: Timestamp,
        first_run: bool,
    ) -> Option<Self> {
        let document = after.or(before)?;
        let what = match (before, after) {
            (None, _) => What::Added,
            (_, None) => What::Removed,
            (Some(before), Some(after)) if before.text == after.text && before.title == after.title => return None,
            _ => What::Changed,
        };
        let difference = match (before, after) {
            (Some(before), Some(after)) => Difference::of(&before.text, &after.text),
            (None, Some(after)) => Difference { added: lines(&after.text), ..Difference::default() },
            (Some(before), None) => Difference { removed: lines(&before.text), ..Difference::default() },
            (None, None) => Difference::default(),
        };
        Some(Self {
            id: 0,
            run,
            source: document.source.clone(),
            document: document.id.clone(),
            url: document.url.clone(),
            title: document.title.clone(),
            guide: document.guide.clone(),
            services: document.services.clone(),
            what,
            at,
            first_run,
            lines_added: difference.added,
            lines_removed: difference.removed,
            sections: difference.sections,
            excerpt: difference.excerpt,
        })
    }
}

fn lines(text: &str) -> u64 {
    text.lines().filter(|line| !line.trim().is_empty()).count() as u64
}

/// How two texts differ.
#[derive(Debug, Default)]
struct Difference {
    added: u64,
    removed: u64,
    sections: Vec<String>,
    excerpt: Vec<String>,
}

impl Difference {
    /// Line by line. Blank lines do not count.
    fn of(before: &str, after: &str) -> Self {
        let diff = TextDiff::configure().algorithm(Algorithm::Patience).timeout(PATIENCE).diff_lines(before, after);
        let mut difference = Self::default();
        let mut heading = String::new();
        for change in diff.iter_all_changes() {
            let line = change.value().trim();
            let text = line.trim_start_matches('#');
            if text.len() < line.len() && text.starts_with(' ') {
                heading = shorten(text.trim());
            }
            let mark = match change.tag() {
                ChangeTag::Equal => continue,
                _ if line.is_empty() => continue,
                ChangeTag::Insert => {
                    difference.added += 1;
                    '+'
                }
                ChangeTag::Delete => {
                    difference.removed += 1;
                    '-'
                }
            };
            let known = difference.sections.last() == Some(&heading) || difference.sections.contains(&heading);
            if !heading.is_empty() && difference.sections.len() < MAX_SECTIONS && !known {
                difference.sections.push(heading.clone());
            }
            if difference.excerpt.len() < MAX_LINES {
                difference.excerpt.push(format!("{mark} {}", shorten(line)));
            }
        }
        difference
    }
}

fn shorten(line: &str) -> String {
    match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

pub(super) fn insert(connection: &Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO change (run, source, document, url, title, guide, services, what, at, first_run,
                             lines_added, lines_removed, sections, excerpt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for change in changes {
        statement.execute(params![
            change.run,
            change.source,
            change.document,
            change.url,
            change.title,
            change.guide,
            change.services.join("\n"),
            change.what.as_str(),
            change.at,
            change.first_run,
            change.lines_added as i64,
            change.lines_removed as i64,
            change.sections.join("\n"),
            change.excerpt.join("\n"),
        ])?;
    }
    if let Some(newest) = changes.iter().map(|change| change.at).max() {
        connection.prepare_cached("DELETE FROM change WHERE at < ?1")?.execute([newest - KEPT_SECONDS])?;
    }
    Ok(())
}

/// Which changes are asked for. Empty lists mean all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Since when.
    pub since: Timestamp,
    /// Of these sources.
    pub sources: Vec<String>,
    /// About any of these services, or in a guide whose name holds one of the words.
    pub about: Vec<String>,
    /// Of these sorts.
    pub what: Vec<What>,
    /// Whether what a source brought along when it was ingested for the first time counts.
    pub first_runs: bool,
}

impl ChangeFilter {
    fn matches(&self, change: &Change) -> bool {
        let of = |list: &[String], value: &str| list.is_empty() || list.iter().any(|wanted| wanted == value);
        let about = self.about.is_empty()
            || self.about.iter().any(|wanted| {
                let wanted = wanted.to_lowercase();
                change.services.contains(&wanted)
                    || change.guide.as_ref().is_some_and(|guide| guide.to_lowercase().contains(&wanted))
            });
        of(&self.sources, &change.source)
            && about
            && (self.what.is_empty() || self.what.contains(&change.what))
            && (self.first_runs || !change.first_run)
    }
}

fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    let split = |text: String| text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let what: String = row.get(8)?;
    Ok(Change {
        id: row.get(0)?,
        run: row.get(1)?,
        source: row.get(2)?,
        document: row.get(3)?,
        url: row.get(4)?,
        title: row.get(5)?,
        guide: row.get(6)?,
        services: split(row.get(7)?),
        what: what.parse().unwrap_or(What::Changed),
        at: row.get(9)?,
        first_run: row.get(10)?,
        lines_added: row.get::<_, i64>(11)? as u64,
        lines_removed: row.get::<_, i64>(12)? as u64,
        sections: split(row.get(13)?),
        excerpt: split(row.get(14)?),
    })
}

impl Ledger {
    /// Keeps changes that did not come through what was pending: those of folders.
    pub fn put_changes(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        self.write(|connection| insert(connection, changes))
    }

    /// Changes, newest first. Linear in the changes since the time that is asked for.
    pub fn changes(&self, filter: &ChangeFilter) -> Result<Vec<Change>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, run, source, document, url, title, guide, services, what, at, first_run, lines_added,
                        lines_removed, sections, excerpt FROM change WHERE at >= ?1 ORDER BY id DESC",
            )?;
            let mut found = Vec::new();
            let mut rows = statement.query([filter.since])?;
            while let Some(row) = rows.next()? {
                let change = change(row)?;
                if filter.matches(&change) {
                    found.push(change);
                }
            }
            Ok(found)
        })
    }
}
