//! What the full-text index knows of words.

use rustc_hash::FxHashMap;
use tantivy::Term;
use tantivy::collector::Count;
use tantivy::query::{BooleanQuery, FuzzyTermQuery, Query, TermQuery};
use tantivy::schema::IndexRecordOption;

use super::reader::LexicalReader;
use crate::words::Vocabulary;

impl Vocabulary for LexicalReader {
    fn frequency(&self, term: &str) -> tantivy::Result<u64> {
        self.searcher.doc_freq(&Term::from_field_text(self.fields.text, term))
    }

    fn together(&self, a: &str, b: &str) -> tantivy::Result<u64> {
        let query = |term| {
            let term = Term::from_field_text(self.fields.text, term);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Query>
        };
        let both = BooleanQuery::intersection(vec![query(a), query(b)]);
        Ok(self.searcher.search(&both, &Count)? as u64)
    }

    fn near(&self, text: &str, edits: u8) -> tantivy::Result<Vec<(String, u64)>> {
        // Hardly anyone mistakes a first letter, and what begins with it is a small part of the dictionary.
        let Some(first) = text.bytes().next().filter(u8::is_ascii) else { return Ok(Vec::new()) };
        let query = FuzzyTermQuery::new(Term::from_field_text(self.fields.text, text), edits, true);
        let mut found: FxHashMap<String, u64> = FxHashMap::default();
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.text)?;
            let terms = inverted.terms().search(query.automaton()?).ge([first]).lt([first + 1]);
            let mut stream = terms.into_stream()?;
            while stream.advance() {
                if let Ok(term) = std::str::from_utf8(stream.key()) {
                    *found.entry(term.to_owned()).or_default() += u64::from(stream.value().doc_freq);
                }
            }
        }
        Ok(found.into_iter().collect())
    }
}
