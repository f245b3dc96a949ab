//! How results, errors and progress look to a person.

pub(crate) mod error;
pub(crate) mod progress;
pub(crate) mod snippet;
pub(crate) mod table;
pub(crate) mod time;

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;

pub(crate) const TITLE: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const MATCH: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const LINK: Style = AnsiColor::Blue.on_default().underline();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where a command writes its result: standard output, coloured only for a terminal.
pub(crate) struct Output {
    /// Not locked: `serve` writes to standard output from another thread.
    out: anstream::AutoStream<io::Stdout>,
    json: bool,
}

impl Output {
    pub(crate) fn stdout(json: bool) -> Self {
        Self { out: anstream::AutoStream::auto(io::stdout()), json }
    }

    /// Whether the user asked for JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes one JSON value.
    pub(crate) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// `text` in a style, as something to format.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Text of unknown origin without the control characters that could drive a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|&c| c == '\n' || c == '\t' || !c.is_control()).collect()
}

/// [`printable`] on one line.
pub(crate) fn one_line(text: &str) -> String {
    let text = printable(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `1 document`, `2 documents`, `29,152 documents`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = match noun {
        _ if number == 1 => noun.to_owned(),
        noun if noun.ends_with('y') => format!("{}ies", &noun[..noun.len() - 1]),
        noun => format!("{noun}s"),
    };
    format!("{} {plural}", grouped(number))
}

/// `29,152`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `162.4 MB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1_000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(29_152), "29,152");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(2_000, "entry"), "2,000 entries");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(162_400_000), "162.4 MB");
        assert_eq!(bytes(999_990), "1.0 MB");
    }

    #[test]
    fn terminal_control_is_taken_out() {
        assert_eq!(printable("a\u{1b}[31mred\u{7}\tb\n"), "a[31mred\tb\n");
        assert_eq!(one_line("  a\n b\u{1b}c  "), "a bc");
    }
}
