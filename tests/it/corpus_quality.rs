//! Retrieval quality on the real documentation, where that is at hand and the program is fast enough for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Sandbox, repository, skipped, variable};

/// The folder with the documentation and the questions.
fn data() -> Option<PathBuf> {
    let named = variable("CLOUDOPS_DATA").map(PathBuf::from);
    let data = named.unwrap_or_else(|| repository().join("../shared/data"));
    data.join("aws-docs-qa-dev.csv").is_file().then_some(data)
}

fn unpack(archive: &Path, target: &Path) -> bool {
    let status = Command::new("tar").args(["--zstd", "-xf"]).arg(archive).arg("-C").arg(target).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn the_development_questions_are_answered() {
    if cfg!(debug_assertions) {
        skipped("retrieval quality: an unoptimized build takes too long, run scripts/test --release");
        return;
    }
    let Some(data) = data() else {
        skipped("retrieval quality: neither CLOUDOPS_DATA nor ../shared/data has the documentation");
        return;
    };
    let sandbox = Sandbox::new();
    let mut documents = data.join("documents");
    if !documents.is_dir() {
        if !unpack(&data.join("aws-docs.tar.zst"), &sandbox.work()) {
            skipped("retrieval quality: the archive cannot be unpacked (tar with zstd?)");
            return;
        }
        documents = sandbox.work().join("documents");
    }
    let questions = data.join("aws-docs-qa-dev.csv");
    sandbox.run(["ingest", "--name", "aws", documents.to_str().unwrap()]).succeeds();
    let report = sandbox.json(["eval", "--json", "--questions", questions.to_str().unwrap()]);
    let score = |ranking: &str, how: &str, measure: &str| report[ranking][how][measure].as_f64().unwrap();
    let floors = [
        ("lexical", "strict", "ndcg_at_10", 0.75),
        ("lexical", "accepted", "ndcg_at_10", 0.77),
        ("hybrid", "strict", "ndcg_at_10", 0.79),
        ("hybrid", "accepted", "ndcg_at_10", 0.82),
        ("hybrid", "accepted", "recall_at_10", 0.96),
    ];
    for (ranking, how, measure, floor) in floors {
        let found = score(ranking, how, measure);
        // The score is rounded to what is reported.
        assert!(found >= floor - 0.0005, "{ranking} {how} {measure}: {found} is under {floor}\n{report:#}");
    }
}
