//! `kill -9` at any instant: nothing that was acknowledged is lost, and the index can always be read.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::documents::{Folder, Versions, mark, version_of};
use crate::support::rpc::{Era, Server};
use crate::support::{Random, Sandbox, variable};

const DOCUMENTS: usize = 200;
const KILLS: usize = 40;
/// Kills while the very first index is being written.
const FIRST_KILLS: usize = 12;

/// Starts an ingestion and kills it after `delay`. Returns whether it had ended, and so acknowledged, before.
fn ingest_and_kill(sandbox: &Sandbox, folder: &Folder, delay: Duration) -> bool {
    let mut child = sandbox
        .command(["ingest", "--json", folder.path.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + delay;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return true;
        }
        std::thread::sleep(Duration::from_micros(300).min(end.saturating_duration_since(Instant::now())));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.success() || status.code().is_none(), "it ended by itself with {status}");
    status.success()
}

/// What a server reads of every document that may be there.
fn read_back(server: &mut Server, names: impl Iterator<Item = String>) -> Versions {
    let asked: Vec<(String, u64)> = names
        .map(|name| {
            let arguments = json!({"document": format!("pages/{name}")});
            let id = server.ask("tools/call", json!({"name": "read_document", "arguments": arguments}));
            (name, id)
        })
        .collect();
    let mut versions = Versions::new();
    for (name, id) in asked {
        let answer = server.answer(id);
        let result = &answer["result"];
        if result["isError"] == false {
            let text = result["structuredContent"]["text"].as_str().unwrap();
            let version = version_of(&name, text).unwrap_or_else(|| panic!("{name} has no version: {text}"));
            versions.insert(name, version);
        } else {
            let said = result["content"][0]["text"].as_str().unwrap();
            assert!(said.contains("there is no document"), "{name}: {said}");
        }
    }
    versions
}

/// Whether the full-text side agrees with the documents about a version.
fn finds(server: &mut Server, name: &str, version: u64) -> bool {
    let arguments = json!({"query": mark(name, version), "mode": "lexical", "source": "pages", "limit": 3});
    let reply = server.structured("search_knowledge", arguments);
    let results = reply["results"].as_array().unwrap();
    results.iter().any(|result| result["citation"]["document"] == format!("pages/{name}"))
}

fn is_sound(sandbox: &Sandbox) {
    let checks = sandbox.run(["doctor", "--deep", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&checks.output.stdout).unwrap();
    for check in list.as_array().unwrap() {
        // How full the disk of the machine is says nothing about the index.
        assert!(check["status"] != "fail" || check["name"] == "disk", "{checks}");
    }
}

fn seed() -> u64 {
    variable("CLOUDOPS_TEST_SEED").map_or(20_261_123, |seed| seed.parse().unwrap())
}

#[test]
fn killed_while_changing_an_index() {
    let sandbox = Sandbox::new();
    let mut random = Random::new(seed());
    let mut folder = Folder::new(&sandbox.work().join("pages"), DOCUMENTS, 3);
    sandbox.run(["ingest", folder.path.to_str().unwrap()]).succeeds();
    let mut acknowledged = folder.versions.clone();

    // How long an ordinary run takes, so that kills fall on all of it.
    folder.change(1, 15);
    let started = Instant::now();
    sandbox.run(["ingest", folder.path.to_str().unwrap()]).succeeds();
    let usual = started.elapsed();
    acknowledged.clone_from(&folder.versions);

    // A server that lives through all of it.
    let mut old = Server::start(&sandbox, Era::Handshake);
    let (mut killed, mut published) = (0, 0);
    for round in 0..KILLS as u64 {
        folder.change(round + 2, 15);
        let delay = usual.mul_f64(random.below(1_150) as f64 / 1_000.0);
        let ended = ingest_and_kill(&sandbox, &folder, delay);
        is_sound(&sandbox);

        let names: Vec<String> = acknowledged.keys().chain(folder.versions.keys()).cloned().collect();
        let mut new = Server::start(&sandbox, Era::Handshake);
        for server in [&mut old, &mut new] {
            let state = read_back(server, names.iter().cloned());
            let after = state == folder.versions;
            assert!(after || (!ended && state == acknowledged), "round {round} (ended: {ended}): a mixture of states");
            // The full-text side stands at the same generation, for documents that differ between the two.
            for (name, version) in folder.versions.iter().filter(|(_, version)| **version == round + 2).take(4) {
                assert_eq!(finds(server, name, *version), after, "round {round}: {name} at {version}");
                if let Some(before) = acknowledged.get(name) {
                    assert_eq!(finds(server, name, *before), !after, "round {round}: {name} at {before}");
                }
            }
            if after {
                published += 1;
            }
        }
        killed += usize::from(!ended);

        // Every second time the next run starts from what the killed one left behind.
        if round % 2 == 0 {
            sandbox.run(["ingest", folder.path.to_str().unwrap()]).succeeds();
            acknowledged.clone_from(&folder.versions);
        } else if read_back(&mut new, names.iter().cloned()) == folder.versions {
            acknowledged.clone_from(&folder.versions);
        }
    }
    assert!(killed >= KILLS / 2, "only {killed} of {KILLS} runs were killed before they ended");
    assert!(published > 0, "no run was left to publish: the kills come too early");

    sandbox.run(["ingest", folder.path.to_str().unwrap()]).succeeds();
    assert_eq!(read_back(&mut old, folder.versions.keys().cloned()), folder.versions);
    is_sound(&sandbox);
    let generations = fs_err::read_dir(sandbox.data_dir().join("generations")).unwrap().count();
    assert_eq!(generations, 1, "what killed runs left behind is swept");
}

#[test]
fn killed_while_making_the_first_index() {
    let sandbox = Sandbox::new();
    let mut random = Random::new(seed() + 1);
    let folder = Folder::new(&sandbox.work().join("pages"), DOCUMENTS, 4);
    let started = Instant::now();
    sandbox.run(["ingest", folder.path.to_str().unwrap()]).succeeds();
    let usual = started.elapsed();
    for round in 0..FIRST_KILLS {
        fs_err::remove_dir_all(sandbox.data_dir()).unwrap();
        let delay = usual.mul_f64(random.below(1_150) as f64 / 1_000.0);
        let ended = ingest_and_kill(&sandbox, &folder, delay);
        is_sound(&sandbox);
        let mut server = Server::start(&sandbox, Era::Handshake);
        let state = read_back(&mut server, folder.versions.keys().cloned());
        assert!(
            state == folder.versions || (!ended && state.is_empty()),
            "round {round} (ended: {ended}): {} of {} documents",
            state.len(),
            folder.versions.len()
        );
        sandbox.run(["ingest", folder.path.to_str().unwrap()]).succeeds();
        assert_eq!(read_back(&mut server, folder.versions.keys().cloned()), folder.versions);
    }
    is_sound(&sandbox);
}
