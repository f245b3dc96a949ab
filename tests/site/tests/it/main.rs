//! The site as a client sees it.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod behaves;
mod client;
