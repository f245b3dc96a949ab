//! A folder into the index, and the index after the folder has changed.

use std::time::Duration;

use insta::{assert_snapshot, with_settings};
use serde_json::Value;

use crate::support::Sandbox;

/// Counts of one run: added, changed, removed, unchanged, failed.
fn counts(outcome: &Value) -> [u64; 5] {
    let number = |name: &str| outcome[name].as_u64().unwrap_or_else(|| outcome[name].as_array().unwrap().len() as u64);
    ["added", "changed", "removed", "unchanged", "failed"].map(number)
}

/// Whether a word is found in a document.
fn finds(sandbox: &Sandbox, word: &str, document: &str) -> bool {
    let found = sandbox.json(["search", "--json", "--mode", "lexical", "--source", "docs", word]);
    found["hits"].as_array().unwrap().iter().any(|hit| hit["best"]["citation"]["document"] == document)
}

#[test]
fn the_summary_counts_what_happened() {
    let sandbox = Sandbox::new();
    let docs = sandbox.docs();
    let docs = docs.to_str().unwrap();
    let summary = |finished: crate::support::Finished| {
        finished.succeeds();
        finished.to_string()
    };
    with_settings!({filters => vec![
        (r"\d+\.\d s\n", "[TIME] s\n"),
        (r"\(\d+(\.\d+)? k?B\)", "([SIZE])"),
        (r"[\d,]+ passages", "[N] passages"),
    ]}, {
        assert_snapshot!("ingest_first", summary(sandbox.run(["ingest", docs])));
        assert_snapshot!("ingest_again", summary(sandbox.run(["ingest", docs])));
        assert_snapshot!("ingest_all_again", summary(sandbox.run(["ingest"])));
        fs_err::write(sandbox.work().join("docs/notes/empty.md"), "  \n").unwrap();
        assert_snapshot!("ingest_dry_run", summary(sandbox.run(["ingest", docs, "--dry-run"])));
    });
}

#[test]
fn only_what_changed_is_done_again() {
    let sandbox = Sandbox::new();
    let docs = sandbox.docs();
    assert_eq!(counts(&sandbox.ingest(&docs)), [8, 0, 0, 0, 0]);
    assert_eq!(counts(&sandbox.ingest(&docs)), [0, 0, 0, 8, 0]);

    let naming = docs.join("notes/naming.txt");
    let text = fs_err::read_to_string(&naming).unwrap();
    fs_err::write(&naming, format!("{text}\nThe word is changedword.\n")).unwrap();
    fs_err::write(docs.join("notes/new.md"), "# New\n\nThe word is addedword.\n").unwrap();
    fs_err::remove_file(docs.join("notes/release.rst")).unwrap();
    assert!(finds(&sandbox, "new-gallery", "docs/notes/release.rst"));
    assert_eq!(counts(&sandbox.ingest(&docs)), [1, 1, 1, 6, 0]);
    assert!(finds(&sandbox, "changedword", "docs/notes/naming.txt"));
    assert!(finds(&sandbox, "addedword", "docs/notes/new.md"));
    assert!(!finds(&sandbox, "new-gallery", "docs/notes/release.rst"));
    let changes = sandbox.json(["changes", "--json", "--source", "docs"]);
    let what = |kind: &str| {
        let all = changes["changes"].as_array().unwrap();
        all.iter().filter(|change| change["what"] == kind).map(|change| change["document"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(what("added"), ["docs/notes/new.md"], "{changes}");
    assert_eq!(what("changed"), ["docs/notes/naming.txt"], "{changes}");
    assert_eq!(what("removed"), ["docs/notes/release.rst"], "{changes}");
    sandbox.run(["doctor", "--deep"]).succeeds();

    // A new time alone is no change.
    let later = std::time::SystemTime::now() + Duration::from_hours(1);
    fs_err::OpenOptions::new().write(true).open(&naming).unwrap().file().set_modified(later).unwrap();
    assert_eq!(counts(&sandbox.ingest(&docs)), [0, 0, 0, 8, 0]);
}

#[test]
fn a_change_of_the_same_size_at_the_same_instant_is_seen() {
    let sandbox = Sandbox::new();
    let docs = sandbox.work().join("docs");
    fs_err::create_dir(&docs).unwrap();
    let file = docs.join("a.md");
    for round in 0..5 {
        fs_err::write(&file, format!("# Title\n\nThe word is round{round}.\n")).unwrap();
        sandbox.ingest(&docs);
        assert!(finds(&sandbox, &format!("round{round}"), "docs/a.md"), "round {round}");
    }
}

#[test]
fn a_file_that_breaks_keeps_its_last_good_version() {
    let sandbox = Sandbox::new();
    let docs = sandbox.docs();
    sandbox.ingest(&docs);
    let file = docs.join("runbooks/thumbnail-queue-backlog.md");
    fs_err::write(&file, [0u8, 159, 146, 150, 0, 0, 1, 2, 3].repeat(100)).unwrap();
    let outcome = sandbox.ingest(&docs);
    assert_eq!(counts(&outcome), [0, 0, 0, 7, 1], "{outcome}");
    assert_eq!(outcome["failed"][0]["path"], "runbooks/thumbnail-queue-backlog.md");
    assert!(finds(&sandbox, "thumbnail-jobs-dead", "docs/runbooks/thumbnail-queue-backlog.md"));
}

#[test]
fn globs_choose_files() {
    let sandbox = Sandbox::new();
    let docs = sandbox.docs();
    let docs = docs.to_str().unwrap();
    let report =
        sandbox.json(["ingest", docs, "--json", "--name", "some", "--include", "*.md", "--exclude", "runbooks"]);
    assert_eq!(report["sources"][0]["added"], 3, "{report}");
    let bad = sandbox.run(["ingest", docs, "--include", "a[b"]);
    bad.fails_with(1);
    assert!(bad.stderr().contains("not a valid pattern"), "{bad}");
}

#[test]
fn sources_are_separate() {
    let sandbox = Sandbox::new();
    let one = sandbox.docs();
    let two = sandbox.work().join("two");
    fs_err::create_dir(&two).unwrap();
    fs_err::write(two.join("a.md"), "# Two\n\nThe word is twoword.\n").unwrap();
    sandbox.ingest(&one);
    sandbox.ingest(&two);
    // Ingesting one does not remove the documents of the other.
    let outcome = sandbox.ingest(&one);
    assert_eq!(counts(&outcome), [0, 0, 0, 8, 0], "{outcome}");
    let found = sandbox.json(["search", "--json", "twoword"]);
    assert_eq!(found["hits"][0]["best"]["citation"]["document"], "two/a.md");
    // The same name for another folder would remove what it holds.
    let three = sandbox.work().join("three");
    fs_err::create_dir(&three).unwrap();
    let refused = sandbox.run(["ingest", three.to_str().unwrap(), "--name", "two"]);
    refused.fails_with(1);
    assert!(refused.stderr().contains("hint:"), "{refused}");
}
