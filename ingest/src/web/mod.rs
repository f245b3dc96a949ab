//! What web pages and sites say, as functions of their bytes: nothing here touches the network.

pub mod address;
pub mod catalog;
mod dates;
pub mod feed;
pub mod links;
pub mod llms;
pub mod page;
mod problem;
pub mod sitemap;
pub mod toc;
mod xml;

pub(crate) use crate::extract::nests_too_deeply;
