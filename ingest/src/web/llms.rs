//! `llms.txt`, and the Markdown twin of a page (<https://llmstxt.org>).

use rustc_hash::FxHashSet;
use url::Url;

pub use super::problem::ParseError;
use super::sitemap::LeftOut;
use super::{address, problem, xml};

/// The most links that are read from one file.
pub const MAX_LINKS: usize = 50_000;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

const MAX_TITLE: usize = 300;
const MAX_SUMMARY: usize = 1_000;

/// A link of an `llms.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its text, on one line.
    pub title: String,
    /// Its canonical address, as it is written: of a page or of its Markdown twin.
    pub url: Url,
    /// What the file says about it; empty if nothing.
    pub summary: String,
    /// The headings above it without the title of the file, topmost first.
    pub breadcrumbs: Vec<String>,
}

impl Link {
    /// Whether it leads to another `llms.txt`, as the one of a site does for every guide.
    pub fn is_index(&self) -> bool {
        self.url.path().ends_with("/llms.txt")
    }
}

/// What was read of an `llms.txt`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Llms {
    /// The title of the file.
    pub title: String,
    /// Links in its order, each address once.
    pub links: Vec<Link>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// Reads an `llms.txt`; relative addresses are of `base`.
///
/// Only links at the start of a list item or in a heading count: those in running text are not its contents.
pub fn parse(bytes: &[u8], base: &Url) -> Result<Llms, ParseError> {
    if bytes.len() > MAX_BYTES {
        return Err(ParseError::TooLarge { what: "llms.txt", limit: MAX_BYTES });
    }
    let text = xml::decode(bytes)?;
    let mut llms = Llms::default();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut seen: FxHashSet<Url> = FxHashSet::default();
    let mut has_heading = false;
    if text.trim_start().starts_with(['<', '{']) {
        return Err(ParseError::Unexpected { expected: "llms.txt", found: problem::found(&text) });
    }
    for line in text.lines() {
        let line = line.trim();
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        let is_heading = (1..=6).contains(&hashes) && line[hashes..].starts_with(' ');
        let item = line.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' '));
        let rest = match item {
            Some(item) => item.trim_start(),
            None if is_heading => line[hashes..].trim(),
            None => continue,
        };
        let link = markdown_link(rest);
        let title = one_line(link.as_ref().map_or(rest, |link| link.title), MAX_TITLE);
        if is_heading {
            has_heading = true;
            headings.retain(|(level, _)| *level < hashes);
        }
        if let Some(link) = link {
            match address::canonical(link.target, Some(base)) {
                None => llms.left_out.invalid += 1,
                Some(_) if llms.links.len() >= MAX_LINKS => llms.left_out.over_limit += 1,
                Some(url) if seen.contains(&url) => {}
                Some(url) => {
                    seen.insert(url.clone());
                    let breadcrumbs = headings.iter().filter(|(level, _)| *level > 1);
                    llms.links.push(Link {
                        title: title.clone(),
                        url,
                        summary: one_line(link.rest.trim_start().trim_start_matches([':', '-']), MAX_SUMMARY),
                        breadcrumbs: breadcrumbs.map(|(_, heading)| heading.clone()).collect(),
                    });
                }
            }
        }
        if is_heading {
            if hashes == 1 && llms.title.is_empty() {
                llms.title.clone_from(&title);
            }
            headings.push((hashes, title));
        }
    }
    if llms.links.is_empty() && !has_heading {
        return Err(ParseError::Unexpected { expected: "llms.txt", found: problem::found(&text) });
    }
    Ok(llms)
}

/// The address under which a page may be found as Markdown: `page.md` for `page.html`.
///
/// `None` for addresses of other forms: what the twin of a folder is called differs from site to site.
pub fn markdown_twin(page: &Url) -> Option<Url> {
    with_extension(page, &[".html", ".htm"], ".md")
}

/// The page that a Markdown twin belongs to: `page.html` for `page.md`.
pub fn page_of_twin(twin: &Url) -> Option<Url> {
    with_extension(twin, &[".md"], ".html")
}

fn with_extension(url: &Url, from: &[&str], to: &str) -> Option<Url> {
    let path = url.path();
    let stem = from.iter().find_map(|extension| path.strip_suffix(extension))?;
    if stem.ends_with('/') {
        return None;
    }
    let mut other = url.clone();
    other.set_path(&format!("{stem}{to}"));
    Some(other)
}

