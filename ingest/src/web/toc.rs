//! Tables of contents of AWS guides: `toc-contents.json` beside the pages of a guide.
//!
//! ```json
//! {"contents": [{"title": "What is it?", "href": "welcome.html", "contents": [ … ], "include_contents": "part.json"}]}
//! ```
//!
//! An `include_contents` names another file of the same form that belongs in this place; large references have them.

use rustc_hash::FxHashSet;
use serde::Deserialize;
use url::Url;

pub use super::problem::ParseError;
use super::sitemap::LeftOut;
use super::{address, problem, xml};

/// The most pages that are read from one table.
pub const MAX_ENTRIES: usize = 100_000;

/// The largest table that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// How many titles above a page are kept, and how much of each, in bytes.
const MAX_BREADCRUMBS: usize = 8;
const MAX_TITLE: usize = 300;

/// A page of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TocEntry {
    /// Its title, on one line.
    pub title: String,
    /// Its canonical address. It may be outside of the guide.
    pub url: Url,
    /// The titles above it, topmost first, at most 8.
    pub breadcrumbs: Vec<String>,
}

/// What was read of a table of contents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toc {
    /// Pages in reading order, each once.
    pub entries: Vec<TocEntry>,
    /// Other tables that belong to this one.
    pub includes: Vec<Include>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// Another table of contents that belongs into this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its canonical address.
    pub url: Url,
    /// The titles above it, topmost first.
    pub breadcrumbs: Vec<String>,
}

/// What the JSON has. Members that are not listed are of the browser's concern.
#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    href: Option<String>,
    #[serde(default)]
    contents: Option<Vec<Self>>,
    #[serde(default)]
    include_contents: Option<String>,
}

/// Reads a table of contents; its addresses are relative to `base`, the address of the table or its guide.
///
/// Nested deeper than the JSON parser goes (128), it is broken.
pub fn parse(bytes: &[u8], base: &Url) -> Result<Toc, ParseError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParseError::TooLarge { what: "the table of contents", limit: MAX_BYTES });
    }
    let text = xml::decode(bytes)?;
    if !text.trim_start().starts_with('{') {
        let found = problem::found(&text);
        return Err(ParseError::Unexpected { expected: "a table of contents", found });
    }
    let root: Node = serde_json::from_str(&text)
        .map_err(|error| ParseError::Broken { what: "the table of contents", reason: problem::reason(&error) })?;
    if root.contents.is_none() && root.include_contents.is_none() {
        return Err(ParseError::Unexpected { expected: "a table of contents", found: "other JSON" });
    }
    let mut reading = Reading { base, toc: Toc::default(), seen: FxHashSet::default(), above: Vec::new() };
    // The root is the guide itself, which is above every page and so says nothing.
    reading.inside(root);
    Ok(reading.toc)
}

struct Reading<'a> {
    base: &'a Url,
    toc: Toc,
    seen: FxHashSet<Url>,
    above: Vec<String>,
}

impl Reading<'_> {
    fn node(&mut self, node: Node) {
        let title = one_line(node.title.as_deref().unwrap_or_default());
        if let Some(href) = node.href.as_deref().map(str::trim).filter(|href| !href.is_empty()) {
            match address::canonical(href, Some(self.base)) {
                None => self.toc.left_out.invalid += 1,
                Some(_) if self.toc.entries.len() >= MAX_ENTRIES => self.toc.left_out.over_limit += 1,
                // The same page again, at another heading of it.
                Some(url) if self.seen.contains(&url) => {}
                Some(url) => {
                    self.seen.insert(url.clone());
                    self.toc.entries.push(TocEntry { title: title.clone(), url, breadcrumbs: self.breadcrumbs() });
                }
            }
        }
        self.above.push(title);
        self.inside(node);
        self.above.pop();
    }

    fn inside(&mut self, node: Node) {
        if let Some(href) = &node.include_contents {
            match address::canonical(href, Some(self.base)) {
                Some(url) if self.toc.includes.len() < MAX_ENTRIES => {
                    let breadcrumbs = self.breadcrumbs();
                    self.toc.includes.push(Include { url, breadcrumbs });
                }
                _ => self.toc.left_out.invalid += 1,
            }
        }
        for child in node.contents.unwrap_or_default() {
            self.node(child);
        }
    }

    fn breadcrumbs(&self) -> Vec<String> {
        self.above.iter().filter(|title| !title.is_empty()).take(MAX_BREADCRUMBS).cloned().collect()
    }
}

fn one_line(title: &str) -> String {
    let mut line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    xml::shorten(&mut line, MAX_TITLE);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://docs.aws.amazon.com/x/latest/ug/toc-contents.json").unwrap()
    }

    #[test]
    fn a_guide() {
        let text = r#"{"title": "X User Guide", "href": "index.html", "contents": [
            {"title": "What is  X?", "href": "welcome.html", "contents": [
                {"title": "Pricing", "href": "pricing.html#free"},
                {"title": "Pricing, again", "href": "pricing.html"},
                {"title": "Group", "contents": [{"title": "Deep", "href": "deep.html", "expanded": true}]}]},
            {"title": "API", "href": "https://docs.aws.amazon.com/x/latest/api/"},
            {"title": "Types", "href": "types.html", "include_contents": "toc-types.json"},
            {"title": null, "href": "javascript:void(0)", "contents": null}, {}]}"#;
        let toc = parse(text.as_bytes(), &base()).unwrap();
        let pages: Vec<_> = toc
            .entries
            .iter()
            .map(|entry| (entry.title.as_str(), entry.url.path(), entry.breadcrumbs.join(" > ")))
            .collect();
        assert_eq!(
            pages,
            [
                ("What is X?", "/x/latest/ug/welcome.html", String::new()),
                ("Pricing", "/x/latest/ug/pricing.html", "What is X?".to_owned()),
                ("Deep", "/x/latest/ug/deep.html", "What is X? > Group".to_owned()),
                ("API", "/x/latest/api/", String::new()),
                ("Types", "/x/latest/ug/types.html", String::new()),
            ]
        );
        assert_eq!(toc.includes.len(), 1);
        assert_eq!(toc.includes[0].url.path(), "/x/latest/ug/toc-types.json");
        assert_eq!(toc.includes[0].breadcrumbs, ["Types"]);
        assert_eq!(toc.left_out, LeftOut { invalid: 1, ..LeftOut::default() });
    }

    #[test]
    fn no_table() {
        for (text, expected) in [
            ("", "it is empty"),
            ("<html></html>", "expected a table of contents, found a web page"),
            ("[1]", "expected a table of contents, found JSON"),
            ("{}", "expected a table of contents, found other JSON"),
            ("{\"contents\": [}", "failed to parse the table of contents: expected value at line 1 column 15"),
        ] {
            assert_eq!(parse(text.as_bytes(), &base()).unwrap_err().to_string(), expected, "{text}");
        }
        let deep = format!("{}{}", "{\"contents\":[".repeat(10_000), "]}".repeat(10_000));
        assert!(matches!(parse(deep.as_bytes(), &base()), Err(ParseError::Broken { .. })));
    }
}
