//! How a crawler finds pages: sitemaps, tables of contents, robots.txt, llms.txt, feeds and lists of links.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::content::{Content, Guide, News, Page, title};
use crate::http::{date, percent_encode};
use crate::layout::{add, escape};
use crate::settings::Settings;

/// A site with more pages lists its guides in the llms.txt at the root, and pages in those of the guides only.
const PAGES_IN_ROOT_LLMS: usize = 500;

/// The site as one client sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) content: &'a Content,
    pub(crate) settings: &'a Settings,
    /// Scheme and host of absolute addresses.
    pub(crate) base: &'a str,
}

impl View<'_> {
    fn address(&self, path: &str) -> String {
        format!("{}{}", self.base, percent_encode(path))
    }

    pub(crate) fn robots(&self) -> String {
        let robots = &self.settings.robots;
        if let Some(text) = &robots.text {
            return text.clone();
        }
        let mut text = "User-agent: *\n".to_owned();
        for path in &robots.disallow {
            add(&mut text, format_args!("Disallow: {path}\n"));
        }
        if let Some(delay) = robots.crawl_delay {
            add(&mut text, format_args!("Crawl-delay: {delay}\n"));
        }
        if self.settings.sitemaps {
            add(&mut text, format_args!("\nSitemap: {}\n", self.address("/sitemap_index.xml")));
        }
        text
    }

    pub(crate) fn sitemap_index(&self) -> String {
        let file = if self.settings.gzip_sitemaps { "sitemap.xml.gz" } else { "sitemap.xml" };
        let mut changed: BTreeMap<&str, i64> = BTreeMap::new();
        for page in self.content.pages.values() {
            let latest = changed.entry(&page.guide).or_default();
            *latest = page.modified.max(*latest);
        }
        let entries = self.content.guides.iter().map(|(id, guide)| {
            (format!("{}{file}", guide.prefix), changed.get(id.as_str()).copied().unwrap_or_default())
        });
        self.sitemap_of("sitemapindex", "sitemap", entries)
    }

    pub(crate) fn sitemap(&self, guide: &Guide) -> String {
        let entries = guide.pages.iter().map(|name| {
            let path = guide.path(name);
            let modified = self.content.pages.get(&path).map_or(0, |page| page.modified);
            (path, modified)
        });
        self.sitemap_of("urlset", "url", entries)
    }

    fn sitemap_of(&self, root: &str, element: &str, entries: impl Iterator<Item = (String, i64)>) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
        );
        for (path, modified) in entries {
            add(&mut xml, format_args!("<{element}><loc>{}</loc>", escape(&self.address(&path))));
            if self.settings.sitemap_lastmod {
                add(&mut xml, format_args!("<lastmod>{}</lastmod>", time(modified)));
            }
            add(&mut xml, format_args!("</{element}>\n"));
        }
        add(&mut xml, format_args!("</{root}>\n"));
        xml
    }

    /// `toc-contents.json`: nested as the `index.md` of the guide nests its links; pages that it does not name come last.
    pub(crate) fn toc(&self, guide: &Guide) -> Toc {
        let mut root = Vec::new();
        let mut named = HashSet::new();
        let index = self.page(guide, "index").and_then(|page| page.text().ok()).unwrap_or_default();
        for (depth, title, name) in index.lines().filter_map(contents_line) {
            if name == "index" || !guide.pages.contains(name) || !named.insert(name) {
                continue;
            }
            let mut level: &mut Vec<Entry> = &mut root;
            // A line that is indented further than the one above it allows goes below that one.
            for _ in 0..depth {
                if level.is_empty() {
                    break;
                }
                level = &mut level.last_mut().expect("it is not empty").contents;
            }
            level.push(Entry {
                title: title.to_owned(),
                href: format!("{}.html", percent_encode(name)),
                contents: Vec::new(),
            });
        }
        for name in guide.pages.iter().filter(|name| *name != "index" && !named.contains(name.as_str())) {
            let title = self.title(guide, name);
            root.push(Entry { title, href: format!("{}.html", percent_encode(name)), contents: Vec::new() });
        }
        Toc { contents: root }
    }

    fn page(&self, guide: &Guide, name: &str) -> Option<&Page> {
        self.content.pages.get(&guide.path(name)).map(|page| &**page)
    }

    fn title(&self, guide: &Guide, name: &str) -> String {
        let text = self.page(guide, name).and_then(|page| page.text().ok());
        text.and_then(|text| title(&text)).unwrap_or_else(|| name.to_owned())
    }

    pub(crate) fn llms(&self) -> String {
        let mut text = "# Stand-in\n\n> Documentation of services that do not exist.\n\n## Guides\n\n".to_owned();
        for guide in self.content.guides.values() {
            let address = self.address(&format!("{}llms.txt", guide.prefix));
            add(&mut text, format_args!("- [{}]({address}): all pages of the guide\n", guide.title));
        }
        if self.content.pages.len() <= PAGES_IN_ROOT_LLMS {
            for guide in self.content.guides.values() {
                text.push('\n');
                text.push_str(&self.llms_pages(guide));
            }
        }
        text
    }

    pub(crate) fn llms_of(&self, guide: &Guide) -> String {
        format!("# {}\n\n> One of the guides.\n\n{}", guide.title, self.llms_pages(guide))
    }

    fn llms_pages(&self, guide: &Guide) -> String {
        let extension = if self.settings.markdown { "md" } else { "html" };
        let mut text = format!("## {}\n\n", guide.title);
        for name in &guide.pages {
            let title = self.title(guide, name).replace(['[', ']'], "");
            let address = self.address(&format!("{}{name}.{extension}", guide.prefix));
            add(&mut text, format_args!("- [{title}]({address})\n"));
        }
        text
    }

    pub(crate) fn rss(&self) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>News of the stand-in</title>\
             <link>{}</link><description>What is new</description>\n",
            self.address("/about-aws/whats-new/recent/")
        );
        for News { title, summary, path, published } in &self.content.news {
            let address = escape(&self.address(path));
            add(
                &mut xml,
                format_args!(
                    "<item><title>{}</title><link>{address}</link><guid isPermaLink=\"true\">{address}</guid>\
                 <pubDate>{}</pubDate><description>{}</description></item>\n",
                    escape(title),
                    date(*published),
                    escape(summary),
                ),
            );
        }
        xml.push_str("</channel></rss>\n");
        xml
    }

    pub(crate) fn atom(&self) -> String {
        let latest = self.content.news.iter().map(|news| news.published).max().unwrap_or_default();
        let own = escape(&self.address("/releases.atom"));
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Releases</title>\
             <id>{own}</id><link rel=\"self\" href=\"{own}\"/><updated>{}</updated>\n",
            time(latest)
        );
        for News { title, summary, path, published } in &self.content.news {
            let address = escape(&self.address(path));
            add(
                &mut xml,
                format_args!(
                    "<entry><title>{}</title><id>{address}</id><link rel=\"alternate\" href=\"{address}\"/><published>{1}</published>\
                 <updated>{1}</updated><summary type=\"html\">{2}</summary></entry>\n",
                    escape(title),
                    time(*published),
                    escape(summary),
                ),
            );
        }
        xml.push_str("</feed>\n");
        xml
    }

    /// The list of guides, as the page at `/`.
    pub(crate) fn guides(&self) -> String {
        let mut markdown = "# Documentation of the stand-in\n\n".to_owned();
        for guide in self.content.guides.values() {
            add(&mut markdown, format_args!("+ [{}]({}index.html)\n", guide.title, guide.prefix));
        }
        markdown
    }
}

/// The list of pages of a guide that has no `index.md` of its own.
pub(crate) fn guide_index(guide: &Guide) -> String {
    let mut markdown = format!("# {}\n\n", guide.title);
    for name in &guide.pages {
        add(&mut markdown, format_args!("+ [{}](<{name}.html>)\n", name.replace('_', "\\_")));
    }
    markdown
}

/// A table of contents as docs.aws.amazon.com has it.
#[derive(Debug, Serialize)]
pub(crate) struct Toc {
    contents: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    title: String,
    href: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contents: Vec<Entry>,
}

/// Depth, title and page of a line such as `   + [Title](page.md#section)`.
fn contents_line(line: &str) -> Option<(usize, &str, &str)> {
    let rest = line.trim_start_matches(' ');
    let depth = (line.len() - rest.len()) / 3;
    let (title, link) = rest.strip_prefix("+ [")?.split_once("](")?;
    let (page, _) = link.strip_suffix(')')?.split_once(".md")?;
    Some((depth, title, page))
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
