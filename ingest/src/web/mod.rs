//! What web pages and sites say, as functions of their bytes: nothing here touches the network.

pub mod address;
pub mod catalog;
pub mod feed;
pub mod links;
pub mod llms;
pub mod page;
pub mod sitemap;
pub mod toc;
