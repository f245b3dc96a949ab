//! The words' side: BM25 over passages, on tantivy.
