//! A document, or one section of it, page by page.

use std::ops::Range;

use cloudops_indexes::model::Citation;
use cloudops_indexes::store::{Index, StoredDocument};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::{self, Key};
use super::text::{Blocks, NOTICE, Source, document_of_uri, document_uri};
use super::{Effect, Link, Tool, ToolError, ToolInfo, Toolset};
use crate::app::App;
use crate::report::one_line;

/// Bytes of a page: with both forms of a reply, about 5,000 tokens.
pub(crate) const PAGE_BYTES: usize = 7_000;
const OUTLINE_ENTRIES: usize = 40;
const OUTLINE_BYTES: usize = 1_500;

pub(super) struct ReadDocument;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// A `document` id or the URL of a page.
    document: String,
    /// Only the section with this heading, and what stands below it.
    section: Option<String>,
    /// `next_cursor` of the reply that this call continues; repeat the other arguments.
    cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    notice: &'static str,
    citation: Source,
    /// Headings of a long document, indented by level.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outline: Vec<String>,
    /// Markdown.
    text: String,
    page: usize,
    pages: usize,
    /// There is more: pass `next_cursor`.
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ReadDocument {
    const INFO: ToolInfo = ToolInfo {
        name: "read_document",
        title: "Read a document",
        description: "Reads an indexed document as Markdown, page by page, or one section of it. \
                      Takes the `document` or `url` of a search result.",
        toolset: Toolset::Knowledge,
        effect: Effect::ReadOnly,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let index = app.index()?;
        let view = View::open(&index, &input.document, input.section.as_deref())?;
        read(&view, &input)
    }

    fn text(output: &Output) -> String {
        let mut blocks = Blocks::new();
        let mut body = String::new();
        if !output.outline.is_empty() {
            body = format!("Outline:\n{}\n\n", output.outline.join("\n"));
        }
        body.push_str(&output.text);
        blocks.retrieved(None, &output.citation, &body);
        if output.pages > 1 {
            blocks.say(&format!("\nThis is page {} of {}.", output.page, output.pages));
        }
        if let Some(cursor) = &output.next_cursor {
            blocks.say(&format!("To read on, repeat the call with \"cursor\": \"{cursor}\"."));
        }
        blocks.finish()
    }

    fn links(output: &Output) -> Vec<Link> {
        vec![Link {
            uri: document_uri(&output.citation.document),
            title: one_line(&output.citation.title),
            description: output.citation.url.clone(),
        }]
    }
}

fn read(view: &View, input: &Input) -> Result<Output, ToolError> {
    let document = &view.stored.document;
    let key = Key::of(ReadDocument::INFO.name, &(&document.id, &view.range));
    let stamp = cursor::short_hash(&document.content_hash);
    let pages = view.pages(PAGE_BYTES);
    let page = match &input.cursor {
        None => 0,
        Some(cursor) => cursor::decode(cursor, stamp, key)?,
    };
    let range = pages.get(page).ok_or_else(|| ToolError::input("`cursor` points behind the end of the document"))?;
    let truncated = page + 1 < pages.len();
    Ok(Output {
        notice: NOTICE,
        citation: Source::from(&view.citation()),
        outline: if page == 0 && truncated { view.short_outline() } else { Vec::new() },
        text: document.text[range.clone()].to_owned(),
        page: page + 1,
        pages: pages.len(),
        truncated,
        next_cursor: truncated.then(|| cursor::encode(page + 1, stamp, key)),
    })
}

/// A heading of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Heading {
    pub(crate) level: usize,
    pub(crate) text: String,
    /// Bytes of the section, everything below it included.
    pub(crate) range: Range<usize>,
}

/// A document, or a section of it.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) stored: StoredDocument,
    pub(crate) headings: Vec<Heading>,
    pub(crate) range: Range<usize>,
    section: Option<usize>,
}

impl View {
    /// Finds a document by id, URL or address, and a section of it by heading or by the fragment of the URL.
    pub(crate) fn open(index: &Index, name: &str, section: Option<&str>) -> Result<Self, ToolError> {
        let name = name.trim();
        let name = document_of_uri(name).unwrap_or_else(|| name.to_owned());
        let Some(stored) = index.document(&name)? else {
            return Err(not_found(index, &name)?);
        };
        let mut view = Self::whole(stored);
        let fragment = name.split_once('#').map(|(_, fragment)| fragment).filter(|_| name.contains("://"));
        if let Some(section) = section.map(str::trim).filter(|section| !section.is_empty()) {
            let found = view.find_section(section).ok_or_else(|| view.no_section(section))?;
            view.choose(found);
        } else if let Some(found) = fragment.and_then(|fragment| view.find_anchor(fragment)) {
            view.choose(found);
        }
        Ok(view)
    }

    fn whole(stored: StoredDocument) -> Self {
        let headings = headings(&stored.document.text);
        Self { range: 0..stored.document.text.len(), headings, section: None, stored }
    }

    fn choose(&mut self, heading: usize) {
        self.section = Some(heading);
        self.range = self.headings[heading].range.clone();
    }

