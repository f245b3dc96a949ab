//! Inputs that nobody means well with.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::mount::{Mount, is_root};
use crate::support::rpc::{Era, Server};
use crate::support::{Sandbox, skipped};

/// Files of one run that were reported, failed or skipped.
fn reported(outcome: &Value) -> Vec<String> {
    let mut paths: Vec<String> = ["failed", "skipped"]
        .iter()
        .flat_map(|list| outcome[*list].as_array().unwrap().clone())
        .map(|trouble| trouble["path"].as_str().unwrap().to_owned())
        .collect();
    paths.sort();
    paths
}

fn folder(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.work().join("odd");
    fs_err::create_dir(&path).unwrap();
    fs_err::write(path.join("good.md"), "# Good\n\nThe word is goodword.\n").unwrap();
    path
}

fn still_finds(sandbox: &Sandbox, word: &str) {
    let found = sandbox.json(["search", "--json", word]);
    assert_eq!(found["hits"][0]["best"]["citation"]["document"], "odd/good.md", "{found}");
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn an_empty_folder_is_an_empty_source() {
    let sandbox = Sandbox::new();
    let empty = sandbox.work().join("empty");
    fs_err::create_dir(&empty).unwrap();
    let outcome = sandbox.ingest(&empty);
    assert_eq!((outcome["added"].as_u64(), reported(&outcome)), (Some(0), vec![]), "{outcome}");
    sandbox.run(["search", "anything at all"]).succeeds();
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn files_that_are_not_what_they_say_are_reported_and_left_out() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    fs_err::write(odd.join("binary.md"), (0..50_000u32).map(|n| (n * 7 % 256) as u8).collect::<Vec<_>>()).unwrap();
    fs_err::write(odd.join("empty.md"), "").unwrap();
    fs_err::write(odd.join("blank.txt"), " \n\t\n").unwrap();
    symlink(odd.join("nowhere.md"), odd.join("dangling.md")).unwrap();
    assert!(Command::new("mkfifo").arg(odd.join("pipe.md")).status().unwrap().success());
    fs_err::create_dir(odd.join("folder.md")).unwrap();
    let outcome = sandbox.ingest(&odd);
    assert_eq!(outcome["added"], 1, "{outcome}");
    let reported = reported(&outcome);
    for path in ["binary.md", "empty.md", "blank.txt"] {
        assert!(reported.iter().any(|reported| reported == path), "{path} is not reported: {reported:?}");
    }
    still_finds(&sandbox, "goodword");
}

#[test]
fn text_in_other_encodings_is_read() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    fs_err::write(
        odd.join("latin1.txt"),
        b"Die Gr\xf6\xdfe der Schl\xfcssel ist begrenzt, \xfcber alle Regionen hinweg.\n",
    )
    .unwrap();
    let utf16: Vec<u8> =
        "\u{feff}# Sixteen\n\nThe word is sixteenbits.\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs_err::write(odd.join("utf16.md"), utf16).unwrap();
    fs_err::write(odd.join("bom.md"), "\u{feff}# With a mark\n\nThe word is bomword.\n").unwrap();
    let mut broken = b"# Broken\n\nThe word is brokenword, then ".to_vec();
    broken.extend([0xff, 0xfe, 0xc0, 0x80, b'.', b'\n']);
    fs_err::write(odd.join("broken.md"), broken).unwrap();
    sandbox.ingest(&odd);
    for (word, document) in [("sixteenbits", "odd/utf16.md"), ("bomword", "odd/bom.md"), ("Größe", "odd/latin1.txt")]
    {
        let found = sandbox.json(["search", "--json", word]);
        assert_eq!(found["hits"][0]["best"]["citation"]["document"], document, "{word}: {found}");
    }
    still_finds(&sandbox, "goodword");
}

#[test]
fn a_line_of_fifty_megabytes_is_survived() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    fs_err::write(odd.join("huge.md"), "lorem ipsum dolor sit amet ".repeat(50_000_000 / 27)).unwrap();
    let outcome = sandbox.ingest(&odd);
    assert_eq!(reported(&outcome), ["huge.md"], "over the limit of a file: {outcome}");
    // Under the limit, a line without any break is cut into passages all the same.
    fs_err::write(odd.join("huge.md"), "x".repeat(3_000_000)).unwrap();
    fs_err::write(odd.join("words.md"), "lorem ipsum dolor ".repeat(60_000)).unwrap();
    let outcome = sandbox.ingest(&odd);
    assert_eq!(outcome["failed"].as_array().unwrap().len(), 0, "{outcome}");
    still_finds(&sandbox, "goodword");
}

