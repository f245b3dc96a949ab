//! What the tests share: a sandbox for the binary, a client that speaks raw JSON-RPC, folders of documents.

pub(crate) mod documents;
pub(crate) mod mount;
pub(crate) mod rpc;
mod sandbox;

pub(crate) use sandbox::{Finished, Sandbox, program, repository};

use std::io::Write;

/// A variable that `scripts/test` or the developer sets.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their clients are")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says that a test did nothing, and why, where a captured print would not be seen.
pub(crate) fn skipped(reason: &str) {
    drop(writeln!(std::io::stderr(), "skipped: {reason}"));
}

/// A part that `scripts/test` installs. Without it a test is skipped on a developer's machine and fails in CI.
pub(crate) fn needs(variable_name: &str) -> Option<String> {
    let found = variable(variable_name);
    if found.is_none() {
        assert!(variable("CI").is_none(), "{variable_name} is not set: in CI, tests are started by scripts/test");
        skipped(&format!("{variable_name} is not set; scripts/test installs what this needs"));
    }
    found
}

/// Random numbers that are the same in every run (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One of `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }
}
