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
                wrong.push(format!(
                    "line {}: no {} at {:?} in {:?}",
                    case.line,
                    want.kind,
                    &case.text[want.range.clone()],
                    case.text
                ));
            }
        }
        for got in &result {
            *found.entry(got.kind).or_insert(0) += 1;
            if !case.expected.iter().any(|want| same(&case.text, got, want)) {
                wrong.push(format!(
                    "line {}: {} at {:?} in {:?}",
                    case.line,
                    got.kind,
                    &case.text[got.range.clone()],
                    case.text
                ));
            }
        }
    }
    let of = |counts: &BTreeMap<Secret, u32>, kinds: &[Secret]| {
        kinds.iter().filter_map(|kind| counts.get(kind)).sum::<u32>()
    };
    let share = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole);
    eprintln!(
        "{} cases, {} without anything to mask",
        cases.len(),
        cases.iter().filter(|case| case.expected.is_empty()).count()
    );
    for kind in Secret::ALL {
        let (hits, expected, found) = (of(&hits, &[kind]), of(&expected, &[kind]), of(&found, &[kind]));
        eprintln!("{kind}: {hits} of {expected} masked, {} masked wrongly", found - hits);
    }
    let must = [
        Secret::AwsAccessKeyId,
        Secret::AwsSecretAccessKey,
        Secret::AwsSessionToken,
        Secret::AwsSignature,
        Secret::Token,
        Secret::PrivateKey,
    ];
    let recall = share(of(&hits, &must), of(&expected, &must));
    let whole = share(of(&hits, &Secret::ALL), of(&expected, &Secret::ALL));
    let precision = share(of(&hits, &Secret::ALL), of(&found, &Secret::ALL));
    eprintln!("recall of keys and tokens {recall:.1} %, of everything {whole:.1} %, precision {precision:.1} %");
    for wrong in &wrong {
        eprintln!("{wrong}");
    }
    assert!((100.0 - recall).abs() < f64::EPSILON, "recall of keys and tokens is {recall:.1} %");
    assert!(precision >= 95.0, "precision is {precision:.1} %");
}

#[test]
fn masks_are_as_long_as_what_they_hide() {
    for case in cases() {
        let mut text = case.text.clone();
        let found = mask(&mut text);
        assert_eq!(
            (text.len(), text.lines().count()),
            (case.text.len(), case.text.lines().count()),
            "line {}",
            case.line
        );
        assert_eq!(found.len(), case.expected.len(), "line {}", case.line);
        assert_eq!(mask(&mut text), [], "line {}: masked again: {text}", case.line);
    }
}

#[test]
fn what_masks_look_like() {
    let cases = [
        ("password=hunter2", "password=[passwo"),
        ("password=hunter2hunter2", "password=[password****]"),
        ("password=1234567890", "password=[password]"),
        ("password=ümläut9!", "password=[password]"),
        ("a\nkey AKIA1234567890ABCDEF\nb", "a\nkey [aws_access_key_id*]\nb"),
        ("cc bob@example.com, ann@example.com.", "cc [email********], [email********]."),
        (
            concat!(
                "- -----BEGIN EC ",
                "PRIVATE KEY-----\n  MHcCAQEEIGx4Y2h1\n  Zm9v\n  -----END EC PRIVATE KEY-----\n"
            ),
            "- [private_key*****************]\n  [private_key***]\n  [pri\n  [private_key***************]\n",
        ),
    ];
    for (text, expected) in cases {
        let mut masked = text.to_owned();
        mask(&mut masked);
        assert_eq!(masked, expected);
    }
}

#[test]
fn what_is_known_is_masked_wherever_it_stands() {
    let cases = [
        (
            "password: Zebra#77\nWe tried Zebra#77, not Zebra#779.",
            "password: [passwor\nWe tried [passwor, not Zebra#779.",
        ),
        // What is a word as well is left alone elsewhere.
        ("password: postgres\npostgres restarted", "password: [passwor\npostgres restarted"),
    ];
    for (text, expected) in cases {
        let mut masked = text.to_owned();
        mask(&mut masked);
        assert_eq!(masked, expected);
    }
}

#[test]
fn long_values_are_masked_to_their_end() {
    let long = "a1B2c3D4e5F6".repeat(1_000);
    for before in ["api_key=", "token: \"", "password=", "aws_session_token=", "Authorization: Bearer ", "https://me:"]
    {
        let mut text = format!("{before}{long}{}", if before.starts_with("https") { "@h/" } else { "\"\n" });
        mask(&mut text);
        let left = text.matches("a1B2c3D4").count();
        assert!(left == 0, "{before}: {left} pieces left");
    }
}

