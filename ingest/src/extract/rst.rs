//! reStructuredText to clean Markdown: sections, code, notes and roles; tables stay aligned text.

use super::builder::{Builder, shorten};
use super::inline::floor_char;
use super::{Extracted, FrontMatter};

/// Extracts a reStructuredText file.
pub(super) fn extract(text: &str) -> Extracted {
    let lines: Vec<&str> = text.split('\n').collect();
    let out = Builder::with_capacity(text.len());
    let mut reader = Reader { lines: &lines, at: 0, out, styles: Vec::new(), anchor: None, label: None };
    while reader.at < lines.len() {
        reader.block();
    }
    reader.out.finish(FrontMatter::default())
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    out: Builder,
    /// Underlines in order of appearance: that order is the level.
    styles: Vec<(u8, bool)>,
    anchor: Option<String>,
    label: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn line(&self, offset: usize) -> &'a str {
        self.lines.get(self.at + offset).map_or("", |line| line.trim_end())
    }

    fn block(&mut self) {
        let line = self.line(0);
        let text = line.trim_start();
        if text.is_empty() {
            self.out.blank();
            self.at += 1;
        } else if let Some((mark, overlined, title, taken)) = self.section() {
            let level = self.level(mark, overlined);
            let title = inline(title);
            let plain = title.replace(['`', '*'], "");
            let anchor = self.anchor.take();
            self.out.heading(level, &title, &plain, anchor);
            self.at += taken;
        } else if text.starts_with(".. ") || text == ".." {
            self.directive(line, text);
        } else if is_table_border(text) {
            self.table(text);
        } else {
            self.paragraph(line);
        }
    }

    /// A section title here: its mark, whether it has an overline, its text, and how many lines it takes.
    fn section(&self) -> Option<(u8, bool, &'a str, usize)> {
        let (first, second, third) = (self.line(0), self.line(1), self.line(2));
        if let Some(mark) = rule_mark(first)
            && rule_mark(third) == Some(mark)
            && !second.trim().is_empty()
            && rule_mark(second).is_none()
            && second.trim().chars().count() <= first.len()
        {
            return Some((mark, true, second.trim(), 3));
        }
        let mark = rule_mark(second)?;
        let starts = self.at == 0 || self.lines[self.at - 1].trim().is_empty() || self.anchor.is_some();
        let width = first.chars().take(300).count();
        let underlined = starts && !first.starts_with(' ') && rule_mark(first).is_none() && second.len() + 2 >= width;
        underlined.then_some((mark, false, first, 2))
    }

    fn level(&mut self, mark: u8, overlined: bool) -> u8 {
        let known = self.styles.iter().position(|style| *style == (mark, overlined));
        let place = known.unwrap_or_else(|| {
            self.styles.push((mark, overlined));
            self.styles.len() - 1
        });
        (place + 1).min(6) as u8
    }

    fn directive(&mut self, line: &str, text: &'a str) {
        let rest = text[2..].trim_start();
        let indent = line.len() - text.len();
        if let Some(target) = rest.strip_prefix('_')
            && let Some(name) = target.strip_suffix(':')
        {
            self.anchor = Some(name.trim_matches('`').to_lowercase().replace([' ', '_'], "-"));
            self.at += 1;
            return;
        }
        let Some((name, argument)) = rest.split_once("::") else {
            self.at += 1;
            self.skip_body(indent);
            return;
        };
        let argument = argument.trim();
        match name.trim() {
            "code-block" | "code" | "sourcecode" | "parsed-literal" | "prompt" => {
                self.at += 1;
                self.code(indent, argument);
            }
            name @ ("note" | "important" | "warning" | "tip" | "caution" | "danger" | "hint" | "attention" | "seealso") => {
                self.label = Some(label(name));
                self.at += 1;
                self.out.blank();
                if !argument.is_empty() {
                    let argument = inline(argument);
                    self.text_line("", &argument);
                }
            }
            "versionadded" | "versionchanged" | "deprecated" | "topic" | "rubric" | "admonition" | "list-table"
            | "glossary" | "only" | "tabs" | "tab" | "table" | "figure" | "container" => {
                self.at += 1;
                self.skip_options(indent);
                self.out.blank();
                if !argument.is_empty() && name.trim() != "only" && name.trim() != "figure" {
                    self.text_line("", &format!("**{}**", inline(argument)));
                    self.out.blank();
                }
            }
            _ => {
                self.at += 1;
                self.skip_body(indent);
            }
        }
    }

    fn skip_options(&mut self, indent: usize) {
        while let Some(line) = self.lines.get(self.at) {
            let text = line.trim();
            if !(text.starts_with(':') && indent_of(line) > indent) {
                break;
            }
            self.at += 1;
        }
    }

    /// Moves behind the lines that are indented deeper than `indent`.
    fn skip_body(&mut self, indent: usize) {
        while let Some(line) = self.lines.get(self.at) {
            if !line.trim().is_empty() && indent_of(line) <= indent {
                break;
            }
            self.at += 1;
        }
        self.out.blank();
    }

    fn code(&mut self, indent: usize, language: &str) {
        self.skip_options(indent);
        let start = self.at;
        self.skip_body(indent);
        let body = &self.lines[start..self.at];
        let inner = body.iter().filter(|line| !line.trim().is_empty()).map(|line| indent_of(line)).min().unwrap_or(0);
        let (Some(first), Some(last)) = (
            body.iter().position(|line| !line.trim().is_empty()),
            body.iter().rposition(|line| !line.trim().is_empty()),
        ) else {
            return;
        };
        let marks = if body.iter().any(|line| line.contains("```")) { "~~~~~~" } else { "```" };
        let language = language.split_whitespace().next().unwrap_or_default().replace('`', "");
        self.out.blank();
        self.out.line(&format!("{marks}{}", shorten(&language, 30)));
        for line in &body[first..=last] {
            self.out.raw_line(line.get(inner..).unwrap_or(""));
        }
        self.out.line(marks);
        self.out.blank();
    }

    /// Keeps a grid or simple table as it is drawn.
    fn table(&mut self, border: &str) {
        let grid = border.starts_with('+');
        let start = self.at;
        let mut end = start;
        let mut borders = 0;
        while let Some(line) = self.lines.get(end).map(|line| line.trim()) {
            if line.is_empty() && (grid || borders > 2 || borders == 0) {
                break;
            }
            borders += usize::from(is_table_border(line));
            end += 1;
            let closes = !grid && borders >= 2 && is_table_border(line);
            let blank_next = self.lines.get(end).is_none_or(|next| next.trim().is_empty());
            if closes && blank_next && borders >= 3 {
                break;
            }
        }
        self.out.blank();
        self.out.line("```text");
        for line in &self.lines[start..end.max(start + 1)] {
            self.out.raw_line(&inline_roles(line.trim_end()));
        }
        self.out.line("```");
        self.out.blank();
        self.at = end.max(start + 1);
    }

    fn paragraph(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        self.at += 1;
        if let Some(before) = text.strip_suffix("::") {
            let before = before.trim_end();
            if !before.is_empty() {
                let before = format!("{}:", inline(before));
                self.text_line("", &before);
            }
            let next = self.lines[self.at..].iter().find(|line| !line.trim().is_empty());
            if next.is_some_and(|next| indent_of(next) > indent) {
                self.code(indent, "");
            }
            return;
        }
        let (marker, rest) = match text.strip_prefix("* ").or_else(|| text.strip_prefix("- ")) {
            Some(rest) => ("- ", rest),
            None => match text.strip_prefix("#. ") {
                Some(rest) => ("1. ", rest),
                None => ("", text),
            },
        };
        let cleaned = format!("{marker}{}", inline(rest));
        let pad = " ".repeat(if marker.is_empty() { 0 } else { indent.min(12) });
        self.text_line(&pad, &cleaned);
    }

    fn text_line(&mut self, pad: &str, text: &str) {
        match self.label.take() {
            Some(label) => self.out.line(&format!("**{label}:** {text}")),
            None => self.out.text_line(&format!("{pad}{text}")),
        }
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "important" => "Important",
        "warning" => "Warning",
        "tip" | "hint" => "Tip",
        "caution" | "danger" => "Caution",
        "seealso" => "See also",
        _ => "Note",
    }
}

