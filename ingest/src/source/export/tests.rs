//! Exports as other systems write them, and some that are broken.

use super::*;
use crate::source::Reason;

fn options(name: &str, content: &[u8], mapping: &[&str]) -> (tempfile::TempDir, ExportOptions) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs_err::write(&path, content).unwrap();
    let options = ExportOptions {
        format: ExportFormat::of_path(name).unwrap(),
        path,
        source: "tickets".to_owned(),
        records: None,
        mapping: FieldMapping::parse(mapping).unwrap(),
        kind: Some(Kind::Incident),
        tags: vec!["ours".to_owned()],
        services: Vec::new(),
        max_record_bytes: 10_000,
    };
    (dir, options)
}

/// Ids of the documents, or place and reason of failures; then how it ended.
fn outcome(options: &ExportOptions) -> (Vec<String>, Option<String>) {
    let mut seen = Vec::new();
    let result = read(options, &mut |record| {
        let prepared = record.and_then(|record| prepare(&record, options));
        seen.push(match prepared {
            Ok(prepared) => prepared.document.id,
            Err(failure) => format!("{}: {}", failure.path, failure.reason),
        });
        ControlFlow::Continue(())
    });
    (seen, result.err().map(|error| error.to_string()))
}

fn first(options: &ExportOptions) -> super::super::Prepared {
    let mut first = None;
    read(options, &mut |record| {
        first = Some(prepare(&record.unwrap(), options).unwrap());
        ControlFlow::Break(())
    })
    .unwrap();
    first.unwrap()
}

const TICKETS: &[u8] = b"\xef\xbb\xbfKey,Summary,Description,Resolution,Changed,Labels\n\
    OPS-1,Queue grows,\"The worker\nis stuck, \"\"again\"\".\",Restarted it.,2024-05-17,\"sqs; EC2\"\n\
    OPS-2,No text,,,,\n\
    OPS 3,Short row,<p>Only <b>this</b>.</p>\n\
    OPS-4,Bytes,\xff\xfe,,,\n";

#[test]
fn rows_become_documents() {
    let mapping = ["id=Key", "title=summary", "text=Description,Resolution", "updated=Changed", "services=Labels"];
    let (_dir, options) = options("tickets.csv", TICKETS, &mapping);
    let (seen, error) = outcome(&options);
    assert_eq!(seen, ["tickets/OPS-1", "line 4: it has no text", "tickets/OPS-3", "line 6: it is not text"]);
    assert_eq!(error, None);
    let prepared = first(&options);
    let document = prepared.document;
    assert_eq!((document.title.as_str(), document.kind), ("Queue grows", Kind::Incident));
    assert_eq!(document.services, ["sqs", "ec2"]);
    assert_eq!((document.updated, &document.tags[..]), (Some(1_715_904_000), &["ours".to_owned()][..]));
    assert_eq!(
        document.text,
        "# Queue grows\n\n## Description\n\nThe worker\nis stuck, \"again\".\n\n## Resolution\n\nRestarted it.\n"
    );
    assert!(!prepared.passages.is_empty());
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let (_dir, options) = options("tickets.csv", TICKETS, &["text=Text"]);
    let (seen, error) = outcome(&options);
    assert!(seen.is_empty());
    assert!(error.unwrap().starts_with("there is no column `Text`; there are `Key`, `Summary`"));
}

#[test]
fn an_open_quote_ends_the_reading_and_says_where() {
    let mut content = b"Key,Text\nA,fine\nB,\"open\n".to_vec();
    content.extend(b"C,lost\n".repeat(100_000));
    let (_dir, options) = options("tickets.csv", &content, &["id=Key", "text=Text"]);
    let (seen, error) = outcome(&options);
    assert_eq!(seen, ["tickets/A"]);
    assert!(error.unwrap().starts_with("line 3: the record has more than 10000 bytes"));
}

