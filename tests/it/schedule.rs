//! Sources that are run by themselves: by a process that stays, beside a server, after a crash, and when they fail.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::documents::{Folder, mark};
use crate::support::rpc::{Era, Server};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that is killed when the test ends, however it ends.
struct Scheduler(Child);

impl Scheduler {
    fn start(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(["schedule", "run", "--json"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it as a service manager does, and returns its exit code.
    #[cfg(unix)]
    fn terminate(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end at SIGTERM");
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn add_folder(sandbox: &Sandbox, path: &Path, arguments: &[&str]) {
    let mut all = vec!["source", "add", "folder", path.to_str().unwrap()];
    all.extend(arguments);
    sandbox.run(all).succeeds();
}

fn status(sandbox: &Sandbox, source: &str) -> Value {
    let all = sandbox.json(["schedule", "status", "--json"]);
    let sources = all["sources"].as_array().unwrap().clone();
    sources.into_iter().find(|found| found["name"] == source).unwrap_or_else(|| panic!("no {source}: {all}"))
}

/// Whether a server knows this version of a document.
fn holds(server: &mut Server, name: &str, version: u64) -> bool {
    let result = server.call("read_document", json!({"document": format!("pages/{name}")}));
    result["structuredContent"]["text"].as_str().is_some_and(|text| text.contains(&mark(name, version)))
}

fn sources_file(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.home().join("config/cloudops/sources.toml")
}

#[cfg(unix)]
#[test]
fn an_edited_file_is_found_while_a_server_answers_without_a_pause() {
    let sandbox = Sandbox::new();
    let mut folder = Folder::new(&sandbox.work().join("pages"), 60, 7);
    add_folder(&sandbox, &folder.path, &["--every", "1s"]);
    let mut server = Server::start(&sandbox, Era::Handshake);
    let scheduler = Scheduler::start(&sandbox);
    let name = "page-0000.md";
    until("the first run", || holds(&mut server, name, 0));

    let mut longest = Duration::ZERO;
    for version in 1..=3 {
        folder.change(version, 20);
        let (changed, _) = folder.versions.iter().find(|(_, at)| **at == version).unwrap();
        let changed = changed.clone();
        until("an edit", || {
            let asked = Instant::now();
            // What answers throughout is what no edit touches.
            let reply = server.structured("search_knowledge", json!({"query": "why is access denied", "limit": 3}));
            longest = longest.max(asked.elapsed());
            assert!(!reply["results"].as_array().unwrap().is_empty(), "{reply}");
            holds(&mut server, &changed, version)
        });
    }
    assert!(longest < Duration::from_secs(10), "a search took {longest:?}");
    assert_eq!(scheduler.terminate(), Some(0));
    let stands = status(&sandbox, "pages");
    assert!(stands["last_success"].is_number() && stands["running"] == false, "{stands}");
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn a_killed_scheduler_is_followed_by_the_next() {
    let sandbox = Sandbox::new();
    let folder = Folder::new(&sandbox.work().join("pages"), 400, 8);
    add_folder(&sandbox, &folder.path, &["--every", "24h"]);
    let mut first = Scheduler::start(&sandbox);
    until("the first run begins", || {
        let stands = status(&sandbox, "pages");
        stands["running"] == true || stands["last_success"].is_number()
    });
    first.kill();
    let cut_off = status(&sandbox, "pages");
    assert_eq!(cut_off["running"], false, "a lock does not outlive its process: {cut_off}");

    let second = Scheduler::start(&sandbox);
    until("the second run", || status(&sandbox, "pages")["last_success"].is_number());
    drop(second);
    let sources = sandbox.json(["sources", "--json"]);
    let pages = sources["sources"].as_array().unwrap().iter().find(|source| source["name"] == "pages").unwrap();
    assert_eq!(pages["documents"], 400);
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn of_two_schedulers_one_works_and_the_other_takes_over() {
    let sandbox = Sandbox::new();
    let mut folder = Folder::new(&sandbox.work().join("pages"), 5, 9);
    add_folder(&sandbox, &folder.path, &["--every", "1s"]);
    let mut first = Scheduler::start(&sandbox);
    until("the first run", || status(&sandbox, "pages")["last_success"].is_number());
    let _second = Scheduler::start(&sandbox);
    let once = sandbox.run(["schedule", "run", "--once"]);
    once.succeeds();
    assert!(once.stderr().contains("another process schedules"), "{once}");

    first.kill();
    folder.change(1, 3);
    let (changed, _) = folder.versions.iter().find(|(_, at)| **at == 1).unwrap();
    let mut server = Server::start(&sandbox, Era::Handshake);
    until("the second takes over", || holds(&mut server, changed, 1));
}

#[test]
fn a_server_schedules_if_it_is_told_to() {
    let sandbox = Sandbox::new();
    let folder = Folder::new(&sandbox.work().join("pages"), 5, 10);
    add_folder(&sandbox, &folder.path, &["--every", "1s"]);
    let mut server = Server::start_with(&sandbox, Era::Handshake, &[("CLOUDOPS_SCHEDULE_IN_SERVER", "true")]);
    until("the server runs it", || holds(&mut server, "page-0000.md", 0));
    assert_eq!(sandbox.json(["schedule", "status", "--json"])["scheduler_running"], true);
    let (ended, log) = server.close();
    assert!(ended.success(), "{log}");
    assert_eq!(sandbox.json(["schedule", "status", "--json"])["scheduler_running"], false);
}

#[test]
fn a_source_that_fails_is_left_alone_for_a_while_and_everybody_says_so() {
    let sandbox = Sandbox::new();
    let folder = Folder::new(&sandbox.work().join("pages"), 3, 11);
    add_folder(&sandbox, &folder.path, &["--every", "24h"]);
    let once = || sandbox.run(["schedule", "run", "--once"]);
    let run = once();
    run.succeeds();
    assert!(run.stdout().contains("pages: done: 3 documents added"), "{run}");
    let again = once();
    again.succeeds();
    assert_eq!((again.stdout(), again.stderr().contains("next is pages in 2")), (String::new(), true), "{again}");
    sandbox.run(["doctor"]).succeeds();

    fs_err::remove_dir_all(&folder.path).unwrap();
    let now = sandbox.run(["schedule", "run", "--now", "pages"]);
    now.fails_with(2);
    assert!(now.stdout().contains("pages: failed: failed to read") && now.stderr().contains("hint:"), "{now}");
    let stands = status(&sandbox, "pages");
    assert_eq!((&stands["failures"], &stands["backing_off"]), (&json!(1), &json!(true)), "{stands}");
    let pause = stands["next"].as_i64().unwrap() - stands["last"]["ended"].as_i64().unwrap();
    assert_eq!(pause, 300, "{stands}");
    assert_eq!(once().stdout(), "", "it is not due yet");

    let table = sandbox.run(["schedule", "status"]);
    assert!(table.stdout().contains("(after failures)") && table.stdout().contains("failed to read"), "{table}");
    let doctor = sandbox.run(["doctor"]);
    doctor.succeeds();
    assert!(doctor.stdout().contains("`pages` failed 1 time, it was last refreshed"), "{doctor}");
    let server = Server::start(&sandbox, Era::Handshake);
    let said = server.introduction["instructions"].as_str().unwrap();
    assert!(said.contains("Out of date: `pages` last refreshed "), "{said}");
    assert_eq!(status(&sandbox, "pages")["last"]["end"], "failed");

    Folder::new(&folder.path, 3, 11);
    sandbox.run(["schedule", "run", "--now", "pages"]).succeeds();
    assert_eq!(status(&sandbox, "pages")["failures"], 0);
}

#[test]
fn sources_are_added_changed_and_removed_and_comments_stay() {
    let sandbox = Sandbox::new();
    let docs = sandbox.docs();
    fs_err::create_dir_all(sources_file(&sandbox).parent().unwrap()).unwrap();
    fs_err::write(sources_file(&sandbox), "# ours\n\n[defaults]\nevery = \"12h\" # at noon\n").unwrap();
    add_folder(
        &sandbox,
        &docs,
        &["--name", "handbook", "--tag", "team-a", "--cron", "0 3 * * MON", "--time-zone", "Europe/Berlin"],
    );
    sandbox.run(["source", "add", "website", "http://docs.example.com/guide/", "--max-pages", "5"]).succeeds();
    sandbox.run(["source", "add", "aws-docs", "--guide", "ec2", "--disabled"]).succeeds();

    let list = sandbox.json(["source", "list", "--json"]);
    let names: Vec<_> = list["sources"].as_array().unwrap().iter().map(|source| &source["name"]).collect();
    assert_eq!(names, ["handbook", "docs.example.com", "ec2"]);
    assert_eq!(list["sources"][0]["schedule"], "0 3 * * MON (Europe/Berlin)");
    assert_eq!(list["sources"][1]["schedule"], "every 12h");
    assert_eq!(list["sources"][2]["enabled"], false);
    sandbox.run(["source", "list"]).succeeds();

    let test = sandbox.run(["source", "test", "handbook"]);
    test.succeeds();
    assert!(test.stdout().contains("8 files to read"), "{test}");
    sandbox.run(["source", "disable", "handbook"]).succeeds();
    assert_eq!(status(&sandbox, "handbook")["next"], Value::Null);
    sandbox.run(["source", "enable", "handbook"]).succeeds();
    assert!(status(&sandbox, "handbook")["next"].is_number());

    for name in ["handbook", "docs.example.com", "ec2"] {
        sandbox.run(["source", "remove", name]).succeeds();
    }
    let left = fs_err::read_to_string(sources_file(&sandbox)).unwrap();
    assert_eq!(left, "# ours\n\n[defaults]\nevery = \"12h\" # at noon\n");
}

#[test]
fn mistakes_name_their_line_and_change_nothing() {
    let sandbox = Sandbox::new();
    let docs = sandbox.docs();
    let docs = docs.to_str().unwrap();
    add_folder(&sandbox, Path::new(docs), &[]);
    let before = fs_err::read_to_string(sources_file(&sandbox)).unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["source", "add", "folder", docs], "there is a source `docs` already"),
        (&["source", "add", "folder", docs, "--name", "x", "--every", "often"], "`often` is not a length of time"),
        (&["source", "add", "folder", docs, "--name", "x", "--cron", "0 3 * *"], "five fields"),
        (&["source", "add", "folder", docs, "--name", "corpus"], "the built-in documents"),
        (&["source", "add", "aws-docs", "--guide", "ec3"], "no guide is called `ec3`"),
        (&["source", "remove", "nothing"], "There are `docs`."),
        (&["schedule", "run", "--now", "nothing"], "there is no source `nothing`"),
    ];
    for (arguments, expected) in cases {
        let refused = sandbox.run(arguments);
        refused.fails_with(1);
        assert!(refused.stderr().contains(expected), "{refused}");
    }
    assert_eq!(fs_err::read_to_string(sources_file(&sandbox)).unwrap(), before);

    fs_err::write(sources_file(&sandbox), format!("{before}evry = \"1h\"\n")).unwrap();
    for arguments in [&["source", "list"][..], &["schedule", "run", "--once"], &["source", "test", "docs"], &["doctor"]]
    {
        let refused = sandbox.run(arguments);
        refused.fails_with(1);
        let said = refused.to_string();
        assert!(said.contains("line 5: unknown key `evry`") && said.contains("Did you mean `every`?"), "{refused}");
    }
}

#[test]
fn the_system_is_told_only_when_asked_to_and_once() {
    let sandbox = Sandbox::new();
    let units = sandbox.home().join("config/systemd/user");
    let shown = sandbox.run(["schedule", "install", "--systemd"]);
    shown.succeeds();
    assert!(shown.stdout().contains("\nExecStart=:/") && shown.stdout().contains("OnCalendar=*:0/5"), "{shown}");
    assert!(!units.exists(), "nothing is written unless told to");
    assert_eq!(sandbox.json(["schedule", "install", "--systemd", "--write", "--json"])["files"][0]["changed"], true);
    assert_eq!(sandbox.json(["schedule", "install", "--systemd", "--write", "--json"])["files"][0]["changed"], false);
    assert_eq!(fs_err::read_dir(&units).unwrap().count(), 2);
    sandbox.run(["schedule", "uninstall"]).succeeds();
    assert_eq!(fs_err::read_dir(&units).unwrap().count(), 0);

    fs_err::write(units.join("cloudops-schedule.timer"), "[Timer]\n").unwrap();
    sandbox.run(["schedule", "install", "--systemd", "--write"]).fails_with(1);
    sandbox.run(["schedule", "uninstall"]).succeeds();
    assert_eq!(fs_err::read_dir(&units).unwrap().count(), 1, "a unit of somebody else stays");
}

#[cfg(unix)]
#[test]
fn a_crontab_is_changed_in_one_line() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::new();
    let bin = sandbox.work().join("bin");
    fs_err::create_dir(&bin).unwrap();
    let table = sandbox.work().join("table");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = -l ]; then cat '{0}' 2>/dev/null || {{ echo 'no crontab for ada' >&2; exit 1; }}; else cat > '{0}'; fi\n",
        table.display()
    );
    fs_err::write(bin.join("crontab"), script).unwrap();
    fs_err::set_permissions(bin.join("crontab"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let run = |arguments: &[&str]| sandbox.finish(sandbox.command(arguments).env("PATH", &path));

    let shown = run(&["schedule", "install", "--cron"]);
    shown.succeeds();
    assert!(shown.stdout().starts_with("*/5 * * * * CLOUDOPS_SCHEDULE_SOURCES=") && !table.exists(), "{shown}");
    fs_err::write(&table, "0 4 * * * backup\n").unwrap();
    run(&["schedule", "install", "--cron", "--write"]).succeeds();
    let once = fs_err::read_to_string(&table).unwrap();
    assert!(
        once.starts_with("0 4 * * * backup\n# cloudops ") && once.ends_with("schedule run --once >/dev/null\n"),
        "{once}"
    );
    run(&["schedule", "install", "--cron", "--write"]).succeeds();
    assert_eq!(fs_err::read_to_string(&table).unwrap(), once);

    // What it tells cron works as cron starts it: from a bare environment.
    add_folder(&sandbox, &sandbox.docs(), &["--every", "1h"]);
    let line = once.lines().last().unwrap().strip_prefix("*/5 * * * * ").unwrap().replace("\\%", "%");
    let started = Command::new("sh")
        .arg("-c")
        .arg(line)
        .env_clear()
        .env("HOME", sandbox.home())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    assert!(status(&sandbox, "docs")["last_success"].is_number());

    run(&["schedule", "uninstall"]).succeeds();
    assert_eq!(fs_err::read_to_string(&table).unwrap(), "0 4 * * * backup\n");
}