struct MarkdownLink<'a> {
    title: &'a str,
    target: &'a str,
    rest: &'a str,
}

/// The link that a text starts with. Titles may hold brackets in pairs, targets parentheses in pairs.
fn markdown_link(text: &str) -> Option<MarkdownLink<'_>> {
    let close = matching(text, b'[', b']')?;
    let behind = &text[close + 1..];
    let end = matching(behind, b'(', b')')?;
    let inside = behind[1..end].trim();
    let target = match inside.strip_prefix('<') {
        Some(bracketed) => bracketed.split('>').next()?,
        None => inside.split_ascii_whitespace().next()?,
    };
    Some(MarkdownLink { title: &text[1..close], target, rest: &behind[end + 1..] })
}

/// Where the bracket that a text starts with is closed.
fn matching(text: &str, open: u8, close: u8) -> Option<usize> {
    if text.as_bytes().first() != Some(&open) {
        return None;
    }
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, byte) in text.bytes().enumerate().take(address::MAX_HREF) {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// A text on one line without escapes.
fn one_line(text: &str, limit: usize) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.contains('\\') {
        let mut escaped = false;
        line.retain(|c| {
            escaped = c == '\\' && !escaped;
            !escaped
        });
    }
    xml::shorten(&mut line, limit);
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://h.example/guide/llms.txt").unwrap()
    }

    #[test]
    fn a_guide() {
        let text = "# X User Guide\n\n> About X. See [elsewhere](https://h.example/no).\n\n- [What is X?](welcome.html)\n\
            ## [Security](https://h.example/guide/security.html)\n\nSome [text](https://h.example/no).\n\n\
            ### Keys\n\n- [Keys \\[new\\] (v2)](keys_(v2).html): How keys\nwork.\n* [Quotas](<quotas.md>) - Limits.\n\
            - [Again](keys_(v2).html)\n- [Bad](javascript:x)\n- no link\n- [open](\n\
            ## Other\n- [X](https://h.example/x/llms.txt \"title\")\n";
        let llms = parse(text.as_bytes(), &base()).unwrap();
        let links: Vec<_> = llms
            .links
            .iter()
            .map(|link| (&*link.title, link.url.path(), &*link.summary, link.breadcrumbs.join(" > ")))
            .collect();
        assert_eq!(
            links,
            [
                ("What is X?", "/guide/welcome.html", "", String::new()),
                ("Security", "/guide/security.html", "", String::new()),
                ("Keys [new] (v2)", "/guide/keys_(v2).html", "How keys", "Security > Keys".to_owned()),
                ("Quotas", "/guide/quotas.md", "Limits.", "Security > Keys".to_owned()),
                ("X", "/x/llms.txt", "", "Other".to_owned()),
            ]
        );
        assert!(llms.links[4].is_index() && !llms.links[0].is_index());
        assert_eq!((llms.title.as_str(), llms.left_out.invalid), ("X User Guide", 1));
    }

    #[test]
    fn no_llms_txt() {
        let unexpected = |found| Err(ParseError::Unexpected { expected: "llms.txt", found });
        assert_eq!(parse(b"<!DOCTYPE html><html>", &base()), unexpected("a web page"));
        assert_eq!(parse(b"not found", &base()), unexpected("other text"));
        assert_eq!(parse(b"", &base()), Err(ParseError::Empty));
        assert!(parse(b"# A site\n", &base()).unwrap().links.is_empty());
    }

    #[test]
    fn twins() {
        let twin = |address: &str| markdown_twin(&Url::parse(address).unwrap()).map(String::from);
        assert_eq!(twin("https://h.example/a/b.html").as_deref(), Some("https://h.example/a/b.md"));
        assert_eq!(twin("https://h.example/a/b.htm?x=1").as_deref(), Some("https://h.example/a/b.md?x=1"));
        assert_eq!(twin("https://h.example/a/"), None);
        assert_eq!(twin("https://h.example/.html"), None);
        let page = page_of_twin(&Url::parse("https://h.example/a/b.md").unwrap());
        assert_eq!(page.map(String::from).as_deref(), Some("https://h.example/a/b.html"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-#\\[\\]()<>\\\\a-cä: \n]{0,200}") {
            _ = parse(text.as_bytes(), &base());
        }
    }
}
