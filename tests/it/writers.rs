//! One writer, many readers, one index.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::Sandbox;
use crate::support::documents::{Folder, mark};
use crate::support::rpc::{Era, Server};

/// Whether somebody holds the writer's lock of a data directory.
fn is_locked(sandbox: &Sandbox) -> bool {
    let Ok(file) = fs_err::OpenOptions::new().write(true).open(sandbox.data_dir().join("writer.lock")) else {
        return false;
    };
    matches!(file.file().try_lock(), Err(std::fs::TryLockError::WouldBlock))
}

#[test]
fn the_second_writer_is_refused_and_the_first_is_not_disturbed() {
    let sandbox = Sandbox::new();
    let folder = Folder::new(&sandbox.work().join("big"), 1_500, 1);
    let path = folder.path.to_str().unwrap().to_owned();
    let small = sandbox.docs();
    let mut first = sandbox.command(["ingest", "--json", &path]).stdout(Stdio::null()).spawn().unwrap();
    while !is_locked(&sandbox) {
        assert!(first.try_wait().unwrap().is_none(), "the first writer ended before it was seen to write");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let second = sandbox.run(["ingest", small.to_str().unwrap()]);
    second.fails_with(2);
    assert!(second.stderr().contains("another process is writing") && second.stderr().contains("hint:"), "{second}");
    assert!(first.wait().unwrap().success());
    assert_eq!(sandbox.ingest(&small)["added"], 8, "when the first is done, the second can write");
    let sources = sandbox.json(["sources", "--json"]);
    assert_eq!(sources["sources"].as_array().unwrap().len(), 3, "{sources}");
}

#[test]
fn a_running_server_answers_throughout_and_sees_what_is_new() {
    let sandbox = Sandbox::new();
    let mut folder = Folder::new(&sandbox.work().join("pages"), 120, 2);
    let path = folder.path.to_str().unwrap().to_owned();
    sandbox.run(["ingest", &path]).succeeds();

    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let servers: Vec<_> = (0..2)
            .map(|number| {
                let (sandbox, done) = (&sandbox, &done);
                scope.spawn(move || {
                    let mut server = Server::start(sandbox, Era::Handshake);
                    let mut searches = 0;
                    while !done.load(Ordering::Relaxed) {
                        let query = if number == 0 { "a sentence about section" } else { "why is access denied" };
                        // Several at once, so that some are running whenever a generation is replaced.
                        let asked: Vec<u64> = (0..4)
                            .map(|_| {
                                let arguments = json!({"query": query, "limit": 5});
                                server.ask("tools/call", json!({"name": "search_knowledge", "arguments": arguments}))
                            })
                            .collect();
                        for id in asked {
                            let answer = server.answer(id);
                            let result = &answer["result"];
                            assert_eq!(result["isError"], false, "{answer}");
                            assert!(!result["structuredContent"]["results"].as_array().unwrap().is_empty(), "{answer}");
                            searches += 1;
                        }
                    }
                    let (status, log) = server.close();
                    assert!(status.success(), "{status}: {log}");
                    searches
                })
            })
            .collect();
        let mut watcher = Server::start(&sandbox, Era::Handshake);
        for version in 1..=8 {
            folder.change(version, 15);
            sandbox.run(["ingest", &path]).succeeds();
            let (name, at) = folder.versions.iter().find(|(_, at)| **at == version).unwrap();
            let reply = watcher.structured("search_knowledge", json!({"query": mark(name, *at), "mode": "lexical"}));
            assert_eq!(reply["results"][0]["citation"]["document"], format!("pages/{name}"), "{reply}");
        }
        done.store(true, Ordering::Relaxed);
        for server in servers {
            assert!(server.join().unwrap() > 0);
        }
    });
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn many_first_searches_at_once_make_one_index() {
    let sandbox = Sandbox::new();
    let running: Vec<_> = (0..6)
        .map(|_| {
            sandbox
                .command(["search", "--json", "access denied"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!found["hits"].as_array().unwrap().is_empty());
    }
    sandbox.run(["doctor", "--deep"]).succeeds();
}
