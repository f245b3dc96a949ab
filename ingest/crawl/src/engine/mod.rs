//! The crawl: frontier, fetch, extract, ledger.
