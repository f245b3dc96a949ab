//! Folders of generated documents whose state can be read back: every version of every document has a word of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Random;

/// Names of documents and the version that each is at.
pub(crate) type Versions = BTreeMap<String, u64>;

/// A folder of documents.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) versions: Versions,
    random: Random,
    next: usize,
}

impl Folder {
    /// Writes `count` documents.
    pub(crate) fn new(path: &Path, count: usize, seed: u64) -> Self {
        fs_err::create_dir_all(path).unwrap();
        let mut folder = Self { path: path.to_owned(), versions: Versions::new(), random: Random::new(seed), next: 0 };
        for _ in 0..count {
            folder.add(0);
        }
        folder
    }

    fn add(&mut self, version: u64) {
        let name = format!("page-{:04}.md", self.next);
        self.next += 1;
        self.write(&name, version);
    }

    fn write(&mut self, name: &str, version: u64) {
        let text = text(name, version, &mut self.random);
        // As editors do it: a reader finds the old text or the new one.
        let draft = self.path.join(".draft");
        fs_err::write(&draft, text).unwrap();
        fs_err::rename(&draft, self.path.join(name)).unwrap();
        self.versions.insert(name.to_owned(), version);
    }

    /// Changes some documents, adds one and removes one.
    pub(crate) fn change(&mut self, version: u64, count: usize) {
        for _ in 0..count {
            let at = self.random.below(self.versions.len() as u64) as usize;
            let name = self.versions.keys().nth(at).unwrap().clone();
            self.write(&name, version);
        }
        self.add(version);
        let at = self.random.below(self.versions.len() as u64) as usize;
        let gone = self.versions.keys().nth(at).unwrap().clone();
        fs_err::remove_file(self.path.join(&gone)).unwrap();
        self.versions.remove(&gone);
    }
}

/// The word that only this version of this document has.
pub(crate) fn mark(name: &str, version: u64) -> String {
    format!("mark{}v{version}x", name.trim_start_matches("page-").trim_end_matches(".md"))
}

/// The version that a text is, by its mark.
pub(crate) fn version_of(name: &str, text: &str) -> Option<u64> {
    let stem = mark(name, 0);
    let (_, rest) = text.split_once(stem.strip_suffix("0x")?)?;
    rest.split_once('x')?.0.parse().ok()
}

/// Every document has the words "sentence about section"; the rest is its own, so that no two look like the same page.
fn text(name: &str, version: u64, random: &mut Random) -> String {
    let mut text = format!("# Page {name}\n\nThis is {}, a sentence about section.\n", mark(name, version));
    for section in 0..3 {
        text.push_str(&format!("\n## {} {section}\n", word(random)));
        for place in 0..80 {
            text.push(if place % 10 == 0 { '\n' } else { ' ' });
            text.push_str(&word(random));
        }
        text.push_str(".\n");
    }
    text
}

fn word(random: &mut Random) -> String {
    const PARTS: [&str; 16] =
        ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta"];
    let number = random.below(3_000) as usize;
    [PARTS[number % 16], PARTS[number / 16 % 16], PARTS[number / 256 % 16]].concat()
}