fn indent_of(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The mark that a line consists of, if it can underline a title.
fn rule_mark(line: &str) -> Option<u8> {
    let line = line.trim_end();
    let mark = *line.as_bytes().first()?;
    (mark.is_ascii_punctuation() && line.len() >= 3 && line.bytes().all(|byte| byte == mark)).then_some(mark)
}

fn is_table_border(text: &str) -> bool {
    let grid = text.starts_with("+-") && text.len() > 4 && text.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'='));
    let simple = text.starts_with("==") && text.contains("= =") || text.starts_with("==") && text.contains("=  =");
    grid || (simple && text.bytes().all(|byte| matches!(byte, b'=' | b' ')))
}

fn inline(text: &str) -> String {
    inline_roles(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Resolves roles, links and literals of one line.
fn inline_roles(text: &str) -> String {
    const MAX_SPAN_BYTES: usize = 2_000;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['`', '\\']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\\') {
            let next = after.chars().next().unwrap_or('\\');
            if next != ' ' {
                out.push(next);
            }
            rest = after.get(next.len_utf8()..).unwrap_or("");
            continue;
        }
        let marks = if rest.starts_with("``") { "``" } else { "`" };
        let window = floor_char(rest, MAX_SPAN_BYTES);
        let Some(end) = rest[marks.len()..window.max(marks.len())].find(marks) else {
            out.push_str(marks);
            rest = &rest[marks.len()..];
            continue;
        };
        let inside = &rest[marks.len()..marks.len() + end];
        rest = &rest[marks.len() * 2 + end..];
        if marks == "``" {
            out.push_str(&format!("`{inside}`"));
            continue;
        }
        let role = take_role(&mut out);
        rest = rest.trim_start_matches('_');
        let (shown, target) = match inside.strip_suffix('>').and_then(|inside| inside.rsplit_once('<')) {
            Some((shown, target)) if !shown.trim().is_empty() => (shown.trim(), target),
            Some((_, target)) => (target, target),
            None => (inside.trim_start_matches(['~', '!']), ""),
        };
        match role.as_deref() {
            None if target.starts_with("http") && shown != target => out.push_str(&format!("[{shown}]({target})")),
            Some("code" | "file" | "command" | "program" | "option" | "samp" | "class" | "meth" | "func" | "envvar") => {
                out.push_str(&format!("`{shown}`"));
            }
            _ => out.push_str(shown),
        }
    }
    out.push_str(rest);
    out
}

