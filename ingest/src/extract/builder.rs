//! Collects the lines of a clean text and the sections they belong to.

use super::{Extracted, FrontMatter, Section};

/// Longest heading or title that is kept as such; the text itself always keeps the whole line.
pub(super) const MAX_HEADING_CHARS: usize = 300;
const MAX_ANCHOR_BYTES: usize = 200;

/// The text so far. Runs of blank lines become one, and none stands at the start.
#[derive(Debug, Default)]
pub(super) struct Builder {
    text: String,
    sections: Vec<Section>,
    blank: bool,
}

impl Builder {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Starts a section. `line` is the heading as it appears in the text, without the `#`s.
    pub(super) fn heading(&mut self, level: u8, line: &str, heading: &str, anchor: Option<String>) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        self.blank();
        self.write_blank();
        let start = self.text.len();
        if let Some(last) = self.sections.last_mut() {
            last.range.end = start;
        } else if start > 0 {
            self.sections.push(Section {
                level: 0,
                heading: String::new(),
                anchor: None,
                range: 0..start,
                is_title: false,
                continues: false,
            });
        }
        let level = level.clamp(1, 6);
        self.sections.push(Section {
            level,
            heading: shorten(heading.trim(), MAX_HEADING_CHARS).to_owned(),
            anchor: anchor.filter(|anchor| !anchor.is_empty() && anchor.len() <= MAX_ANCHOR_BYTES),
            range: start..start,
            is_title: false,
            continues: false,
        });
        for _ in 0..level {
            self.text.push('#');
        }
        self.text.push(' ');
        self.text.push_str(line);
        self.text.push('\n');
        self.blank();
    }

    /// Lets the section go on under an anchor of its own: that of a new page.
    pub(super) fn continued(&mut self, anchor: String) {
        self.blank();
        self.write_blank();
        let start = self.text.len();
        let (level, heading) = match self.sections.last_mut() {
            Some(last) => {
                last.range.end = start;
                (last.level, last.heading.clone())
            }
            None => (0, String::new()),
        };
        let anchor = Some(anchor);
        self.sections.push(Section {
            level,
            heading,
            anchor,
            range: start..start,
            is_title: false,
            continues: start > 0,
        });
    }

    /// Adds a line; one without visible characters counts as blank.
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if line.is_empty() {
            self.blank();
            return;
        }
        self.write_blank();
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Adds a line of a format that is not Markdown: what would start a heading or a code block is escaped.
    pub(super) fn text_line(&mut self, line: &str) {
        let text = line.trim_start();
        if text.starts_with(['#', '`', '~'])
            && (text.starts_with('#') || text.starts_with("```") || text.starts_with("~~~"))
        {
            let indent = &line[..line.len() - text.len()];
            self.line(&format!("{indent}\\{text}"));
        } else {
            self.line(line);
        }
    }

    /// Adds a line as it is, blank or not: the inside of a code block.
    pub(super) fn raw_line(&mut self, line: &str) {
        self.write_blank();
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Ends the paragraph.
    pub(super) fn blank(&mut self) {
        self.blank = !self.text.is_empty() && !self.text.ends_with("\n\n");
    }

    fn write_blank(&mut self) {
        if self.blank {
            self.text.push('\n');
            self.blank = false;
        }
    }

    /// The finished text. The title is the first heading if it is the highest one, else the first of level 1.
    pub(super) fn finish(mut self, front_matter: FrontMatter) -> Extracted {
        let end = self.text.len();
        if let Some(last) = self.sections.last_mut() {
            last.range.end = end;
        } else if end > 0 {
            let heading = String::new();
            self.sections.push(Section {
                level: 0,
                heading,
                anchor: None,
                range: 0..end,
                is_title: false,
                continues: false,
            });
        }
        let own = |section: &&Section| section.level > 0 && !section.continues;
        let highest = self.sections.iter().filter(own).map(|section| section.level).min();
        let title = self.sections.iter_mut().find(|section| !section.continues && Some(section.level) == highest);
        let title = title.map(|section| {
            // A document made of equal headings below level 1 has no title of its own: its first one names it.
            section.is_title = section.level == 1;
            section.heading.clone()
        });
        Extracted { title, text: self.text, sections: self.sections, front_matter }
    }
}

/// The first `max_chars` characters of a text.
pub(super) fn shorten(text: &str, max_chars: usize) -> &str {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => text[..end].trim_end(),
        None => text,
    }
}
