//! Sources that are run by themselves: who runs them, one at a time, and what became of it.
//!
//! ```text
//! sources.toml ─► place ─► daemon: the one scheduler of a data directory ─► run: one source, under its lock ─► ledger
//!                             │ sleeps until the next is due, or the file changes                                │
//!                             └───────────────────────── history ◄──────────────────────────────────────────────┘
//! ```
//!
//! Any number of processes may schedule: `schedule run`, a server, a timer. One holds the lock of the scheduler, and another
//! takes over when that one ends, however it does.

mod daemon;
mod history;
mod lock;
mod place;
mod run;
pub(crate) mod service;
mod standing;

#[cfg(feature = "mcp")]
pub(crate) use daemon::in_background;
pub(crate) use daemon::{Event, Watch, watch};
pub(crate) use place::{SourcesError, load, resolve, sources_file};
pub(crate) use run::{Ran, folder_options, run_source};
#[cfg(feature = "mcp")]
pub(crate) use standing::out_of_date;
pub(crate) use standing::{Standing, standings};
