//! Headers and footers that stand on most pages, which say nothing about any of them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lines::Line;

/// Documents of fewer pages keep everything: what is repeated there may be meant.
const MIN_PAGES: usize = 4;
/// Lines at the top and at the bottom of a page that may be furniture.
const EDGE_LINES: usize = 3;

/// Takes them out.
pub(super) fn remove(lines: &mut Vec<Line>) {
    let mut pages: Vec<Vec<usize>> = Vec::new();
    let mut last = 0;
    for (at, line) in lines.iter().enumerate() {
        if pages.is_empty() || line.page != last {
            pages.push(Vec::new());
            last = line.page;
        }
        if let Some(page) = pages.last_mut() {
            page.push(at);
        }
    }
    if pages.len() < MIN_PAGES {
        return;
    }
    let mut counts: FxHashMap<(String, i64), usize> = FxHashMap::default();
    let mut edges: Vec<(usize, (String, i64))> = Vec::new();
    for mut page in pages.iter().cloned() {
        page.sort_by(|a, b| lines[*b].across.total_cmp(&lines[*a].across));
        let bottom = page.len().saturating_sub(EDGE_LINES).max(EDGE_LINES.min(page.len()));
        let mut seen = FxHashSet::default();
        for at in page.iter().take(EDGE_LINES).chain(page.get(bottom..).unwrap_or_default()) {
            let key = key(&lines[*at]);
            if seen.insert(key.clone()) {
                *counts.entry(key.clone()).or_default() += 1;
            }
            edges.push((*at, key));
        }
    }
    // Left and right pages differ, so a footer of books stands on half of them, less those where chapters begin.
    let enough = (pages.len() * 2).div_ceil(5).max(3);
    let furniture: FxHashSet<usize> =
        edges.into_iter().filter(|(_, key)| counts[key] >= enough).map(|(at, _)| at).collect();
    let mut at = 0;
    lines.retain(|_| {
        at += 1;
        !furniture.contains(&(at - 1))
    });
}

/// What is the same about a header on all pages: its words without numbers, and its height.
fn key(line: &Line) -> (String, i64) {
    let mut text = String::new();
    for c in line.text().chars().take(200) {
        if !c.is_ascii_digit() {
            text.push(c);
        } else if !text.ends_with('#') {
            text.push('#');
        }
    }
    (text, (line.across / 6.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::super::lines::Cell;
    use super::*;

    #[test]
    fn what_stands_on_most_pages_goes() {
        let line = |page: usize, across: f64, text: String| Line {
            page,
            angle: 0,
            across,
            size: 10.0,
            bold: false,
            mono: false,
            cells: vec![Cell { start: 0.0, end: 100.0, text }],
        };
        let mut lines = Vec::new();
        for page in 1..=6 {
            lines.push(line(page, 800.0, "The Guide".to_owned()));
            for row in 0..8 {
                lines.push(line(
                    page,
                    700.0 - f64::from(row) * 12.0,
                    format!("{} {}", "word".repeat(page), "x".repeat(row as usize + page)),
                ));
            }
            lines.push(line(page, 30.0, format!("Page {page} of 6")));
        }
        let before = lines.len();
        let mut few = lines[..20].to_vec();
        remove(&mut lines);
        assert_eq!(before - lines.len(), 12);
        assert!(lines.iter().all(|line| line.text().starts_with("word")));
        remove(&mut few);
        assert_eq!(few.len(), 20, "two pages are too few to tell");
    }
}