    fn find_section(&self, wanted: &str) -> Option<usize> {
        let parts: Vec<String> = wanted.split(['>', '›']).map(plain).filter(|part| !part.is_empty()).collect();
        let (last, above) = parts.split_last()?;
        let below = |at: usize| {
            let path = self.path(at);
            let mut path = path.iter().map(|heading| plain(heading));
            above.iter().all(|part| path.any(|heading| heading == *part))
        };
        let find = |matches: &dyn Fn(&str) -> bool| {
            (0..self.headings.len()).find(|&at| matches(&plain(&self.headings[at].text)) && below(at))
        };
        find(&|heading| heading == last)
            .or_else(|| find(&|heading| heading.starts_with(last.as_str())))
            .or_else(|| find(&|heading| heading.contains(last.as_str())))
            .or_else(|| self.find_anchor(wanted.trim_start_matches('#')))
    }

    fn find_anchor(&self, anchor: &str) -> Option<usize> {
        let passage = self.stored.passages.iter().find(|passage| passage.anchor.as_deref() == Some(anchor))?;
        // The passage starts at the heading of its section, or inside a section that was cut in several.
        self.headings.iter().rposition(|heading| heading.range.start <= passage.range.start)
    }

    fn no_section(&self, wanted: &str) -> ToolError {
        let names: Vec<_> =
            self.headings.iter().take(20).map(|heading| format!("`{}`", one_line(&heading.text))).collect();
        let error = ToolError::not_found(format!("`{}` has no section `{wanted}`", self.stored.document.id));
        if names.is_empty() {
            error.hint("It has no sections: leave `section` out.")
        } else {
            error.hint(format!("It has {}.", names.join(", ")))
        }
    }

    /// Headings down to this one.
    fn path(&self, at: usize) -> Vec<&str> {
        let mut path = vec![self.headings[at].text.as_str()];
        let mut level = self.headings[at].level;
        for heading in self.headings[..at].iter().rev() {
            if heading.level < level {
                level = heading.level;
                path.push(&heading.text);
            }
        }
        path.reverse();
        path
    }

    /// What to cite for this view.
    pub(crate) fn citation(&self) -> Citation {
        let document = &self.stored.document;
        let mut heading_path: Vec<String> =
            self.section.map(|at| self.path(at)).unwrap_or_default().into_iter().map(str::to_owned).collect();
        if heading_path.first().is_some_and(|first| plain(first) == plain(&document.title)) {
            heading_path.remove(0);
        }
        let start = self.range.start;
        let anchor = self.section.and_then(|_| {
            let passage = self.stored.passages.iter().find(|passage| passage.range.start == start)?;
            passage.anchor.as_deref()
        });
        let url = document.url.as_ref().map(|url| match anchor {
            Some(anchor) if !url.contains('#') => format!("{url}#{anchor}"),
            _ => url.clone(),
        });
        Citation {
            document: document.id.clone(),
            title: document.title.clone(),
            heading_path,
            url,
            source: document.source.clone(),
            kind: document.kind,
            services: document.services.clone(),
            updated: document.updated,
        }
    }

    /// Pages of at most `size` bytes, cut between paragraphs where that is possible.
    pub(crate) fn pages(&self, size: usize) -> Vec<Range<usize>> {
        let text = &self.stored.document.text;
        let mut pages = Vec::new();
        let mut start = self.range.start;
        while self.range.end - start > size {
            let window = &text[start..text.floor_char_boundary(start + size)];
            let half = window.floor_char_boundary(size / 2);
            let cut =
                ["\n#", "\n\n", "\n"].iter().find_map(|at| window[half..].rfind(at).map(|found| half + found + 1));
            let length = cut.unwrap_or(window.len()).max(1);
            pages.push(start..start + length);
            start += length;
        }
        pages.push(start..self.range.end);
        pages
    }

    fn short_outline(&self) -> Vec<String> {
        let inside = self.headings.iter().filter(|heading| self.range.contains(&heading.range.start));
        let top = inside.clone().map(|heading| heading.level).min().unwrap_or(1);
        let mut left = OUTLINE_BYTES;
        let mut lines = Vec::new();
        for heading in inside {
            let line = format!("{}{}", "  ".repeat(heading.level - top), one_line(&heading.text));
            if line.len() > left || lines.len() == OUTLINE_ENTRIES {
                lines.push("…".to_owned());
                break;
            }
            left -= line.len();
            lines.push(line);
        }
        lines
    }
}

/// A document is not there: says which ones look like it.
fn not_found(index: &Index, name: &str) -> Result<ToolError, ToolError> {
    let shown = one_line(&name[..name.floor_char_boundary(300)]);
    let error = ToolError::not_found(format!("there is no document `{shown}`"));
    let similar: Vec<_> = index.similar_ids(name, 5)?.iter().map(|id| format!("`{}`", one_line(id))).collect();
    Ok(if similar.is_empty() {
        error.hint("Take the `document` of a search result.")
    } else {
        error.hint(format!("Similar: {}.", similar.join(", ")))
    })
}

