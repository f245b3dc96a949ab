//! The words that the whole project uses: documents, passages, citations.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a text is for. Decides how it is presented, and can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Reference or guide text of a vendor, such as the AWS documentation.
    Documentation,
    /// Advice on how a thing is done well.
    BestPractice,
    /// An architecture pattern: when to use it, of what it is made, how it fails.
    Pattern,
    /// Ordered steps from a symptom to a cause.
    Troubleshooting,
    /// What happened once, and what was learned.
    Incident,
    /// Any other text of the user's own.
    Note,
}

impl Kind {
    /// Every kind, in the order in which they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Documentation, Self::BestPractice, Self::Pattern, Self::Troubleshooting, Self::Incident, Self::Note];

    /// The name used in files, on the command line and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documentation => "documentation",
            Self::BestPractice => "best_practice",
            Self::Pattern => "pattern",
            Self::Troubleshooting => "troubleshooting",
            Self::Incident => "incident",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|kind| kind.as_str() == wanted).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("unknown kind `{text}` (one of {known})")
        })
    }
}

/// Seconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// A whole text from one place in one source: a page, a file, a runbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `<source>/<path inside the source>`, stable across ingestions and unique in an index.
    pub id: String,
    /// Name of the source it came from, such as `corpus` or the name given to a folder.
    pub source: String,
    /// Title of the page, without markup.
    pub title: String,
    /// Where a person can read it on the web.
    pub url: Option<String>,
    /// Where it was read from: a file path as the user named it. `None` for built-in documents.
    pub path: Option<String>,
    /// The guide (book) it belongs to, such as `amazon-ec2-user-guide`.
    pub guide: Option<String>,
    /// Short lower-case AWS service names (`ec2`, `s3`), the most important first.
    pub services: Vec<String>,
    /// What the text is for.
    pub kind: Kind,
    /// Free words to filter by, lower case.
    pub tags: Vec<String>,
    /// When its content last changed, as far as its source says.
    pub updated: Option<Timestamp>,
    /// Clean Markdown: what is shown, quoted and cut into passages.
    pub text: String,
    /// BLAKE3 of the bytes it was made from and of what else decides its passages. Equal hash: nothing to do.
    pub content_hash: String,
}

/// About 1,000 characters of one section of a document: the unit that is ranked and cited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// 0-based place among the passages of its document.
    pub position: u32,
    /// Headings from the top of the document down to this section, without the document's title.
    pub heading_path: Vec<String>,
    /// Fragment of the section in the document's URL (`#anchor` without `#`).
    pub anchor: Option<String>,
    /// Bytes of `Document::text` that this passage covers.
    pub range: Range<usize>,
    /// Text repeated in front of the range so that it stands on its own: the header rows of a split table.
    pub context: String,
}

impl Passage {
    /// The words of the passage: its context, if any, and its part of the document.
    ///
    /// # Panics
    /// If the range does not lie on character boundaries of `document_text`.
    pub fn text(&self, document_text: &str) -> String {
        let body = &document_text[self.range.clone()];
        if self.context.is_empty() { body.to_owned() } else { format!("{}{body}", self.context) }
    }
}

/// Where an answer comes from, in a form that a person can follow and a program can resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// Document id: what `read` and `read_document` take.
    pub document: String,
    /// Title of the document.
    pub title: String,
    /// Headings down to the section, without the document's title.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heading_path: Vec<String>,
    /// Link for a person, with the section's fragment where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Source the document belongs to.
    pub source: String,
    /// What the text is for.
    pub kind: Kind,
    /// AWS services the document is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// When its content last changed, seconds since 1970 (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_round_trip_and_forgive_dashes() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("Best-Practice".parse(), Ok(Kind::BestPractice));
        assert!("poem".parse::<Kind>().unwrap_err().contains("troubleshooting"));
    }
}
