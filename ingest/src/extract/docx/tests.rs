//! Documents as Word and others write them, and files that mean no good.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    fs_err::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A document of nothing but this body.
fn body(text: &str) -> Vec<u8> {
    zipped(&[("word/document.xml", &format!("<w:document><w:body>{text}</w:body></w:document>"))])
}

fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

#[test]
fn a_document_of_word_becomes_clean_markdown() {
    let extracted = extract(&fixture("rotate.docx")).unwrap();
    assert_eq!(extracted.title.as_deref(), Some("Rotate the database password"));
    assert_eq!(extracted.front_matter.updated, Some(1_715_947_200));
    let expected = include_str!("../../../tests/fixtures/rotate.md");
    assert!(extracted.text == expected, "this came:\n{}", extracted.text);
}

#[test]
fn what_is_not_seen_is_left_out() {
    let text = "<w:p><w:ins><w:r><w:t>kept</w:t></w:r></w:ins><w:del><w:r><w:delText>a</w:delText><w:t>gone</w:t></w:r></w:del>\
        <w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:tab/><w:t>too &amp; x&#65;</w:t><w:noBreakHyphen/></w:r>\
        <mc:AlternateContent><mc:Choice><w:r><w:t>once</w:t></w:r></mc:Choice><mc:Fallback><w:r><w:t>twice</w:t></w:r></mc:Fallback>\
        </mc:AlternateContent></w:p><w:sectPr><w:t>no</w:t></w:sectPr>";
    assert_eq!(extract(&body(text)).unwrap().text, "kept too & xA-once\n");
}

#[test]
fn tables_within_tables_and_frames() {
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let inner = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell(&paragraph("x")), cell(&paragraph("y|z")));
    let table = format!(
        "<w:tbl><w:tr>{}<w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr>{}</w:tc></w:tr><w:tr>{}{}{}</w:tr></w:tbl>",
        cell(&paragraph("a")),
        paragraph("b"),
        cell(&paragraph("c")),
        cell(&(paragraph("d") + &paragraph("e"))),
        cell(&inner)
    );
    let frame = format!("<w:tbl><w:tr>{}</w:tr></w:tbl>", cell(&paragraph("framed")));
    let text = extract(&body(&(table + &frame))).unwrap().text;
    assert_eq!(text, "| a | b | |\n| --- | --- | --- |\n| c | d e | x y\\|z |\n\nframed\n");
}

#[test]
fn notes_styles_without_names_and_levels() {
    let relationships =
        "<Relationships><Relationship Type=\"http://x/officeDocument\" Target=\"/word/document.xml\"/></Relationships>";
    let related = "<Relationships><Relationship Type=\"http://x/footnotes\" Target=\"footnotes.xml\"/></Relationships>";
    let text = "<w:p><w:pPr><w:pStyle w:val=\"Heading2\"/></w:pPr><w:r><w:t>Head</w:t></w:r></w:p>\
        <w:p><w:r><w:t># text</w:t><w:footnoteReference w:id=\"2\"/></w:r></w:p>\
        <w:p><w:pPr><w:outlineLvl w:val=\"2\"/></w:pPr><w:r><w:t>Deeper</w:t></w:r></w:p>";
    let notes = "<w:footnotes><w:footnote w:type=\"separator\"><w:p><w:r><w:t>-</w:t></w:r></w:p></w:footnote>\
        <w:footnote w:id=\"2\"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let document = format!("<w:document><w:body>{text}</w:body></w:document>");
    let bytes = zipped(&[
        ("_rels/.rels", relationships),
        ("word/_rels/document.xml.rels", related),
        ("word/document.xml", &document),
        ("word/footnotes.xml", notes),
    ]);
    assert_eq!(extract(&bytes).unwrap().text, "## Head\n\n\\# text[2]\n\n### Deeper\n\nA note.\n");
}

#[test]
fn broken_files_have_a_reason() {
    let whole = fixture("rotate.docx");
    let reason = |bytes: &[u8]| extract(bytes).unwrap_err().to_string();
    assert!(reason(b"").starts_with("it is damaged"));
    assert!(reason(&whole[..whole.len() / 2]).starts_with("it is damaged"));
    assert_eq!(reason(&zipped(&[("a.txt", "x")])), "it is damaged: it is a zip file without a Word document");
    assert!(reason(&body("<w:p><w:r>")).starts_with("it is damaged: its XML is broken"));
    let mut container = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    assert!(reason(&container).contains("before 2007"));
    container.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(extract(&container), Err(Unreadable::Encrypted));
    let mut random = 7_u64;
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..10 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % bytes.len();
            bytes[at] = (random >> 20) as u8;
        }
        drop(extract(&bytes));
    }
}

#[test]
fn bombs_are_refused() {
    let bomb = body(&paragraph(&" ".repeat(80 << 20)));
    assert!(bomb.len() < 200_000);
    let error = extract(&bomb).unwrap_err();
    assert_eq!(error.to_string(), "it is too large inside: its parts unpack to more than 64 MB");
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>";
    let text = format!("{entities}<w:document><w:body>{}</w:body></w:document>", paragraph("x&b;y"));
    assert_eq!(extract(&zipped(&[("word/document.xml", &text)])).unwrap().text, "xy\n");
    for element in ["w:sdt", "w:tbl", "w:p", "w:del"] {
        let deep = format!("<{element}>").repeat(200_000);
        assert!(matches!(extract(&body(&deep)), Err(Unreadable::Damaged(_))), "{element}");
    }
    let wide = format!("<w:tbl><w:tr>{}</w:tr></w:tbl>", "<w:tc><w:p/></w:tc>".repeat(200_000));
    assert_eq!(extract(&body(&wide)).unwrap().text, "");
    let attributes = (0..100_000).map(|at| format!(" a{at}=\"\"")).collect::<Vec<_>>().concat();
    drop(extract(&body(&format!("<w:p{attributes}/>"))));
}