/// Removes `:role:` (or `:py:class:`) from the end of `out` and returns its last part.
fn take_role(out: &mut String) -> Option<String> {
    let before = out.strip_suffix(':')?;
    let tail_start = floor_char(before, before.len().saturating_sub(40));
    let start = before[tail_start..].rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.')));
    let start = start.map_or(tail_start, |at| tail_start + at + before[tail_start + at..].chars().next().map_or(1, char::len_utf8));
    let role = before[start..].strip_prefix(':')?.to_owned();
    if role.is_empty() {
        return None;
    }
    out.truncate(start);
    role.rsplit(':').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page() {
        let text = "\
=====
Title
=====

.. _first-part:

First part
----------

See :ref:`the other <other>` and :py:class:`~a.b.C`, `here <https://e.org>`__ or ``code``.

.. code-block:: python
   :linenos:

   def f():
       return 1

.. note::

   Take care.

Literal::

    $ run

* a bullet
#. a step

.. toctree::
   :maxdepth: 2

   hidden

+---+---+
| a | b |
+---+---+

Second
------
";
        let extracted = extract(text);
        assert_eq!(extracted.title.as_deref(), Some("Title"));
        assert_eq!(extracted.sections[1].anchor.as_deref(), Some("first-part"));
        let expected = "\
# Title

## First part

See the other and `a.b.C`, [here](https://e.org) or `code`.

```python
def f():
    return 1
```

**Note:** Take care.

Literal:

```
$ run
```

- a bullet
1. a step

```text
+---+---+
| a | b |
+---+---+
```

## Second
";
        assert_eq!(extracted.text, expected);
    }

    #[test]
    fn simple_tables_stay_aligned() {
        let extracted = extract("=====  ===\nName   Max\n=====  ===\nrate   5\n=====  ===\n\nafter");
        assert_eq!(extracted.text, "```text\n=====  ===\nName   Max\n=====  ===\nrate   5\n=====  ===\n```\n\nafter\n");
    }

    #[test]
    fn broken_markup_stays_text() {
        for text in ["`", "``x", ":ref:`x", "\\", "..", ".. ", ".. x::", "===", "=== ===", "::", ".. _a:\n\nx\n---"] {
            extract(text);
        }
    }
}
