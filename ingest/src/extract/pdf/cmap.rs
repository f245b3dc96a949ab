//! `ToUnicode` maps: what text the codes of a font stand for.
//!
//! Ranges stay ranges. Four bytes of code may be mapped by one line of a hostile file, so nothing is ever counted through.

use rustc_hash::FxHashMap;

/// Entries that are kept.
const MAX_ENTRIES: usize = 200_000;
/// UTF-16 units that one code may stand for: a ligature has four at the most.
const MAX_UNITS: usize = 16;

/// A map from codes to text.
#[derive(Debug, Default)]
pub(super) struct ToUnicode {
    single: FxHashMap<u32, Box<str>>,
    /// First and last code, and the text of the first; sorted.
    ranges: Vec<(u32, u32, char)>,
    /// Lengths of codes in bytes, with the first and last code of each.
    spaces: Vec<(usize, u32, u32)>,
}

impl ToUnicode {
    /// Reads a map as far as it is one.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut tokens = Tokens { rest: bytes };
        let mut operands: Vec<Token> = Vec::new();
        let mut section = Section::None;
        while let Some(token) = tokens.next() {
            match token {
                Token::Word(word) => {
                    section = match word {
                        b"begincodespacerange" => Section::Space,
                        b"beginbfchar" => Section::Char,
                        b"beginbfrange" => Section::Range,
                        _ => Section::None,
                    };
                    operands.clear();
                }
                token => operands.push(token),
            }
            let full = match section {
                Section::None => {
                    operands.clear();
                    false
                }
                Section::Space | Section::Char => operands.len() == 2,
                Section::Range => {
                    operands.len() >= 3
                        && !matches!(operands[2..], [Token::Open, ..] if operands.last() != Some(&Token::Close))
                }
            };
            if full {
                map.add(&section, &operands);
                operands.clear();
            }
            if map.single.len() + map.ranges.len() + map.spaces.len() > MAX_ENTRIES || operands.len() > MAX_ENTRIES {
                break;
            }
        }
        map.ranges.sort_unstable_by_key(|(first, ..)| *first);
        map
    }

    fn add(&mut self, section: &Section, operands: &[Token]) {
        match (section, operands) {
            (Section::Space, [Token::Hex(first), Token::Hex(last)]) if (1..=4).contains(&first.len()) => {
                self.spaces.push((first.len(), number(first), number(last)));
            }
            (Section::Char, [Token::Hex(code), Token::Hex(text)]) => {
                self.single.insert(number(code), utf16(text).into());
            }
            (Section::Range, [Token::Hex(first), Token::Hex(last), Token::Hex(text)]) => {
                let text = utf16(text);
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(start), None) => self.ranges.push((number(first), number(last), start)),
                    // Of a ligature the last character would be counted up, which no file means.
                    (Some(_), Some(_)) => drop(self.single.insert(number(first), text.into())),
                    (None, _) => {}
                }
            }
            (Section::Range, [Token::Hex(first), Token::Hex(_), Token::Open, texts @ .., Token::Close]) => {
                for (code, text) in (number(first)..).zip(texts) {
                    if let Token::Hex(text) = text {
                        self.single.insert(code, utf16(text).into());
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether the map says nothing.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.single.is_empty() && self.ranges.is_empty()
    }

    /// Writes the text of a code, if there is one.
    pub(super) fn write(&self, code: u32, out: &mut String) -> bool {
        if let Some(text) = self.single.get(&code) {
            out.push_str(text);
            return true;
        }
        let at = self.ranges.partition_point(|(first, ..)| *first <= code);
        let range = at.checked_sub(1).map(|at| self.ranges[at]).filter(|(_, last, _)| code <= *last);
        let text = range.and_then(|(first, _, start)| char::from_u32((start as u32).checked_add(code - first)?));
        text.inspect(|c| out.push(*c)).is_some()
    }

    /// How many bytes the code at the start of `bytes` has in a font whose codes may have several.
    pub(super) fn code_length(&self, bytes: &[u8]) -> usize {
        if self.spaces.is_empty() {
            return 2;
        }
        let fits = |(length, first, last): &&(usize, u32, u32)| {
            bytes.get(..*length).is_some_and(|code| (*first..=*last).contains(&number(code)))
        };
        // A hostile file may list many: the first few tell what there is.
        let spaces = &self.spaces[..self.spaces.len().min(16)];
        spaces.iter().find(fits).map_or_else(|| spaces.iter().map(|space| space.0).min().unwrap_or(2), |space| space.0)
    }
}

enum Section {
    None,
    Space,
    Char,
    Range,
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Hex(Vec<u8>),
    Open,
    Close,
    Word(&'a [u8]),
}

struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            match byte {
                b'%' => {
                    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                    self.rest = &rest[end..];
                }
                b'<' if rest.first() != Some(&b'<') => {
                    let end = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
                    self.rest = rest.get(end + 1..).unwrap_or_default();
                    return Some(Token::Hex(unhex(&rest[..end.min(4 * MAX_UNITS + 16)])));
                }
                b'[' => {
                    self.rest = rest;
                    return Some(Token::Open);
                }
                b']' => {
                    self.rest = rest;
                    return Some(Token::Close);
                }
                byte if byte.is_ascii_alphabetic() => {
                    let end =
                        self.rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
                    let (word, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    return Some(Token::Word(word));
                }
                b'/' => {
                    // A name says nothing here, and must not be taken for a word.
                    let end = rest.iter().position(|byte| !byte.is_ascii_graphic() || b"/<[]>(".contains(byte));
                    self.rest = &rest[end.unwrap_or(rest.len())..];
                }
                _ => self.rest = rest,
            }
        }
    }
}

