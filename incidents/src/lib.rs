//! What the team has learned, and what to do next.
//!
//! ```text
//! document → note → incident ┐
//! recorded incident ─────────┴─► base ─► similar incidents, what was tried, what worked how often
//! document → guide ──────────────► guides ─► the guide of a symptom as ordered steps
//! ```
//!
//! Everything here is local and offline: documents come from the index, what is recorded lies in SQLite beside it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod base;
mod facts;
#[doc(hidden)]
pub mod generate;
pub mod guide;
pub mod import;
pub mod incident;
pub mod learn;
mod matching;
pub mod note;
pub mod pattern;
pub mod recognize;
pub mod render;
pub mod statistics;
pub mod store;
