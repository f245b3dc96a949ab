//! Passages in, ranked and cited answers out.
//!
//! Local disk only: this crate opens no connection, prints nothing and reads no environment.

pub mod embed;
pub mod hybrid;
mod lexical;
pub mod memory;
pub mod model;
pub mod store;
pub mod vector;
mod words;
