//! What a person sees: every command against golden output.

use insta::{assert_snapshot, with_settings};

use crate::support::Sandbox;

/// What differs from run to run, and what the shape of is enough.
macro_rules! golden {
    ($name:literal, $finished:expr) => {
        with_settings!({filters => vec![
            (r"\d+(\.\d+)? s\n", "[TIME] s\n"),
            (r"(just now|\d+ (minute|hour|day|month|year)s? ago)", "[AGE]"),
            (r"\d+(\.\d+)? [kMGT]?B", "[SIZE]"),
            (r"cloudops \d+\.\d+\.\d+", "cloudops [VERSION]"),
            (r"\d+\.\d{2,}", "[N]"),
            (r"\([0-9a-z]{8,}\)", "([HASH])"),
            (r" +\n", "\n"),
            // Columns are as wide as the paths of this run.
            (r"(\S)   +", "$1   "),
        ]}, {
            assert_snapshot!($name, $finished.to_string());
        });
    };
}

/// A sandbox into which the fixtures were ingested as `docs`.
fn ingested() -> Sandbox {
    let sandbox = Sandbox::new();
    let report = sandbox.json(["ingest", "--json", sandbox.docs().to_str().unwrap()]);
    assert_eq!(report["sources"][0]["added"], 8, "{report}");
    sandbox
}

#[test]
fn help_and_version() {
    let sandbox = Sandbox::new();
    golden!("help", sandbox.run(["--help"]));
    golden!("version", sandbox.run(["--version"]));
    for command in ["search", "read", "ingest", "sources", "eval", "serve", "call", "tools", "doctor", "completions"] {
        sandbox.run([command, "--help"]).succeeds();
    }
    sandbox.run(["embed", "train", "--help"]).succeeds();
    sandbox.run(["config", "show", "--help"]).succeeds();
}

#[test]
fn the_first_search_needs_no_set_up() {
    let sandbox = Sandbox::new();
    let found = sandbox.run(["search", "why does an instance not answer over ssh"]);
    found.succeeds();
    let text = found.stdout();
    assert!(text.contains("corpus/troubleshooting/ec2-unreachable-over-ssh.md"), "{text}");
    assert_eq!(found.stderr(), "more: --offset 10\n", "notes are not part of the result");
    let hits = sandbox.json(["search", "--json", "why does an instance not answer over ssh"]);
    let best = &hits["hits"][0]["best"]["citation"];
    assert_eq!(best["document"], "corpus/troubleshooting/ec2-unreachable-over-ssh.md", "{best}");
}

#[test]
fn search_shows_results() {
    let sandbox = ingested();
    golden!("search", sandbox.run(["search", "what does a parked instance cost", "--source", "docs", "-n", "2"]));
    golden!("search_nothing", sandbox.run(["search", "zyxwvu", "--source", "docs", "--mode", "lexical"]));
    golden!("search_filter_nothing", sandbox.run(["search", "queue", "--service", "nosuchservice"]));
    let coloured = sandbox.run(["--color", "always", "search", "parked instance", "--source", "docs", "-n", "1"]);
    assert!(coloured.stdout().contains("\u{1b}["), "colours on request: {coloured}");
}

