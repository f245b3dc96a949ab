//! Minimum values that a run must reach.
//!
//! A gate has the shape of the JSON report: `[hybrid.accepted]` with `ndcg_at_10 = 0.6`, or `[hybrid.kinds.symptom.answers]`
//! with `answer_at_5 = 0.5`. Whatever number the report has can be demanded.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Serialize;
use serde_json::Value;

use crate::report::error::CommandError;

/// Numbers that were rounded to the same report differ by less.
const ROUNDING: f64 = 1e-9;

/// What must be reached, by the path in the report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gate {
    minimums: Vec<(Vec<String>, f64)>,
}

/// What came of a gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) passed: bool,
    /// Values that were looked at.
    pub(crate) checked: usize,
    pub(crate) short: Vec<Short>,
}

/// A value that was not reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Short {
    /// `hybrid.accepted.ndcg_at_10`.
    pub(crate) value: String,
    pub(crate) minimum: f64,
    pub(crate) found: f64,
}

impl Gate {
    /// Reads a TOML file, or a JSON file by its ending.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let text = fs_err::read_to_string(path).map_err(|error| CommandError::input(error.to_string()))?;
        let tree: Result<Value, String> = if path.extension().is_some_and(|ending| ending == "json") {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        } else {
            Figment::from(Toml::string(&text)).extract().map_err(|error| error.to_string())
        };
        let unusable = |error: &str| {
            CommandError::input(format!("the gate `{}` cannot be used: {error}", path.display()))
                .hint("It names minimum values by their place in the report: `[hybrid.accepted]`, `ndcg_at_10 = 0.6`.")
        };
        let mut minimums = Vec::new();
        collect(&tree.map_err(|error| unusable(&error))?, &mut Vec::new(), &mut minimums)
            .map_err(|error| unusable(&error))?;
        if minimums.is_empty() {
            return Err(unusable("it has no minimum values"));
        }
        Ok(Self { minimums })
    }

    /// Holds a report against the gate. Fails where the gate names what the report does not have: a value that is not
    /// looked at is not reached.
    pub(crate) fn check(&self, report: &Value) -> Result<Verdict, CommandError> {
        let mut short = Vec::new();
        for (path, minimum) in &self.minimums {
            let value = path.iter().try_fold(report, |value, part| value.get(part));
            let Some(found) = value.and_then(Value::as_f64) else {
                let message = format!("the gate names `{}`, which was not measured", path.join("."));
                return Err(CommandError::input(message).hint(hint(report, path)));
            };
            if found < minimum - ROUNDING {
                short.push(Short { value: path.join("."), minimum: *minimum, found });
            }
        }
        Ok(Verdict { passed: short.is_empty(), checked: self.minimums.len(), short })
    }
}

/// What there is at the place where a path leads nowhere.
fn hint(report: &Value, path: &[String]) -> String {
    let mut at = report;
    let mut known = Vec::new();
    for part in path {
        let Some(next) = at.get(part) else { break };
        known.push(part.as_str());
        at = next;
    }
    let names: Vec<_> = at.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default();
    match (known.is_empty(), names.is_empty()) {
        (true, _) => format!("There is: {}. A ranking that `--mode` leaves out is not measured.", names.join(", ")),
        (false, false) => format!("In `{}` there is: {}.", known.join("."), names.join(", ")),
        (false, true) => format!("`{}` is not a table.", known.join(".")),
    }
}

fn collect(tree: &Value, path: &mut Vec<String>, into: &mut Vec<(Vec<String>, f64)>) -> Result<(), String> {
    if let Some(minimum) = tree.as_f64().filter(|_| !path.is_empty()) {
        into.push((path.clone(), minimum));
        return Ok(());
    }
    let Value::Object(entries) = tree else {
        let place = if path.is_empty() { "it".to_owned() } else { format!("`{}`", path.join(".")) };
        return Err(format!("{place} is neither a number nor a table"));
    };
    for (name, below) in entries {
        path.push(name.clone());
        collect(below, path, into)?;
        path.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Gate, CommandError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs_err::write(&path, text).unwrap();
        Gate::read(&path)
    }

    #[test]
    fn a_gate_lists_what_falls_short() {
        let gate = read(
            "gate.toml",
            "[hybrid.accepted]\nndcg_at_10 = 0.6\nrecall_at_10 = 1\n[hybrid.kinds.fact.strict]\nndcg_at_10 = 0.4\n",
        )
        .unwrap();
        let report = |ndcg: f64| {
            json!({"hybrid": {
                "accepted": {"ndcg_at_10": ndcg, "recall_at_10": 1.0},
                "kinds": {"fact": {"strict": {"ndcg_at_10": 0.4}}},
            }})
        };
        let good = gate.check(&report(0.6)).unwrap();
        assert_eq!(good, Verdict { passed: true, checked: 3, short: Vec::new() });
        let bad = gate.check(&report(0.5999)).unwrap();
        assert!(!bad.passed);
        assert_eq!(bad.short, [Short { value: "hybrid.accepted.ndcg_at_10".to_owned(), minimum: 0.6, found: 0.5999 }]);
        let same = read(
            "gate.json",
            r#"{"hybrid": {"accepted": {"ndcg_at_10": 0.6, "recall_at_10": 1}, "kinds": {"fact": {"strict": {"ndcg_at_10": 0.4}}}}}"#,
        );
        assert_eq!(same.unwrap(), gate);
    }

    #[test]
    fn what_is_not_measured_is_no_success() {
        let report = json!({"lexical": {"accepted": {"ndcg_at_10": 1.0}, "answers": null}});
        for (text, hint) in [
            ("[hybrid.accepted]\nndcg_at_10 = 0.1\n", "There is: lexical."),
            ("[lexical.acepted]\nndcg_at_10 = 0.1\n", "In `lexical` there is: accepted, answers."),
            ("[lexical.answers]\nanswer_at_1 = 0.1\n", "`lexical.answers` is not a table."),
            ("[lexical]\naccepted = 0.1\n", "In `lexical.accepted` there is: ndcg_at_10."),
        ] {
            let error = read("gate.toml", text).unwrap().check(&report).unwrap_err();
            assert_eq!(error.kind.exit_code(), 1);
            assert!(error.hints[0].contains(hint), "{text}: {:?}", error.hints);
        }
    }

    #[test]
    fn a_gate_demands_something() {
        for (name, text) in [
            ("gate.toml", ""),
            ("gate.toml", "[hybrid]\n"),
            ("gate.toml", "[hybrid]\nndcg_at_10 = \"high\"\n"),
            ("gate.toml", "hybrid ="),
            ("gate.json", "0.5"),
            ("gate.json", "{"),
        ] {
            let error = read(name, text).unwrap_err();
            assert_eq!((error.kind.exit_code(), error.hints.len()), (1, 1), "{text}");
        }
    }
}