#[test]
fn lines_and_kinds() {
    let mut text = "# T\n\nAsk bob@example.com\nfor AKIA1234567890ABCDEF,\nor ann@example.com\n".to_owned();
    let found: Vec<_> = mask(&mut text).into_iter().map(|found| (found.kind, found.line)).collect();
    assert_eq!(found, [(Secret::Email, 3), (Secret::AwsAccessKeyId, 4), (Secret::Email, 5)]);
    for kind in Secret::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        assert_eq!(kind.to_string(), kind.as_str());
    }
}

/// Texts that make patterns look far ahead, or start over and over.
#[test]
fn hostile_texts_take_no_longer_than_others() {
    let pieces = [
        "password=",
        "password=<",
        "password='",
        "password=“",
        "token: ",
        concat!("-----BEGIN ", "PRIVATE KEY-----"),
        "eyJ",
        "eyJa.",
        "AKIA",
        "a@",
        "://",
        "http://a:",
        "x:y@",
        "ghp_",
        "glpat-",
        "sk-",
        "mysql ",
        "curl -u a:",
        "IQoJb3JpZ2lu",
        "| password |",
        "|",
        "authorization: ",
        "cookie: sid=",
        "LS0tLS1CRUdJTi",
        "1 ",
        "+1 2",
        "4111 ",
        "secret ",
        "\\u0026",
        "%2F",
        "AAAAAAAAAA/",
        "login a ",
        "auth('a','b",
        "echo a ",
        "name: DB_PASSWORD ",
        "secret access key ",
        "session_token=“",
        "identified by '",
        "machine a login b password ",
        "bearer ",
        "MTk4NjIyNDgzNDcxOTI1MjQ4.",
        "((((",
        "'\"",
    ];
    let started = std::time::Instant::now();
    let mut worst = (std::time::Duration::ZERO, "");
    for piece in pieces {
        for between in ["", "\n", "x"] {
            let mut text = format!("{piece}{between}").repeat(100_000 / (piece.len() + between.len()));
            let now = std::time::Instant::now();
            mask(&mut text);
            worst = worst.max((now.elapsed(), piece));
        }
    }
    eprintln!("worst of 100 kB: {worst:?}, all: {:?}", started.elapsed());
    // A pattern that is quadratic in 100 kB takes minutes.
    assert!(worst.0.as_secs() < 5, "{worst:?}");
}

fn pieces() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "password",
        "=",
        ": ",
        " is ",
        "\"",
        "'",
        "`",
        "\n",
        "|",
        "https://",
        "@",
        ".",
        "example.com",
        "bob",
        "AKIA1234567890ABCDEF",
        "secret",
        "token",
        "key",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        concat!("-----BEGIN ", "PRIVATE KEY-----"),
        "MIIEpAIBAAKCAQEA7f",
        "-----END PRIVATE KEY-----",
        "hunter2",
        "Pa55!",
        "[",
        "]",
        "[password",
        "[aws_secret_access_key***]",
        "*",
        concat!("ghp", "_abcdefABCDEF0123456789abcdefABCDEF012"),
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
        "Bearer ",
        "Authorization: ",
        "aws_session_token=",
        "IQoJb3JpZ2luX2VjEXAMPLE0123456789abcdefghijklmnopqrstuvwx",
        "--password ",
        "mysql -p",
        "curl -u ",
        "4111 1111 1111 1111",
        "+1 415 555 0132",
        "phone ",
        "\\n",
        "\\",
        "%2F",
        "${",
        "}",
        " ",
        "ä",
        "→",
        "(",
        ")",
        "name: ",
        "value: ",
        "PASS",
        "|---|",
        "-",
        "_",
        "sk-",
        "<",
        ">",
        ",",
        ";",
        "&",
    ]);
    prop::collection::vec(
        prop_oneof![8 => known.prop_map(str::to_owned), 1 => "\\PC{0,6}".prop_map(String::from)],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn masking_is_safe_and_done_once(text in pieces()) {
        let mut masked = text.clone();
        let found = mask(&mut masked);
        prop_assert_eq!(masked.len(), text.len());
        prop_assert_eq!(masked.matches('\n').count(), text.matches('\n').count());
        prop_assert_eq!(found.is_empty(), masked == text);
        let mut again = masked.clone();
        let more = mask(&mut again);
        prop_assert!(more.is_empty(), "{:?} in {:?}", more, masked);
    }

    #[test]
    fn any_text_at_all(text in any::<String>()) {
        let mut masked = text.clone();
        mask(&mut masked);
        prop_assert_eq!(masked.len(), text.len());
    }
}
