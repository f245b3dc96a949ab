//! Local sources beyond text files: PDF and DOCX, exports, work trees of git, watched folders.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Sandbox, repository};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder with documents of the binary formats.
fn office(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.work().join("office");
    fs_err::create_dir(&folder).unwrap();
    for name in ["runbook.pdf", "composite.pdf", "encrypted.pdf", "rotate.docx"] {
        fs_err::copy(repository().join("ingest/tests/fixtures").join(name), folder.join(name)).unwrap();
    }
    folder
}

/// The best hit for a question.
fn best(sandbox: &Sandbox, question: &str) -> Value {
    sandbox.json(["search", "--json", "--mode", "lexical", question])["hits"][0]["best"]["citation"].clone()
}

/// Whether a word that only one document has is found in it.
fn finds(sandbox: &Sandbox, word: &str, document: &str) -> bool {
    best(sandbox, word)["document"] == document
}

/// Counts of one run: added, changed, removed, unchanged, failed.
fn counts(outcome: &Value) -> [u64; 5] {
    let number = |name: &str| outcome[name].as_u64().unwrap_or_else(|| outcome[name].as_array().unwrap().len() as u64);
    ["added", "changed", "removed", "unchanged", "failed"].map(number)
}

#[test]
fn pdf_and_docx_are_read_and_cited_by_page() {
    let sandbox = Sandbox::new();
    let folder = office(&sandbox);
    let report =
        sandbox.json(["ingest", "--json", folder.to_str().unwrap(), "--url-base", "https://files.example.org/office"]);
    let outcome = &report["sources"][0];
    assert_eq!(counts(outcome), [3, 0, 0, 0, 1], "{outcome}");
    assert_eq!(outcome["failed"][0]["path"], "encrypted.pdf");
    assert!(outcome["failed"][0]["reason"].as_str().unwrap().starts_with("it is encrypted"), "{outcome}");
    let drain = best(&sandbox, "dead-letter queue on-demand drain of the thumbnail backlog");
    assert_eq!(drain["document"], "office/runbook.pdf", "{drain}");
    assert_eq!(drain["url"], "https://files.example.org/office/runbook.pdf#page=2", "{drain}");
    assert!(finds(&sandbox, "Kacheln verkleinert", "office/composite.pdf"));
    assert!(finds(&sandbox, "secretsmanager rotate-secret thumbnails/db", "office/rotate.docx"));

    // A file that breaks keeps its last good version.
    fs_err::write(folder.join("runbook.pdf"), "%PDF-1.7 and nothing more").unwrap();
    let outcome = sandbox.ingest(&folder);
    assert_eq!(outcome["removed"], 0, "{outcome}");
    assert!(finds(&sandbox, "dead-letter on-demand drain thumbnail", "office/runbook.pdf"));
    sandbox.run(["doctor", "--deep"]).succeeds();
}

const TICKETS: &str = "Key,Summary,Description,Resolution,Changed\n\
    OPS-1,Queue grows,The worker is stuckword.,Restarted it.,2024-05-17\n\
    OPS-2,Disk full,\"No space left\non fullword.\",Removed logs.,2024-05-18\n\
    OPS-3,Nothing to say,,,\n";

