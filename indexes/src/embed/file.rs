//! A table as bytes: one file that says what it is and whether it is whole.
//!
//! Magic, format version, length of the description, BLAKE3 of all that follows; then the description (JSON), the
//! ends of the pieces in their text (u32), the scales of the rows (f32), the text of the pieces, and the rows (i8).
//! Numbers are little-endian.

use serde::{Deserialize, Serialize};

use super::TableInfo;
use super::vocabulary::Vocabulary;

/// The line break shows when a transfer has "corrected" the file.
const MAGIC: &[u8; 16] = b"cloudops table\r\n";
const FORMAT: u32 = 1;
const HASH: std::ops::Range<usize> = 24..56;
/// Hex digits of the hash that tell tables apart.
const VERSION_DIGITS: usize = 16;

/// What a file holds.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) info: TableInfo,
    pub(super) hash: String,
    pub(super) vocabulary: Vocabulary,
    pub(super) scales: Vec<f32>,
    /// Where the rows start.
    pub(super) rows_at: usize,
}

#[derive(Serialize, Deserialize)]
struct Description {
    #[serde(flatten)]
    info: TableInfo,
    text_bytes: usize,
}

/// The bytes of a table.
pub(super) fn write(info: &TableInfo, vocabulary: &Vocabulary, scales: &[f32], rows: &[u8]) -> Vec<u8> {
    let description = Description { info: info.clone(), text_bytes: vocabulary.text().len() };
    let description = serde_json::to_vec(&description).expect("numbers and flags are always representable");
    let mut file = Vec::with_capacity(HASH.end + description.len() + 8 * scales.len() + rows.len());
    file.extend(MAGIC);
    file.extend(FORMAT.to_le_bytes());
    file.extend((description.len() as u32).to_le_bytes());
    file.extend([0; blake3::OUT_LEN]);
    file.extend(description);
    file.extend(vocabulary.ends().iter().flat_map(|end| end.to_le_bytes()));
    file.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    file.extend(vocabulary.text().as_bytes());
    file.extend(rows);
    let hash = blake3::hash(&file[HASH.end..]);
    file[HASH].copy_from_slice(hash.as_bytes());
    file
}

/// Reads what [`write`] wrote, or says what is wrong with it.
pub(super) fn read(file: &[u8]) -> Result<Parts, String> {
    let mut rest = Cursor(file);
    if rest.take(MAGIC.len())? != MAGIC {
        return Err("it is not a table of vectors".to_owned());
    }
    let format = rest.number()?;
    if format != FORMAT {
        return Err(format!("its format is {format}, this program reads {FORMAT}"));
    }
    let description_bytes = rest.number()? as usize;
    let stored = rest.take(blake3::OUT_LEN)?;
    let hash = blake3::hash(rest.0);
    if hash.as_bytes() != stored {
        return Err("it is damaged: its checksum is wrong".to_owned());
    }
    let Description { info, text_bytes } =
        serde_json::from_slice(rest.take(description_bytes)?).map_err(|error| format!("its description: {error}"))?;
    let words = info.pieces.checked_mul(4).ok_or("it promises too many pieces")?;
    let ends = four_bytes(rest.take(words)?).map(u32::from_le_bytes).collect();
    let scales = four_bytes(rest.take(words)?).map(f32::from_le_bytes).collect();
    let text = String::from_utf8(rest.take(text_bytes)?.to_vec()).map_err(|error| format!("its pieces: {error}"))?;
    let vocabulary = Vocabulary::from_parts(text, ends).ok_or("its pieces do not fit their text")?;
    if info.dimensions == 0 || Some(rest.0.len()) != info.pieces.checked_mul(info.dimensions) {
        return Err("its rows are not as many as it says".to_owned());
    }
    let rows_at = file.len() - rest.0.len();
    let hash = hash.to_hex()[..VERSION_DIGITS].to_owned();
    Ok(Parts { info, hash, vocabulary, scales, rows_at })
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, String> {
        self.take(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

fn four_bytes(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes.as_chunks().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<u8> {
        let info = TableInfo {
            dimensions: 3,
            pieces: 2,
            scheme: 1,
            seed: 7,
            trained_on: 10,
            held_out: 1,
            score: 0.5,
            general: false,
        };
        write(&info, &Vocabulary::new(vec!["vpc".into(), "bucket".into()]), &[0.5, 0.25], &[1, 2, 3, 255, 254, 253])
    }

    #[test]
    fn what_was_written_is_read() {
        let file = table();
        let parts = read(&file).unwrap();
        assert_eq!((parts.info.pieces, parts.info.seed, parts.scales), (2, 7, vec![0.5, 0.25]));
        assert_eq!(parts.vocabulary.text(), "bucketvpc");
        assert_eq!(&file[parts.rows_at..], [1, 2, 3, 255, 254, 253]);
        assert_eq!(parts.hash.len(), VERSION_DIGITS);
    }

    #[test]
    fn every_damage_is_an_error() {
        let whole = table();
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            assert!(read(&damaged).is_err(), "changed at {at}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(read(&longer).is_err());
    }

    #[test]
    fn a_file_that_lies_with_a_right_checksum_is_an_error() {
        for (from, to) in [(&b"\"pieces\":2"[..], &b"\"pieces\":9"[..]), (b"\"dimensions\":3", b"\"dimensions\":0")] {
            let mut file = table();
            let at = file.windows(from.len()).position(|window| window == from).unwrap();
            file[at..at + to.len()].copy_from_slice(to);
            let hash = blake3::hash(&file[HASH.end..]);
            file[HASH].copy_from_slice(hash.as_bytes());
            assert!(read(&file).is_err(), "{}", String::from_utf8_lossy(to));
        }
    }
}
