//! What the team has learned: notes, recorded incidents, guides, patterns, as a person and as a client use them.

use serde_json::{Value, json};

use crate::support::rpc::{Era, Server};
use crate::support::{Sandbox, repository};

const NOTE: &str = "# Printing of labels stopped\n\nOn 2026-04-02 07:10 UTC the label printers of the warehouse got nothing any \
    more. The queue `labels` in eu-west-1 threw LabelQuotaExceeded. It turned out that a test had used up the quota. We raised \
    the quota of label jobs, and at 08:05 everything was back to normal.\n\nThe log says password=hunter2-secret, \
    mail jane.doe@example.com.\n";

fn similar(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.json(["incidents", "similar", "--json"].iter().chain(arguments))
}

#[test]
fn a_note_in_a_folder_is_found_by_its_symptom_and_keeps_no_secret() {
    let sandbox = Sandbox::new();
    let folder = sandbox.work().join("team/incidents");
    fs_err::create_dir_all(&folder).unwrap();
    fs_err::write(folder.join("labels.md"), NOTE).unwrap();
    let report = sandbox.json(["ingest", "--json", sandbox.work().join("team").to_str().unwrap()]);
    let masked = report["sources"][0]["masked"].as_array().unwrap();
    assert!(
        masked.iter().any(|found| found["kind"] == "password" && found["path"] == "incidents/labels.md"),
        "{report}"
    );
    assert!(masked.iter().any(|found| found["kind"] == "email"), "{report}");

    let found = similar(&sandbox, &["the label printers get nothing"]);
    let first = &found["incidents"][0];
    assert_eq!(first["document"], "team/incidents/labels.md", "{found}");
    assert_eq!(first["status"], "resolved");
    assert_eq!(first["minutes"], 55);
    assert!(first["root_cause"].as_str().unwrap().contains("used up the quota"), "{first}");
    assert!(first["fix"].as_str().unwrap().contains("raised the quota"), "{first}");
    let by_code = similar(&sandbox, &["--error-code", "labelquotaexceeded"]);
    assert_eq!(by_code["incidents"][0]["document"], "team/incidents/labels.md", "{by_code}");

    // The secret is in none of the files of the data directory.
    let everything = sandbox.json(["read", "--json", "team/incidents/labels.md"]).to_string() + &found.to_string();
    assert!(!everything.contains("hunter2") && !everything.contains("jane.doe"), "{everything}");
    for entry in fs_err::read_dir(sandbox.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs_err::read(&path).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
        }
    }

    // A note that goes takes its incident along.
    fs_err::remove_file(folder.join("labels.md")).unwrap();
    sandbox.ingest(&sandbox.work().join("team"));
    let gone = similar(&sandbox, &["--error-code", "LabelQuotaExceeded"]);
    assert!(
        gone["incidents"].as_array().unwrap().iter().all(|found| found["document"] != "team/incidents/labels.md"),
        "{gone}"
    );
}

#[test]
fn a_new_incident_is_offered_the_fix_of_the_old_one() {
    let sandbox = Sandbox::new();
    let first =
        ["incidents", "record", "--json", "Checkout is down", "--service", "rds", "--error-code", "PoolDrained"];
    assert_eq!(sandbox.json(first)["id"], "INC-1");
    sandbox
        .run(["incidents", "resolve", "INC-1", "--fix", "raised max_connections", "--failed", "rebooted the database"])
        .succeeds();
    let second = sandbox.json(["incidents", "record", "--json", "Orders fail", "--error-code", "PoolDrained"]);
    assert_eq!(
        second["fixes"][0],
        json!({"what": "raised max_connections", "worked": 1, "failed": 0, "incidents": ["INC-1"]})
    );
    let resolved = sandbox.json(["incidents", "resolve", "--json", "INC-2", "--fix-of", "INC-1"]);
    assert_eq!((&resolved["worked"], &resolved["failed"]), (&json!(2), &json!(0)), "{resolved}");
    sandbox.run(["incidents", "resolve", "INC-2", "--fix", "x"]).fails_with(1);
    sandbox.run(["incidents", "resolve", "INC-9", "--fix", "x"]).fails_with(1);
    sandbox.run(["incidents", "record", "  "]).fails_with(1);
    sandbox.run(["incidents", "record", "x", "--id", "../x"]).fails_with(1);
    sandbox.run(["incidents", "record", "x", "--started", "soon"]).fails_with(1);

    // They are documents like any other, of an index that is sound, and they survive making it anew.
    let read = sandbox.json(["read", "--json", "recorded-incidents/INC-2.md"]).to_string();
    assert!(read.contains("raised max_connections"), "{read}");
    sandbox.run(["doctor", "--deep"]).succeeds();
    sandbox.run(["ingest", "--rebuild", sandbox.docs().to_str().unwrap()]).succeeds();
    assert_eq!(similar(&sandbox, &["PoolDrained"])["incidents"][0]["id"], "INC-2");
    sandbox.run(["read", "recorded-incidents/INC-1.md"]).succeeds();
    let listed = sandbox.json(["incidents", "list", "--json", "--service", "rds"]);
    assert!(listed["incidents"].as_array().unwrap().iter().any(|incident| incident["id"] == "INC-1"), "{listed}");
    let statistics = sandbox.json(["incidents", "stats", "--json"]);
    assert!(statistics["incidents"].as_u64().unwrap() >= 2, "{statistics}");
}

