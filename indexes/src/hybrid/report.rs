//! Near-duplicates of an index, described for people.

use schemars::JsonSchema;
use serde::Serialize;

use super::duplicates::groups;
use super::same_page::{Identity, same_page};
use super::simhash::distance;
use crate::model::Timestamp;
use crate::store::{DocumentHead, Generation, IndexError};

/// Of larger groups only so many documents are described.
const MAX_DESCRIBED: usize = 50;

/// What an index holds more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NearDuplicates {
    /// Groups there are.
    pub groups: u64,
    /// Documents in them.
    pub documents: u64,
    /// The largest groups.
    pub largest: Vec<DuplicateGroup>,
}

/// Documents whose words are nearly those of the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DuplicateGroup {
    /// How many there are, described or not.
    pub size: u64,
    /// The documents. Those that results fold into the first come right behind it.
    pub documents: Vec<Duplicate>,
}

/// One document of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Duplicate {
    /// Document id.
    pub document: String,
    /// Its title.
    pub title: String,
    /// Where it is on the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its source.
    pub source: String,
    /// Its guide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// The service that it is mostly about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// Bits of 64 in which its fingerprint differs from that of the first.
    pub distance: u32,
    /// Whether it is the same page as the first, so that results show one of them and name the other. If not, it is made
    /// from the same template and is about something else.
    pub folded: bool,
}

/// The near-duplicates of a generation. `None` when a document vanished meanwhile: the caller has a newer one.
pub(crate) fn near_duplicates(generation: &Generation, limit: usize) -> Result<Option<NearDuplicates>, IndexError> {
    let entries = generation.entries();
    let hashes: Vec<u64> = entries.iter().map(|entry| entry.simhash).collect();
    let groups = groups(&hashes);
    let documents = groups.iter().map(|group| group.len() as u64).sum();
    let mut found = NearDuplicates { groups: groups.len() as u64, documents, largest: Vec::new() };
    for group in groups.into_iter().take(limit) {
        let mut heads: Vec<(DocumentHead, Identity)> = Vec::new();
        for at in group.iter().take(MAX_DESCRIBED) {
            let Some(head) = generation.documents.head(entries[*at].key)? else { return Ok(None) };
            let identity = Identity::of(&head.document, hashes[*at]);
            heads.push((head, identity));
        }
        let first = hashes[group[0]];
        let describe = |(head, identity): &(DocumentHead, Identity)| {
            let document = head.document.clone();
            Duplicate {
                document: document.id,
                title: document.title,
                url: document.url,
                source: document.source,
                guide: document.guide,
                service: document.services.into_iter().next(),
                updated: document.updated,
                distance: distance(first, identity.simhash()),
                folded: same_page((&heads[0].0, &heads[0].1), (head, identity)),
            }
        };
        let mut documents: Vec<Duplicate> = heads.iter().map(describe).collect();
        documents[1..].sort_by_key(|document| !document.folded);
        found.largest.push(DuplicateGroup { size: group.len() as u64, documents });
    }
    Ok(Some(found))
}
