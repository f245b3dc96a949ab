//! The site as a client sees it.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a report")]

mod behaves;
mod client;
mod controlled;
mod misbehaves;
