//! The inside of a line of Markdown: escapes, links, images, anchors and stray tags resolved in one pass.

use rustc_hash::FxHashMap;

use super::links::{autolink, same_address, target, unescape, unlink_code};
use super::tags::{Tag, attribute, entity_at, is_layout_tag, tag_at};

/// How far the end of a code span, link or link target is looked for, and how deep brackets may nest. Beyond these a
/// character stands for itself, which keeps hostile input linear.
const MAX_SPAN_BYTES: usize = 10_000;
const MAX_LINK_TEXT_BYTES: usize = 2_000;
const MAX_OPEN_BRACKETS: usize = 32;

/// Targets of reference links (`[label]: target`), by lower-case label.
pub(super) type References = FxHashMap<String, String>;

/// How a line is cleaned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'a> {
    /// Escaped pipes stay escaped, so that a table keeps its columns.
    pub(super) in_table: bool,
    /// Emphasis and code marks go as well: for titles and headings.
    pub(super) plain: bool,
    /// The page is AWS documentation, where angle brackets around anything but anchors and line breaks are text.
    pub(super) aws: bool,
    pub(super) references: &'a References,
}

/// Appends the cleaned line to `out`, without leading and trailing space, and returns the first anchor in it.
pub(super) fn clean(line: &str, style: Style<'_>, out: &mut String) -> Option<String> {
    let line = line.trim();
    let mut cleaner = Cleaner {
        style,
        line,
        start: out.len(),
        out,
        open: Vec::new(),
        anchor: None,
        emphasis: 0,
        comment_end: Ahead::new("-->"),
        pre_end: Ahead::new("</pre>"),
    };
    cleaner.run();
    cleaner.anchor
}

struct Open {
    /// Where the bracket stands in the output.
    at: usize,
    image: bool,
}

/// Where a mark comes next. What was found once is not looked for again, so that repeated openings stay cheap.
struct Ahead {
    mark: &'static str,
    next: Option<usize>,
    searched: bool,
}

impl Ahead {
    const fn new(mark: &'static str) -> Self {
        Self { mark, next: None, searched: false }
    }

    /// How far behind `from` the mark stands, within the length of a span.
    fn find(&mut self, line: &str, from: usize) -> Option<usize> {
        let known = self.searched && self.next.is_none_or(|next| next >= from);
        if !known {
            self.next = line[from..].find(self.mark).map(|offset| from + offset);
            self.searched = true;
        }
        self.next.map(|next| next - from).filter(|distance| *distance < 2 * MAX_SPAN_BYTES)
    }
}

struct Cleaner<'a> {
    style: Style<'a>,
    line: &'a str,
    out: &'a mut String,
    start: usize,
    open: Vec<Open>,
    anchor: Option<String>,
    emphasis: usize,
    comment_end: Ahead,
    pre_end: Ahead,
}