#[test]
fn deep_and_strange_structure_is_survived() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    let headings: String = (0..2_000).map(|n| format!("{} H{n}\n\ntext {n}\n\n", "#".repeat(n % 9 + 1))).collect();
    let files: [(&str, String); 9] = [
        ("headings.md", headings),
        ("quotes.md", format!("{}deep\n", "> ".repeat(5_000))),
        ("lists.md", (0..500).map(|n| format!("{}- item {n}\n", "  ".repeat(n))).collect()),
        ("brackets.md", "[".repeat(20_000)),
        ("emphasis.md", "*a_".repeat(20_000)),
        ("divs.html", format!("{}deep{}", "<div>".repeat(20_000), "</div>".repeat(20_000))),
        ("tables.html", "<table><tr><td>".repeat(2_000)),
        ("fence.md", format!("```\n{}", "never closed\n".repeat(5_000))),
        ("front.md", format!("---\ntitle: {}\n", "a: ".repeat(10_000))),
    ];
    for (name, text) in files {
        fs_err::write(odd.join(name), text).unwrap();
    }
    let run = sandbox.run(["ingest", "--json", odd.to_str().unwrap()]);
    run.succeeds();
    still_finds(&sandbox, "goodword");
}

#[test]
fn links_that_lead_in_circles_end() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    let inner = odd.join("a/b");
    fs_err::create_dir_all(&inner).unwrap();
    fs_err::write(inner.join("inner.md"), "# Inner\n\nThe word is innerword.\n").unwrap();
    symlink(&odd, inner.join("up")).unwrap();
    symlink("self", odd.join("self")).unwrap();
    for arguments in [&["--json"][..], &["--json", "--follow-symlinks", "--name", "followed"]] {
        let mut all = vec!["ingest", odd.to_str().unwrap()];
        all.extend(arguments);
        let report = sandbox.json(all);
        assert_eq!(report["sources"][0]["added"], 2, "{report}");
    }
}

#[test]
fn what_cannot_be_read_keeps_its_last_version() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    let dir = odd.join("private");
    fs_err::create_dir(&dir).unwrap();
    fs_err::write(dir.join("secret.md"), "# Secret\n\nThe word is secretword.\n").unwrap();
    sandbox.ingest(&odd);
    if is_root() {
        skipped("root reads every folder: what happens to an unreadable one is not seen");
        return;
    }
    fs_err::set_permissions(&dir, std::fs::Permissions::from_mode(0o000)).unwrap();
    let outcome = sandbox.ingest(&odd);
    fs_err::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!((&outcome["removed"], reported(&outcome).len()), (&json!(0), 1), "{outcome}");
    let found = sandbox.json(["search", "--json", "secretword"]);
    assert_eq!(found["hits"][0]["best"]["citation"]["document"], "odd/private/secret.md", "{found}");
}

#[test]
fn a_folder_that_vanished_removes_nothing() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    sandbox.ingest(&odd);
    fs_err::rename(&odd, sandbox.work().join("elsewhere")).unwrap();
    sandbox.run(["ingest", odd.to_str().unwrap()]).fails_with(1);
    let again = sandbox.run(["ingest"]);
    assert_ne!(again.code(), Some(0), "{again}");
    still_finds(&sandbox, "goodword");
}

