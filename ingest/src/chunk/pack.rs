//! Pieces to passages: as many as fit, and no passage that is too small or ends with a heading.

use std::ops::Range;

use super::pieces::{Kind, Piece};
use super::{HARD_MAX_CHARS, ROWS_CHARS, SMALL_CHARS, SMALL_TABLE_CHARS, SOFT_MAX_CHARS, TARGET_CHARS};

/// A code block may follow a short introduction into the same passage up to this length.
const MAX_INTRODUCED_CHARS: usize = 2_000;

/// The part of a text that becomes one passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) range: Range<usize>,
    pub(super) context: String,
}

/// Packs the pieces of one group.
pub(super) fn pack(text: &str, pieces: &[Piece]) -> Vec<Packed> {
    let total: usize = pieces.iter().map(|piece| piece.chars).sum();
    let rows: usize = pieces.iter().filter(|piece| piece.kind.is_row()).map(|piece| piece.chars).sum();
    let mut plans = Vec::new();
    if total <= SOFT_MAX_CHARS && rows <= SMALL_TABLE_CHARS {
        plans.push(0..pieces.len());
    } else {
        plan(pieces, &mut plans);
    }
    let mut packed = Vec::with_capacity(plans.len());
    for plan in plans {
        let Some(first) = pieces[plan.clone()].iter().find(|piece| !text[piece.range.clone()].trim().is_empty()) else {
            continue;
        };
        let end = pieces[plan.end - 1].range.end;
        let end = first.range.start + text[first.range.start..end].trim_end().len();
        let context = first.context.clone().map(|context| text[context].to_owned()).unwrap_or_default();
        packed.push(Packed { range: first.range.start..end, context });
    }
    packed
}

/// Which pieces go together.
fn plan(pieces: &[Piece], plans: &mut Vec<Range<usize>>) {
    let mut start = 0;
    let mut chars = 0;
    for (at, piece) in pieces.iter().enumerate() {
        // A heading is worth keeping here only if what it leads to fits as well.
        let ahead = if piece.leads { pieces.get(at + 1).map_or(0, |next| next.chars.min(SOFT_MAX_CHARS)) } else { 0 };
        let before = (at > start).then(|| &pieces[at - 1]);
        let stays = before.is_none_or(|before| {
            let leading = before.leads && chars + piece.chars <= HARD_MAX_CHARS && chars < SMALL_CHARS * 2;
            leading || chars + piece.chars + ahead <= limit(before.kind, piece.kind, chars)
        });
        if !stays {
            plans.push(start..at);
            start = at;
            chars = piece.context.as_ref().map_or(0, Range::len);
        }
        chars += piece.chars;
    }
    join_tail(pieces, plans, start, chars);
}

/// How long a passage that has `chars` characters and ends in one kind of piece may become with the next.
fn limit(last: Kind, next: Kind, chars: usize) -> usize {
    match next {
        // Rows, and what follows them, are about different things.
        Kind::Row | Kind::Item => ROWS_CHARS,
        _ if last.is_row() => ROWS_CHARS,
        _ if chars >= SMALL_CHARS => TARGET_CHARS,
        Kind::Code => MAX_INTRODUCED_CHARS,
        Kind::Prose | Kind::TableStart | Kind::ListStart => SOFT_MAX_CHARS,
    }
}

/// Adds the last plan, or joins it to the one before if it is too small to stand alone.
fn join_tail(pieces: &[Piece], plans: &mut Vec<Range<usize>>, start: usize, chars: usize) {
    if chars < SMALL_CHARS
        && let Some(last) = plans.last_mut()
        && !pieces[start..].iter().any(|piece| piece.kind.is_row())
    {
        let before: usize = pieces[last.clone()].iter().map(|piece| piece.chars).sum();
        if before + chars <= SOFT_MAX_CHARS {
            last.end = pieces.len();
            return;
        }
    }
    if start < pieces.len() {
        plans.push(start..pieces.len());
    }
}
