//! The outside world in, documents and passages out.
