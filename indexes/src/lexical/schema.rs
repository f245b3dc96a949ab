//! The fields of the full-text index.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

use super::analysis::EnglishTokenizer;

const ENGLISH: &str = "english";

/// Handles of the fields. One tantivy document is one passage; nothing is stored, texts live in the document store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Key of the document in the store: what a deletion names.
    pub(crate) document: Field,
    /// Id of the passage.
    pub(crate) passage: Field,
    /// Title, heading path, guide, file name and body in one field: measured better than separate weighted fields.
    pub(crate) text: Field,
    /// The title again, at a small weight.
    pub(crate) title: Field,
    /// Exact identifiers.
    pub(crate) identifiers: Field,
    pub(crate) service: Field,
    pub(crate) kind: Field,
    pub(crate) source: Field,
    pub(crate) guide: Field,
    pub(crate) tag: Field,
    /// Seconds since 1970; absent where the source states no date.
    pub(crate) updated: Field,
}

pub(crate) fn schema() -> (Schema, Fields) {
    let english = |option| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_tokenizer(ENGLISH).set_index_option(option))
    };
    // Frequencies but no positions: phrases are not ranked by, and positions would double the index.
    let frequencies = english(IndexRecordOption::WithFreqs);
    // An identifier counts once, however long the passage.
    let names = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false),
    );
    let mut builder = Schema::builder();
    let fields = Fields {
        document: builder.add_u64_field("document", INDEXED),
        passage: builder.add_u64_field("passage", FAST),
        text: builder.add_text_field("text", frequencies.clone()),
        title: builder.add_text_field("title", frequencies),
        identifiers: builder.add_text_field("identifiers", names),
        service: builder.add_text_field("service", STRING),
        kind: builder.add_text_field("kind", STRING),
        source: builder.add_text_field("source", STRING),
        guide: builder.add_text_field("guide", STRING),
        tag: builder.add_text_field("tag", STRING),
        updated: builder.add_i64_field("updated", NumericOptions::default().set_indexed().set_fast()),
    };
    (builder.build(), fields)
}

pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(ENGLISH, EnglishTokenizer::default());
    manager
}
