//! A fetched page as a document.
