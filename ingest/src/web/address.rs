//! Addresses in one form, and which of them belong to a crawl.