#[test]
fn a_client_is_led_from_a_symptom_to_steps_incidents_and_pages() {
    let sandbox = Sandbox::new();
    for era in [Era::Handshake, Era::Stateless] {
        let mut server = Server::start(&sandbox, era);
        let result = server.call("troubleshoot", json!({"symptom": "our ALB started returning 502 after the deploy"}));
        assert!(result.to_string().len() < 40_000, "{} bytes", result.to_string().len());
        let reply = &result["structuredContent"];
        let guide = &reply["guide"];
        assert_eq!(guide["document"], "corpus/troubleshooting/alb-502-503-504.md", "{reply}");
        let steps = guide["steps"].as_array().unwrap();
        let first = &steps[0];
        assert_eq!((&first["number"], &first["commands"][0]["effect"]), (&json!(1), &json!("read_only")), "{first}");
        assert_eq!(first["commands"][0]["permissions"][0], "cloudwatch:GetMetricStatistics", "{first}");
        assert!(
            steps
                .iter()
                .flat_map(|step| step["decisions"].as_array().cloned().unwrap_or_default())
                .any(|d| d["go_to"].is_u64())
        );
        let last = steps.last().unwrap()["number"].as_u64().unwrap();
        let url =
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html";
        assert!(reply["pages"].as_array().unwrap().iter().any(|page| page["url"] == url), "{reply}");
        assert!(!reply["incidents"].as_array().unwrap().is_empty(), "{reply}");
        // The rest of the guide, on request.
        let more = server.structured("troubleshoot", json!({"symptom": "502 from the ALB", "from_step": last + 1}));
        assert_eq!(more["guide"]["steps"][0]["number"], last + 1, "{more}");
    }
}

