//! The site as scripts steer it: JSON over HTTP below `/_control/`.
//!
//! | Request | Body | Answer |
//! | --- | --- | --- |
//! | `GET statistics` | | [`Statistics`](crate::Statistics) |
//! | `GET requests` | | the latest requests, see [`Seen`](crate::statistics::Seen) |
//! | `GET pages` | | `{"pages": [path…], "guides": [path…]}` |
//! | `GET settings` | | [`Settings`](crate::Settings) |
//! | `GET faults` | | list of [`Rule`](crate::Rule)s |
//! | `POST reset` | | starts counting anew |
//! | `POST settings` | some of the settings | the settings after it |
//! | `POST fault` | a rule: `{"pattern": "/a/*", "fault": {"kind": "status", "status": 503}, "times": 2}` | |
//! | `POST behave` | | takes back all rules |
//! | `POST append`, `POST replace`, `POST add` | `{"path": …, "text": …}` | |
//! | `POST delete` | `{"path": …}` | |
//! | `POST rename` | `{"from": …, "to": …, "redirect": true}` | |
//! | `POST rebuild` | `{"pattern": …}` | `{"changed": 13}` |
//! | `POST change_fraction` | `{"fraction": 0.01}` | `{"changed": [path…]}` |
//! | `POST announce` | `{"title": …, "summary": html}` | `{"path": …}` |
//!
//! What cannot be done is answered with 400 and `{"error": …}`. Nothing here is counted, delayed or subject to faults.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::{Request, Response};
use crate::site::State;

/// Paths that begin like this are not of the site.
pub(crate) const PREFIX: &str = "/_control/";

/// Does what a script asks for.
pub(crate) fn answer(state: &State, request: &Request) -> Response {
    let action = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match act(state, &request.method, action, &request.body) {
        Ok(value) => Response::json(200, &value),
        Err(error) => Response::json(400, &json!({ "error": error })),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
    #[serde(default)]
    redirect: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rebuild {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFraction {
    fraction: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announce {
    title: String,
    summary: String,
}

fn act(state: &State, method: &str, action: &str, body: &[u8]) -> Result<Value, String> {
    let done = |result: Result<(), crate::UnknownPage>| result.map(|()| json!({})).map_err(|error| error.to_string());
    match (method, action) {
        ("GET", "statistics") => value(&state.counters.snapshot()),
        ("GET", "requests") => value(&state.counters.seen()),
        ("GET", "pages") => {
            let content = state.content();
            let guides: Vec<_> = content.guides.values().map(|guide| &guide.prefix).collect();
            Ok(json!({ "pages": content.paths(), "guides": guides }))
        }
        ("GET", "settings") => value(&*state.settings()),
        ("GET", "faults") => value(&state.rules().list()),
        ("POST", "reset") => {
            state.counters.reset();
            Ok(json!({}))
        }
        ("POST", "settings") => change_settings(state, body),
        ("POST", "fault") => {
            state.rules().add(read(body)?);
            Ok(json!({}))
        }
        ("POST", "behave") => {
            state.rules().clear();
            Ok(json!({}))
        }
        ("POST", "append") => {
            read(body).and_then(|Edit { path, text }| done(state.change_content().append(&path, &text)))
        }
        ("POST", "replace") => {
            read(body).and_then(|Edit { path, text }| done(state.change_content().replace(&path, &text)))
        }
        ("POST", "add") => read(body).and_then(|Edit { path, text }| done(state.change_content().add(&path, &text))),
        ("POST", "delete") => read(body).and_then(|Delete { path }| done(state.change_content().delete(&path))),
        ("POST", "rename") => {
            let Rename { from, to, redirect } = read(body)?;
            done(state.change_content().rename(&from, &to, redirect))
        }
        ("POST", "rebuild") => {
            let Rebuild { pattern } = read(body)?;
            Ok(json!({ "changed": state.change_content().rebuild(&pattern) }))
        }
        ("POST", "change_fraction") => {
            let ChangeFraction { fraction } = read(body)?;
            Ok(json!({ "changed": state.change_content().change_fraction(fraction) }))
        }
        ("POST", "announce") => {
            let Announce { title, summary } = read(body)?;
            let now = Timestamp::now().as_second();
            Ok(json!({ "path": state.change_content().announce(&title, &summary, now) }))
        }
        _ => Err(format!("there is no `{method} {PREFIX}{action}`")),
    }
}

/// Lays what the body has over the settings as they are.
fn change_settings(state: &State, body: &[u8]) -> Result<Value, String> {
    let settings = state.settings().laid_over(&read(body)?).map_err(|error| error.to_string())?;
    let after = value(&settings)?;
    state.replace_settings(settings);
    Ok(after)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body cannot be read: {error}"))
}

fn value(value: &impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}
