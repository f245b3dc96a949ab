//! The program, and a site that is steered over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use cloudops_test_site::{Options, Site};
use serde_json::{Value, json};

use crate::client::{ask, get};

const PAGE: &str = "/granary-storage-guide/latest/userguide/bins.html";

fn control(site: &Site, action: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let reply = ask(
        site,
        &format!(
            "POST /_control/{action} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn look(site: &Site, what: &str) -> Value {
    serde_json::from_slice(&get(site, &format!("/_control/{what}")).body).unwrap()
}

#[test]
fn everything_can_be_steered() {
    let site = Site::start(Options::default()).unwrap();
    let good = |action: &str, body: Value| {
        let (status, answer) = control(&site, action, &body);
        assert_eq!(status, 200, "{action}: {answer}");
        answer
    };
    good("append", json!({ "path": PAGE, "text": "Appended words." }));
    assert!(get(&site, PAGE).text().contains("Appended words."));
    good("replace", json!({ "path": PAGE, "text": "# Other\n\nReplaced words." }));
    assert!(get(&site, PAGE).text().contains("Replaced words."));

    let other = PAGE.replace("bins", "boxes");
    good("rename", json!({ "from": PAGE, "to": other, "redirect": true }));
    assert_eq!(get(&site, PAGE).status, 301);
    good("delete", json!({ "path": other }));
    assert_eq!(get(&site, &other).status, 404);
    good("add", json!({ "path": PAGE, "text": "# Back" }));
    assert_eq!(get(&site, PAGE).status, 200);
    assert_eq!(good("rebuild", json!({ "pattern": "*" })), json!({ "changed": 39 }));
    assert_eq!(good("change_fraction", json!({ "fraction": 0.5 }))["changed"].as_array().unwrap().len(), 18);
    let path = good("announce", json!({ "title": "News", "summary": "<p>Good</p>" }))["path"].clone();
    assert_eq!(get(&site, path.as_str().unwrap()).status, 200);

    let rule = json!({ "pattern": PAGE, "fault": { "kind": "status", "status": 503 }, "times": 1 });
    good("fault", rule);
    assert_eq!(look(&site, "faults")[0]["fault"]["status"], 503);
    assert_eq!((get(&site, PAGE).status, get(&site, PAGE).status), (503, 200));
    good("fault", json!({ "pattern": "*", "fault": { "kind": "charset", "charset": "shift_jis_by_meta" } }));
    good("behave", json!({}));
    assert_eq!(look(&site, "faults"), json!([]));

    let settings = good("settings", json!({ "etag": false, "robots": { "crawl_delay": 2.0 } }));
    assert_eq!(settings, look(&site, "settings"));
    assert_eq!(get(&site, PAGE).header("etag"), None);
    assert!(get(&site, "/robots.txt").text().contains("Crawl-delay: 2"));

    assert!(look(&site, "statistics")["requests"].as_u64().unwrap() > 5);
    assert_eq!(look(&site, "requests").as_array().unwrap().len(), site.requests().len());
    good("reset", json!({}));
    assert_eq!(look(&site, "statistics")["requests"], 0);
    assert_eq!(look(&site, "pages")["pages"].as_array().unwrap().len(), 39);
}

#[test]
fn what_cannot_be_done_is_said() {
    let site = Site::start(Options::default()).unwrap();
    for (action, body) in [
        ("delete", json!({ "path": "/nowhere.html" })),
        ("delete", json!({ "paths": [] })),
        ("settings", json!({ "etags": false })),
        ("fault", json!({ "pattern": "*", "fault": { "kind": "kindness" } })),
        ("dance", json!({})),
    ] {
        let (status, answer) = control(&site, action, &body);
        assert_eq!(status, 400, "{action} {body}");
        assert!(answer["error"].is_string());
    }
}

#[test]
fn the_program_serves_until_nobody_listens() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cloudops-test-site"))
        .args(["--documents", concat!(env!("CARGO_MANIFEST_DIR"), "/sample"), "--limit", "5", "--latency", "1ms"])
        .args(["--settings", r#"{"markdown": false}"#, "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(b"GET /_control/pages HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["pages"].as_array().unwrap().len(), 5);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());

    let refused = Command::new(env!("CARGO_BIN_EXE_cloudops-test-site")).arg("--nonsense").output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("no option `--nonsense`"));
}