#[test]
fn clients_record_only_where_it_is_allowed() {
    let sandbox = Sandbox::new();
    let mut server = Server::start(&sandbox, Era::Handshake);
    let list = server.request("tools/list", json!({}));
    assert!(!list.to_string().contains("record_incident"));
    drop(server);
    sandbox.run(["call", "record_incident", "--args", "{\"title\": \"x\"}"]).fails_with(1);

    let mut server = Server::spawn(&sandbox, Era::Handshake, &["--record-incidents"]);
    server.introduce();
    let tools = server.request("tools/list", json!({}));
    let tool =
        tools["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "record_incident").unwrap().clone();
    assert_eq!(
        (&tool["annotations"]["readOnlyHint"], &tool["annotations"]["destructiveHint"]),
        (&json!(false), &json!(false))
    );
    let id =
        server.structured("record_incident", json!({"title": "Mail is late", "error_codes": "MailHeld"}))["id"].clone();
    // At once for those who look for incidents, and soon for everybody who searches.
    let found = server.structured("find_similar_incidents", json!({"error_code": ["MailHeld"]}));
    assert_eq!(found["incidents"][0]["id"], id, "{found}");
    let started = std::time::Instant::now();
    loop {
        let found = server.structured("search_knowledge", json!({"query": "MailHeld", "source": "recorded-incidents"}));
        if found["results"][0]["citation"]["document"] == "recorded-incidents/INC-1.md" {
            break;
        }
        assert!(started.elapsed().as_secs() < 60, "{found}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let end = server.structured("resolve_incident", json!({"id": id, "fix": "flushed the mail queue"}));
    assert_eq!(end["worked"], 1, "{end}");
}

#[test]
fn findings_of_aws_are_imported_and_found() {
    let sandbox = Sandbox::new();
    let fixtures = repository().join("incidents/tests/fixtures/import");
    let files: Vec<_> = fs_err::read_dir(&fixtures).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 9, "{files:?}");
    for file in &files {
        let report = sandbox.json(["incidents", "import", "--json", file.to_str().unwrap()]);
        assert!(!report["incidents"].as_array().unwrap().is_empty(), "{report}");
        let again = sandbox.json(["incidents", "import", "--json", file.to_str().unwrap()]);
        assert_eq!(again["new"], 0, "{again}");
    }
    let listed = sandbox.json(["incidents", "list", "--json", "--limit", "500"]);
    assert!(listed["total"].as_u64().unwrap() as usize >= files.len(), "{listed}");
    let bad = sandbox.work().join("bad.json");
    fs_err::write(&bad, "{\"what\": \"nobody knows\"}").unwrap();
    let failed = sandbox.run(["incidents", "import", bad.to_str().unwrap()]);
    failed.fails_with(1);
    assert!(failed.stderr().contains("guardduty"), "{failed}");
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn incidents_that_repeat_become_a_guide_once_somebody_accepts_it() {
    let sandbox = Sandbox::new();
    for day in ["02", "09", "16"] {
        let started = format!("2026-03-{day}T08:00:00Z");
        let title = format!("Import of {day} stuck");
        let arguments =
            ["incidents", "record", "--json", &title, "--service", "glue", "--error-code", "PartitionMissing"];
        let more = ["--started", &started, "--symptom", "the nightly import does not finish"];
        let id = sandbox.json(arguments.iter().chain(&more))["id"].as_str().unwrap().to_owned();
        let end = ["incidents", "resolve", &id, "--fix", "ran the crawler again", "--cause", "missing partition"];
        let end_at = format!("2026-03-{day}T09:00:00Z");
        let more = ["--prevention", "run the crawler before the import", "--resolved", &end_at];
        sandbox.run(end.iter().chain(&more)).succeeds();
    }
    let learned = sandbox.json(["incidents", "learn", "--json"]);
    let group = &learned["groups"][0];
    assert_eq!(group["incidents"].as_array().unwrap().len(), 3, "{learned}");
    assert_eq!(group["fixes"][0]["worked"], 3, "{group}");
    let key = group["key"].as_str().unwrap();
    let draft = sandbox.run(["incidents", "learn", "--draft", key]);
    draft.succeeds();
    assert!(draft.stdout().contains("ran the crawler again"), "{draft}");
    let accepted = sandbox.json(["incidents", "learn", "--json", "--accept", key]);
    assert!(accepted["steps"].as_u64().unwrap() >= 3, "{accepted}");
    let led = sandbox.json(["troubleshoot", "--json", "the nightly import does not finish, PartitionMissing"]);
    assert_eq!(led["guide"]["document"], accepted["document"], "{led}");
    let empty = sandbox.work().join("empty.md");
    fs_err::write(&empty, "# Nothing\n\nNo steps.\n").unwrap();
    sandbox.run(["incidents", "learn", "--accept", key, "--file", empty.to_str().unwrap()]).fails_with(1);
}

#[test]
fn requirements_lead_to_patterns() {
    let sandbox = Sandbox::new();
    let ask = |arguments: &[&str]| sandbox.json(["recommend", "--json"].iter().chain(arguments));
    let cheap = ask(&["a copy of our data in another region that costs little", "--max-cost", "low", "--rto", "1d"]);
    let patterns = cheap["patterns"].as_array().unwrap();
    assert_eq!(patterns[0]["document"], "corpus/patterns/backup-and-restore-dr.md", "{cheap}");
    assert!(
        patterns[0]["avoid"].as_array().unwrap().len() >= 2 && !cheap["best_practices"].as_array().unwrap().is_empty()
    );
    sandbox.run(["recommend", "x", "--rto", "soon"]).fails_with(1);
}
