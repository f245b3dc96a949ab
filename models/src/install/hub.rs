//! The model hub.

use ureq::http::HeaderMap;

use super::assemble::WEIGHTS;
use super::download::Downloads;
use super::index::is_sha256;
use super::network::redacted;
use super::registry::Known;
use super::{Event, Events};
use crate::ModelError;
use crate::store::{Checked, Kind, Staging};

/// Fetches a model's files into `staging`; returns the repository with the commit they are of.
pub(super) fn fetch(
    known: &Known,
    downloads: &Downloads,
    staging: &mut Staging,
    events: Events<'_>,
) -> Result<String, ModelError> {
    downloads.client().allowed(&format!("the model `{}`", known.name))?;
    let hub = downloads.client().network().hub.trim_end_matches('/').to_owned();
    let mut revision = "main".to_owned();
    for (file, kept_as, needed) in wanted(known) {
        let url = format!("{hub}/{}/resolve/{revision}/{file}", known.repository);
        let Some(headers) = downloads.client().head(&url)? else {
            if needed {
                let reason = "there is no such file".to_owned();
                return Err(ModelError::Download { url: redacted(&url), reason });
            }
            continue;
        };
        // All files of one commit, even if there is a new one in the middle of this.
        if let Some(commit) = header(&headers, "x-repo-commit").filter(|commit| revision == "main" && is_commit(commit))
        {
            commit.clone_into(&mut revision);
        }
        // Large files are known by their SHA-256; the tag of others says nothing about their bytes.
        let published =
            header(&headers, "x-linked-etag").map(|etag| etag.trim_matches('"')).filter(|sum| is_sha256(sum));
        let pinned = known.pinned(kept_as);
        if let (Some(pinned), Some(published)) = (pinned, published)
            && pinned != published
        {
            let (expected, received) = (pinned.to_owned(), published.to_owned());
            return Err(ModelError::Checksum { what: redacted(&url), expected, received });
        }
        let url = format!("{hub}/{}/resolve/{revision}/{file}", known.repository);
        let downloaded = downloads.fetch(file, &url, pinned.or(published), events)?;
        let checked = match (pinned, published) {
            (Some(_), _) => Checked::Pinned,
            (None, Some(_)) => Checked::Published,
            (None, None) => {
                events(Event::Note(format!(
                    "no checksum is published for {file}: it is taken as it came, and `cloudops model verify` will \
                     compare it with SHA-256 {}",
                    downloaded.sha256
                )));
                Checked::Received
            }
        };
        let to = staging.dir().join(kept_as);
        fs_err::copy(&downloaded.path, &to).map_err(|error| ModelError::writing(&to, error))?;
        staging.add(kept_as, checked);
    }
    Ok(format!("{}/{} at {revision}", redacted(&hub), known.repository))
}

/// The files of a model: in the repository, here, and whether it cannot do without.
fn wanted(known: &Known) -> Vec<(&str, &str, bool)> {
    let mut files = vec![
        // Small ones first: whatever is wrong is seen before much has been downloaded.
        ("config.json", "config.json", true),
        ("tokenizer.json", "tokenizer.json", true),
        ("tokenizer_config.json", "tokenizer_config.json", true),
        ("special_tokens_map.json", "special_tokens_map.json", false),
    ];
    if known.kind == Kind::Embedder {
        files.push(("1_Pooling/config.json", "pooling.json", false));
    }
    files.push((WEIGHTS, WEIGHTS, true));
    files
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}
