//! What is ingested, from where and when: the file `sources.toml`, and the times that follow from it.
//!
//! ```text
//! sources.toml ─► parse ─► Sources ─► Source + Schedule ─► due(source, runs, now) ─► when it is run next
//!      ▲                                                        ▲
//!      └── edit, save (comments stay)                           └── Runs: what became of earlier runs
//! ```
//!
//! Nothing here runs anything or looks at a clock: moments are handed in, and equal moments give equal answers. A jitter is
//! drawn from the name of the source and the time it belongs to, so that a restart does not move it.

mod cron;
mod due;
mod edit;
mod length;
mod parse;
mod reader;
mod save;
mod source;
mod when;

pub use cron::{Cron, CronError};
pub use due::{Due, LastRun, RunEnd, Runs, back_off, due, is_overdue};
pub use edit::{EditError, NewSource, add, remove, set_enabled};
pub use length::{LengthError, describe as describe_length, parse as parse_length};
pub use parse::parse;
pub use reader::Mistake;
pub use save::{edit_file, write_atomically};
pub use source::{AwsDocs, Export, Folder, Limits, Source, Sources, Website, What, is_name};
pub use when::{Next, Schedule, When};
