//! A paragraph while it is read, and the runs that it is made of.

use super::styles::Styles;

/// A paragraph.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    pub(super) style: String,
    pub(super) outline: Option<u8>,
    /// Its list, and the level in it.
    pub(super) list: Option<u32>,
    pub(super) level: Option<u8>,
    pub(super) text: String,
    /// Whether every visible character so far is in a font for code.
    all_mono: bool,
    /// Whether a stretch of code is open.
    in_code: bool,
}

/// A run: characters that look the same.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) mono: bool,
    pub(super) hidden: bool,
}

impl Paragraph {
    pub(super) fn new() -> Self {
        Self { all_mono: true, ..Self::default() }
    }

    /// Adds text of a run.
    pub(super) fn push(&mut self, run: &Run, text: &str) {
        if run.hidden {
            return;
        }
        let visible = text.chars().any(|c| !c.is_whitespace());
        if visible {
            self.all_mono &= run.mono;
            if run.mono != self.in_code {
                self.text.push('\u{1}');
                self.in_code = run.mono;
            }
        }
        // A line end of the XML itself is white space; those that are meant are elements.
        self.text.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
    }

    /// Ends the line.
    pub(super) fn line_break(&mut self) {
        self.text.push('\n');
    }

    /// Whether it is nothing but code.
    pub(super) fn is_code(&self) -> bool {
        self.all_mono && self.text.chars().any(|c| !c.is_whitespace() && c != '\u{1}')
    }

    /// The lines without marks.
    pub(super) fn plain(&self) -> String {
        self.text.replace('\u{1}', "")
    }

    /// The lines with stretches of code marked, each without white space to spare.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut inside = false;
        let mut lines = Vec::new();
        for line in self.text.split('\n') {
            let mut marked = String::with_capacity(line.len() + 4);
            if inside {
                marked.push('\u{1}');
            }
            marked.push_str(line);
            inside = marked.matches('\u{1}').count() % 2 == 1;
            if inside {
                marked.push('\u{1}');
            }
            lines.push(code_marked(&marked));
        }
        lines
    }

    /// The list of the paragraph, by itself or by its style.
    pub(super) fn list(&self, styles: &Styles) -> Option<(u32, u8)> {
        let by_style = styles.list(&self.style);
        let list = self.list.or(by_style.map(|list| list.0))?;
        Some((list, self.level.or(by_style.map(|list| list.1)).unwrap_or(0)))
    }
}

/// `a [1]b[1] c` becomes ``a `b` c``; code that has back ticks itself stays as it is.
fn code_marked(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for (at, part) in line.split('\u{1}').enumerate() {
        let code = part.trim();
        if at % 2 == 0 || code.is_empty() || code.contains('`') {
            text.push_str(part);
        } else {
            let (lead, rest) = part.split_at(part.len() - part.trim_start().len());
            text.push_str(lead);
            text.push('`');
            text.push_str(code);
            text.push('`');
            text.push_str(&rest[rest.trim_end().len()..]);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
