//! The words' side: BM25 over passages, on tantivy.

mod analysis;
mod directory;
mod identifiers;
mod query;
mod reader;
mod schema;
mod vocabulary;
mod writer;

pub(crate) use analysis::{Terms, is_stop_word, words};
pub(crate) use identifiers::identifiers;
pub(crate) use query::{Occur, ParsedQuery};
pub(crate) use reader::{LexicalParts, LexicalReader};
pub(crate) use writer::{LexicalPassage, LexicalWriter};
