//! Guides and their pages: where the text comes from, and how it changes while the site runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use jiff::Timestamp;

use crate::faults::matches;

static SAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample");

/// 2025-01-01: pages of a new site were changed in the months after it. Not the time of the file, so that two copies of a
/// folder make the same site.
const EPOCH: i64 = 1_735_689_600;

/// Where pages come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Three small guides of our own, about services that do not exist: 36 pages and three tables of contents.
    Sample,
    /// A folder with `<guide>/doc_source/<page>.md`.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Only these guides, or all.
        guides: Vec<String>,
        /// At most so many pages, guide by guide in the order of names.
        limit: usize,
    },
}

/// No page, or no guide, has this address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPage(pub String);

impl fmt::Display for UnknownPage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no page or guide has the address `{}`", self.0)
    }
}

impl std::error::Error for UnknownPage {}

/// Everything that can be read on the site.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) guides: BTreeMap<String, Guide>,
    /// By path. Values are replaced, never changed: who serves one need not hold the lock.
    pub(crate) pages: HashMap<String, Arc<Page>>,
    /// Addresses that pages had before they were renamed, and where they are now if the site says so.
    moved: HashMap<String, Option<String>>,
    pub(crate) news: Vec<News>,
}

/// Pages that belong together.
#[derive(Debug)]
pub(crate) struct Guide {
    pub(crate) title: String,
    /// Path of its pages, with a slash at both ends.
    pub(crate) prefix: String,
    /// Names of its pages: the path without prefix and `.html`.
    pub(crate) pages: BTreeSet<String>,
}

impl Guide {
    pub(crate) fn path(&self, page: &str) -> String {
        format!("{}{page}.html", self.prefix)
    }
}

/// One page as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The folder name of its guide.
    pub(crate) guide: String,
    pub(crate) name: String,
    origin: Origin,
    appended: String,
    /// Changes with what is around the text and not with the text.
    pub(crate) build: u64,
    /// Seconds since 1970.
    pub(crate) modified: i64,
    /// Hash of everything that the page is made of.
    pub(crate) version: u64,
}

#[derive(Debug, Clone)]
enum Origin {
    File(PathBuf),
    Text(Arc<str>),
}

impl Page {
    fn new(guide: &str, name: &str, origin: Origin) -> Self {
        let mut page = Self {
            guide: guide.to_owned(),
            name: name.to_owned(),
            origin,
            appended: String::new(),
            build: 1,
            modified: EPOCH + (hash(&[guide, name]) % (400 * 86_400)) as i64,
            version: 0,
        };
        page.seal();
        page
    }

    fn seal(&mut self) {
        let text = match &self.origin {
            Origin::File(_) => "",
            Origin::Text(text) => text,
        };
        self.version = hash(&[&self.guide, &self.name, text, &self.appended, &self.build.to_string()]);
    }

    /// A version that was changed just now, and a second after the version before at least: dates in headers have no
    /// fractions, and two changes must not look like one.
    fn changed(&self, change: impl FnOnce(&mut Self)) -> Arc<Self> {
        let mut page = self.clone();
        change(&mut page);
        page.modified = Timestamp::now().as_second().max(self.modified + 1);
        page.seal();
        Arc::new(page)
    }

    /// The Markdown of the page.
    pub(crate) fn text(&self) -> io::Result<String> {
        let mut text = match &self.origin {
            Origin::File(path) => String::from_utf8_lossy(&fs_err::read(path)?).into_owned(),
            Origin::Text(text) => text.to_string(),
        };
        if !self.appended.is_empty() {
            text.push_str("\n\n");
            text.push_str(&self.appended);
        }
        Ok(text)
    }
}

/// The first heading of a page, without markup.
pub(crate) fn title(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("# "))?;
    let line = line.split("<a name").next().unwrap_or(line).replace('\\', "");
    Some(line.trim().to_owned())
}

/// An entry of the feeds, which is a page as well.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) path: String,
    /// Seconds since 1970.
    pub(crate) published: i64,
}

impl Content {
    /// Lists what `source` has. Files are read when somebody asks for their page.
    pub(crate) fn load(source: &Source, prefixes: &BTreeMap<String, String>) -> io::Result<Self> {
        let mut content = Self::default();
        match source {
            Source::Sample => content.load_sample(prefixes),
            Source::Folder { path, guides, limit } => content.load_folder(path, guides, *limit, prefixes)?,
        }
        content.load_news();
        Ok(content)
    }