#[test]
fn records_of_an_export_are_documents() {
    let sandbox = Sandbox::new();
    let file = sandbox.work().join("tickets.csv");
    fs_err::write(&file, TICKETS).unwrap();
    let path = file.to_str().unwrap();

    let unmapped = sandbox.run(["ingest", path]);
    unmapped.fails_with(1);
    assert!(unmapped.stderr().contains("--map title=Summary"), "{unmapped}");
    let wrong = sandbox.run(["ingest", path, "--map", "text=Text"]);
    wrong.fails_with(1);
    assert!(wrong.stderr().contains("no column `Text`") && wrong.stderr().contains("`Description`"), "{wrong}");

    let mapped = |path: &str| -> Vec<String> {
        ["ingest", "--json", path, "--kind", "incident", "--map", "id=Key", "--map", "title=Summary", "--map"]
            .into_iter()
            .chain(["text=Description,Resolution", "--map", "updated=Changed"])
            .map(str::to_owned)
            .collect()
    };
    let outcome = sandbox.json(mapped(path))["sources"][0].clone();
    assert_eq!(counts(&outcome), [2, 0, 0, 0, 0], "{outcome}");
    assert_eq!(outcome["skipped"][0]["path"], "line 5", "{outcome}");
    let citation = best(&sandbox, "fullword");
    assert_eq!((&citation["document"], &citation["kind"]), (&"tickets/OPS-2".into(), &"incident".into()));
    assert_eq!(citation["updated"], 1_715_990_400);

    // The mapping is remembered. A record that changes changes one document, one that goes takes its document along.
    fs_err::write(&file, TICKETS.replace("stuckword", "freshword").replace("OPS-2", "OPS-4")).unwrap();
    let outcome = sandbox.json(["ingest", "--json"])["sources"][0].clone();
    assert_eq!(counts(&outcome), [1, 1, 1, 0, 0], "{outcome}");
    assert!(finds(&sandbox, "freshword", "tickets/OPS-1"));
    // What comes behind a quote that is never closed is unknown, not gone.
    let open = format!("Key,Summary,Description,Resolution,Changed\nOPS-1,x,y\nOPS-9,x,\"{}", "y".repeat(500_000));
    fs_err::write(&file, open).unwrap();
    let arguments = mapped(path).into_iter().chain(["--max-file-size", "100"].map(str::to_owned));
    let outcome = sandbox.json(arguments)["sources"][0].clone();
    assert_eq!(counts(&outcome), [0, 1, 0, 0, 1], "{outcome}");
    assert!(outcome["failed"][0]["reason"].as_str().unwrap().starts_with("line 3: the record has more"), "{outcome}");
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn lists_in_json_are_found_by_their_pointer() {
    let sandbox = Sandbox::new();
    let file = sandbox.work().join("jira.json");
    let issue =
        |key: &str, text: &str| format!(r#"{{"key": "{key}", "fields": {{"body": "{text}", "labels": ["Web"]}}}}"#);
    fs_err::write(&file, format!(r#"{{"issues": [{}, 1, {}]}}"#, issue("A-1", "oneword"), issue("A-2", "twoword")))
        .unwrap();
    let path = file.to_str().unwrap();
    let arguments =
        ["ingest", path, "--json", "--map", "id=key", "--map", "text=fields.body", "--map", "tags=fields.labels"];
    let pointless = sandbox.run(arguments);
    pointless.fails_with(1);
    assert!(pointless.stderr().contains("/issues"), "{pointless}");
    let outcome = sandbox.json(arguments.into_iter().chain(["--records", "/issues"]))["sources"][0].clone();
    assert_eq!(counts(&outcome), [2, 0, 0, 0, 1], "{outcome}");
    assert_eq!(outcome["failed"][0]["path"], "record 2");
    assert!(finds(&sandbox, "twoword", "jira/A-2"));
    // A record that cannot be read may be the one of a document that is missing: it stays.
    fs_err::write(&file, format!(r#"{{"issues": [{}, 1]}}"#, issue("A-1", "oneword"))).unwrap();
    let outcome = sandbox.json(["ingest", "--json"])["sources"][0].clone();
    assert_eq!(outcome["removed"], 0, "{outcome}");
    assert!(outcome["warnings"][0].as_str().unwrap().contains("are kept"), "{outcome}");
}

fn git(folder: &Path, date: &str, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args([
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "-c",
        "commit.gpgSign=false",
    ]);
    command.args(arguments).env("GIT_COMMITTER_DATE", date).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn documents_of_a_work_tree_have_the_date_of_their_commit() {
    let sandbox = Sandbox::new();
    let root = sandbox.work().join("handbook");
    let docs = root.join("docs");
    fs_err::create_dir_all(&docs).unwrap();
    git(&root, "", &["init", "--quiet", "."]);
    fs_err::write(docs.join("old.md"), "# Old\n\nThe word is oldword.\n").unwrap();
    fs_err::write(docs.join("own.md"), "---\nupdated: 2020-01-01\n---\n# Own\n\nThe word is ownword.\n").unwrap();
    git(&root, "", &["add", "."]);
    git(&root, "2024-01-01T00:00:00Z", &["commit", "--quiet", "--message", "one"]);
    fs_err::write(docs.join("loose.md"), "# Loose\n\nThe word is looseword.\n").unwrap();
    let outcome = sandbox.ingest(&docs);
    assert_eq!(counts(&outcome), [3, 0, 0, 0, 0], "{outcome}");
    assert!(outcome["warnings"].is_null(), "{outcome}");
    assert_eq!(best(&sandbox, "oldword")["updated"], 1_704_067_200);
    assert_eq!(best(&sandbox, "ownword")["updated"], 1_577_836_800, "a date of its own counts");
    assert!(best(&sandbox, "looseword")["updated"].is_null());
    assert_eq!(counts(&sandbox.ingest(&docs)), [0, 0, 0, 3, 0]);

    // A commit changes nothing but the date.
    git(&root, "", &["add", "."]);
    git(&root, "2024-02-01T00:00:00Z", &["commit", "--quiet", "--message", "two"]);
    assert_eq!(counts(&sandbox.ingest(&docs)), [0, 1, 0, 2, 0]);
    assert_eq!(best(&sandbox, "looseword")["updated"], 1_706_745_600);

    let report = sandbox.json(["ingest", "--json", "--no-git-dates", docs.to_str().unwrap()]);
    assert_eq!(counts(&report["sources"][0]), [0, 3, 0, 0, 0], "{report}");
    assert!(best(&sandbox, "oldword")["updated"].is_null());
    // What git says against it is a warning.
    fs_err::write(root.join(".git/HEAD"), "nonsense").unwrap();
    let outcome = sandbox.ingest(&docs);
    assert!(outcome["warnings"][0].as_str().unwrap().contains("--no-git-dates"), "{outcome}");
}

/// A program that watches, ended with the test.
struct Watcher(Child);

impl Watcher {
    fn start(sandbox: &Sandbox, folder: &Path) -> Self {
        let mut command = sandbox.command(["ingest", folder.to_str().unwrap(), "--watch"]);
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Sends Ctrl-C; the program must end by itself. Returns what it printed on both.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let status = Command::new("kill").args(["-s", "INT", &self.0.id().to_string()]).status().unwrap();
        assert!(status.success());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (status.code(), text)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until a word is found in a document, and says how long that took.
#[track_caller]
fn wait_for(sandbox: &Sandbox, word: &str, document: &str) -> Duration {
    let start = Instant::now();
    loop {
        let found = sandbox.run(["search", "--json", "--mode", "lexical", word]);
        if found.code() == Some(0) && found.json()["hits"][0]["best"]["citation"]["document"] == document {
            return start.elapsed();
        }
        assert!(start.elapsed() < PATIENCE, "`{word}` is not found in {document}: {found}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_watched_folder_is_ingested_as_it_changes() {
    let sandbox = Sandbox::new();
    let folder = sandbox.work().join("notes");
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("a.md"), "# A\n\nThe word is firstword.\n").unwrap();
    // A search that finds no index makes one, which would be in the way of the program that is watched.
    sandbox.ingest(&folder);
    let watcher = Watcher::start(&sandbox, &folder);
    wait_for(&sandbox, "firstword", "notes/a.md");
    // Long enough for the first look to be over, so that it is an event that brings the next.
    std::thread::sleep(Duration::from_secs(2));
    fs_err::write(folder.join("a.md"), "# A\n\nThe word is secondword.\n").unwrap();
    wait_for(&sandbox, "secondword", "notes/a.md");
    fs_err::create_dir(folder.join("sub")).unwrap();
    for round in 0..30 {
        fs_err::write(folder.join(format!("sub/{round}.md")), format!("# B\n\nThe word is burst{round}word.\n"))
            .unwrap();
    }
    wait_for(&sandbox, "burst29word", "notes/sub/29.md");

    // A folder that is away keeps its documents.
    let away = sandbox.work().join("away");
    fs_err::rename(&folder, &away).unwrap();
    std::thread::sleep(Duration::from_secs(4));
    assert!(finds(&sandbox, "secondword", "notes/a.md"));
    fs_err::write(away.join("a.md"), "# A\n\nThe word is thirdword.\n").unwrap();
    fs_err::rename(&away, &folder).unwrap();
    wait_for(&sandbox, "thirdword", "notes/a.md");
    let (code, text) = watcher.interrupt();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("is gone; its documents stay") && text.contains("is back"), "{text}");
    sandbox.run(["doctor", "--deep"]).succeeds();
}
