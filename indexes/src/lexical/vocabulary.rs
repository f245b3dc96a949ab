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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::query::ParsedQuery;
    use super::super::writer::{LexicalPassage, LexicalWriter};
    use super::*;
    use crate::hybrid::Filters;
    use crate::model::{Document, Kind};

    const PASSAGES: &[&str] = &[
        "Launch an instance. An instance runs until you terminate it.",
        "A box is a shape. Boxes are packed by the box.",
        "The load balancer sends requests to targets. A load balancer has listeners.",
        "Load balancers are of three kinds. The load balancer scales.",
        "Load balancer limits. The timeout of a load balancer.",
        "Security group rules allow traffic to an instance.",
        "Permissions of a role. A permission is a statement in a policy.",
        "Permission boundaries limit permissions.",
        "Grant permissions to a role.",
        "The idle timeout of a connection.",
        "Increase the timeout of a function.",
        "Delete a snapshot of a volume.",
    ];

    fn index() -> (tempfile::TempDir, LexicalReader) {
        let dir = tempfile::tempdir().unwrap();
        let writer = LexicalWriter::open(dir.path(), 1).unwrap();
        let document = Document {
            id: "a/b.md".to_owned(),
            source: "a".to_owned(),
            title: String::new(),
            url: None,
            path: None,
            guide: None,
            services: Vec::new(),
            kind: Kind::Troubleshooting,
            tags: Vec::new(),
            updated: None,
            text: String::new(),
            content_hash: String::new(),
        };
        let passages = PASSAGES.iter().enumerate();
        writer
            .add(1, &document, passages.map(|(at, body)| LexicalPassage { id: at as u64, headings: "", body }))
            .unwrap();
        writer.commit().unwrap();
        let reader = LexicalReader::open(dir.path()).unwrap();
        (dir, reader)
    }

    fn found(reader: &LexicalReader, question: &str) -> Vec<u64> {
        let parsed = reader.literal(question).unwrap();
        let found = reader.candidates(&parsed, &Filters::default(), 20).unwrap();
        found.into_iter().map(|(passage, _)| passage).collect()
    }

    #[test]
    fn frequencies_and_neighbours_are_those_of_the_index() {
        let (_dir, reader) = index();
        assert_eq!(reader.frequency("permiss").unwrap(), 3);
        assert_eq!(reader.together("load", "timeout").unwrap(), 1);
        assert_eq!(reader.near("permis", 1).unwrap(), [("permiss".to_owned(), 3)]);
        assert!(reader.near("bermiss", 1).unwrap().is_empty());
        assert!(reader.near("", 1).unwrap().is_empty() && reader.near("ümlaut", 2).unwrap().is_empty());
    }

    #[test]
    fn people_are_understood() {
        let (_dir, reader) = index();
        for (question, passage) in [
            ("my SG", 5),
            ("permisions", 6),
            ("loadbalancers", 2),
            ("it will time out", 9),
            ("get rid of it", 11),
            ("start i-0123456789abcdef0", 0),
        ] {
            assert!(found(&reader, question).contains(&passage), "{question}");
        }
    }

    #[test]
    fn what_was_said_beats_what_may_be_meant() {
        let (_dir, reader) = index();
        let parsed = reader.literal("box").unwrap();
        let scores = reader.scores(&parsed, &[0, 1]).unwrap();
        assert!(scores[0].total() > 0.0 && scores[1].total() > scores[0].total());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn expansion_takes_no_score_away(
            words in prop::collection::vec(prop::sample::select(&[
                "box", "sg", "loadbalancer", "permisions", "time", "out", "how", "many", "delete", "instance", "key",
            ][..]), 1..8)
        ) {
            let (_dir, reader) = index();
            let expanded = reader.literal(&words.join(" ")).unwrap();
            let plain = ParsedQuery { expansions: Vec::new(), ..expanded.clone() };
            let all: Vec<u64> = reader.passages().collect();
            let with = reader.scores(&expanded, &all).unwrap();
            for (with, without) in with.iter().zip(reader.scores(&plain, &all).unwrap()) {
                prop_assert!(with.text >= without.text - 1e-4 && with.title >= without.title - 1e-4);
            }
        }
    }
}
