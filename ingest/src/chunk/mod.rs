//! Clean Markdown to passages of one section each, nothing lost, nothing twice.
//!
//! Text is about 1,000 characters a passage, rows of long tables about 400 with the table's header: a limit is asked for by
//! its row, and one row among twenty is found neither by its words nor by its meaning. The same holds for the items of long
//! lists of values (`facts`), which have the sentence that introduces the list with them.
//!
//! Three steps. Neighbouring sections that are too small to stand alone are grouped (`group`), the text of a group
//! is cut into pieces that must not be torn (`pieces`), and pieces are packed into passages (`pack`). Paragraphs longer
//! than a passage are torn at sentences (`tear`).

mod facts;
mod group;
mod pack;
mod pieces;
mod tear;

use cloudops_indexes::model::Passage;

use crate::extract::Extracted;

/// What a passage should have, in characters.
pub const TARGET_CHARS: usize = 1_000;
/// A whole section, or a last piece with its neighbour, may be this long.
pub const SOFT_MAX_CHARS: usize = 1_400;
/// A code block or a table row may be this long before it is torn.
pub const HARD_MAX_CHARS: usize = 4_000;
/// Sections and tails below this are joined to their neighbours where that is truthful.
pub const SMALL_CHARS: usize = 250;
/// Tables and lists of values that are longer are cut into passages of few rows each: a row is an answer of its own.
const SMALL_TABLE_CHARS: usize = 600;
/// What such a passage should have, the repeated header included. A row that is longer stands alone.
const ROWS_CHARS: usize = 400;
/// Header rows longer than this are not repeated.
const MAX_CONTEXT_CHARS: usize = 1_200;

/// Cuts an extracted text into passages.
///
/// The ranges are in order, do not overlap, and cover every character that is not white space. A passage that begins
/// inside a table, a code block or a list of values carries the header rows, the opening fence or the introduction in its
/// context.
pub fn chunk(extracted: &Extracted) -> Vec<Passage> {
    let text = extracted.text.as_str();
    let mut passages = Vec::with_capacity(text.len() / 700 + 1);
    for group in group::groups(text, &extracted.sections) {
        let pieces = pieces::pieces(text, group.range.clone(), &extracted.sections[group.sections.clone()]);
        for packed in pack::pack(text, &pieces) {
            passages.push(Passage {
                position: u32::try_from(passages.len()).unwrap_or(u32::MAX),
                heading_path: group.path.iter().map(|at| extracted.sections[*at].heading.clone()).collect(),
                anchor: group.anchor.map(|at| extracted.sections[at].anchor.clone()).unwrap_or_default(),
                range: packed.range,
                context: packed.context,
            });
        }
    }
    passages
}

#[cfg(test)]
mod tests;
