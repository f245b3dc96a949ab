//! Text of incidents as it may stand in a draft: whatever it holds, it stays text.
//!
//! Incidents are written by people and programs that nobody checks. Here their text becomes one line without characters
//! that are not seen, cannot end what it stands in, and cannot be taken for what a guide says of its own steps.

use std::sync::LazyLock;

use regex::Regex;

/// What leads to a step of a guide.
static STEP: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "the pattern is a constant, and a test compiles it")]
    Regex::new(r"(?i)\b(steps?)\s+(\d)").unwrap()
});
/// What ends a guide.
static LEAVE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "the pattern is a constant, and a test compiles it")]
    Regex::new(r"(?i)\b(leaves?)\s+this\s+(guide)").unwrap()
});
/// What makes an announcement of changes bold.
static STARS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "the pattern is a constant, and a test compiles it")]
    Regex::new(r"\*{2,}").unwrap()
});

/// One line of at most so many characters, with `…` where it was cut.
fn line(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    let visible =
        text.chars().filter(|c| !is_unseen(*c)).map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c });
    for c in visible {
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if count == most && c != ' ' {
            out.truncate(out.trim_end().len());
            out.push('…');
            return out;
        }
        if count < most {
            out.push(c);
            count += 1;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Characters that have no width, turn the direction of writing, or stand for nothing.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..)
}

/// Says the same, but leads to no step, ends no guide and announces no change, also where marks of Markdown are taken away.
fn inert(text: &str) -> String {
    let text = STEP.replace_all(text, "$1 no. $2");
    let text = LEAVE.replace_all(&text, "$1 that $2");
    STARS.replace_all(&text, "*").into_owned()
}

/// In running Markdown, in quotation marks: nothing in it is a mark, and what it begins with begins no block.
pub(super) fn quoted(text: &str, most: usize) -> String {
    let text = inert(&line(text, most));
    let mut out = String::with_capacity(text.len() + 8);
    out.push('“');
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_mark = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '&' | '$' => true,
            // Inside of a word it is a letter: `max_connections`.
            '_' => !(before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric())),
            _ => false,
        };
        if is_mark {
            out.push('\\');
        }
        // A quotation mark of its own must not look like the end.
        out.push(if matches!(c, '“' | '”') { '"' } else { c });
        before = c;
    }
    out.push('”');
    out
}

/// In a span of code: a name.
pub(super) fn code(text: &str, most: usize) -> String {
    let text = inert(&line(text, most)).replace('`', "'");
    if text.is_empty() { "`?`".to_owned() } else { format!("`{text}`") }
}

/// The same with and without Markdown, for a title, which is a heading too.
pub(super) fn unmarked(text: &str, most: usize) -> String {
    let bare: String = text
        .chars()
        .map(|c| match c {
            '\\' | '`' | '*' | '[' | ']' | '{' | '}' | '<' | '>' | '|' | '~' | '#' | '&' | '$' | '=' => ' ',
            c => c,
        })
        .collect();
    let words = bare.split_whitespace().map(|word| word.trim_matches('_')).filter(|word| !word.is_empty());
    inert(&line(&words.collect::<Vec<_>>().join(" "), most))
}

/// A YAML scalar in double quotes.
pub(super) fn yaml(text: &str, most: usize) -> String {
    let mut out = String::from("\"");
    for c in line(text, most).chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// The beginning of a text that says what to do or what it was: its first sentence, without the stop.
pub(super) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let ends = |at: usize, c: char| {
        matches!(c, '.' | '?' | '!' | ':' | ';') && text[at + c.len_utf8()..].starts_with(char::is_whitespace)
            || c == '\n'
    };
    let end = text.char_indices().find(|(at, c)| *at > 12 && ends(*at, *c)).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end_matches(['.', ':', ';', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (text, expected) in [
            ("a\n---\n\tb\r\n", "a --- b"),
            ("\u{202e}evil\u{200b}\u{0}", "evil"),
            ("  ", ""),
            ("abcdefghijk", "abcdefghij…"),
            ("abcdefghi jk", "abcdefghi…"),
            ("abcdefghij  ", "abcdefghij"),
            ("\u{85}a\u{2028}b", "a b"),
        ] {
            assert_eq!(line(text, 10), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_a_mark() {
        for (text, expected) in [
            ("set max_connections to 5", "“set max_connections to 5”"),
            ("_all_ **this changes** <b>", "“\\_all\\_ \\*this changes\\* \\<b\\>”"),
            ("```\nrm\n```", "“\\`\\`\\` rm \\`\\`\\`”"),
            ("[x](javascript:1) | # y & z $", "“\\[x\\](javascript:1) \\| \\# y \\& z \\$”"),
            ("see “step 3”", "“see \"step no. 3\"”"),
            ("then Steps  12 and leave this guide", "“then Steps no. 12 and leave that guide”"),
            ("back\\", "“back\\\\”"),
        ] {
            assert_eq!(quoted(text, 100), expected);
        }
    }

    #[test]
    fn code_titles_and_yaml() {
        assert_eq!(code("a`b`\n***c***", 50), "`a'b' *c*`");
        assert_eq!(code(" \n", 50), "`?`");
        assert_eq!(unmarked("## `_x_` is <down> & out_of_order step 2", 60), "x is down out_of_order step no. 2");
        assert_eq!(yaml("a: \"b\"\n---\n\\ #c", 50), r#""a: \"b\" --- \\ #c""#);
    }

    #[test]
    fn first_sentences() {
        for (text, expected) in [
            ("Raised the limit to 1.5 GB. Then waited.", "Raised the limit to 1.5 GB"),
            ("No. Really not.", "No. Really not"),
            ("Rolled back: the release was bad", "Rolled back: the release was bad"),
            ("Set keepAliveTimeout to 75 s\nand more", "Set keepAliveTimeout to 75 s"),
        ] {
            assert_eq!(first_sentence(text), expected);
        }
    }
}
