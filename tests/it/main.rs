//! End to end: the real binary, real clients, real files. One binary, because linking is what tests spend time on.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a report")]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "short texts, made once")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` reads best in place")]

#[cfg(feature = "bedrock")]
mod bedrock;
mod cli;
mod clients;
mod corpus_quality;
mod crash;
#[cfg(feature = "crawl")]
mod crawl;
mod evaluation;
mod hostile;
mod incidents;
mod ingest;
mod local_sources;
mod mcp;
mod meaning;
mod schedule;
mod support;
mod writers;