impl Cleaner<'_> {
    fn run(&mut self) {
        let mut rest = self.line;
        while let Some(at) = rest.bytes().position(is_special) {
            self.out.push_str(&rest[..at]);
            rest = &rest[at..];
            let taken = self.special(rest);
            rest = &rest[taken..];
        }
        self.out.push_str(rest);
        let end = self.out.trim_end().len().max(self.start);
        self.out.truncate(end);
    }

    /// Handles what begins with a special byte and returns how many bytes it was.
    fn special(&mut self, rest: &str) -> usize {
        match rest.as_bytes()[0] {
            b'\\' => self.escape(rest),
            b'`' => self.code(rest),
            b' ' | b'\t' => {
                self.space();
                1
            }
            0xc2 if rest.starts_with('\u{a0}') => {
                self.space();
                2
            }
            b'*' => self.stars(rest),
            b'<' => self.angle(rest),
            b'&' => match entity_at(rest) {
                Some((c, len)) => {
                    self.out.push(c);
                    len
                }
                None => self.literal(rest),
            },
            b'!' if rest.as_bytes().get(1) == Some(&b'[') => {
                self.push_open(true);
                self.out.push_str("![");
                2
            }
            b'[' => {
                self.push_open(false);
                self.out.push('[');
                1
            }
            b']' => self.close(rest),
            _ => self.literal(rest),
        }
    }

    fn literal(&mut self, rest: &str) -> usize {
        let c = rest.chars().next().unwrap_or(' ');
        self.out.push(c);
        c.len_utf8()
    }

    fn space(&mut self) {
        if self.out.len() > self.start && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }

    fn escape(&mut self, rest: &str) -> usize {
        let Some(&next) = rest.as_bytes().get(1).filter(|next| next.is_ascii_punctuation()) else {
            self.out.push('\\');
            return 1;
        };
        // At the start of a line these would turn text into a heading, a code block or a table.
        let starts_line = self.out.trim_start().is_empty() && !self.style.plain;
        let structural = starts_line && matches!(next, b'#' | b'`' | b'~' | b'|');
        if structural || (next == b'|' && self.style.in_table) {
            self.out.push('\\');
        }
        self.out.push(char::from(next));
        2
    }

    fn code(&mut self, rest: &str) -> usize {
        let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
        let window = floor_char(rest, ticks + MAX_SPAN_BYTES);
        let mut at = ticks;
        while let Some(offset) = rest[at..window].find('`') {
            at += offset;
            let run = rest[at..].bytes().take_while(|byte| *byte == b'`').count();
            if run == ticks {
                let inside = &rest[ticks..at];
                if self.style.plain {
                    unlink_code(inside.trim(), self.out);
                } else {
                    self.out.push_str(&rest[..ticks]);
                    unlink_code(inside, self.out);
                    self.out.push_str(&rest[..ticks]);
                }
                return at + run;
            }
            at = floor_char(rest, at + run);
            if at >= window {
                break;
            }
        }
        self.out.push_str(&rest[..ticks]);
        ticks
    }

    fn stars(&mut self, rest: &str) -> usize {
        let run = rest.bytes().take_while(|byte| *byte == b'*').count();
        if run >= 4 {
            return run;
        }
        if self.style.plain {
            let opens = rest.as_bytes().get(run).is_some_and(|next| !next.is_ascii_whitespace());
            if self.emphasis > 0 {
                self.emphasis -= 1;
                return run;
            }
            if opens && rest[run..floor_char(rest, run + MAX_LINK_TEXT_BYTES)].contains('*') {
                self.emphasis += 1;
                return run;
            }
        }
        self.out.push_str(&rest[..run]);
        run
    }

    fn angle(&mut self, rest: &str) -> usize {
        if rest.starts_with("<!--") {
            let end = self.comment_end.find(self.line, self.line.len() - rest.len());
            return end.map_or_else(|| self.literal(rest), |end| end + 3);
        }
        if let Some(len) = autolink(rest) {
            self.out.push_str(&unescape(&rest[1..len - 1]));
            return len;
        }
        match tag_at(rest) {
            Some(tag) if self.removes(&tag) => self.tag(rest, tag),
            _ => self.literal(rest),
        }
    }

    fn removes(&self, tag: &Tag<'_>) -> bool {
        if self.style.aws {
            let name = tag.name.to_ascii_lowercase();
            return match name.as_str() {
                "a" => tag.closing || !tag.attributes.is_empty(),
                "br" | "pre" | "sup" | "sub" | "code" => true,
                _ => false,
            };
        }
        is_layout_tag(tag.name)
    }

    fn tag(&mut self, rest: &str, tag: Tag<'_>) -> usize {
        match tag.name.to_ascii_lowercase().as_str() {
            "a" if !tag.closing => {
                let anchor = attribute(tag.attributes, "name").or_else(|| attribute(tag.attributes, "id"));
                if self.anchor.is_none() {
                    self.anchor = anchor.map(str::to_owned);
                }
            }
            "br" | "p" | "div" | "li" | "td" | "th" | "tr" | "hr" => self.space(),
            "img" => {
                if let Some(alt) = attribute(tag.attributes, "alt") {
                    self.out.push_str(alt.trim());
                }
            }
            "pre" if !tag.closing => return self.preformatted(rest, tag.len),
            "code" | "kbd" | "samp" | "tt" if !self.style.plain => self.out.push('`'),
            _ => {}
        }
        tag.len
    }

    /// A code block squeezed into a table cell: `<pre>line<br />line</pre>` becomes one code span.
    fn preformatted(&mut self, rest: &str, opened: usize) -> usize {
        let Some(end) = self.pre_end.find(self.line, self.line.len() - rest.len() + opened) else {
            return opened;
        };
        let mut inside = String::with_capacity(end);
        let mut code = &rest[opened..opened + end];
        while let Some(at) = code.find(['<', '&']) {
            inside.push_str(&code[..at]);
            code = &code[at..];
            if let Some(tag) = tag_at(code).filter(|tag| tag.name.eq_ignore_ascii_case("br")) {
                inside.push(' ');
                code = &code[tag.len..];
            } else if let Some((c, len)) = entity_at(code) {
                inside.push(c);
                code = &code[len..];
            } else {
                inside.push_str(&code[..1]);
                code = &code[1..];
            }
        }
        inside.push_str(code);
        self.space();
        let mark = if inside.contains('`') || inside.trim().is_empty() { "" } else { "`" };
        self.out.push_str(mark);
        let mut previous_backslash = false;
        for (position, word) in inside.split_whitespace().enumerate() {
            if position > 0 {
                self.out.push(' ');
            }
            for c in word.chars() {
                if c == '|' && self.style.in_table && !previous_backslash {
                    self.out.push('\\');
                }
                previous_backslash = c == '\\';
                self.out.push(c);
            }
        }
        self.out.push_str(mark);
        opened + end + "</pre>".len()
    }

    fn push_open(&mut self, image: bool) {
        if self.open.len() == MAX_OPEN_BRACKETS {
            self.open.remove(0);
        }
        self.open.push(Open { at: self.out.len(), image });
    }

    fn close(&mut self, rest: &str) -> usize {
        let Some(open) = self.open.pop() else {
            self.out.push(']');
            return 1;
        };
        let text_at = open.at + if open.image { 2 } else { 1 };
        let linked = if self.out.len() - text_at > MAX_LINK_TEXT_BYTES {
            None
        } else if rest.as_bytes().get(1) == Some(&b'(') {
            target(&rest[1..]).map(|(url, len)| (url, 1 + len))
        } else {
            self.referenced(rest, text_at)
        };
        let Some((url, taken)) = linked else {
            self.out.push(']');
            return 1;
        };
        let text = self.out.split_off(text_at);
        self.out.truncate(open.at);
        let text = text.trim();
        if open.image {
            self.image(text);
        } else {
            self.link(text, &url);
        }
        taken
    }

    fn referenced(&self, rest: &str, text_at: usize) -> Option<(String, usize)> {
        if self.style.references.is_empty() {
            return None;
        }
        let (label, taken) = match rest.strip_prefix("][") {
            Some(after) => {
                let end = after[..floor_char(after, MAX_LINK_TEXT_BYTES)].find(']')?;
                (&after[..end], end + 3)
            }
            None => ("", 1),
        };
        let label = if label.is_empty() { &self.out[text_at..] } else { label };
        let url = self.style.references.get(&label.to_lowercase())?;
        Some((url.clone(), taken))
    }

    fn image(&mut self, alt: &str) {
        let alt = alt.strip_prefix('[').and_then(|alt| alt.strip_suffix(']')).unwrap_or(alt).trim();
        let worthless = ["", "image", "images", "picture", "screenshot", "diagram", "console", "image not found"];
        if !worthless.contains(&alt.to_lowercase().as_str()) {
            self.out.push_str(alt);
        }
    }

    fn link(&mut self, text: &str, url: &str) {
        // `goto` addresses are lists of the same page for every SDK: the names say as much.
        let goto = url.starts_with("https://docs.aws.amazon.com/goto/");
        let absolute = !goto && (url.starts_with("https://") || url.starts_with("http://"));
        if text.contains("See the AWS documentation website for more details") {
            // What the converter could not show stands on the page itself, which the document links to.
            self.out.push_str("(see the page on the web)");
        } else if self.style.plain || !absolute || text.is_empty() {
            self.out.push_str(text);
        } else if same_address(text, url) {
            self.out.push_str(url);
        } else {
            self.out.push('[');
            self.out.push_str(text);
            self.out.push_str("](");
            self.out.push_str(url);
            self.out.push(')');
        }
    }
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'\\' | b'`' | b' ' | b'\t' | 0xc2 | b'*' | b'<' | b'&' | b'!' | b'[' | b']')
}

/// The largest character boundary at or below `at`.
pub(super) fn floor_char(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

#[cfg(test)]
mod tests;
