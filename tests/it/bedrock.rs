//! Vectors by Amazon Bedrock, through the real binary, against a server on this machine that speaks its wire format.

use serde_json::Value;

use crate::support::{Finished, Sandbox};

#[path = "../../aws/live/src/bedrock/tests/stand_in.rs"]
#[allow(dead_code, reason = "made for more cases than these")]
mod stand_in;

use stand_in::StandIn;

const SETTINGS: &str = "[embed]\nprovider = 'bedrock'\n[embed.bedrock]\ndimensions = 256\nregion = 'eu-west-1'\n";

/// Runs the program with these settings, and with credentials for the server.
fn run(sandbox: &Sandbox, server: &StandIn, settings: &str, arguments: &[&str]) -> Finished {
    let config = sandbox.work().join("config.toml");
    fs_err::write(&config, settings).unwrap();
    let mut command = sandbox.command(arguments);
    command.arg("--config").arg(&config).envs([
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url().as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    sandbox.finish(&mut command)
}

/// Tokens and dollars of `embedding … will cost about $N (M tokens)`.
fn tokens_of(text: &str) -> u64 {
    let (before, _) = text.split_once(" tokens)").unwrap();
    before.rsplit('(').next().unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn nothing_is_sent_without_a_cap_or_above_it() {
    let (sandbox, server) = (Sandbox::new(), StandIn::willing());
    let refused = run(&sandbox, &server, SETTINGS, &["embed", "run"]);
    refused.fails_with(1);
    let text = refused.stderr();
    assert!(text.contains("`amazon.titan-embed-text-v2:0` will cost about $") && text.contains("--max-usd"), "{text}");
    let refused = run(&sandbox, &server, SETTINGS, &["embed", "run", "--max-usd", "0.000001"]);
    refused.fails_with(1);
    assert!(refused.stderr().contains("more than the cap of $0.000001"), "{}", refused.stderr());
    let local = run(&sandbox, &server, "", &["embed", "run", "--max-usd", "1"]);
    local.fails_with(1);
    assert!(local.stderr().contains("costs nothing"), "{}", local.stderr());
    assert!(server.requests().is_empty());
}

#[test]
fn an_index_is_filled_below_the_cap_and_searched() {
    let (sandbox, server) = (Sandbox::new(), StandIn::willing());
    let refused = run(&sandbox, &server, SETTINGS, &["embed", "run"]);
    let estimated = tokens_of(&refused.stderr());

    let filled = run(&sandbox, &server, SETTINGS, &["embed", "run", "--max-usd", "1", "--json"]);
    filled.succeeds();
    let report: Value = filled.json();
    let texts = server.requests().len() as u64;
    assert!(texts > 50 && report["embedded"] == texts, "{texts} texts, {report}");
    let characters: u64 = server.requests().iter().map(|request| request.texts()[0].len() as u64).sum();
    assert!(estimated >= characters / 3, "{estimated} tokens were estimated for {characters} characters");
    // The server counts a token for four characters.
    let spent = report["spent"]["tokens"].as_u64().unwrap();
    assert!(spent > 0 && spent < estimated, "{spent} of {estimated}");
    assert!(server.requests()[0].header("authorization").unwrap().contains("/eu-west-1/bedrock/"));

    // All of it is known by now.
    let again = run(&sandbox, &server, SETTINGS, &["embed", "run", "--max-usd", "1", "--json"]);
    assert_eq!(again.json()["embedded"], 0);
    let status = run(&sandbox, &server, SETTINGS, &["embed", "status", "--json"]);
    assert_eq!((&status.json()["complete"], &status.json()["model"]), (&true.into(), &"titan-embed-text-v2".into()));
    assert_eq!(server.requests().len() as u64, texts);

    // A question goes out only where that was allowed.
    let question = ["search", "--json", "why does an instance not answer over ssh"];
    let found = run(&sandbox, &server, SETTINGS, &question);
    found.succeeds();
    assert_eq!(server.requests().len() as u64, texts);
    let found = run(&sandbox, &server, &format!("{SETTINGS}max_usd = 0.01\n"), &question);
    found.succeeds();
    let requests = server.requests();
    assert_eq!(requests.len() as u64, texts + 1);
    assert_eq!(requests.last().unwrap().texts(), ["why does an instance not answer over ssh"]);
    assert_eq!(requests.last().unwrap().body["dimensions"], 256);
}