#[test]
fn lines_of_json() {
    let mut content = b"{\"id\": 7, \"fields\": {\"body\": \"one\", \"labels\": [{\"name\": \"s3\"}, {\"name\": \"EBS\"}]}}\n\nnot json\n[1]\n".to_vec();
    content.extend(format!("{{\"id\": 8, \"fields\": {{\"body\": \"{}\"}}}}\n", "x".repeat(20_000)).bytes());
    content.extend(b"{\"id\": 9, \"fields\": {\"body\": [\"two\", \"three\"]}}");
    let mapping = ["id=id", "text=fields.body", "tags=/fields/labels/*/name"];
    let (_dir, options) = options("a.ndjson", &content, &mapping);
    let (seen, error) = outcome(&options);
    assert_eq!(error, None);
    assert_eq!((seen[0].as_str(), seen[4].as_str()), ("tickets/7", "tickets/9"));
    assert!(seen[1].starts_with("line 3: it is no JSON"), "{seen:?}");
    assert_eq!(seen[2], "line 4: it is no JSON object");
    assert!(seen[3].starts_with("line 5: it has 20034 bytes, more than the limit of 10000"), "{seen:?}");
    let document = first(&options).document;
    assert_eq!((document.text.as_str(), &document.tags[..2]), ("one\n", &["s3".to_owned(), "ebs".to_owned()][..]));
    assert_eq!(document.title, "one");
}

#[test]
fn lists_within_json() {
    let content =
        b"{\"total\": 2, \"issues\": [{\"k\": \"A\", \"t\": \"one\"}, 5, {\"k\": \"B\", \"t\": \"two\"}], \"n/x\": []}";
    let (_dir, mut options) = options("a.json", content, &["id=k", "text=t"]);
    let (seen, error) = outcome(&options);
    assert!(seen.is_empty());
    assert_eq!(error.unwrap(), "there is no list of records; there are lists at `/issues`, `/n~1x`");
    options.records = Some("/issues".to_owned());
    assert_eq!(outcome(&options).0, ["tickets/A", "record 2: it is no JSON object", "tickets/B"]);
    assert_eq!(first(&options).document.id, "tickets/A");
    options.records = Some("/n~1x".to_owned());
    assert_eq!(outcome(&options), (vec![], None));
    options.records = Some("/total".to_owned());
    assert_eq!(outcome(&options).1.unwrap(), "there is no list of records at `/total`");
}

#[test]
fn json_that_breaks_off() {
    let (_dir, options_) = options("a.json", b"\xef\xbb\xbf[{\"t\": \"one\"}, {\"t\": ", &["text=t"]);
    let (seen, error) = outcome(&options_);
    assert_eq!(seen.len(), 1);
    assert!(error.unwrap().starts_with("record 2: EOF"));
    let large = format!("[{{\"t\": \"one\"}}, {{\"t\": \"{}\"}}]", "x".repeat(200_000));
    let (_dir, options_) = options("a.json", large.as_bytes(), &["text=t"]);
    let (seen, error) = outcome(&options_);
    assert_eq!(seen.len(), 1);
    assert!(error.unwrap().starts_with("record 2: it has more than 10000 bytes"));
    let deep = [b"[{\"t\": ".to_vec(), b"[".repeat(100_000)].concat();
    let (_dir, options_) = options("a.json", &deep, &["text=t"]);
    assert!(outcome(&options_).1.is_some());
}

#[test]
fn a_record_without_an_id_is_named_by_its_content() {
    let (_dir, options) = options("a.jsonl", b"{\"t\": \"one\"}\n{\"t\": \"two\"}\n{\"t\": \"one\"}\n", &["text=t"]);
    let (seen, _) = outcome(&options);
    assert_eq!((seen[0] == seen[2], seen[0] == seen[1]), (true, false));
    assert!(Reason::Record("x".into()).keeps_last_version());
}

#[test]
fn the_hash_covers_what_decides_the_document() {
    let (_dir, options) = options("a.jsonl", b"{\"t\": \"one\"}\n", &["text=t"]);
    let mut record = None;
    read(&options, &mut |read| {
        record = read.ok();
        ControlFlow::Continue(())
    })
    .unwrap();
    let record = record.unwrap();
    let hash = content_hash(&record, &options);
    let mut other = record.clone();
    other.fields.text[0].1.push('!');
    assert_ne!(content_hash(&other, &options), hash);
    let mut other = record.clone();
    other.fields.single[1] = Some(String::new());
    assert_ne!(content_hash(&other, &options), hash);
    assert_ne!(content_hash(&record, &ExportOptions { tags: vec![], ..options.clone() }), hash);
    assert_eq!(content_hash(&record, &options), hash);
}
