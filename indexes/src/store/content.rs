//! What of a document embedders get to see.

use std::path::Path;

use rayon::prelude::*;

use super::IndexError;
use super::documents::{DocumentEntry, Documents};
use crate::embed::{EmbedError, Embedder, PassageText};
use crate::model::Passage;

/// Characters of a document's text that stand for all of it, beside its title.
const LEAD: usize = 300;

/// A document, read for embedding.
pub(crate) struct Content {
    pub(crate) source: String,
    pub(crate) guide: Option<String>,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) passages: Vec<Passage>,
}

/// A text to embed, as an embedder takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Embeddable {
    pub(crate) title: String,
    pub(crate) headings: String,
    pub(crate) body: String,
}

impl Embeddable {
    pub(crate) fn as_text(&self) -> PassageText<'_> {
        PassageText { title: &self.title, headings: &self.headings, body: &self.body }
    }
}

impl Content {
    /// One passage.
    pub(crate) fn passage(&self, position: usize) -> Option<Embeddable> {
        let passage = self.passages.get(position)?;
        let (guide, path) = (self.guide_words(), passage.heading_path.join(" > "));
        // Many a page is called "Limits": which service it belongs to is known by its guide alone.
        let headings = if guide.is_empty() || path.is_empty() { guide + &path } else { format!("{guide}. {path}") };
        Some(Embeddable { title: self.title.clone(), headings, body: passage.text(&self.text) })
    }

    /// The whole document by its title and its first sentences.
    pub(crate) fn document(&self) -> Embeddable {
        Embeddable { title: self.title.clone(), headings: self.guide_words(), body: lead(&self.text, &self.title) }
    }

    fn guide_words(&self) -> String {
        self.guide.as_deref().unwrap_or_default().replace(['-', '_'], " ")
    }

    /// All passages by a table, which sees the texts that it was trained on: without the guide.
    pub(crate) fn embed(&self, table: &dyn Embedder) -> Result<Vec<Vec<f32>>, EmbedError> {
        let parts: Vec<(String, String)> =
            self.passages.iter().map(|passage| (passage.heading_path.join(" > "), passage.text(&self.text))).collect();
        let parts: Vec<PassageText<'_>> =
            parts.iter().map(|(headings, body)| PassageText { title: &self.title, headings, body }).collect();
        table.embed_passages(&parts)
    }
}

/// The first sentences without marks, up to the end of a word. The title is not said twice.
fn lead(text: &str, title: &str) -> String {
    let mut lead = String::with_capacity(LEAD + 32);
    for line in text.lines() {
        // One line may be as long as the document.
        let line = &line[..line.floor_char_boundary(LEAD * 16)];
        let line = line.trim_start_matches(['#', '>', '-', '*', '+', ' ', '|']).trim();
        if line.is_empty() || line.starts_with("```") || (lead.is_empty() && line == title) {
            continue;
        }
        let plain = without_links(line).replace("**", "").replace('`', "");
        for word in plain.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)) {
            if lead.chars().count() + word.chars().count() >= LEAD {
                return lead;
            }
            if !lead.is_empty() {
                lead.push(' ');
            }
            lead.push_str(word.trim_matches(['*', '|']));
        }
    }
    lead
}

/// `[text](address)` as `text`.
fn without_links(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find('[') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let link = from.find("](").and_then(|middle| {
            let end = from[middle..].find(')')? + middle;
            Some((&from[1..middle], end))
        });
        if let Some((text, end)) = link {
            out.push_str(text);
            rest = &from[end + 1..];
        } else {
            out.push('[');
            rest = &from[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Reads documents, in their order.
pub(crate) fn read(documents: &Documents, dir: &Path, entries: &[DocumentEntry]) -> Result<Vec<Content>, IndexError> {
    entries
        .par_iter()
        .map(|entry| {
            let stored = documents.stored(entry.key)?.ok_or_else(|| IndexError::Damaged {
                path: dir.to_owned(),
                reason: format!("document {} has vanished while it was being indexed", entry.key),
            })?;
            let document = stored.document;
            Ok(Content {
                source: document.source,
                guide: document.guide,
                title: document.title,
                text: document.text,
                passages: stored.passages,
            })
        })
        .collect()
}

/// Ids of the passages of some documents, ascending as the documents are.
pub(crate) fn passage_ids(entries: &[DocumentEntry]) -> Vec<u64> {
    entries.iter().flat_map(|entry| entry.first_passage..entry.first_passage + u64::from(entry.passages)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_say_which_guide_they_are_of() {
        let passage = |path: &[&str]| Passage {
            position: 0,
            heading_path: path.iter().map(|heading| (*heading).to_owned()).collect(),
            anchor: None,
            range: 0..4,
            context: "| a |\n".into(),
        };
        let content = |guide: Option<&str>| Content {
            source: "aws".into(),
            guide: guide.map(str::to_owned),
            title: "Limits".into(),
            text: "| b |".into(),
            passages: vec![passage(&["Flows", "Tags"]), passage(&[])],
        };
        let headings = |guide, at| content(guide).passage(at).unwrap().headings;
        assert_eq!(headings(Some("amazon-lex_guide"), 0), "amazon lex guide. Flows > Tags");
        assert_eq!(headings(Some("amazon-lex_guide"), 1), "amazon lex guide");
        assert_eq!(headings(None, 0), "Flows > Tags");
        assert_eq!(content(None).passage(1).unwrap().body, "| a |\n| b ");
        assert!(content(None).passage(2).is_none());
    }

    #[test]
    fn a_lead_is_plain_words() {
        let text =
            "# Connecting\n\nTo **connect**, see [the console](https://x.y/z).\n\n| a | b |\n|---|---|\n| c | d |\n";
        assert_eq!(lead(text, "Connecting"), "To connect, see the console. a b c d");
        assert_eq!(lead("", "t"), "");
        let long = lead(&"wörd ".repeat(200), "t");
        assert!(long.chars().count() < LEAD && long.ends_with("wörd"), "{long}");
    }

    #[test]
    fn links_lose_their_address() {
        assert_eq!(without_links("a [b](c) d [e] f [g](h"), "a b d [e] f [g](h");
    }
}
