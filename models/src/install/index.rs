//! Python's package index: which files a package has, with their checksums.

use serde::Deserialize;

use super::network::{Client, resolve};
use crate::ModelError;

const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, text/html;q=0.5";

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexFile {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) sha256: String,
}

#[derive(Deserialize)]
struct Page {
    files: Vec<PageFile>,
}

#[derive(Deserialize)]
struct PageFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Hashes,
    /// `false`, or `true`, or the reason.
    #[serde(default)]
    yanked: serde_json::Value,
}

#[derive(Default, Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

/// The files of a package that have a checksum and were not withdrawn.
pub(super) fn files(client: &Client, package: &str) -> Result<Vec<IndexFile>, ModelError> {
    client.allowed(&format!("the package `{package}`"))?;
    let url = format!("{}/{package}/", client.network().index.trim_end_matches('/'));
    let (kind, body) = client.page(&url, ACCEPT)?;
    let files = if kind.contains("json") {
        let page: Page = serde_json::from_str(&body).map_err(|error| ModelError::Download {
            url: super::network::redacted(&url),
            reason: format!("the index's answer cannot be read: {error}"),
        })?;
        let files = page
            .files
            .into_iter()
            .filter(|file| matches!(file.yanked, serde_json::Value::Null | serde_json::Value::Bool(false)));
        files.filter_map(|file| Some((file.filename, file.url, file.hashes.sha256?))).collect()
    } else {
        links(&body)
    };
    let files = files.into_iter().filter(|(_, _, sum)| is_sha256(sum));
    Ok(files.map(|(name, url_of, sha256)| IndexFile { name, url: resolve(&url, &url_of), sha256 }).collect())
}

/// Name, address and checksum of the links of an HTML page, withdrawn files left out.
fn links(html: &str) -> Vec<(String, String, String)> {
    let anchors = html.split("<a ").skip(1).filter_map(|anchor| anchor.split_once('>'));
    let anchors = anchors.filter(|(attributes, _)| !attributes.contains("data-yanked"));
    let link = |(attributes, text): (&str, &str)| {
        let quoted = attributes.split_once("href=")?.1;
        let quote = quoted.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let href = quoted[1..].split(quote).next()?.replace("&amp;", "&");
        let (url, fragment) = href.split_once('#')?;
        let sum = fragment.strip_prefix("sha256=")?;
        let name = text.split('<').next()?.trim();
        Some((name.to_owned(), url.to_owned(), sum.to_owned()))
    };
    anchors.filter_map(link).collect()
}

/// Whether it is a SHA-256 in lower-case hexadecimal, which also makes it safe as a file name.
pub(super) fn is_sha256(sum: &str) -> bool {
    sum.len() == 64 && sum.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_page_are_read() {
        let html = "<!DOCTYPE html><body><h1>x</h1>
            <a href=\"../../f/x-1.0-py3-none-any.whl#sha256=ab\" data-requires-python=\"&gt;=3\">x-1.0-py3-none-any.whl</a><br/>
            <a href='/f/x-0.9.whl?a=1&amp;b=2#sha256=cd'> x-0.9.whl </a>
            <a href=\"/f/x-0.8.whl#sha256=ef\" data-yanked=\"broken\">x-0.8.whl</a>
            <a href=\"/f/x-0.7.whl\">x-0.7.whl</a></body>";
        let expected = [
            ("x-1.0-py3-none-any.whl", "../../f/x-1.0-py3-none-any.whl", "ab"),
            ("x-0.9.whl", "/f/x-0.9.whl?a=1&b=2", "cd"),
        ];
        let links = links(html);
        let links: Vec<_> = links.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(links, expected);
    }
}
