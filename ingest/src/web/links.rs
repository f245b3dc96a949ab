//! Links of a page.
