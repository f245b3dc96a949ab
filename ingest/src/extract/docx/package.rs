//! The zip file that a document is, and which of its parts is which.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::{Node, Xml};
use crate::extract::Unreadable;

const MIB: u64 = 1024 * 1024;
/// What all parts that are read may unpack to. A novel has one.
const MAX_UNPACKED_BYTES: u64 = 64 * MIB;
/// How files of Microsoft's older container begin: old documents, and new ones that are encrypted.
const COMPOUND_FILE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// A document's parts.
pub(super) struct Package<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        if bytes.starts_with(&COMPOUND_FILE) {
            let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
            if bytes.windows(name.len()).any(|window| window == name) {
                return Err(Unreadable::Encrypted);
            }
            let old = "it is of the format before 2007; save it as .docx to have it read";
            return Err(Unreadable::Damaged(old.to_owned()));
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
        Ok(Self { zip, left: MAX_UNPACKED_BYTES })
    }

    /// Unpacks a part; `None` if there is none of this name.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, Unreadable> {
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(reason)) if reason == ZipError::PASSWORD_REQUIRED => {
                return Err(Unreadable::Encrypted);
            }
            Err(error) => return Err(broken(&error)),
        };
        let mut bytes = Vec::new();
        // What the file says about its size is not to be trusted.
        let read = part.take(self.left + 1).read_to_end(&mut bytes);
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Unreadable::TooMuch(format!("its parts unpack to more than {} MB", MAX_UNPACKED_BYTES / MIB))
        })?;
        read.map_err(|error| Unreadable::Damaged(format!("its part `{name}` does not unpack: {error}")))?;
        super::super::decode(&bytes)
            .map(Some)
            .map_err(|_| Unreadable::Damaged(format!("its part `{name}` is not text")))
    }

    /// The name of the part with the text.
    pub(super) fn main_part(&mut self) -> Result<String, Unreadable> {
        let relationships = self.part("_rels/.rels")?.unwrap_or_default();
        let main = relations(&relationships, "")?.remove("officeDocument");
        let main = main.unwrap_or_else(|| "word/document.xml".to_owned());
        if self.zip.index_for_name(&main).is_some() {
            return Ok(main);
        }
        Err(Unreadable::Damaged("it is a zip file without a Word document".to_owned()))
    }

    /// Names of the parts that a part refers to, by the last word of their kind, such as `styles`.
    pub(super) fn related(&mut self, part: &str) -> Result<HashMap<String, String>, Unreadable> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let relationships = self.part(&format!("{prefix}_rels/{name}.rels"))?.unwrap_or_default();
        relations(&relationships, &prefix)
    }
}

fn relations(text: &str, prefix: &str) -> Result<HashMap<String, String>, Unreadable> {
    let mut related = HashMap::new();
    let mut xml = Xml::new(text);
    while let Some(node) = xml.next()? {
        let Node::Open(element) = node else { continue };
        let (Some(kind), Some(target)) = (element.attribute("Type"), element.attribute("Target")) else { continue };
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        let target = match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{prefix}{target}"),
        };
        if related.len() < 100 {
            related.entry(kind).or_insert(target);
        }
    }
    Ok(related)
}

fn broken(error: &ZipError) -> Unreadable {
    Unreadable::Damaged(format!("it cannot be unpacked: {error}"))
}
