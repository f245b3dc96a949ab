//! What a source is: a place that documents come from, how it is read, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudops_indexes::model::Kind;
use url::Url;

use super::Schedule;

/// All sources of a file, in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sources {
    /// The sources; their names differ.
    pub list: Vec<Source>,
}

impl Sources {
    /// The source of this name.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.list.iter().find(|source| source.name == name)
    }
}

/// A place that documents come from, how it is read, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The first part of the id of every document; see [`is_name`].
    pub name: String,
    /// Whether it is run by itself.
    pub enabled: bool,
    /// Kind of documents that do not say it themselves; `None` means guess.
    pub kind_of_documents: Option<Kind>,
    /// AWS services of every document.
    pub services: Vec<String>,
    /// Tags of every document.
    pub tags: Vec<String>,
    /// What is read.
    pub what: What,
    /// When; `None` for one that is run only when somebody says so.
    pub schedule: Option<Schedule>,
}

impl Source {
    /// A source that is enabled and has no schedule.
    pub fn new(name: impl Into<String>, what: What) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            kind_of_documents: None,
            services: Vec::new(),
            tags: Vec::new(),
            what,
            schedule: None,
        }
    }
}

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Guides of the AWS documentation.
    AwsDocs(AwsDocs),
    /// Any website.
    Website(Website),
    /// A folder on this machine.
    Folder(Folder),
    /// A file of records: JSON, JSON lines or CSV.
    Export(Export),
}

impl What {
    /// The word for it in the file: `aws-docs`, `website`, `folder` or `export`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AwsDocs(_) => "aws-docs",
            Self::Website(_) => "website",
            Self::Folder(_) => "folder",
            Self::Export(_) => "export",
        }
    }

    /// Whether it comes over the network.
    pub const fn is_web(&self) -> bool {
        matches!(self, Self::AwsDocs(_) | Self::Website(_))
    }

    /// What is read, in short: guides, addresses or a path.
    pub fn describe(&self) -> String {
        match self {
            Self::AwsDocs(docs) => docs.guides.join(", "),
            Self::Website(site) => {
                let all = site.start.iter().chain(&site.sitemaps).chain(&site.prefixes);
                all.map(without_secrets).collect::<Vec<_>>().join(", ")
            }
            Self::Folder(folder) => folder.path.clone(),
            Self::Export(export) => export.path.clone(),
        }
    }
}

/// An address as it may be shown: without user, password and query.
fn without_secrets(url: &Url) -> String {
    let mut bare = url.clone();
    // Addresses that cannot have a user have none to be shown.
    _ = bare.set_username("");
    _ = bare.set_password(None);
    bare.set_query(None);
    bare.into()
}

/// Guides of the AWS documentation.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsDocs {
    /// Services, ids of guides, or prefixes of addresses. Not empty; what is meant is the catalogue's business.
    pub guides: Vec<String>,
    /// Globs on the path of pages to leave out.
    pub exclude: Vec<String>,
    /// How much, and how fast.
    pub limits: Limits,
}

/// Any website.
#[derive(Debug, Clone, PartialEq)]
pub struct Website {
    /// Pages to start from. One of this, `sitemaps` and `prefixes` is not empty.
    pub start: Vec<Url>,
    /// Sitemaps to read. Without any, those that the site itself names are.
    pub sitemaps: Vec<Url>,
    /// Pages must lie below one of these. Empty: below the folders of `start`, or the sites of `sitemaps`.
    pub prefixes: Vec<Url>,
    /// Globs on the path of pages; empty means every page.
    pub include: Vec<String>,
    /// Globs on the path of pages to leave out.
    pub exclude: Vec<String>,
    /// How much, and how fast.
    pub limits: Limits,
}

impl Website {
    /// What pages must lie below: `prefixes`, or the folder of each start page, or the whole site of each sitemap.
    pub fn scope(&self) -> Vec<Url> {
        if !self.prefixes.is_empty() {
            return self.prefixes.clone();
        }
        let (pages, relative) = if self.start.is_empty() { (&self.sitemaps, "/") } else { (&self.start, ".") };
        let mut scope: Vec<Url> = pages.iter().filter_map(|page| page.join(relative).ok()).collect();
        scope.sort();
        scope.dedup();
        scope
    }
}

/// How much of a site is read, and how fast. What is `None` is the crawler's to choose.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// Pages of one run.
    pub max_pages: Option<u64>,
    /// Requests to one host per second; 0 for no limit.
    pub per_second: Option<f64>,
    /// Requests to one host at a time.
    pub concurrency: Option<usize>,
    /// Bytes of a page, decompressed.
    pub max_page_bytes: Option<u64>,
    /// How long a request may take.
    pub timeout: Option<Duration>,
    /// Whether private and link-local addresses may be asked.
    pub allow_private: bool,
}

/// A folder on this machine. A git repository is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// As written: relative to the file that names it, `~/` for the home directory.
    pub path: String,
    /// Globs on the relative path; empty means every file.
    pub include: Vec<String>,
    /// Globs on the relative path of files and folders to leave out.
    pub exclude: Vec<String>,
    /// Whether files and folders whose name starts with a dot are read.
    pub include_hidden: bool,
    /// Whether symbolic links are followed; `None` is the program's to choose.
    pub follow_symlinks: Option<bool>,
    /// Larger files are skipped; `None` is the program's to choose.
    pub max_file_bytes: Option<u64>,
    /// Address under which the folder is published.
    pub url_base: Option<String>,
}

impl Folder {
    /// A folder that is read with the defaults.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            include: Vec::new(),
            exclude: Vec::new(),
            include_hidden: false,
            follow_symlinks: None,
            max_file_bytes: None,
            url_base: None,
        }
    }
}

/// A file of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// As written: relative to the file that names it, `~/` for the home directory.
    pub path: String,
    /// Which field of a record is what, as written.
    pub fields: BTreeMap<String, String>,
    /// JSON pointer to the list of records in a JSON file; `None` for a file that is the list.
    pub records: Option<String>,
    /// Larger records are failures; `None` is the program's to choose.
    pub max_record_bytes: Option<u64>,
}

/// Whether text can be the name of a source: 1 to 64 letters, digits, `.`, `_` and `-`, not a dot first. Such a name is
/// also the name of a file on every system.
pub fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(start: &[&str], sitemaps: &[&str], prefixes: &[&str]) -> Website {
        let urls = |texts: &[&str]| texts.iter().map(|text| Url::parse(text).unwrap()).collect();
        Website {
            start: urls(start),
            sitemaps: urls(sitemaps),
            prefixes: urls(prefixes),
            include: Vec::new(),
            exclude: Vec::new(),
            limits: Limits::default(),
        }
    }

    #[test]
    fn a_site_without_prefixes_is_what_lies_beside_its_start() {
        let scope = |site: Website| site.scope().iter().map(Url::to_string).collect::<Vec<_>>();
        let start = ["https://a.example/docs/intro.html", "https://a.example/docs/", "https://b.example"];
        assert_eq!(scope(site(&start, &[], &[])), ["https://a.example/docs/", "https://b.example/"]);
        assert_eq!(scope(site(&[], &["https://a.example/x/sitemap.xml"], &[])), ["https://a.example/"]);
        assert_eq!(scope(site(&start, &[], &["https://c.example/d"])), ["https://c.example/d"]);
    }

    #[test]
    fn names_are_names_of_files() {
        for name in ["aws", "a.b_c-1", "0"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a/b", ".hidden", "a b", "ä", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
