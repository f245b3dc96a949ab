//! Sections that are too small to be found or understood alone, joined to their neighbours.
//!
//! A joined group is filed under the heading that all of it stands below, so a heading path never claims more than is
//! true: two small siblings get the path of their parent, and their own headings stay readable in the text.

use std::ops::Range;

use super::{SMALL_CHARS, TARGET_CHARS};
use crate::extract::Section;

/// Neighbouring sections are joined up to this length only.
const MAX_JOINED_CHARS: usize = 800;

/// Consecutive sections that are cut into passages together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) sections: Range<usize>,
    pub(super) range: Range<usize>,
    /// Sections whose headings lead here, the title left out.
    pub(super) path: Vec<usize>,
    /// The section whose anchor leads here.
    pub(super) anchor: Option<usize>,
    chars: usize,
    /// Whether the group is nothing but a heading so far.
    bare: bool,
    /// Whether the group goes on with the section of the one before it.
    continues: bool,
    level: u8,
}

/// Groups the sections of a text.
pub(super) fn groups(text: &str, sections: &[Section]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        if !section.continues {
            open.retain(|above| sections[*above].level < section.level);
        }
        if section.continues {
            // Still below the heading that is open.
        } else if section.level > 0 && !section.is_title {
            open.push(at);
        } else if section.is_title {
            open.clear();
        }
        let next = Group::of(text, section, at, open.clone());
        match groups.last_mut().and_then(|last| last.joined(&next, sections)) {
            Some(joined) => {
                groups.pop();
                groups.push(joined);
            }
            None => groups.push(next),
        }
    }
    groups
}

impl Group {
    fn of(text: &str, section: &Section, at: usize, path: Vec<usize>) -> Self {
        let own = text[section.range.clone()].trim();
        Self {
            sections: at..at + 1,
            range: section.range.clone(),
            path,
            anchor: Some(at),
            chars: own.chars().count(),
            bare: section.level > 0 && !section.continues && !own.contains('\n'),
            continues: section.continues,
            level: section.level,
        }
    }

    /// This group with the next one, if they belong together.
    fn joined(&self, next: &Self, sections: &[Section]) -> Option<Self> {
        let whole = |path: Vec<usize>, anchor: Option<usize>, level: u8| {
            Some(Self {
                sections: self.sections.start..next.sections.end,
                range: self.range.start..next.range.end,
                path,
                anchor,
                chars: self.chars + next.chars,
                bare: self.bare && next.bare,
                continues: self.continues,
                level,
            })
        };
        let below = next.path.len() > self.path.len() && next.path.starts_with(&self.path);
        if self.bare && below && self.chars < TARGET_CHARS {
            // A heading without text of its own introduces what follows it.
            let anchor = next.anchor.filter(|at| sections[*at].anchor.is_some()).or(self.anchor);
            return whole(next.path.clone(), anchor, next.level);
        }
        let fits = self.chars + next.chars <= MAX_JOINED_CHARS;
        let small = self.chars < SMALL_CHARS || next.chars < SMALL_CHARS;
        // A bare heading waits for what it introduces, unless there are only headings.
        if !fits || !small || (next.bare && !self.bare) {
            return None;
        }
        if next.continues && next.path == self.path {
            return whole(self.path.clone(), self.anchor, self.level);
        }
        if below && next.chars < SMALL_CHARS {
            return whole(self.path.clone(), self.anchor, self.level);
        }
        let parent = next.path.split_last().map_or(&[][..], |(_, parent)| parent);
        let siblings = next.level == self.level && self.path.split_last().is_some_and(|(_, above)| above == parent);
        // A group of siblings already has the parent's path and takes the next sibling in.
        let joins_siblings = self.sections.len() > 1 && self.path == parent && next.level == self.level;
        if siblings || joins_siblings {
            return whole(parent.to_vec(), self.anchor, self.level);
        }
        None
    }
}
