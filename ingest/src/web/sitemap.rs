//! Sitemaps and sitemap indexes.
