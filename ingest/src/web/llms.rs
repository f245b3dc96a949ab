//! `llms.txt`, and the Markdown twin of a page.
