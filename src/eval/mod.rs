//! Evaluation: how well the index answers questions whose answers are known, and whether a change made it better.
//!
//! `questions` reads what is asked, `measure` asks it, `metrics` and `statistics` turn ranks into numbers, `failures`
//! says where answers were lost, `run` keeps all of it in a file, `compare` sets two runs side by side, and `gate`
//! holds a run against what is demanded. Nothing here prints; `tables` is what a person sees of it.

pub(crate) mod answers;
pub(crate) mod compare;
pub(crate) mod failures;
pub(crate) mod gate;
pub(crate) mod measure;
pub(crate) mod metrics;
pub(crate) mod pages;
pub(crate) mod questions;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod statistics;
pub(crate) mod tables;