#[test]
fn questions_of_any_kind_are_searched_for() {
    let sandbox = Sandbox::new();
    let mut server = Server::start(&sandbox, Era::Handshake);
    let long = "a".repeat(100_000);
    let words = "bucket policy ".repeat(7_000);
    let numbered: String = (0..12_000).map(|n| format!("word{n} ")).collect();
    let questions = [
        "C++",
        "s3:*",
        "\"unbalanced",
        "arn:aws:s3:::amzn-s3-demo-bucket/*",
        "AND OR",
        "NOT",
        "+",
        "-",
        "title:",
        "a AND (b",
        "[1 TO 5]",
        "field:{* TO *}",
        "\\",
        "^2 ~3",
        "🔥🔥 s3 🔥",
        "\u{0}",
        "\u{202e}abc",
        "مرحبا",
        "日本語のバケット",
        "the of and",
        "    x    ",
        "%s%n",
        "'; DROP TABLE document; --",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        &long,
        &words,
        &numbered,
    ];
    for question in questions {
        for mode in ["lexical", "vector", "hybrid"] {
            let result = server.call("search_knowledge", json!({"query": question, "mode": mode}));
            assert_eq!(result["isError"], false, "{mode} {}: {result}", &question[..question.floor_char_boundary(60)]);
        }
    }
    for question in ["C++", "s3:*", "\"unbalanced", "AND OR", "🔥", "--help me", &words] {
        sandbox.run(["search", "--", question]).succeeds();
    }
    let reply = server.structured("search_knowledge", json!({"query": "What allows s3:GetObject on arn:aws:s3:::*?"}));
    assert!(!reply["results"].as_array().unwrap().is_empty(), "{reply}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_served() {
    let sandbox = Sandbox::new();
    let odd = folder(&sandbox);
    sandbox.ingest(&odd);
    let Some(_mount) = Mount::read_only(&sandbox.data_dir()) else {
        skipped("a read-only mount cannot be made here");
        return;
    };
    let found = sandbox.run(["search", "--json", "goodword"]);
    assert_eq!(found.json()["hits"][0]["best"]["citation"]["document"], "odd/good.md", "{found}");
    let mut server = Server::start(&sandbox, Era::Handshake);
    let reply = server.structured("search_knowledge", json!({"query": "goodword"}));
    assert_eq!(reply["results"][0]["citation"]["document"], "odd/good.md", "{reply}");
    let refused = sandbox.run(["ingest", odd.to_str().unwrap()]);
    refused.fails_with(2);
    assert!(refused.stderr().to_lowercase().contains("read-only"), "{refused}");
    sandbox.run(["doctor"]).succeeds();
}

#[test]
fn a_first_search_works_where_nothing_can_be_written() {
    let sandbox = Sandbox::new();
    fs_err::create_dir_all(sandbox.data_dir()).unwrap();
    let Some(_mount) = Mount::read_only(&sandbox.data_dir()) else {
        skipped("a read-only mount cannot be made here");
        return;
    };
    let found = sandbox.run(["search", "--json", "why is access denied"]);
    assert!(!found.json()["hits"].as_array().unwrap().is_empty(), "{found}");
    assert!(found.stderr().contains("temporary"), "{found}");
}

#[test]
fn a_full_disk_leaves_the_index_as_it_was() {
    let sandbox = Sandbox::new();
    let data = sandbox.work().join("small-disk");
    fs_err::create_dir(&data).unwrap();
    let Some(mount) = Mount::tmpfs(&data, "size=24m") else {
        skipped("a small file system cannot be mounted here");
        return;
    };
    let odd = folder(&sandbox);
    let at = ["--data-dir", data.to_str().unwrap()];
    sandbox.run([at[0], at[1], "ingest", odd.to_str().unwrap()]).succeeds();
    let big = sandbox.work().join("big");
    crate::support::documents::Folder::new(&big, 12_000, 5);
    let full = sandbox.run([at[0], at[1], "ingest", "--no-train", big.to_str().unwrap()]);
    full.fails_with(2);
    let said = full.stderr().to_lowercase();
    assert!(said.contains("space") || said.contains("full"), "{full}");
    assert!(said.contains("hint:"), "{full}");
    let found = sandbox.run([at[0], at[1], "search", "--json", "goodword"]);
    assert_eq!(found.json()["hits"][0]["best"]["citation"]["document"], "odd/good.md", "{found}");
    // With room again, the next run succeeds; what the failed one left behind is no hindrance.
    assert!(mount.resize("size=96m"));
    fs_err::write(odd.join("second.md"), "# Second\n\nThe word is secondword.\n").unwrap();
    sandbox.run([at[0], at[1], "ingest", odd.to_str().unwrap()]).succeeds();
    let found = sandbox.run([at[0], at[1], "search", "--json", "secondword"]);
    assert_eq!(found.json()["hits"][0]["best"]["citation"]["document"], "odd/second.md", "{found}");
}