    fn load_sample(&mut self, prefixes: &BTreeMap<String, String>) {
        for guide in SAMPLE.dirs() {
            let id = guide.path().to_string_lossy().into_owned();
            let pages = guide.dirs().flat_map(Dir::files).filter_map(|file| {
                let name = file.path().file_stem()?.to_string_lossy().into_owned();
                Some((name, Origin::Text(file.contents_utf8()?.into())))
            });
            self.add_guide(&id, prefixes, pages.collect());
        }
    }

    fn load_folder(
        &mut self,
        folder: &Path,
        wanted: &[String],
        limit: usize,
        prefixes: &BTreeMap<String, String>,
    ) -> io::Result<()> {
        let mut ids = Vec::new();
        for entry in fs_err::read_dir(folder)? {
            let entry = entry?;
            let id = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() && (wanted.is_empty() || wanted.contains(&id)) {
                ids.push(id);
            }
        }
        ids.sort();
        let mut room = limit;
        for id in ids {
            let mut pages = Vec::new();
            for sources in ["doc_source", "doc-source"] {
                let root = folder.join(&id).join(sources);
                if root.is_dir() {
                    list_pages(&root, "", &mut pages)?;
                }
            }
            pages.sort_by(|a, b| a.0.cmp(&b.0));
            pages.truncate(room);
            room -= pages.len();
            if !pages.is_empty() {
                self.add_guide(&id, prefixes, pages);
            }
        }
        Ok(())
    }

    fn add_guide(&mut self, id: &str, prefixes: &BTreeMap<String, String>, pages: Vec<(String, Origin)>) {
        let prefix = prefixes
            .get(id)
            .map_or_else(|| format!("/{id}/latest/userguide/"), |prefix| format!("/{}/", prefix.trim_matches('/')));
        let mut guide = Guide { title: humanized(id), prefix, pages: BTreeSet::new() };
        for (name, origin) in pages {
            self.pages.insert(guide.path(&name), Arc::new(Page::new(id, &name, origin)));
            guide.pages.insert(name);
        }
        self.guides.insert(id.to_owned(), guide);
    }

    fn load_news(&mut self) {
        const THINGS: [(&str, &str); 6] = [
            ("Lantern Queue", "delays in seconds"),
            ("Harbor Compute", "a quay in the south"),
            ("Granary Storage", "smaller pieces"),
            ("Lantern Queue", "strands in batches"),
            ("Harbor Compute", "quieter moves between hosts"),
            ("Granary Storage", "a preview of expiry"),
        ];
        for (day, (product, thing)) in THINGS.iter().enumerate() {
            let title = format!("{product} now has {thing}");
            let summary =
                format!("<p>From today {product} offers <b>{thing}</b> in every port. It costs nothing extra.</p>");
            self.announce(&title, &summary, EPOCH + 86_400 * (400 + day as i64));
        }
    }

    /// Adds an entry to the feeds, and its page.
    pub(crate) fn announce(&mut self, title: &str, summary: &str, published: i64) -> String {
        let slug = title.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let path = format!("/about-aws/whats-new/2026/{slug}/");
        self.news
            .insert(0, News { title: title.to_owned(), summary: summary.to_owned(), path: path.clone(), published });
        path
    }

    /// Where the page at `path` went, if it was renamed and the site says so.
    pub(crate) fn moved_to(&self, path: &str) -> Option<&str> {
        self.moved.get(path)?.as_deref()
    }

    /// Whether a page was at `path` once and is not any more.
    pub(crate) fn was_here(&self, path: &str) -> bool {
        self.moved.contains_key(path)
    }

    /// The guide that `path` lies in, with its id.
    pub(crate) fn guide_of(&self, path: &str) -> Option<(&String, &Guide)> {
        // Guides are few hundred, and only paths that are no page come here.
        self.guides.iter().find(|(_, guide)| path.starts_with(&guide.prefix))
    }

    fn page(&self, path: &str) -> Result<&Arc<Page>, UnknownPage> {
        self.pages.get(path).ok_or_else(|| UnknownPage(path.to_owned()))
    }

    fn change(&mut self, path: &str, change: impl FnOnce(&mut Page)) -> Result<(), UnknownPage> {
        let changed = self.page(path)?.changed(change);
        self.pages.insert(path.to_owned(), changed);
        Ok(())
    }

