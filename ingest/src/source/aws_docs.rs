//! The layout of the AWS documentation repositories: `<guide>/doc_source/<page>.md`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

const GUIDES: &str = include_str!("aws_guides.csv");

/// One guide, or one part of a guide that is published at an address of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Folder of the guide, such as `amazon-ec2-user-guide`.
    pub name: String,
    /// Folder of the pages inside it, such as `doc_source`.
    pub folder: String,
    /// Short names of the services that it is about.
    pub services: Vec<String>,
    /// Where its pages are: `<url_base><page>.html`. Empty if they are not on the web any more.
    pub url_base: String,
    /// Its name for people.
    pub title: String,
}

/// Where in the AWS documentation a file belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Folder of the guide.
    pub guide: String,
    /// Services that the guide is about.
    pub services: Vec<String>,
    /// Address of the page, if it is one.
    pub url: Option<String>,
}

static TABLE: LazyLock<FxHashMap<String, Vec<Guide>>> = LazyLock::new(|| {
    let mut table: FxHashMap<String, Vec<Guide>> = FxHashMap::default();
    for record in csv::Reader::from_reader(GUIDES.as_bytes()).records().flatten() {
        let field = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        let guide = Guide {
            name: field(0),
            folder: field(1),
            services: field(2).split_whitespace().map(str::to_owned).collect(),
            url_base: field(3),
            title: field(4),
        };
        table.entry(guide.name.clone()).or_default().push(guide);
    }
    table
});

/// Guides by the address that their pages begin with.
static BY_URL: LazyLock<FxHashMap<&'static str, &'static Guide>> = LazyLock::new(|| {
    let guides = TABLE.values().flatten().filter(|guide| !guide.url_base.is_empty());
    let mut by_url: FxHashMap<&str, &Guide> = FxHashMap::default();
    for guide in guides {
        let kept = by_url.entry(guide.url_base.as_str()).or_insert(guide);
        // The order of the table is no order: of two the first by name.
        if guide.name < kept.name {
            *kept = guide;
        }
    }
    by_url
});

/// Services by the first part of the path of their guides, where all of those agree on it.
static BY_PATH: LazyLock<FxHashMap<&'static str, String>> = LazyLock::new(|| {
    let mut by_path: FxHashMap<&str, Option<&str>> = FxHashMap::default();
    for guide in BY_URL.values() {
        let Some(first) = guide.url_base.split('/').nth(3) else { continue };
        let service = guide.services.first().map(String::as_str);
        by_path
            .entry(first)
            .and_modify(|known| *known = known.filter(|known| Some(*known) == service))
            .or_insert(service);
    }
    by_path.into_iter().filter_map(|(first, service)| Some((first, service?.to_owned()))).collect()
});

/// The parts of a guide that are known.
pub fn guide(name: &str) -> &'static [Guide] {
    TABLE.get(name).map(Vec::as_slice).unwrap_or_default()
}

/// Finds a file's place by its path inside a folder named `root`; `None` if it is not AWS documentation.
pub fn place(root: &str, relative: &str) -> Option<Place> {
    let mut parts: Vec<&str> = relative.split('/').collect();
    let file = parts.pop()?;
    parts.insert(0, root);
    // The guide is a folder known by name, or else the one around `doc_source`.
    let known = parts.iter().take(12).position(|part| TABLE.contains_key(*part));
    let source = parts.iter().take(12).skip(1).position(|part| matches!(*part, "doc_source" | "doc-source"));
    let at = known.or(source)?;
    let inside = &parts[at + 1..];
    let guides = guide(parts[at]);
    let holds = |guide: &&Guide| {
        let folders = guide.folder.split('/').filter(|folder| !folder.is_empty());
        folders.clone().count() <= inside.len() && folders.zip(inside).all(|(a, b)| a == *b)
    };
    let best = guides.iter().filter(holds).max_by_key(|guide| guide.folder.len());
    let url = best.and_then(|guide| page_url(guide, inside, file));
    let services = best.or(guides.first()).map(|guide| guide.services.clone()).unwrap_or_default();
    Some(Place { guide: parts[at].to_owned(), services, url })
}

/// Finds a page's place by its address without a locale; `None` if it is in no guide of the table.
pub fn place_of_url(url: &str) -> Option<Place> {
    // `https://docs.aws.amazon.com/<service>/<version>/<guide>/`: one row for each, apart from a few shared ones.
    let base = url.match_indices('/').nth(5).map(|(at, _)| &url[..=at])?;
    let guide = BY_URL.get(base)?;
    Some(Place { guide: guide.name.clone(), services: guide.services.clone(), url: Some(url.to_owned()) })
}

/// The service that the first part of a path on docs.aws.amazon.com stands for, such as `AWSEC2` for `ec2`.
pub fn service_of_path(first: &str) -> Option<&'static str> {
    BY_PATH.get(first).map(String::as_str)
}

fn page_url(guide: &Guide, inside: &[&str], file: &str) -> Option<String> {
    if guide.url_base.is_empty() {
        return None;
    }
    let page = file.strip_suffix(".md")?;
    let below = inside.get(guide.folder.split('/').filter(|folder| !folder.is_empty()).count()..)?;
    let folders: String = below.iter().flat_map(|folder| [*folder, "/"]).collect();
    Some(format!("{}{folders}{page}.html", guide.url_base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place_of = |root, relative| place(root, relative).map(|place| (place.guide, place.url));
        let ec2 = "amazon-ec2-user-guide".to_owned();
        let url = Some("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/x.y.html".to_owned());
        for (root, relative) in [
            ("documents", "amazon-ec2-user-guide/doc_source/x.y.md"),
            ("data", "documents/amazon-ec2-user-guide/doc_source/x.y.md"),
            ("amazon-ec2-user-guide", "doc_source/x.y.md"),
        ] {
            assert_eq!(place_of(root, relative), Some((ec2.clone(), url.clone())), "{root} {relative}");
        }
        assert_eq!(place_of("documents", "amazon-ec2-user-guide/LICENSE.md"), Some((ec2, None)));
        assert_eq!(place_of("docs", "a-new-guide/doc_source/x.md"), Some(("a-new-guide".to_owned(), None)));
        assert_eq!(place_of("notes", "team/x.md"), None);
    }

    #[test]
    fn places_of_addresses() {
        let place = place_of_url("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/x.y.html").unwrap();
        assert_eq!((place.guide.as_str(), place.services[0].as_str()), ("amazon-ec2-user-guide", "ec2"));
        for url in
            ["https://docs.aws.amazon.com/AWSEC2/latest/", "https://docs.aws.amazon.com/a/latest/b/c.html", "", "x"]
        {
            assert_eq!(place_of_url(url), None, "{url}");
        }
        assert_eq!(service_of_path("AWSEC2"), Some("ec2"));
        assert_eq!(service_of_path("no-such-service"), None);
    }

    #[test]
    fn the_table_is_sound() {
        let rows: Vec<_> =
            csv::Reader::from_reader(GUIDES.as_bytes()).into_records().collect::<Result<_, _>>().unwrap();
        let keys: Vec<_> = rows.iter().map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
        assert!(keys.is_sorted() && rows.iter().all(|row| row.len() == 5), "sorted, five columns");
        for row in &rows {
            let base = &row[3];
            assert!(
                base.is_empty() || (base.starts_with("https://docs.aws.amazon.com/") && base.ends_with('/')),
                "{base}"
            );
            assert!(
                row[2].chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == ' '),
                "{row:?}"
            );
            assert!(!row[4].is_empty(), "{row:?} has no title");
        }
    }
}
