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
pub mod guide;
pub mod incident;
mod matching;
pub mod note;
pub mod pattern;
pub mod recognize;
pub mod store;
