//! What a file of a folder is: its kind, guide, services, address.

use std::str::FromStr;

use cloudops_indexes::model::{Document, Kind};

use super::aws_docs;
use super::folder::{FolderOptions, Found};
use crate::extract::{Extracted, FrontMatter};

/// What a file is for: as it says itself, as its folder was said to be, as the names of folders suggest.
pub(super) fn kind(found: &Found, front: &FrontMatter, options: &FolderOptions) -> Kind {
    let own = front.kind.as_deref().and_then(|kind| Kind::from_str(kind).ok());
    let guess = || match aws_docs::place(root_name(options), &found.relative) {
        Some(_) => Kind::Documentation,
        None => kind_of_path(&found.relative),
    };
    own.or(options.kind).unwrap_or_else(guess)
}

/// Whether documents of a kind state facts in their front matter.
pub(super) const fn states_facts(kind: Kind) -> bool {
    !matches!(kind, Kind::Documentation | Kind::Note)
}

fn root_name(options: &FolderOptions) -> &str {
    options.root.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The document of an extracted file.
pub(super) fn document(
    found: &Found,
    extracted: Extracted,
    kind: Kind,
    options: &FolderOptions,
    content_hash: String,
) -> Document {
    let Extracted { title, text, front_matter: front, .. } = extracted;
    let place = aws_docs::place(root_name(options), &found.relative);
    let own_url = front.url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let place_url = place.as_ref().and_then(|place| place.url.clone());
    let based = || options.url_base.as_deref().map(|base| published_at(base, &found.relative));
    let folder = found.relative.split_once('/').map(|(folder, _)| folder.to_owned());
    let place_services = place.as_ref().map(|place| place.services.clone()).unwrap_or_default();
    Document {
        id: format!("{}/{}", options.source, found.relative),
        source: options.source.clone(),
        title: title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| title_of_path(&found.relative)),
        url: own_url.or(place_url).or_else(based),
        path: Some(found.path.to_string_lossy().into_owned()),
        guide: front.guide.or_else(|| place.map(|place| place.guide)).or(folder),
        services: united([&front.services[..], &options.services[..], &place_services[..]]),
        kind,
        tags: united([&front.tags[..], &options.tags[..], &[]]),
        updated: front.updated.or(found.committed),
        text,
        content_hash,
    }
}

/// The kind that folder names suggest: the deepest folder that says something decides.
pub(crate) fn kind_of_path(relative: &str) -> Kind {
    let folders = relative.rsplit('/').skip(1);
    for folder in folders {
        let folder = folder.to_ascii_lowercase().replace(['_', ' '], "-");
        match folder.as_str() {
            "incidents" | "incident" | "postmortems" | "post-mortems" | "postmortem" | "outages" => {
                return Kind::Incident;
            }
            "runbooks" | "runbook" | "playbooks" | "playbook" | "troubleshooting" => return Kind::Troubleshooting,
            "patterns" | "pattern" | "architectures" => return Kind::Pattern,
            "best-practices" | "best-practice" => return Kind::BestPractice,
            "documentation" => return Kind::Documentation,
            _ => {}
        }
    }
    Kind::Note
}

/// A file name as a title: `restart-the_cache.md` becomes `restart the cache`.
pub(crate) fn title_of_path(relative: &str) -> String {
    let name = relative.rsplit('/').next().unwrap_or(relative);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words = stem.replace(['-', '_'], " ");
    let title = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() { name.to_owned() } else { title }
}

/// Lists in order, lower case, without repetition.
pub(crate) fn united(lists: [&[String]; 3]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in lists.into_iter().flatten() {
        let word = word.trim().to_lowercase();
        if !word.is_empty() && !all.contains(&word) {
            all.push(word);
        }
    }
    all
}

fn published_at(base: &str, relative: &str) -> String {
    let mut url = String::with_capacity(base.len() + relative.len() + 1);
    url.push_str(base.trim_end_matches('/'));
    url.push('/');
    for byte in relative.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            url.push(char::from(byte));
        } else {
            url.push('%');
            url.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_folders() {
        let cases = [
            ("incidents/2024/db.md", Kind::Incident),
            ("team/Runbooks/x.md", Kind::Troubleshooting),
            ("patterns/a.md", Kind::Pattern),
            ("best_practices/a.md", Kind::BestPractice),
            ("notes/incidents.md", Kind::Note),
            ("a.md", Kind::Note),
        ];
        for (path, kind) in cases {
            assert_eq!(kind_of_path(path), kind, "{path}");
        }
    }

    #[test]
    fn small_helpers() {
        assert_eq!(title_of_path("a/restart-the_cache.v2.md"), "restart the cache.v2");
        assert_eq!(title_of_path("---.md"), "---.md");
        assert_eq!(published_at("https://e.org/docs/", "a b/ü.md"), "https://e.org/docs/a%20b/%C3%BC.md");
        assert_eq!(united([&["EC2".to_owned()], &["ec2".to_owned(), "s3".to_owned()], &[]]), ["ec2", "s3"]);
    }
}
