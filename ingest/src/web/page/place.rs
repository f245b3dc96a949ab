//! Where a page belongs: its guide, the services that it is about, its kind.

use cloudops_indexes::model::Kind;
use url::Url;

use super::head::Head;
use crate::source::aws_docs;

/// First parts of paths on docs.aws.amazon.com that are collections about all services. Sorted.
const COLLECTIONS: &[&str] = &[
    "accounts",
    "awssupport",
    "decision-guides",
    "general",
    "global-infrastructure",
    "guidance",
    "hands-on",
    "pdfs",
    "prescriptive-guidance",
    "pricing",
    "solutions",
    "toolkits",
    "wellarchitected",
    "whitepapers",
];

#[derive(Debug)]
pub(super) struct Place {
    pub(super) guide: Option<String>,
    pub(super) services: Vec<String>,
    pub(super) kind: Kind,
}

/// The place of a page, best source first: the table of known guides, what the page says, its address.
pub(super) fn of(url: &Url, head: &Head) -> Place {
    let kind = kind(url);
    let Some((service, version, guide)) = book(url) else {
        return Place { guide: head.guide_name(), services: Vec::new(), kind };
    };
    let known = aws_docs::place_of_url(&format!("https://docs.aws.amazon.com/{service}/{version}/{guide}/"));
    if let Some(known) = known {
        return Place { guide: Some(known.guide), services: known.services, kind };
    }
    // Elsewhere `/en/latest/guide/` is a language.
    if url.host_str() != Some("docs.aws.amazon.com") && head.product.is_none() {
        return Place { guide: head.guide_name(), services: Vec::new(), kind };
    }
    let services = aws_docs::service_of_path(service).map(str::to_owned).or_else(|| service_name(service));
    let guide = head.guide_name().unwrap_or_else(|| slug(&format!("{service} {guide}")));
    Place { guide: Some(guide), services: services.into_iter().collect(), kind }
}

/// Service, version and guide of `/<service>/latest/<guide>/<page>`, the layout of the AWS documentation.
fn book(url: &Url) -> Option<(&str, &str, &str)> {
    let mut parts = url.path().split('/').skip(1);
    let mut first = parts.next()?;
    if first.len() == 5 && first.as_bytes()[2] == b'_' {
        first = parts.next()?;
    }
    let (version, guide) = (parts.next()?, parts.next()?);
    parts.next()?;
    let is_aws = url.host_str() == Some("docs.aws.amazon.com");
    let is_version = version == "latest" || (version.starts_with('v') && version[1..].parse::<u32>().is_ok());
    (!first.is_empty() && !guide.is_empty() && (is_version || is_aws)).then_some((first, version, guide))
}

/// A short name out of a path: `AmazonS3` is `s3`.
fn service_name(path: &str) -> Option<String> {
    let name = path.to_ascii_lowercase();
    if COLLECTIONS.binary_search(&name.as_str()).is_ok() {
        return None;
    }
    let short = name.strip_prefix("amazon").or_else(|| name.strip_prefix("aws")).unwrap_or(&name);
    let short = short.trim_matches('-');
    (short.len() > 1 && short.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')).then(|| short.to_owned())
}

/// The kind that an address suggests.
fn kind(url: &Url) -> Kind {
    let path = url.path();
    match url.host_str() {
        Some("repost.aws") => return Kind::Troubleshooting,
        Some("docs.aws.amazon.com") => {}
        _ => {
            let guessed = crate::source::kind_of_path(path);
            if guessed != Kind::Note {
                return guessed;
            }
        }
    }
    if path.starts_with("/wellarchitected/") {
        Kind::BestPractice
    } else if path.starts_with("/prescriptive-guidance/latest/patterns/") {
        Kind::Pattern
    } else {
        Kind::Documentation
    }
}

impl Head {
    /// What the page says of its guide, as a name: `Amazon Widgets` and `User Guide` are `amazon-widgets-user-guide`.
    fn guide_name(&self) -> Option<String> {
        let product = self.product.as_deref().unwrap_or_default();
        let guide = self.guide.as_deref().unwrap_or_default();
        let name = match (product, guide) {
            ("", "") => {
                // The outermost is the site, and a single one says nothing but that.
                let [_, .., last] = self.crumbs.as_slice() else { return None };
                last.clone()
            }
            (product, guide) if product.contains(guide) => product.to_owned(),
            (product, guide) if guide.contains(product) => guide.to_owned(),
            (product, guide) => format!("{product} {guide}"),
        };
        Some(slug(&name)).filter(|name| !name.is_empty())
    }
}

/// Lower case, `-` between words.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, guide: Option<&str>, services: &[&str], kind: Kind) {
        let place = of(&Url::parse(url).unwrap(), &Head::default());
        assert_eq!(place.guide.as_deref(), guide, "{url}");
        assert_eq!(place.services, services, "{url}");
        assert_eq!(place.kind, kind, "{url}");
    }

    #[test]
    fn places_by_address() {
        let docs = Kind::Documentation;
        let ec2 = Some("amazon-ec2-user-guide");
        check("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/a.html", ec2, &["ec2", "ebs"], docs);
        check("http://127.0.0.1:80/AWSEC2/latest/UserGuide/a.html", ec2, &["ec2", "ebs"], docs);
        check("https://docs.aws.amazon.com/AWSEC2/latest/Other/a.html", Some("awsec2-other"), &["ec2"], docs);
        check("https://docs.aws.amazon.com/AmazonNew/latest/ug/a.html", Some("amazonnew-ug"), &["new"], docs);
        let framework = Some("wellarchitected-framework");
        check(
            "https://docs.aws.amazon.com/wellarchitected/latest/framework/a.html",
            framework,
            &[],
            Kind::BestPractice,
        );
        check("https://repost.aws/knowledge-center/a-question", None, &[], Kind::Troubleshooting);
        check("https://example.org/runbooks/a.html", None, &[], Kind::Troubleshooting);
        check("https://example.org/a/b/c/d.html", None, &[], docs);
        check("https://example.org/en/latest/guide/d.html", None, &[], docs);
        assert!(COLLECTIONS.is_sorted());
    }
}
