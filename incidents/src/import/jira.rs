//! Issues of Jira: the JSON of its REST API, versions 2 (texts in wiki markup) and 3 (texts as documents).
//!
//! Fields: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/>,
//! <https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>.
//!
//! | Incident | Issue |
//! |---|---|
//! | `id` | `key` |
//! | `title` | `fields.summary` |
//! | `status` | `fields.status.statusCategory.key` (`done` is resolved), else `fields.status.name` |
//! | `severity` | `fields.priority.name` |
//! | `started` | `fields.created` |
//! | `resolved` | `fields.resolutiondate`, else `fields.statuscategorychangedate`, `fields.updated`, of one that is done |
//! | `links` | the page of the issue, by `self` and `key` |
//! | `tags` | `fields.labels`, names of `fields.components` |
//! | `timeline` | `created` and `body` of `fields.comment.comments`, unless the description has a timeline |
//! | texts | `fields.description`, `fields.environment`, the comments; names also from labels and components |

use serde_json::Value;

use super::draft::Draft;
use super::markup::{adf, wiki};
use super::value::{at, list, scalar, status, text, time};
use crate::incident::{Incident, Status, severity};

pub(super) fn fits(record: &Value) -> bool {
    text(record, &["key"]).is_some() && at(record, "fields").is_some_and(Value::is_object)
}

pub(super) fn read(record: &Value) -> Result<Incident, String> {
    let key = text(record, &["key"]);
    let fields = at(record, "fields").ok_or("it has no `fields`")?;
    let of = |paths: &[&str]| text(fields, paths);
    let mut draft = Draft::new(key.clone(), "key")?;
    draft.title(of(&["summary"]));
    let incident = &mut draft.incident;
    let category = of(&["status.statusCategory.key"]).and_then(|category| status(&category));
    incident.status = category.or_else(|| status(&of(&["status.name"])?)).unwrap_or_default();
    incident.severity = of(&["priority.name"]).and_then(|text| severity(&text));
    incident.started = time(fields, &["created"]);
    if incident.status == Status::Resolved {
        incident.resolved = time(fields, &["resolutiondate", "statuscategorychangedate", "updated"]);
    }
    draft.link(page(record, key.as_deref()));
    let labels = list(fields, "labels").iter().map(scalar);
    let components = list(fields, "components").iter().map(|component| text(component, &["name"]));
    for name in labels.chain(components).flatten() {
        draft.mention(Some(name.clone()));
        draft.tag(Some(name));
    }
    draft.describe(at(fields, "description").map(markdown));
    draft.describe(at(fields, "environment").map(markdown));
    for comment in list(fields, "comment.comments") {
        draft.comment(time(comment, &["created"]), at(comment, "body").map(markdown));
    }
    draft.finish()
}

fn markdown(text: &Value) -> String {
    match text {
        Value::String(text) => wiki(text),
        document => adf(document),
    }
}

/// The page that people read, from the address in the API.
fn page(record: &Value, key: Option<&str>) -> Option<String> {
    let address = text(record, &["self"])?;
    let (site, _) = address.split_once("/rest/")?;
    Some(format!("{site}/browse/{}", key?))
}
