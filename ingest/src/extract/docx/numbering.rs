//! Lists: which paragraphs have bullets, and which have which number.

use rustc_hash::FxHashMap;

use super::xml::{Node, Xml};
use crate::extract::Unreadable;

const MAX_LISTS: usize = 20_000;
/// Levels of a list, by the format.
const LEVELS: usize = 9;

/// How the items of a level are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bullet,
    Number(u64),
    Nothing,
}

/// The lists of a document.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// The marks of each list, by its id.
    lists: FxHashMap<u32, [Option<Mark>; LEVELS]>,
}

/// Reads the part `numbering`.
pub(super) fn read(text: &str) -> Result<Numbering, Unreadable> {
    let mut patterns: FxHashMap<u32, [Option<Mark>; LEVELS]> = FxHashMap::default();
    let mut numbering = Numbering::default();
    let mut xml = Xml::new(text);
    let (mut pattern, mut list, mut level, mut start) = (0_u32, 0_u32, 0_usize, 1_u64);
    while let Some(node) = xml.next()? {
        let Node::Open(element) = node else { continue };
        let number = |name: &str| element.attribute(name).and_then(|value| value.parse::<u32>().ok());
        match element.name() {
            "abstractNum" => pattern = number("abstractNumId").unwrap_or(0),
            "lvl" => {
                level = number("ilvl").unwrap_or(0) as usize;
                start = 1;
            }
            "start" => start = u64::from(number("val").unwrap_or(1)),
            "numFmt" if patterns.len() < MAX_LISTS => {
                let mark = match element.value().as_deref() {
                    Some("bullet") => Mark::Bullet,
                    Some("none") => Mark::Nothing,
                    _ => Mark::Number(start),
                };
                if let Some(slot) = patterns.entry(pattern).or_default().get_mut(level) {
                    *slot = Some(mark);
                }
            }
            "num" => list = number("numId").unwrap_or(0),
            "abstractNumId" if numbering.lists.len() < MAX_LISTS => {
                let marks = number("val").and_then(|pattern| patterns.get(&pattern).copied()).unwrap_or_default();
                numbering.lists.insert(list, marks);
            }
            _ => {}
        }
    }
    Ok(numbering)
}

/// Where the lists of a document are.
#[derive(Debug, Default)]
pub(super) struct Counters(FxHashMap<u32, [u64; LEVELS]>);

impl Counters {
    /// The marker of the next item of a list; `None` if the paragraph is no item.
    pub(super) fn next(&mut self, numbering: &Numbering, list: u32, level: u8) -> Option<String> {
        let level = usize::from(level).min(LEVELS - 1);
        // List 0 takes a paragraph out of the list that its style puts it into.
        let marks = numbering.lists.get(&list).filter(|_| list > 0)?;
        match marks[level].unwrap_or(Mark::Bullet) {
            Mark::Bullet => Some("-".to_owned()),
            Mark::Nothing => None,
            Mark::Number(start) => {
                let counts = self.0.entry(list).or_default();
                counts[level] = if counts[level] == 0 { start.max(1) } else { counts[level].saturating_add(1) };
                counts[level + 1..].fill(0);
                Some(format!("{}.", counts[level]))
            }
        }
    }
}
