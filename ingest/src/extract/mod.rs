//! Bytes to clean Markdown: one file per format, all with the same result.

mod builder;
mod decode;
mod docx;
mod facts;
mod file;
mod front_matter;
pub(crate) mod html;
mod html_table;
mod inline;
mod links;
mod markdown;
mod markdown_table;
pub(crate) mod markup;
mod pdf;
mod plain;
mod rst;
mod tags;

use std::ops::Range;

pub use decode::{Undecodable, decode, decode_with};
pub use facts::{FACTS_HEADING, Fact};
pub use file::{FileFormat, Unreadable, extract_bytes};
pub use front_matter::{FrontMatter, Link, front_matter_block, split_front_matter};
pub(crate) use tags::nests_too_deeply;

/// A text format that can be read, chosen by file extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Markdown, with the conventions of the AWS documentation understood.
    Markdown,
    /// A web page.
    Html,
    /// Text without markup.
    Plain,
    /// reStructuredText.
    Rst,
}

impl Format {
    /// The format of a file by its name; `None` for files that hold no text for people.
    pub fn of_path(path: &str) -> Option<Self> {
        match file::extension(path)?.as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "txt" | "text" => Some(Self::Plain),
            "rst" => Some(Self::Rst),
            _ => None,
        }
    }

    /// A short stable name, used in content hashes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Plain => "plain",
            Self::Rst => "rst",
        }
    }
}

/// One section of an extracted text: a heading and what stands below it, up to the next heading of any level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// 1 to 6; 0 for text in front of the first heading.
    pub level: u8,
    /// The heading without markup, at most 300 characters; empty at level 0.
    pub heading: String,
    /// Fragment under which the section can be reached in the page's URL.
    pub anchor: Option<String>,
    /// Bytes of the text, the heading's own line included. The sections tile the text.
    pub range: Range<usize>,
    /// Whether the heading is the title of the whole document.
    pub is_title: bool,
    /// Whether this is the section before it going on, on a new page: it has that one's heading, but not its line.
    pub continues: bool,
}

/// What is left of a file once its markup is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Title of the page without markup, as far as the text has one.
    pub title: Option<String>,
    /// Clean Markdown, lines ended by `\n`.
    pub text: String,
    /// Sections in order; their ranges cover the text without gaps.
    pub sections: Vec<Section>,
    /// What the file says about itself.
    pub front_matter: FrontMatter,
}

/// Extracts the text of a decoded file.
pub fn extract(format: Format, text: &str) -> Extracted {
    match format {
        Format::Markdown => markdown::extract(text),
        Format::Html => html::extract(text),
        Format::Plain => plain::extract(text),
        Format::Rst => rst::extract(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_extension() {
        let cases = [
            ("a/b.md", Some(Format::Markdown)),
            ("a/b.MARKDOWN", Some(Format::Markdown)),
            ("b.htm", Some(Format::Html)),
            ("b.txt", Some(Format::Plain)),
            ("b.text", Some(Format::Plain)),
            ("b.rst", Some(Format::Rst)),
            ("b.log", None),
            ("md", None),
            (".md", None),
            ("a.md/b", None),
        ];
        for (path, format) in cases {
            assert_eq!(Format::of_path(path), format, "{path}");
        }
    }
}
