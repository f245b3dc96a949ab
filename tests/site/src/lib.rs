//! A documentation site on loopback that can be changed and can misbehave.
//!
//! It looks like docs.aws.amazon.com where that matters to a crawler: guides with pages, tables of contents, sitemaps,
//! robots.txt, llms.txt, Markdown twins, locales, feeds, validators and compression. [`Site`] starts one inside of a test;
//! the program of the same name starts one that scripts control over HTTP, see [`control`].
//!
//! ```
//! use cloudops_test_site::{Fault, Options, Rule, Site};
//!
//! let site = Site::start(Options::default()).unwrap();
//! let page = site.pages().remove(0);
//! site.append(&page, "One more sentence.").unwrap();
//! site.misbehave(Rule::new("*/sending.html", Fault::throttle(429, 1)).times(2));
//! assert_eq!(site.statistics().requests, 0);
//! ```
//!
//! # Map
//!
//! - [`content`]: guides and pages, where their text comes from, and how they change.
//! - `render`: Markdown → HTML as AWS lays it out. `layout`: what is around the text. Nothing of it is copied.
//! - `discovery`: sitemaps, tables of contents, robots.txt, llms.txt, feeds.
//! - `http`, `compress`: the wire. `routes`: which path is what. `serve`: connections.
//! - [`faults`]: every way to misbehave. [`control`]: all of it over HTTP. [`statistics`]: what was asked and sent.
//!
//! Invariants: only 127.0.0.1 is bound; nothing blocks the one thread that serves for longer than rendering a page takes;
//! every wait ends when the client leaves, after ten minutes, or with the site.

pub mod compress;
pub mod content;
pub mod control;
mod discovery;
pub mod faults;
mod http;
pub mod layout;
mod render;
mod routes;
mod serve;
mod settings;
mod site;
pub mod statistics;

pub use compress::Encoding;
pub use content::{Source, UnknownPage};
pub use faults::{Fault, Rule};
pub use layout::MARKERS;
pub use settings::{Options, Robots, Settings};
pub use site::Site;
pub use statistics::Statistics;