/// The headings of clean Markdown, outside of code fences.
fn headings(text: &str) -> Vec<Heading> {
    let mut found: Vec<Heading> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if let Some(open) = fence {
            if trimmed.starts_with(open) && trimmed.trim_start_matches(&open[..1]).is_empty() {
                fence = None;
            }
            continue;
        }
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            let mark = &trimmed[..1];
            let length = trimmed.len() - trimmed.trim_start_matches(mark).len();
            fence = Some(&trimmed[..length]);
            continue;
        }
        let level = line.len() - line.trim_start_matches('#').len();
        let rest = &line[level..];
        if (1..=6).contains(&level) && rest.starts_with([' ', '\t']) && !rest.trim().is_empty() {
            for above in found.iter_mut().rev().filter(|above| above.range.end == usize::MAX && above.level >= level) {
                above.range.end = start;
            }
            found.push(Heading { level, text: rest.trim().to_owned(), range: start..usize::MAX });
        }
    }
    for heading in &mut found {
        heading.range.end = heading.range.end.min(text.len());
    }
    found
}

/// A heading as it is compared.
fn plain(heading: &str) -> String {
    let words = heading.split_whitespace().map(|word| word.trim_matches(['*', '_', '`', '"']));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use cloudops_indexes::model::{Document, Kind, Passage};

    use super::*;

    const TEXT: &str = "# Title\n\nIntro.\n\n## Limits\n\n```\n# no heading\n```\n\n### Soft `limits`\n\nSoft.\n\n## Costs\n\n\
                        ### Soft limits\n\nMoney.\n";

    fn view() -> View {
        let passage = |position, start: usize, anchor: &str| Passage {
            position,
            heading_path: vec![],
            anchor: Some(anchor.into()),
            range: start..TEXT.len(),
            context: String::new(),
        };
        View::whole(StoredDocument {
            document: Document {
                id: "docs/a.md".into(),
                source: "docs".into(),
                title: "Title".into(),
                url: Some("https://example.com/a".into()),
                path: None,
                guide: None,
                services: vec![],
                kind: Kind::Note,
                tags: vec![],
                updated: None,
                text: TEXT.into(),
                content_hash: "h".into(),
            },
            passages: vec![
                passage(0, TEXT.find("## Limits").unwrap(), "limits"),
                passage(1, TEXT.find("Soft.").unwrap(), "soft"),
            ],
            ingested: 0,
        })
    }

    #[test]
    fn headings_know_their_sections() {
        let headings = headings(TEXT);
        let shown: Vec<_> =
            headings.iter().map(|h| (h.level, h.text.as_str(), TEXT[h.range.clone()].lines().count())).collect();
        let expected =
            [(1, "Title", 19), (2, "Limits", 10), (3, "Soft `limits`", 4), (2, "Costs", 5), (3, "Soft limits", 3)];
        assert_eq!(shown, expected);
    }

    #[test]
    fn sections_are_found_by_heading_path_part_and_anchor() {
        let cases = [
            ("limits", Some(1)),
            ("SOFT LIMITS", Some(2)),
            ("Costs > Soft limits", Some(4)),
            ("Title › costs", Some(3)),
            ("cost", Some(3)),
            ("#soft", Some(2)),
            ("nothing", None),
            (">", None),
        ];
        for (wanted, expected) in cases {
            assert_eq!(view().find_section(wanted), expected, "{wanted}");
        }
        assert!(view().no_section("x").hints[0].contains("`Costs`"));
    }

    #[test]
    fn a_section_is_cited_with_its_path_and_anchor() {
        let mut view = view();
        view.choose(1);
        let citation = view.citation();
        assert_eq!(citation.heading_path, ["Limits"]);
        assert_eq!(citation.url.as_deref(), Some("https://example.com/a#limits"));
        view.choose(4);
        assert_eq!(view.citation().heading_path, ["Costs", "Soft limits"]);
    }

    #[test]
    fn pages_cover_the_text_and_end_at_paragraphs() {
        let view = view();
        for size in 1..TEXT.len() + 2 {
            let pages = view.pages(size);
            let joined: String = pages.iter().map(|page| &TEXT[page.clone()]).collect();
            assert_eq!(joined, TEXT, "{size}");
            assert!(pages.iter().all(|page| page.len() <= size.max(4)));
        }
        assert!(TEXT[view.pages(70)[1].clone()].starts_with('#'));
    }

    #[test]
    fn a_long_document_is_read_page_by_page() {
        let mut view = view();
        view.stored.document.text = format!("# Title\n\n{}", "A paragraph of some words.\n\n".repeat(700));
        let mut view = View::whole(view.stored);
        view.stored.passages.clear();
        let mut input = Input { document: "docs/a.md".into(), section: None, cursor: None };
        let mut text = String::new();
        loop {
            let output = read(&view, &input).unwrap();
            text.push_str(&output.text);
            assert_eq!(output.outline.is_empty(), output.page > 1);
            let size = serde_json::to_string(&output).unwrap().len() + ReadDocument::text(&output).len();
            assert!(size < super::super::REPLY_BYTES, "{size}");
            input.cursor = output.next_cursor;
            if input.cursor.is_none() {
                break;
            }
        }
        assert_eq!(text, view.stored.document.text);
    }
}
