//! What is ingested, from where and when.
