//! What ingestion remembers between runs, in SQLite.
