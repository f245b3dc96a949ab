//! The inside of a line of Markdown: escapes, links, images, anchors and stray tags resolved in one pass.

use rustc_hash::FxHashMap;

use super::tags::{Tag, attribute, entity_at, is_layout_tag, tag_at};

/// How far the end of a code span, link or link target is looked for, and how deep brackets may nest. Beyond these a
/// character stands for itself, which keeps hostile input linear.
const MAX_SPAN_BYTES: usize = 10_000;
const MAX_LINK_TEXT_BYTES: usize = 2_000;
const MAX_TARGET_BYTES: usize = 4_000;
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
    let mut cleaner = Cleaner { style, start: out.len(), out, open: Vec::new(), anchor: None, emphasis: 0 };
    cleaner.run(line.trim());
    cleaner.anchor
}

struct Open {
    /// Where the bracket stands in the output.
    at: usize,
    image: bool,
}

struct Cleaner<'a> {
    style: Style<'a>,
    out: &'a mut String,
    start: usize,
    open: Vec<Open>,
    anchor: Option<String>,
    emphasis: usize,
}

impl Cleaner<'_> {
    fn run(&mut self, line: &str) {
        let mut rest = line;
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
        let structural = self.out.len() == self.start && matches!(next, b'#' | b'`' | b'~' | b'|');
        if (structural && !self.style.plain) || (next == b'|' && self.style.in_table) {
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
            let window = floor_char(rest, MAX_SPAN_BYTES);
            return match rest[..window].find("-->") {
                Some(end) => end + 3,
                None => self.literal(rest),
            };
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
        let window = floor_char(rest, opened + 2 * MAX_SPAN_BYTES);
        let Some(end) = rest[opened..window].find("</pre>") else {
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
        let absolute = url.starts_with("https://") || url.starts_with("http://");
        if self.style.plain || !absolute || text.is_empty() {
            self.out.push_str(text);
        } else if same_address(text, url) {
            self.out.push_str(url);
        } else {
            // The brackets of a link must not swallow those around it.
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

fn same_address(text: &str, url: &str) -> bool {
    let bare = |address: &str| {
        let address = address.trim_start_matches("https://").trim_start_matches("http://");
        address.trim_end_matches('/').to_owned()
    };
    bare(text) == bare(url)
}

/// The target in parentheses at the start of `text`, unescaped and without its title, and the length of it all.
fn target(text: &str) -> Option<(String, usize)> {
    let bytes = &text.as_bytes()[..text.len().min(MAX_TARGET_BYTES)];
    let mut depth = 0_usize;
    let mut at = 0;
    let mut quoted = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' if quoted || bytes[at - 1] == b' ' => quoted = !quoted,
            b'(' if !quoted && depth > 32 => return None,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    let inside = text[1..at].trim();
                    let url = match inside.strip_prefix('<') {
                        Some(bracketed) => bracketed.split('>').next().unwrap_or_default(),
                        None => inside.split([' ', '\t']).next().unwrap_or_default(),
                    };
                    return Some((unescape(url), at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn autolink(rest: &str) -> Option<usize> {
    let inside = &rest[1..];
    if !inside.starts_with("http://") && !inside.starts_with("https://") {
        return None;
    }
    let end = inside[..floor_char(inside, MAX_TARGET_BYTES)].find(['>', ' ', '<'])?;
    (inside.as_bytes()[end] == b'>').then_some(end + 2)
}

fn unescape(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\\' && characters.peek().is_some_and(char::is_ascii_punctuation) {
            continue;
        }
        // An escaped backslash is rare in an address, and either reading of it leads nowhere.
        clean.push(c);
    }
    clean
}

/// Appends code, with the links that the AWS documentation puts inside code reduced to their text.
pub(super) fn unlink_code(code: &str, out: &mut String) {
    let mut rest = code;
    while let Some(middle) = rest.find("](") {
        let Some(open) = rest[..middle].rfind('[').filter(|open| middle - open < MAX_LINK_TEXT_BYTES) else {
            out.push_str(&rest[..middle + 2]);
            rest = &rest[middle + 2..];
            continue;
        };
        let after = &rest[middle + 2..];
        let end = after[..floor_char(after, MAX_TARGET_BYTES)].find([')', ' ', '\n']);
        let end = end.filter(|end| after.as_bytes()[*end] == b')' && is_page_target(&after[..*end]));
        if let Some(end) = end {
            out.push_str(&rest[..open]);
            out.push_str(&rest[open + 1..middle]);
            rest = &after[end + 1..];
        } else {
            out.push_str(&rest[..middle + 2]);
            rest = after;
        }
    }
    out.push_str(rest);
}

/// Whether a link target is one that only a documentation generator writes: an anchor or a page of AWS.
fn is_page_target(target: &str) -> bool {
    let page = target.split('#').next().unwrap_or_default();
    (page.is_empty() && target.len() > 1)
        || (page.ends_with(".md") && !page.contains(['/', '(']))
        || page.starts_with("https://docs.aws.amazon.com/")
        || page.starts_with("http://docs.aws.amazon.com/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(line: &str, in_table: bool, plain: bool, aws: bool) -> String {
        let mut references = References::default();
        references.insert("guide".to_owned(), "https://example.org/g".to_owned());
        let mut out = String::new();
        clean(line, Style { in_table, plain, aws, references: &references }, &mut out);
        out
    }

    #[test]
    fn lines() {
        let cases = [
            (r"in us\-east\-2 \(Ohio\)\.", "in us-east-2 (Ohio)."),
            (r"keep `a\-b` and ``x ` y``", r"keep `a\-b` and ``x ` y``"),
            (r"C:\temp\*", r"C:\temp*"),
            ("two  spaces\tand\u{a0}more  ", "two spaces and more"),
            ("see [the page](other.md#x)\\.", "see the page."),
            ("see [it](https://e.org/a\\_b \"title\")", "see [it](https://e.org/a_b)"),
            (r"at [https://e\.org/](https://e.org/)", "at https://e.org/"),
            ("[`code`](x.md) [a [b] c](y.md)", "`code` a [b] c"),
            ("![\\[The big picture\\]](http://e.org/i.png) after", "The big picture after"),
            ("![image](i.png)", ""),
            ("[![Build](b.svg)](https://ci.org)", "[Build](https://ci.org)"),
            ("[text][guide] [guide] [Guide][] [none][x]", "[text](https://example.org/g) [guide](https://example.org/g) [Guide](https://example.org/g) [none][x]"),
            ("<https://e.org/x> &lt;b&gt; &copy; AT&T", "https://e.org/x <b> © AT&T"),
            ("a<br/>b <b>bold</b> <account-id> x<!-- no -->y", "a b bold <account-id> xy"),
            ("a < b and <https>", "a < b and <https>"),
            ("*****Copyright*****", "Copyright"),
            ("[unclosed](x", "[unclosed](x"),
            ("]] [[", "]] [["),
            ("`never closed", "`never closed"),
            (r"\# not a heading", r"\# not a heading"),
            ("**Bold** and *it*", "**Bold** and *it*"),
        ];
        for (line, expected) in cases {
            assert_eq!(cleaned(line, false, false, false), expected, "{line}");
        }
    }

    #[test]
    fn aws_pages_keep_angle_brackets() {
        assert_eq!(cleaned("the <b> element, <region><a name=\"x\"></a>", false, false, true), "the <b> element, <region>");
    }

    #[test]
    fn tables_and_titles() {
        assert_eq!(cleaned(r"a \| b", true, false, false), r"a \| b");
        assert_eq!(cleaned("x <pre>{<br />  \"a\": 1 }</pre>", true, false, true), "x `{ \"a\": 1 }`");
        assert_eq!(cleaned("**Using** `s3:Get*` with *care* [x](y.md)", false, true, false), "Using s3:Get* with care x");
    }

    #[test]
    fn anchors_are_returned() {
        let references = References::default();
        let style = Style { in_table: false, plain: false, aws: true, references: &references };
        let mut out = String::new();
        assert_eq!(clean("Title<a name=\"one\"></a><a id=\"two\"></a>", style, &mut out).as_deref(), Some("one"));
        assert_eq!(out, "Title");
    }

    #[test]
    fn code_loses_generated_links_only() {
        let mut out = String::new();
        unlink_code("\"[Name](#anchor)\" : [ [Tag](https://docs.aws.amazon.com/x.html), ... ] a[0](b) [k](v.md)", &mut out);
        assert_eq!(out, "\"Name\" : [ Tag, ... ] a[0](b) k");
    }

    #[test]
    fn hostile_lines_are_linear() {
        for unit in ["[", "]", "](", "[](", "![", "`", "<a ", "<!--", "*a", "\\", "&#", "[a](b)", "[[a](", "<pre>", "`` `"] {
            let line = unit.repeat(1_000_000 / unit.len());
            let started = std::time::Instant::now();
            cleaned(&line, false, false, false);
            assert!(started.elapsed().as_secs() < 20, "{unit} took {:?}", started.elapsed());
        }
    }
}
