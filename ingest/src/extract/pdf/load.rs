//! The objects of a file, without those that hold no text.

use std::cell::Cell;

use lopdf::{DecompressError, Document, Error, LoadOptions, Object, ObjectId};

use super::{MAX_STREAM_BYTES, MIB};
use crate::extract::Unreadable;

/// Values in all objects that are kept, each of which takes some 100 bytes.
const MAX_VALUES: usize = 3_000_000;
/// What the object streams of an encrypted file may unpack to together. Others are counted by their values.
const MAX_ENCRYPTED_BYTES: usize = 256 * MIB;

thread_local! {
    /// Values that were kept so far. The library takes a function and no state beside it.
    static VALUES: Cell<usize> = const { Cell::new(0) };
}

/// Loads a file. One that opens without a password is decrypted.
pub(super) fn load(bytes: &[u8]) -> Result<Document, Unreadable> {
    let mut limit = MAX_STREAM_BYTES;
    if contains(bytes, b"/Encrypt") {
        limit = limit.min(MAX_ENCRYPTED_BYTES / object_streams(bytes).max(1));
    }
    let options = LoadOptions { filter: Some(keep), max_decompressed_size: Some(limit), ..LoadOptions::default() };
    let load = |options: LoadOptions| {
        VALUES.set(0);
        let loaded = Document::load_mem_with_options(bytes, options);
        if VALUES.take() > MAX_VALUES {
            return Err(Unreadable::TooMuch(format!("it has more than {MAX_VALUES} objects")));
        }
        loaded.map_err(|error| unreadable(&error, limit))
    };
    let mut document = load(options.clone())?;
    if document.is_encrypted() {
        return Err(Unreadable::Encrypted);
    }
    if document.page_iter().next().is_none()
        && let Ok(rebuilt) = load(LoadOptions { force_reconstruct: true, ..options })
    {
        // The table of contents of the file may lead past its objects.
        document = rebuilt;
    }
    Ok(document)
}

fn unreadable(error: &Error, limit: usize) -> Unreadable {
    match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => Unreadable::Encrypted,
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => over(limit),
        Error::Parse(lopdf::ParseError::InvalidFileHeader) => {
            Unreadable::Damaged("it does not start as a PDF".to_owned())
        }
        other => Unreadable::Damaged(other.to_string()),
    }
}

/// The reason for a stream that unpacks to more than `limit` bytes.
pub(super) fn over(limit: usize) -> Unreadable {
    Unreadable::TooMuch(format!("one of its streams unpacks to more than {} kB", limit / 1024))
}

/// Whether an object is kept, counting what it costs.
fn keep(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    if is_useless(object) {
        return None;
    }
    let values = VALUES.get().saturating_add(count(object));
    VALUES.set(values);
    (values <= MAX_VALUES).then(|| (id, object.clone()))
}

/// Images, links and the structure of tagged files: most of the objects of many files, and no text.
fn is_useless(object: &Object) -> bool {
    let (Object::Dictionary(dictionary) | Object::Stream(lopdf::Stream { dict: dictionary, .. })) = object else {
        return false;
    };
    let name = |key: &[u8]| dictionary.get(key).and_then(Object::as_name).unwrap_or_default();
    match object {
        Object::Stream(_) => name(b"Subtype") == b"Image",
        _ => matches!(name(b"Type"), b"StructElem" | b"Annot" | b"MCR" | b"OBJR") || name(b"Subtype") == b"Link",
    }
}

/// Values in an object. The parser has limited how deep they nest.
fn count(object: &Object) -> usize {
    1 + match object {
        Object::Array(array) => array.iter().map(count).sum(),
        Object::Dictionary(dictionary) => dictionary.iter().map(|(_, value)| count(value)).sum(),
        Object::Stream(stream) => stream.dict.iter().map(|(_, value)| count(value)).sum(),
        _ => 0,
    }
}

fn contains(bytes: &[u8], name: &[u8]) -> bool {
    bytes.windows(name.len()).any(|window| window == name)
}

/// How often a file says `/ObjStm`, in any spelling: a character of a name may be written as `#4f`.
fn object_streams(bytes: &[u8]) -> usize {
    let mut found = 0;
    for at in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1) {
        let mut rest = &bytes[at..];
        let same = b"ObjStm".iter().all(|wanted| {
            let (byte, length) = match rest {
                [b'#', high, low, ..] => {
                    match std::str::from_utf8(&[*high, *low]).map(|hex| u8::from_str_radix(hex, 16)) {
                        Ok(Ok(byte)) => (byte, 3),
                        _ => return false,
                    }
                }
                [byte, ..] => (*byte, 1),
                [] => return false,
            };
            rest = &rest[length..];
            byte == *wanted
        });
        found += usize::from(same);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_streams_are_counted_however_they_are_written() {
        assert_eq!(object_streams(b"/Type/ObjStm /Type /#4fbj#53tm /Obj /ObjSt"), 2);
    }
}
