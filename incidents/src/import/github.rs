//! Issues of GitHub: the JSON of its REST API, of a webhook, or of `gh issue list --json`.
//!
//! Fields: <https://docs.github.com/en/rest/issues/issues>.
//!
//! | Incident | Issue |
//! |---|---|
//! | `id` | `owner/repository#number` by `html_url`, `repository_url` or `url`, else `GH-` and `number` |
//! | `title` | `title` |
//! | `status` | `state` |
//! | `severity` | the first label that is one: `sev2`, `P1`, `severity: high` |
//! | `started` | `created_at` |
//! | `resolved` | `closed_at` of one that is closed |
//! | `links` | `html_url` |
//! | `tags` | names of `labels` |
//! | `timeline` | `created_at` and `body` of `comments`, where they are listed, unless the body has a timeline |
//! | texts | `body`, `comments`; names also from `labels` |
//!
//! Pull requests, which GitHub lists among issues, are skipped.

use serde_json::Value;

use super::draft::Draft;
use super::value::{at, list, scalar, status, text, time};
use crate::incident::{Incident, Status, severity};

pub(super) fn fits(record: &Value) -> bool {
    let has_address = address(record).is_some();
    let is_issue = text(record, &["title"]).is_some() && text(record, &["state"]).is_some();
    text(record, &["number"]).is_some() && (has_address || is_issue)
}

pub(super) fn read(record: &Value) -> Result<Incident, String> {
    let of = |paths: &[&str]| text(record, paths);
    let page = of(&["html_url", "url"]).unwrap_or_default();
    if at(record, "pull_request").is_some() || page.contains("/pull/") {
        return Err("it is a pull request".to_owned());
    }
    let number = of(&["number"]);
    let id = number.map(|number| match address(record) {
        Some(repository) => format!("{repository}#{number}"),
        None => format!("GH-{number}"),
    });
    let mut draft = Draft::new(id, "number")?;
    draft.title(of(&["title"]));
    let incident = &mut draft.incident;
    incident.status = of(&["state"]).and_then(|text| status(&text)).unwrap_or_default();
    incident.started = time(record, &["created_at"]);
    if incident.status == Status::Resolved {
        incident.resolved = time(record, &["closed_at", "updated_at"]);
    }
    let labels: Vec<String> =
        list(record, "labels").iter().filter_map(|label| text(label, &["name"]).or_else(|| scalar(label))).collect();
    incident.severity = labels.iter().find_map(|label| labelled(label));
    for label in labels {
        draft.mention(Some(label.clone()));
        draft.tag(Some(label));
    }
    draft.link(Some(page).filter(|page| !page.contains("//api.") && !page.contains("/api/v3/")));
    draft.describe(of(&["body"]));
    for comment in list(record, "comments") {
        draft.comment(time(comment, &["created_at"]), text(comment, &["body"]));
    }
    draft.finish()
}

/// `owner/repository`, of an address of the page or of the API.
fn address(record: &Value) -> Option<String> {
    let of_page = |address: String| {
        let (before, _) = address.split_once("/issues/").or_else(|| address.split_once("/pull/"))?;
        last_two(before)
    };
    let page = text(record, &["html_url"]).and_then(of_page);
    let page = page.or_else(|| text(record, &["url"]).and_then(of_page));
    page.or_else(|| text(record, &["repository_url"]).as_deref().and_then(last_two))
}

fn last_two(address: &str) -> Option<String> {
    let mut parts = address.trim_end_matches('/').rsplit('/');
    let (repository, owner) = (parts.next()?, parts.next()?);
    (!repository.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{repository}"))
}

/// The severity that a label states. A label that is one word of a scale, such as `error`, may mean anything else.
fn labelled(label: &str) -> Option<u8> {
    let lower = label.to_lowercase();
    if let Some(word) = ["severity", "priority", "sev", "impact"].iter().find_map(|start| lower.strip_prefix(start)) {
        return severity(word.trim_start_matches([':', '/', '-', '_', ' ', '=']));
    }
    severity(&lower).filter(|_| lower.starts_with('p') && lower.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_state_a_severity() {
        for (label, expected) in [
            ("sev2", Some(2)),
            ("P1", Some(1)),
            ("severity: high", Some(2)),
            ("priority/critical", Some(1)),
            ("error", None),
            ("several", None),
            ("high", None),
        ] {
            assert_eq!(labelled(label), expected, "{label}");
        }
    }
}
