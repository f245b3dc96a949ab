//! Where a bounded reply left off.
//!
//! To a client a cursor is opaque. It holds an offset, a stamp of what was read (the generation of the index, or the
//! content of a document) and a hash of the question: continuing another question, or the same one over other data,
//! would silently skip or repeat results, so both are refused.

use super::ToolError;

const VERSION: &str = "c1";

/// Identifies a question: equal arguments, equal key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    /// The key of a tool and of what was asked.
    pub(super) fn of(tool: &str, question: &impl std::fmt::Debug) -> Self {
        Self(short_hash(&format!("{tool}\n{question:?}")))
    }
}

/// The first eight bytes of a BLAKE3.
pub(super) fn short_hash(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

/// Makes a cursor.
pub(super) fn encode(offset: usize, stamp: u64, key: Key) -> String {
    format!("{VERSION}{offset:x}-{stamp:x}-{:016x}", key.0)
}

/// Reads a cursor that was made for this question over this data.
pub(super) fn decode(cursor: &str, stamp: u64, key: Key) -> Result<usize, ToolError> {
    const HINT: &str = "Call again without `cursor` to start from the front.";
    let parts =
        parse(cursor.trim()).ok_or_else(|| ToolError::input("`cursor` is not one that this server made").hint(HINT))?;
    let (offset, made_at, made_for) = parts;
    if made_for != key.0 {
        let hint = "A cursor continues the call that returned it: repeat every other argument as it was.";
        return Err(ToolError::input("`cursor` belongs to another question").hint(hint));
    }
    if made_at != stamp {
        return Err(ToolError::input("`cursor` is stale: the index has changed since").hint(HINT));
    }
    Ok(offset)
}

fn parse(cursor: &str) -> Option<(usize, u64, u64)> {
    let mut parts = cursor.strip_prefix(VERSION)?.split('-');
    let offset = usize::from_str_radix(parts.next()?, 16).ok()?;
    let stamp = u64::from_str_radix(parts.next()?, 16).ok()?;
    let key = u64::from_str_radix(parts.next()?, 16).ok()?;
    // Numbers can be written in more than one way; cursors cannot.
    (encode(offset, stamp, Key(key)) == cursor).then_some((offset, stamp, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_continues_its_own_question_only() {
        let key = Key::of("search_knowledge", &"how");
        let cursor = encode(5, 17, key);
        assert_eq!(decode(&cursor, 17, key).unwrap(), 5);
        let stale = decode(&cursor, 18, key).unwrap_err();
        assert!(stale.message.contains("stale") && stale.is_input());
        let foreign = decode(&cursor, 17, Key::of("search_knowledge", &"why")).unwrap_err();
        assert!(foreign.message.contains("another question"));
    }

    #[test]
    fn nonsense_is_refused() {
        for cursor in ["", "c1", "5", "c15-17", "c15-17-zz", "c1-1-1-1", "c15-17-1-1", "💥", "c1+5-1-1"] {
            let error = decode(cursor, 1, Key(1)).unwrap_err();
            assert!(error.message.contains("cursor"), "{cursor}");
        }
    }
}
