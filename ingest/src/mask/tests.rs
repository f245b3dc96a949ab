//! The table of what is masked and what is not, and what holds for every text.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const TABLE: &str = include_str!("../../tests/fixtures/masking.tsv");

/// A line of the table: a text, and where in it what kind of secret stands.
struct Case {
    line: usize,
    text: String,
    expected: Vec<Found>,
}

fn cases() -> Vec<Case> {
    let lines = TABLE.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    lines.map(|(at, line)| case(at + 1, line)).collect()
}

fn case(line: usize, row: &str) -> Case {
    let (kinds, marked) = row.split_once('\t').unwrap_or_else(|| panic!("line {line} has no tab"));
    let kind = |name: &str| *Secret::ALL.iter().find(|kind| kind.as_str() == name).unwrap_or_else(|| panic!("{name}"));
    let mut kinds = kinds.split(',').filter(|kinds| *kinds != "none").map(kind);
    let marked = marked.replace("{}", "").replace('⏎', "\n").replace('⇥', "\t");
    let (mut text, mut expected) = (String::new(), Vec::new());
    for (at, piece) in marked.split(['«', '»']).enumerate() {
        let start = text.len();
        text.push_str(piece);
        if at % 2 == 1 {
            let kind = kinds.next().unwrap_or_else(|| panic!("line {line} marks more than it names"));
            expected.push(Found { range: start..text.len(), kind });
        }
    }
    assert_eq!(kinds.next(), None, "line {line} names more than it marks");
    Case { line, text, expected }
}

/// Whether the same is hidden; what stands at the edges of it, such as a quote, does not count.
fn same(text: &str, left: &Found, right: &Found) -> bool {
    let trimmed = |found: &Found| {
        let edge = |c: char| !c.is_alphanumeric();
        let inner = text[found.range.clone()].trim_start_matches(edge);
        let start = found.range.end - inner.len();
        start..start + inner.trim_end_matches(edge).len()
    };
    left.kind == right.kind && trimmed(left) == trimmed(right)
}

#[test]
fn the_table() {
    let (mut hits, mut expected, mut found) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 160);
    for case in &cases {
        let result = find(&case.text);
        for want in &case.expected {
            *expected.entry(want.kind).or_insert(0) += 1;
            if result.iter().any(|got| same(&case.text, got, want)) {
                *hits.entry(want.kind).or_insert(0) += 1;
            } else {
                wrong.push(format!("line {}: no {} at {:?} in {:?}", case.line, want.kind, &case.text[want.range.clone()], case.text));
            }
        }
        for got in &result {
            *found.entry(got.kind).or_insert(0) += 1;
            if !case.expected.iter().any(|want| same(&case.text, got, want)) {
                wrong.push(format!("line {}: {} at {:?} in {:?}", case.line, got.kind, &case.text[got.range.clone()], case.text));
            }
        }
    }
    let of = |counts: &BTreeMap<Secret, u32>, kinds: &[Secret]| kinds.iter().filter_map(|kind| counts.get(kind)).sum::<u32>();
    let share = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole);
    println!("{} cases, {} without anything to mask", cases.len(), cases.iter().filter(|case| case.expected.is_empty()).count());
    for kind in Secret::ALL {
        let (hits, expected, found) = (of(&hits, &[kind]), of(&expected, &[kind]), of(&found, &[kind]));
        println!("{kind}: {hits} of {expected} masked, {} masked wrongly", found - hits);
    }
    let must = [
        Secret::AwsAccessKeyId, Secret::AwsSecretAccessKey, Secret::AwsSessionToken, Secret::AwsSignature, Secret::Token, Secret::PrivateKey,
    ];
    let recall = share(of(&hits, &must), of(&expected, &must));
    let whole = share(of(&hits, &Secret::ALL), of(&expected, &Secret::ALL));
    let precision = share(of(&hits, &Secret::ALL), of(&found, &Secret::ALL));
    println!("recall of keys and tokens {recall:.1} %, of everything {whole:.1} %, precision {precision:.1} %");
    wrong.iter().for_each(|wrong| println!("{wrong}"));
    assert!((100.0 - recall).abs() < f64::EPSILON, "recall of keys and tokens is {recall:.1} %");
    assert!(precision >= 95.0, "precision is {precision:.1} %");
}

#[test]
fn zz_try() {
    let root = std::env::var("TRY").unwrap();
    let mut stack = vec![std::path::PathBuf::from(root)];
    let (mut bytes, mut time) = (0, std::time::Duration::ZERO);
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(fs_err::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let Ok(text) = String::from_utf8(fs_err::read(&path).unwrap()) else { continue };
        bytes += text.len();
        let text = crate::extract::extract(crate::extract::Format::Markdown, &text).text;
        let now = std::time::Instant::now();
        let found = find(&text);
        time += now.elapsed();
        let mut after = text.clone();
        mask(&mut after);
        assert!(mask(&mut after.clone()).is_empty(), "{}", path.display());
        for m in form::regex(r"wJalr|je7Mt|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}|PRIVATE KEY---|IQoJb3|AQoDYX|FwoGZ|BEGIN RSA|eyJhbG[A-Za-z0-9]{10,}|gh[ps]_[a-z0-9]|xox[a-z]-|sk_live|AIza[0-9A-Za-z]").find_iter(&after) {
            let a = after.floor_char_boundary(m.start().saturating_sub(80));
            let b = after.ceil_char_boundary((m.end() + 80).min(after.len()));
            println!("TRY\tLEFT\t{}\t{}", path.display(), after[a..b].replace('\n', "⏎"));
        }
        for Found { range, kind } in found {
            let a = text.ceil_char_boundary(range.start.saturating_sub(60));
            let b = text.floor_char_boundary((range.end + 30).min(text.len()));
            println!("TRY\t{kind}\t{}\t{}«{}»{}", path.display(), text[a..range.start].replace('\n', "⏎"), text[range.clone()].replace('\n', "⏎"), text[range.end..b].replace('\n', "⏎"));
        }
    }
    println!("TRY {bytes} bytes in {time:?}");
}
