//! The web in: the only part of ingestion that knows the network.
//!
//! [`fetch`] is one HTTP client that is polite to sites and safe against them; [`engine`] takes addresses from the ledger,
//! fetches and extracts pages, and writes what became of them back.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod engine;
pub mod fetch;