    pub(crate) fn append(&mut self, path: &str, text: &str) -> Result<(), UnknownPage> {
        self.change(path, |page| {
            if !page.appended.is_empty() {
                page.appended.push_str("\n\n");
            }
            page.appended.push_str(text);
        })
    }

    pub(crate) fn replace(&mut self, path: &str, text: &str) -> Result<(), UnknownPage> {
        self.change(path, |page| {
            page.origin = Origin::Text(text.into());
            page.appended.clear();
        })
    }

    pub(crate) fn delete(&mut self, path: &str) -> Result<(), UnknownPage> {
        let page = self.pages.remove(path).ok_or_else(|| UnknownPage(path.to_owned()))?;
        if let Some(guide) = self.guides.get_mut(&page.guide) {
            guide.pages.remove(&page.name);
        }
        self.moved.insert(path.to_owned(), None);
        Ok(())
    }

    /// Adds a page, or replaces the one that is there.
    pub(crate) fn add(&mut self, path: &str, text: &str) -> Result<(), UnknownPage> {
        if self.pages.contains_key(path) {
            return self.replace(path, text);
        }
        let unknown = || UnknownPage(path.to_owned());
        let (id, name) = self.place(path).ok_or_else(unknown)?;
        let mut page = Page::new(&id, &name, Origin::Text(text.into()));
        page.modified = Timestamp::now().as_second();
        self.insert(path, page);
        Ok(())
    }

    /// Gives a page another address. The old one redirects to it or is gone.
    pub(crate) fn rename(&mut self, from: &str, to: &str, redirect: bool) -> Result<(), UnknownPage> {
        let (id, name) = self.place(to).ok_or_else(|| UnknownPage(to.to_owned()))?;
        let mut page = Page::clone(self.page(from)?);
        self.delete(from)?;
        (page.guide, page.name) = (id, name);
        page.seal();
        self.insert(to, page);
        self.moved.insert(from.to_owned(), redirect.then(|| to.to_owned()));
        Ok(())
    }

    fn insert(&mut self, path: &str, page: Page) {
        if let Some(guide) = self.guides.get_mut(&page.guide) {
            guide.pages.insert(page.name.clone());
        }
        self.moved.remove(path);
        self.pages.insert(path.to_owned(), Arc::new(page));
    }

    /// The guide and the name that a page at `path` would have.
    fn place(&self, path: &str) -> Option<(String, String)> {
        let (id, guide) = self.guide_of(path)?;
        let name = path.strip_prefix(&guide.prefix)?.strip_suffix(".html")?;
        (!name.is_empty()).then(|| (id.clone(), name.to_owned()))
    }

    /// Changes what is around the text of pages whose path matches, and nothing of the text. Returns how many.
    pub(crate) fn rebuild(&mut self, pattern: &str) -> usize {
        let mut count = 0;
        for (_, page) in self.pages.iter_mut().filter(|(path, _)| matches(pattern, path)) {
            *page = page.changed(|page| page.build += 1);
            count += 1;
        }
        count
    }

    /// Appends a sentence to a share of all pages, spread evenly, and returns their paths. Tables of contents are left alone.
    pub(crate) fn change_fraction(&mut self, fraction: f64) -> Vec<String> {
        let paths = self.paths();
        let paths: Vec<_> = paths.into_iter().filter(|path| !path.ends_with("/index.html")).collect();
        let wanted = ((paths.len() as f64 * fraction).round() as usize).min(paths.len());
        let chosen: Vec<_> = (0..wanted).map(|n| paths[n * paths.len() / wanted].clone()).collect();
        for path in &chosen {
            let version = self.pages[path].version;
            let text = format!("Revision {version:08x} of this page says something that was not said before.");
            self.append(path, &text).expect("the path comes from the list of pages");
        }
        chosen
    }

    /// Paths of all pages, sorted.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<_> = self.pages.keys().cloned().collect();
        paths.sort();
        paths
    }
}

/// Pages below a folder with their names relative to it.
fn list_pages(folder: &Path, above: &str, pages: &mut Vec<(String, Origin)>) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list_pages(&entry.path(), &format!("{above}{file}/"), pages)?;
        } else if let (true, Some(name)) = (kind.is_file(), file.strip_suffix(".md")) {
            pages.push((format!("{above}{name}"), Origin::File(entry.path())));
        }
    }
    Ok(())
}

/// `amazon-ec2-user-guide` → `Amazon Ec2 User Guide`
fn humanized(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// FNV-1a: the same in every process, so that validators survive a restart of the site.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
