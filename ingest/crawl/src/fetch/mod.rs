//! One HTTP client: polite to sites, safe against them.
