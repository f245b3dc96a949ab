//! Writing the full-text index of the next generation.

use std::path::Path;

use tantivy::schema::TantivyDocument;
use tantivy::{IndexWriter, Term};

use super::identifiers::identifiers;
use super::schema::{Fields, schema, tokenizers};
use crate::model::Document;

/// What of a passage goes into the index beside its document.
pub(crate) struct LexicalPassage<'a> {
    /// Its id.
    pub(crate) id: u64,
    /// Headings, joined by blanks.
    pub(crate) headings: &'a str,
    /// The passage's text.
    pub(crate) body: &'a str,
}

/// Adds to and deletes from a copy of the previous generation's index.
pub(crate) struct LexicalWriter {
    writer: IndexWriter,
    fields: Fields,
}

/// Memory for one indexing thread before it writes a segment. Bytes.
const THREAD_MEMORY: usize = 48 << 20;

impl LexicalWriter {
    /// Opens the index in `dir`, or makes one there. `threads` as many as there is work for.
    pub(crate) fn open(dir: &Path, threads: usize) -> tantivy::Result<Self> {
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(dir)?;
        let mut index = tantivy::Index::open_or_create(directory, schema)?;
        index.set_tokenizers(tokenizers());
        let writer = index.writer_with_num_threads(threads, threads * THREAD_MEMORY)?;
        Ok(Self { writer, fields })
    }

    /// Adds the passages of a document.
    pub(crate) fn add<'a>(
        &self,
        key: u64,
        document: &Document,
        passages: impl Iterator<Item = LexicalPassage<'a>>,
    ) -> tantivy::Result<()> {
        let fields = &self.fields;
        let guide = document.guide.as_deref().unwrap_or_default();
        let file = document.id.rsplit('/').next().unwrap_or_default();
        for passage in passages {
            let mut entry = TantivyDocument::default();
            entry.add_u64(fields.document, key);
            entry.add_u64(fields.passage, passage.id);
            let text = [&document.title, passage.headings, guide, file, passage.body].join("\n");
            for name in identifiers(&text) {
                entry.add_text(fields.identifiers, name);
            }
            entry.add_text(fields.text, text);
            entry.add_text(fields.title, &document.title);
            for service in &document.services {
                entry.add_text(fields.service, service.to_lowercase());
            }
            entry.add_text(fields.kind, document.kind.as_str());
            entry.add_text(fields.source, &document.source);
            if let Some(guide) = &document.guide {
                entry.add_text(fields.guide, guide);
            }
            for tag in &document.tags {
                entry.add_text(fields.tag, tag.to_lowercase());
            }
            if let Some(updated) = document.updated {
                entry.add_i64(fields.updated, updated);
            }
            self.writer.add_document(entry)?;
        }
        Ok(())
    }

    /// Deletes the passages of a document.
    pub(crate) fn delete(&self, key: u64) {
        self.writer.delete_term(Term::from_field_u64(self.fields.document, key));
    }

    /// Writes everything to disk and ends all background work.
    pub(crate) fn commit(mut self) -> tantivy::Result<()> {
        self.writer.commit()?;
        self.writer.wait_merging_threads()
    }
}