#[test]
fn search_filters_are_alternatives_of_one_name_and_conditions_of_different_names() {
    let sandbox = ingested();
    let documents = |arguments: &[&str]| {
        let mut all = vec!["search", "--json", "-n", "50", "queue certificate parking gallery on-call release"];
        all.extend(arguments);
        let found = sandbox.json(all);
        let mut ids: Vec<_> = found["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["best"]["citation"]["document"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(
        documents(&["--source", "docs", "--kind", "troubleshooting", "--kind", "incident"]),
        ["docs/runbooks/2026-03-certificate-expiry.md", "docs/runbooks/thumbnail-queue-backlog.md"]
    );
    assert_eq!(
        documents(&["--source", "docs", "--service", "sqs", "--tag", "backlog"]),
        ["docs/runbooks/thumbnail-queue-backlog.md"]
    );
    assert!(documents(&["--service", "acm", "--tag", "backlog"]).is_empty());
    assert!(documents(&["--guide", "amazon-ec2-user-guide"]).iter().all(|id| id.contains("/parking-")));
    assert_eq!(
        documents(&["--source", "docs", "--since", "2026-04-01"]),
        ["docs/runbooks/thumbnail-queue-backlog.md"],
        "documents without a date are left out"
    );
}

#[test]
fn search_explains_its_scores() {
    let sandbox = ingested();
    let found = sandbox.json(["search", "--json", "--explain", "ec2:CreateParkingSchedule", "--source", "docs"]);
    let explanation = &found["hits"][0]["best"]["explanation"];
    for key in [
        "bm25_text",
        "bm25_title",
        "identifiers",
        "lexical",
        "cosines",
        "table",
        "meaning",
        "coverage",
        "document",
        "weights",
        "lexical_rank",
        "vector_rank",
    ] {
        assert!(explanation.get(key).is_some(), "{key} is missing: {explanation}");
    }
    assert!(explanation["identifiers"].as_f64().unwrap() > 0.0, "an exact name counts: {explanation}");
    let plain = sandbox.json(["search", "--json", "parking", "--source", "docs"]);
    assert!(plain["hits"][0]["best"].get("explanation").is_none());
    let text = sandbox.run(["search", "--explain", "parking schedule", "--source", "docs", "-n", "1"]).stdout();
    assert!(text.contains("× words") && text.contains("× coverage"), "{text}");
}

#[test]
fn search_takes_what_is_typed_literally_unless_syntax_is_asked_for() {
    let sandbox = ingested();
    let query = "+restore -\"parked instance\" title:";
    sandbox.run(["search", "--json", query]).succeeds();
    golden!("search_bad_syntax", sandbox.run(["search", "--syntax", "\"open quote"]));
    let found = sandbox.json(["search", "--json", "--syntax", "+parked -costs title:parking", "--source", "docs"]);
    assert!(!found["hits"].as_array().unwrap().is_empty(), "{found}");
}

#[test]
fn read_shows_documents_and_sections() {
    let sandbox = ingested();
    let page = "docs/amazon-ec2-user-guide/doc_source/parking-instances.md";
    golden!("read", sandbox.run(["read", page]));
    golden!("read_section", sandbox.run(["read", page, "--section", "Limits of parking"]));
    golden!("read_outline", sandbox.run(["read", page, "--outline"]));
    let url = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/parking-instances.html#parking-limits";
    let by_url = sandbox.json(["read", "--json", url]);
    assert_eq!(by_url["citation"]["heading_path"][0], "Limits of parking", "{by_url}");
    assert_eq!(by_url["citation"]["url"], url);
    golden!("read_missing", sandbox.run(["read", "docs/amazon-ec2-user-guide/doc_source/parking-instance.md"]));
    golden!("read_missing_section", sandbox.run(["read", page, "--section", "Colours"]));
}

#[test]
fn formats_become_clean_text() {
    let sandbox = ingested();
    golden!("read_html", sandbox.run(["read", "docs/notes/onboarding.html"]));
    golden!("read_rst", sandbox.run(["read", "docs/notes/release.rst"]));
    golden!("read_html_table", sandbox.run(["read", "docs/amazon-ec2-user-guide/doc_source/parking-prices.md"]));
}

#[test]
fn sources_lists_what_is_indexed() {
    let sandbox = ingested();
    let sources = sandbox.json(["sources", "--json"]);
    let names: Vec<_> =
        sources["sources"].as_array().unwrap().iter().map(|source| source["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["corpus", "docs"]);
    assert_eq!(sources["sources"][1]["documents"], 8);
    let text = sandbox.run(["sources"]);
    text.succeeds();
    assert!(text.stdout().contains("docs") && text.stdout().contains("built in"), "{text}");
}

#[test]
fn doctor_finds_nothing_wrong_with_a_new_index() {
    let sandbox = ingested();
    let checks = sandbox.json(["doctor", "--deep", "--json"]);
    let bad: Vec<_> = checks.as_array().unwrap().iter().filter(|check| check["status"] == "fail").collect();
    assert!(bad.is_empty(), "{bad:?}");
    let names: Vec<_> = checks.as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    for name in ["config", "data dir", "disk", "lock", "index", "vectors", "files"] {
        assert!(names.contains(&name), "{name} is not checked: {names:?}");
    }
}

#[test]
fn doctor_says_how_to_mend_a_damaged_index() {
    let sandbox = ingested();
    fs_err::write(sandbox.data_dir().join("CURRENT"), "no number\n").unwrap();
    let checks = sandbox.run(["doctor"]);
    checks.fails_with(1);
    golden!("doctor_damaged", {
        let text = checks.to_string();
        text.lines().filter(|line| !line.contains("disk") && !line.contains("free")).collect::<Vec<_>>().join("\n")
    });
    golden!("search_damaged", sandbox.run(["search", "parking"]));
    sandbox.run(["ingest", "--rebuild", sandbox.work().join("docs").to_str().unwrap()]).succeeds();
    sandbox.run(["doctor", "--deep"]).succeeds();
}

#[test]
fn config_knows_where_every_value_comes_from() {
    let sandbox = Sandbox::new();
    let dir = sandbox.home().join("config/cloudops");
    fs_err::create_dir_all(&dir).unwrap();
    fs_err::write(dir.join("config.toml"), "[search]\nlimit = 3\nmode = 'lexical'\n").unwrap();
    let mut command = sandbox.command(["config", "show", "--origin", "--log", "error"]);
    golden!("config_origin", sandbox.finish(command.env("CLOUDOPS_SEARCH_LIMIT", "7")));
    golden!("config_bad_value", sandbox.finish(sandbox.command(["search", "x"]).env("CLOUDOPS_SEARCH_LIMIT", "many")));
    fs_err::write(dir.join("config.toml"), "colour = 'red'\n").unwrap();
    golden!("config_unknown_key", sandbox.run(["sources"]));
}

#[test]
fn mistakes_have_hints_and_exit_codes() {
    let sandbox = Sandbox::new();
    golden!("error_no_command", sandbox.run(["serch", "x"]));
    golden!("error_no_folder", sandbox.run(["ingest", "no/such/folder"]));
    golden!("error_no_tool", sandbox.run(["call", "search_knowlege"]));
    golden!("error_tool_arguments", sandbox.run(["call", "search_knowledge", "--args", "{\"qery\": \"x\"}"]));
    golden!("error_json", sandbox.run(["--json", "read", "nothing"]));
    golden!("error_limit", sandbox.run(["search", "x", "--limit", "0"]));
    sandbox.run(["search", "x"]).succeeds();
    sandbox.run(["search"]).fails_with(1);
    sandbox.run(["config", "show", "--config", "/nowhere.toml"]).fails_with(1);
}

#[test]
fn call_answers_as_a_client_would_be_answered() {
    let sandbox = ingested();
    let reply = sandbox.json([
        "call",
        "search_knowledge",
        "--json",
        "--args",
        r#"{"query": "ParkingCapacityException", "limit": 1}"#,
    ]);
    assert_eq!(
        reply["results"][0]["citation"]["document"], "docs/amazon-ec2-user-guide/doc_source/parking-instances.md",
        "{reply}"
    );
    let text = sandbox.run(["call", "search_knowledge", "--args", r#"{"query": "ParkingCapacityException"}"#]).stdout();
    assert!(text.contains("Untrusted content"), "{text}");
}

#[test]
fn tools_lists_the_registry() {
    let sandbox = Sandbox::new();
    golden!("tools", sandbox.run(["tools"]));
    let tools = sandbox.json(["tools", "--json"]);
    assert!(tools.as_array().unwrap().iter().all(|tool| tool["effect"] == "read_only"), "{tools}");
    golden!("tools_unknown_toolset", sandbox.run(["tools", "--toolsets", "knowlege"]));
}

#[test]
fn completions_are_made_for_every_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.run(["completions", shell]);
        script.succeeds();
        assert!(script.stdout().contains("cloudops"), "{shell}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(["search", "instance", "--json", "-n", "100"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn eval_reports_every_ranking() {
    let sandbox = ingested();
    let questions = sandbox.work().join("questions.csv");
    let rows = "id,question,answer,yes_no_none,document,also\n\
                1,How many parking schedules can I have per Region?,25,None,amazon-ec2-user-guide/parking-instances.md,\n\
                2,Is a reservation billed while an instance is parked?,yes,Yes,amazon-ec2-user-guide/parking-instances.md,amazon-ec2-user-guide/parking-prices.md\n\
                3,Who ate the cheese?,nobody,None,amazon-ec2-user-guide/no-such-page.md,\n";
    fs_err::write(&questions, rows).unwrap();
    let report = sandbox.json(["eval", "--json", "--questions", questions.to_str().unwrap()]);
    for ranking in ["lexical", "vector", "hybrid"] {
        for how in ["strict", "accepted"] {
            for measure in ["recall_at_1", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10"] {
                let value = report[ranking][how][measure].as_f64();
                assert!(value.is_some_and(|value| (0.0..=1.0).contains(&value)), "{ranking} {how} {measure}: {report}");
            }
        }
    }
    let lexical = &report["lexical"];
    let third = 1.0 / 3.0;
    assert!(lexical["accepted"]["recall_at_10"].as_f64().unwrap() > 2.0 * third - 0.001, "{lexical}");
    assert!(lexical["accepted"]["ndcg_at_10"].as_f64() >= lexical["strict"]["ndcg_at_10"].as_f64(), "{lexical}");
    sandbox.run(["eval", "--questions", questions.to_str().unwrap()]).succeeds();
    golden!("eval_missing_file", sandbox.run(["eval", "--questions", "nowhere.csv"]));
}
