//! Documents as programs write them, and files that mean no good.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    fs_err::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// A file of these objects, numbered from 1; the first is the catalog.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (at, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", bytes.len()).unwrap();
        writeln!(bytes, "{} 0 obj", at + 1).unwrap();
        bytes.extend_from_slice(object);
        bytes.extend_from_slice(b"\nendobj\n");
    }
    let start = bytes.len();
    write!(bytes, "{table}trailer <</Size {} /Root 1 0 R>>\nstartxref\n{start}\n%%EOF", objects.len() + 1).unwrap();
    bytes
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let mut object = format!("<<{dictionary} /Length {}>>\nstream\n", content.len()).into_bytes();
    object.extend_from_slice(content);
    object.extend_from_slice(b"\nendstream");
    object
}

const CATALOG: &str = "<</Type/Catalog /Pages 2 0 R>>";
const FONT: &str = "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica>>";

/// One page with this content, whose resources are in object 5.
fn page(content: Vec<u8>, resources: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = vec![
        CATALOG.into(),
        b"<</Type/Pages /Kids[3 0 R] /Count 1>>".to_vec(),
        b"<</Type/Page /Parent 2 0 R /Contents 4 0 R /Resources 5 0 R>>".to_vec(),
        content,
        resources.into(),
    ];
    objects.extend_from_slice(more);
    file(&objects)
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut plain = lopdf::Stream::new(lopdf::Dictionary::new(), bytes.to_vec());
    plain.compress().unwrap();
    plain.content
}

/// Extracts within the time that a hostile file may take.
#[track_caller]
fn in_time(bytes: &[u8]) -> Result<Extracted, Unreadable> {
    let start = Instant::now();
    let result = extract(bytes);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    result
}

#[test]
fn a_handbook_becomes_clean_markdown() {
    let extracted = extract(&fixture("runbook.pdf")).unwrap();
    assert_eq!(extracted.title.as_deref(), Some("Thumbnail queue backlog"));
    assert!(extracted.front_matter.updated.is_some());
    let headings: Vec<_> = extracted
        .sections
        .iter()
        .filter(|section| section.level > 0 && !section.continues)
        .map(|section| (section.level, section.heading.as_str(), section.anchor.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        headings,
        [
            (1, "Thumbnail queue backlog", "page=1"),
            (2, "Find the cause", "page=1"),
            (2, "Drain the queue", "page=2"),
            (2, "Limits", "page=3"),
            (2, "Afterwards", "page=4"),
            (2, "Contacts", "page=5"),
        ]
    );
    let expected = include_str!("../../../tests/fixtures/runbook.md");
    assert!(extracted.text == expected, "this came:\n{}", extracted.text);
}

#[test]
fn codes_of_two_bytes_are_text_by_their_map() {
    for name in ["composite.pdf", "owner-only.pdf"] {
        let extracted = extract(&fixture(name)).unwrap();
        assert_eq!(
            extracted.text,
            "# Größe der Kacheln\n\nKacheln sind höchstens 512 Punkte groß. Größere werden verkleinert, und der efficient office filter fixes the rest.\n",
            "{name}"
        );
        assert_eq!(extracted.front_matter.updated, Some(1_715_947_200), "{name}");
    }
}

#[test]
fn a_password_is_a_clear_reason() {
    assert_eq!(extract(&fixture("encrypted.pdf")), Err(Unreadable::Encrypted));
}

#[test]
fn sections_go_on_behind_a_page() {
    let objects = vec![
        CATALOG.into(),
        b"<</Type/Pages /Kids[3 0 R 4 0 R] /Count 2 /Resources <</Font <</F 7 0 R>>>>>>".to_vec(),
        b"<</Type/Page /Parent 2 0 R /Contents 5 0 R>>".to_vec(),
        b"<</Type/Page /Parent 2 0 R /Contents 6 0 R>>".to_vec(),
        stream("", b"BT /F 20 Tf 50 700 Td (Costs) Tj /F 10 Tf 0 -40 Td (The first page ends with the config-) Tj ET"),
        stream("", b"BT /F 10 Tf 50 700 Td (uration of it.) Tj 0 -30 Td [(An)-300(other) -40( paragraph.)] TJ ET"),
        FONT.into(),
    ];
    let extracted = extract(&file(&objects)).unwrap();
    assert_eq!(extracted.text, "# Costs\n\nThe first page ends with the configuration of it.\n\nAn other paragraph.\n");
    let sections: Vec<_> = extracted
        .sections
        .iter()
        .map(|section| (section.heading.as_str(), section.anchor.as_deref().unwrap_or_default(), section.continues))
        .collect();
    assert_eq!(sections, [("Costs", "page=1", false), ("Costs", "page=2", true)]);
    let passages = crate::chunk::chunk(&extracted);
    assert_eq!(passages.len(), 1, "small parts of one section are one passage: {passages:?}");
}

#[test]
fn dates() {
    let cases = [
        ("20240517120000Z", Some(1_715_947_200)),
        ("20240517140000+02'00'", Some(1_715_947_200)),
        ("20240517", Some(1_715_904_000)),
        ("2024", Some(1_704_067_200)),
        ("20249917", None),
        ("yesterday", None),
        ("", None),
    ];
    for (text, seconds) in cases {
        assert_eq!(date(text), seconds, "{text}");
    }
}

#[test]
fn broken_files_have_a_reason() {
    let whole = fixture("runbook.pdf");
    for bytes in [&b""[..], b"%PDF-1.7", b"PK\x03\x04 not a PDF", &whole[..200], &[0; 10_000]] {
        assert!(matches!(in_time(bytes), Err(Unreadable::Damaged(_))), "{:?}", in_time(bytes));
    }
    // Of a file that was cut off what is there is read, or a reason given; nothing else.
    for end in (0..whole.len()).step_by(397) {
        drop(in_time(&whole[..end]));
    }
    let mut random = 7_u64;
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..20 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % bytes.len();
            bytes[at] = (random >> 20) as u8;
        }
        drop(in_time(&bytes));
    }
}

