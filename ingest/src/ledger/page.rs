//! The words in which pages are spoken of: how they were found, what became of them, and how many.

use std::collections::BTreeMap;

use cloudops_indexes::model::Timestamp;
use serde::{Deserialize, Serialize};

use super::runs::Trouble;

/// How a page was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// It was named by the user or by the catalogue.
    Start,
    /// A sitemap lists it.
    Sitemap,
    /// A guide's table of contents lists it.
    Toc,
    /// A feed lists it.
    Feed,
    /// `llms.txt` lists it.
    Llms,
    /// Another page links to it.
    Link,
    /// Nothing leads to it any more, but it was there before.
    Unlisted,
}

impl FoundBy {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Sitemap => "sitemap",
            Self::Toc => "toc",
            Self::Feed => "feed",
            Self::Llms => "llms",
            Self::Link => "link",
            Self::Unlisted => "unlisted",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        [Self::Start, Self::Sitemap, Self::Toc, Self::Feed, Self::Llms, Self::Unlisted]
            .into_iter()
            .find(|found| found.as_str() == text)
            .unwrap_or(Self::Link)
    }
}

/// An address that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// In canonical form.
    pub url: String,
    /// Links between it and the start.
    pub depth: u32,
    /// How it was found.
    pub found_by: FoundBy,
    /// Id of the catalogue's guide that it belongs to.
    pub guide: Option<String>,
    /// When it changed last, as a sitemap says.
    pub listed: Option<Timestamp>,
}

/// What a server gave to ask with next time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, as it came.
    pub etag: Option<String>,
    /// `Last-Modified`, as it came.
    pub last_modified: Option<String>,
}

/// A page to be fetched, with what is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its row.
    pub key: i64,
    /// Its address.
    pub url: String,
    /// Links between it and the start.
    pub depth: u32,
    /// How it was found.
    pub found_by: FoundBy,
    /// Id of the catalogue's guide that it belongs to.
    pub guide: Option<String>,
    /// What is known of its last good version, if there is one.
    pub known: Option<Known>,
    /// When it was first found missing, if it was missing the last time.
    pub gone_since: Option<Timestamp>,
    /// When it changed last, as a sitemap of this run says.
    pub listed: Option<Timestamp>,
    /// When it was last seen in good order.
    pub checked: Option<Timestamp>,
}

/// The last good version of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Id of its document.
    pub document: String,
    /// `Document::content_hash`.
    pub content_hash: String,
    /// What to ask with. Empty if the page was read in another way than now and must be read again.
    pub validators: Validators,
    /// BLAKE3 of the body, for servers without validators. As above.
    pub body_hash: Option<[u8; 32]>,
}

/// What became of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it was.
    Unchanged,
    /// It is read for the first time.
    Added,
    /// It says something else than before.
    Changed,
    /// It is missing. Its document stays until [`super::Ledger::remove_gone`].
    Gone {
        /// Whether that is certain: the site does not list it either, or it has been missing for [`super::GONE_SECONDS`].
        confirmed: bool,
    },
    /// Another address stands for it: by redirect, or by its own word.
    Moved {
        /// That address.
        to: String,
    },
    /// There is nothing in it to index; the last good version stays.
    Refused {
        /// A stable name for the reason.
        code: String,
    },
    /// It could not be fetched; the last good version stays.
    Failed {
        /// A stable name for the reason.
        code: String,
        /// Whether it is worth trying again in this run.
        transient: bool,
    },
    /// The site does not want it to be fetched or indexed; the last good version stays.
    Unwanted {
        /// A stable name for the reason.
        code: String,
    },
}

