//! The outside world in, documents and passages out.
//!
//! ```text
//! walk a folder → read a file → decode → extract clean Markdown → metadata → cut into passages
//! ```
//!
//! [`source`] says where texts come from, [`extract`] turns every format into clean Markdown with its sections,
//! [`chunk`] cuts that into passages. Secrets and personal data in notes are masked in between, by [`mask`]. Everything
//! here is a plain function of its input: nothing is printed, no environment is read, and no input can make it panic.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod chunk;
pub mod extract;
pub mod ledger;
pub mod mask;
pub mod schedule;
pub mod source;
pub mod web;

/// Raised whenever the same bytes would yield other text or other passages than before.
///
/// It is part of every content hash, so raising it makes the next ingestion read everything anew.
pub const EXTRACTOR_VERSION: u32 = 4;