fn unhex(digits: &[u8]) -> Vec<u8> {
    let mut values = digits.iter().filter_map(|digit| char::from(*digit).to_digit(16)).map(|value| value as u8);
    let mut bytes = Vec::with_capacity(digits.len() / 2 + 1);
    while let Some(high) = values.next() {
        bytes.push(high << 4 | values.next().unwrap_or(0));
    }
    bytes
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn utf16(bytes: &[u8]) -> String {
    if let [byte] = bytes {
        return char::from(*byte).to_string();
    }
    let units = bytes.chunks_exact(2).take(MAX_UNITS).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).filter_map(Result::ok).filter(|c| *c != '\0').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(map: &ToUnicode, code: u32) -> Option<String> {
        let mut text = String::new();
        map.write(code, &mut text).then_some(text)
    }

    #[test]
    fn chars_ranges_and_lists() {
        let map = ToUnicode::parse(
            b"/CIDInit /ProcSet findresource begin 1 begincodespacerange <0000> <FFFF> endcodespacerange
              2 beginbfchar <0003> <0020> <0010> <00660069> endbfchar % a comment
              2 beginbfrange <0024> <0026> <0041> <0030><0031>[<0078> <0079>] endbfrange end",
        );
        let cases = [(3, " "), (0x10, "fi"), (0x24, "A"), (0x26, "C"), (0x30, "x"), (0x31, "y")];
        for (code, expected) in cases {
            assert_eq!(text(&map, code).as_deref(), Some(expected), "{code}");
        }
        assert_eq!(text(&map, 0x27), None);
        assert_eq!(map.code_length(b"\0\x24"), 2);
    }

    #[test]
    fn what_is_hostile_costs_nothing() {
        let map = ToUnicode::parse(b"beginbfrange <00000000> <FFFFFFFF> <0041> <00> <FF> [ <0041>");
        assert_eq!(text(&map, 1).as_deref(), Some("B"));
        assert_eq!(text(&map, u32::MAX), None);
        let many = [b"beginbfchar ".to_vec(), b"<0001><0041>".repeat(300_000)].concat();
        assert!(!ToUnicode::parse(&many).is_empty());
        assert!(ToUnicode::parse(b"<<<<<< [[[ ]]] >").is_empty());
        assert!(ToUnicode::parse(&[b"beginbfrange <01> <02> [".to_vec(), b"<41>".repeat(300_000)].concat()).is_empty());
    }
}
