//! Masks in a document: its text, its title, its headings.

use cloudops_indexes::model::Kind;

use super::{Found, Masked, lines_of, mask, mask_found, masked};
use crate::extract::{Extracted, FrontMatter, Section};

/// Whether documents of a kind are notes of the user's own, which are masked.
pub(crate) const fn is_masked_kind(kind: Kind) -> bool {
    matches!(kind, Kind::Incident | Kind::Note)
}

/// Masks a document. The ranges of its sections stay valid.
pub(crate) fn mask_extracted(extracted: &mut Extracted) -> Vec<Masked> {
    let Extracted { title, text, sections, .. } = extracted;
    let original = text.clone();
    let found = mask_found(text);
    // Headings and the title stand in the text as well: what is masked there, for which the lines around it may be the
    // reason, is masked here, and nothing is counted twice.
    let titled = sections.iter().any(|section| section.is_title && title.as_deref() == Some(&section.heading));
    for section in sections {
        let pieces = pieces(&original, section, &found);
        hide(&mut section.heading, &original, pieces);
        if let Some(title) = title.as_mut().filter(|_| section.is_title) {
            hide(title, &original, pieces);
        }
        mask(&mut section.heading);
    }
    let in_title = title.as_mut().map(mask).unwrap_or_default();
    let mut masked = lines_of(&original, &found);
    if !titled {
        masked.splice(0..0, in_title);
    }
    masked.extend(mask_front_matter(&mut extracted.front_matter));
    masked
}

/// Masks what a note states about itself and what becomes part of its document.
fn mask_front_matter(front: &mut FrontMatter) -> Vec<Masked> {
    let lists = [&mut front.tags, &mut front.services].into_iter().flatten();
    lists.chain([&mut front.url, &mut front.guide].into_iter().flatten()).flat_map(mask).collect()
}

/// What was found in the line of a section's heading.
fn pieces<'a>(text: &str, section: &Section, found: &'a [Found]) -> &'a [Found] {
    let line = text[section.range.clone()].lines().next().unwrap_or_default();
    let end = section.range.start + line.len();
    let first = found.partition_point(|found| found.range.end <= section.range.start);
    let behind = found.partition_point(|found| found.range.start < end);
    &found[first.min(behind)..behind]
}

/// Masks what was found in a text in another one.
fn hide(target: &mut String, text: &str, pieces: &[Found]) {
    for Found { range, kind } in pieces {
        let piece = &text[range.clone()];
        if target.contains(piece) {
            *target = target.replace(piece, &masked(piece, &[Found { range: 0..piece.len(), kind: *kind }]));
        }
    }
}