#[test]
fn a_hundred_thousand_pages_are_too_many() {
    let kids = (0..100_000).map(|at| format!("{} 0 R ", at + 3)).collect::<Vec<_>>().concat();
    let mut objects = vec![CATALOG.into(), format!("<</Type/Pages /Kids[{kids}] /Count 100000>>").into_bytes()];
    objects.resize(100_002, b"<</Type/Page /Parent 2 0 R>>".to_vec());
    let error = in_time(&file(&objects)).unwrap_err();
    assert_eq!(error.to_string(), "it is too large inside: it has more than 20000 pages");
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let bomb = deflated(&vec![b' '; 64 * MIB]);
    let bytes = page(stream("/Filter/FlateDecode", &bomb), "<<>>", &[]);
    assert!(bytes.len() < 100_000);
    let error = in_time(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "it is too large inside: one of its streams unpacks to more than 8192 kB");
    // A form that shows the next one ten times, ten levels deep.
    let form = |next: usize| {
        let content = "/X Do ".repeat(10).into_bytes();
        stream(&format!("/Type/XObject /Subtype/Form /Resources <</XObject <</X {next} 0 R>>>>"), &content)
    };
    let forms: Vec<Vec<u8>> = (7..17).map(form).collect();
    let bytes = page(stream("", b"/X Do"), "<</XObject <</X 6 0 R>>>>", &forms);
    drop(in_time(&bytes));
    let itself = page(stream("", &b"/X Do ".repeat(1_000)), "<</XObject <</X 6 0 R>>>>", &[form(6)]);
    drop(in_time(&itself));
}

#[test]
fn nesting_and_cycles_end() {
    let deep = [b"[".repeat(500_000), b"]".repeat(500_000)].concat();
    drop(in_time(&page(stream("", &deep), "<<>>", &[])));
    drop(in_time(&page(deep.clone(), "<<>>", &[deep])));
    let saved = b"q ".repeat(1_000_000);
    drop(in_time(&page(stream("", &saved), "<<>>", &[])));
    let cyclic = file(&[
        CATALOG.into(),
        b"<</Type/Pages /Kids[2 0 R 3 0 R 2 0 R] /Parent 3 0 R /Count 9>>".to_vec(),
        b"<</Type/Page /Parent 2 0 R /Contents [3 0 R 4 0 R] /Resources 4 0 R>>".to_vec(),
        b"4 0 R".to_vec(),
    ]);
    drop(in_time(&cyclic));
}

#[test]
fn fonts_that_lie_are_read_as_far_as_they_go() {
    let map = stream("", b"1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange");
    let font = "<</Type/Font /Subtype/Type0 /Encoding/Identity-H /ToUnicode 7 0 R /DescendantFonts[<</W [0 4000000000 1 5]>>]>>";
    let bytes = page(
        stream("", b"BT /F 1e38 Tf 1e38 0 0 1e38 1e38 1e38 Tm (abcdef) Tj /F 10 Tf 1 0 0 1 9 9 Tm <00000001> Tj ET"),
        "<</Font <</F 6 0 R>>>>",
        &[font.into(), map],
    );
    drop(in_time(&bytes));
    let wild = "<</Type/Font /Subtype/Type1 /FirstChar -5 /Widths [(a) 1 2] /Encoding <</Differences [-1 /A 999 /B (x) /C]>>>>";
    let bytes = page(stream("", b"BT /F 10 Tf (AB) Tj ET"), "<</Font <</F 6 0 R>>>>", &[wild.into()]);
    assert_eq!(in_time(&bytes).unwrap().text, "AB\n");
}

#[test]
fn passages_of_a_long_section_are_cited_by_their_page() {
    let page = |title: &str, word: &str| {
        let mut content = format!("BT /F 20 Tf 50 700 Td ({title}) Tj /F 10 Tf 0 -40 Td 12 TL ");
        for line in 0..30 {
            write!(content, "({word} number {line} of this page says something that nobody else says.) ' ").unwrap();
        }
        stream("", (content + "ET").as_bytes())
    };
    let objects = vec![
        CATALOG.into(),
        b"<</Type/Pages /Kids[3 0 R 4 0 R] /Count 2 /Resources <</Font <</F 7 0 R>>>>>>".to_vec(),
        b"<</Type/Page /Parent 2 0 R /Contents 5 0 R>>".to_vec(),
        b"<</Type/Page /Parent 2 0 R /Contents 6 0 R>>".to_vec(),
        page("Limits", "Sentence"),
        page("", "Statement"),
        FONT.into(),
    ];
    let mut extracted = extract(&file(&objects)).unwrap();
    // As if it stood below a title.
    extracted.sections[0].is_title = false;
    let passages = crate::chunk::chunk(&extracted);
    assert!(passages.iter().all(|passage| passage.heading_path == ["Limits"]), "{passages:?}");
    for (anchor, word) in [("page=1", "Sentence"), ("page=2", "Statement")] {
        let own: Vec<_> = passages.iter().filter(|passage| passage.anchor.as_deref() == Some(anchor)).collect();
        assert!(!own.is_empty() && own.iter().all(|passage| passage.text(&extracted.text).contains(word)), "{anchor}");
    }
}
