//! Clients that nobody here wrote: the Python package `mcp` and the MCP inspector.

use std::process::Command;

use serde_json::Value;

use crate::support::{Sandbox, needs, program, repository};

/// Runs a script of `tests/it/clients` with the Python that has the package.
fn python(sandbox: &Sandbox, interpreter: &str, script: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(interpreter);
    command.arg(repository().join("tests/it/clients").join(script)).arg(program()).args(arguments);
    command.env_clear().envs(sandbox.environment()).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(sandbox.work());
    sandbox.finish(&mut command).json()
}

#[test]
fn the_python_client_gets_cited_answers_in_both_eras() {
    let Some(interpreter) = needs("CLOUDOPS_TEST_PYTHON") else { return };
    let sandbox = Sandbox::new();
    sandbox.ingest(&sandbox.docs());
    for (mode, version) in [("legacy", "2025-11-25"), ("auto", "2026-07-28")] {
        let report = python(&sandbox, &interpreter, "ask.py", &[mode, "how many parking schedules per Region"]);
        assert_eq!(report["protocol"], version, "{report}");
        assert_eq!(report["server"], "cloudops", "{report}");
        let tools = [
            "find_similar_incidents",
            "list_sources",
            "read_document",
            "recommend_pattern",
            "search_knowledge",
            "troubleshoot",
        ];
        assert_eq!(report["tools"], serde_json::json!(tools));
        assert_eq!(report["document"], "docs/amazon-ec2-user-guide/doc_source/parking-instances.md", "{report}");
        assert!(report["page"].as_str().unwrap().contains("Parking schedules per Region"), "{report}");
        assert!(report["resource"].as_str().unwrap().contains("Parking schedules per Region"), "{report}");
        assert_eq!(report["bad_arguments_are_results"], true, "{report}");
        assert_eq!(report["concurrent"], 20, "{report}");
    }
}

#[test]
fn the_inspector_starts_the_server_as_mcp_json_says() {
    let Some(script) = needs("CLOUDOPS_TEST_INSPECTOR") else { return };
    let Some(node) = needs("CLOUDOPS_TEST_NODE") else { return };
    let sandbox = Sandbox::new();
    let inspect = |arguments: &[&str]| {
        let mut command = Command::new(&node);
        command.arg(&script).arg("--cli").arg("--config").arg(repository().join("mcp.json"));
        command.args(["--server", "cloudops"]).args(arguments);
        command.env_clear().envs(sandbox.environment()).current_dir(repository());
        // cargo finds its own things where they are; the server keeps its data in the sandbox. The inspector hands on
        // little of its environment, so the server's variables are named one by one.
        for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = crate::support::variable(name) {
                command.env(name, &value).arg("-e").arg(format!("{name}={value}"));
            }
        }
        command.arg("-e").arg(format!("CLOUDOPS_DATA_DIR={}", sandbox.data_dir().display()));
        sandbox.finish(&mut command).json()
    };
    let list = inspect(&["--method", "tools/list"]);
    assert_eq!(list["tools"].as_array().unwrap().len(), 6, "{list}");
    let answer = inspect(&[
        "--method",
        "tools/call",
        "--tool-name",
        "search_knowledge",
        "--tool-arg",
        "query=why does an instance not answer over ssh",
        "limit=2",
    ]);
    let first = &answer["structuredContent"]["results"][0]["citation"];
    assert_eq!(first["document"], "corpus/troubleshooting/ec2-unreachable-over-ssh.md", "{answer}");
}