impl Outcome {
    pub(super) fn as_text(&self) -> String {
        match self {
            Self::Unchanged => "unchanged".to_owned(),
            Self::Added => "added".to_owned(),
            Self::Changed => "changed".to_owned(),
            Self::Gone { confirmed: false } => "gone".to_owned(),
            Self::Gone { confirmed: true } => "gone:confirmed".to_owned(),
            Self::Moved { .. } => "moved".to_owned(),
            Self::Refused { code } => format!("refused:{code}"),
            Self::Failed { code, transient: false } => format!("failed:{code}"),
            Self::Failed { code, transient: true } => format!("retry:{code}"),
            Self::Unwanted { code } => format!("unwanted:{code}"),
        }
    }
}

/// A page that has been dealt with: everything that follows from it is written at once.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its row.
    pub key: i64,
    /// Its address.
    pub url: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether the site was asked for it; a list may say that it need not be.
    pub asked: bool,
    /// What to ask with next time, where the server answered with a good page.
    pub validators: Option<Validators>,
    /// BLAKE3 of the body, likewise.
    pub body_hash: Option<[u8; 32]>,
    /// The document, if it is new or changed.
    pub document: Option<NewDocument>,
    /// Pages that it leads to.
    pub discovered: Vec<Discovered>,
    /// Why it could not be read.
    pub trouble: Option<Trouble>,
}

/// A document on its way into the index.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// `Document::id`.
    pub id: String,
    /// `Document::content_hash`.
    pub content_hash: String,
    /// Hash of the text alone: pages of a site that all say the same are no pages.
    pub text_hash: i64,
    /// Document and passages, as [`super::Pending::pack`] makes it.
    pub packed: Vec<u8>,
}

/// What became of the pages of a run, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Pages that were found.
    pub found: u64,
    /// Pages that were read for the first time.
    pub added: u64,
    /// Pages that say something else than before.
    pub changed: u64,
    /// Pages that are as they were.
    pub unchanged: u64,
    /// Pages that are gone for certain, or that have moved, and left the index.
    pub removed: u64,
    /// Pages that are missing, which has yet to be confirmed.
    pub gone: u64,
    /// Addresses that another one stands for.
    pub moved: u64,
    /// Pages with nothing to index, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Pages that the site does not want read or indexed, by reason.
    pub unwanted: BTreeMap<String, u64>,
    /// Pages that could not be fetched, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Pages that are still to be fetched.
    pub left: u64,
}

impl Tally {
    /// Counts pages with one outcome, as the database names it.
    pub(super) fn add(&mut self, outcome: Option<&str>, pages: u64) {
        self.found += pages;
        let Some(outcome) = outcome else {
            self.left += pages;
            return;
        };
        let (outcome, code) = outcome.split_once(':').unwrap_or((outcome, ""));
        let by_code = |map: &mut BTreeMap<String, u64>| *map.entry(code.to_owned()).or_default() += pages;
        match outcome {
            "added" => self.added += pages,
            "changed" => self.changed += pages,
            "unchanged" => self.unchanged += pages,
            "removed" => self.removed += pages,
            "gone" => self.gone += pages,
            "moved" => self.moved += pages,
            "refused" => by_code(&mut self.refused),
            "unwanted" => by_code(&mut self.unwanted),
            _ => by_code(&mut self.failed),
        }
    }

    /// Counts one more page that was dealt with.
    pub fn count(&mut self, outcome: &Outcome) {
        self.add(Some(&outcome.as_text()), 1);
        self.found -= 1;
    }

    /// Pages that were dealt with.
    pub fn done(&self) -> u64 {
        let by_reason = [&self.refused, &self.unwanted, &self.failed];
        let with_reason: u64 = by_reason.iter().flat_map(|map| map.values()).sum();
        self.added + self.changed + self.unchanged + self.removed + self.gone + self.moved + with_reason
    }

    /// Pages that could not be fetched.
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

/// What a run has found of pages that had a good version before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suspicion {
    /// Pages that answered.
    pub checked: u64,
    /// Those of them that gave no page: missing, refused, moved; by what the database calls it.
    pub odd: BTreeMap<String, u64>,
    /// The most pages that have become the very same text.
    pub alike: u64,
}
