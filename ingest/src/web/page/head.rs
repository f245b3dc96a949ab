//! What a page says of itself besides its text: one pass over its elements.

use cloudops_indexes::model::Timestamp;
use scraper::node::Element;
use scraper::{ElementRef, Html};
use serde_json::Value;
use url::Url;

use crate::extract::date_seconds;

/// Structured data longer than this, in bytes, is not read.
const MAX_LINKED_DATA: usize = 64 * 1024;
/// The longest name of a product, guide or site, in characters.
const MAX_NAME: usize = 120;

#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) canonical: Option<Url>,
    pub(super) links: Vec<Url>,
    /// Lower case, `_` between language and region.
    pub(super) locale: Option<String>,
    pub(super) noindex: bool,
    pub(super) nofollow: bool,
    /// `<title>`.
    pub(super) title: Option<String>,
    /// Name of the product that the page is about, as the AWS documentation states it.
    pub(super) product: Option<String>,
    /// Name of the guide.
    pub(super) guide: Option<String>,
    /// `og:site_name`.
    site: Option<String>,
    /// Where the page stands, from the outermost.
    pub(super) crumbs: Vec<String>,
    pub(super) updated: Option<Timestamp>,
    pub(super) asks_password: bool,
    /// Whether the page is a form that a script sends on to somebody who knows the reader.
    pub(super) hands_on_login: bool,
    pub(super) has_form: bool,
}

impl Head {
    pub(super) fn of(page: &Html, url: &Url) -> Self {
        let mut head = Self::default();
        let mut dates = Dates::default();
        for element in page.tree.root().descendants().filter_map(ElementRef::wrap) {
            let value = element.value();
            match value.name() {
                "html" => head.locale = head.locale.take().or_else(|| locale(value.attr("lang"))),
                "title" if head.title.is_none() => head.title = words(element),
                "link" => {
                    let is_canonical = value.attr("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical"));
                    if is_canonical && head.canonical.is_none() {
                        head.canonical = value.attr("href").and_then(|href| canonical(href, url));
                    }
                }
                "meta" => head.meta(value, &mut dates),
                "script" if value.attr("type") == Some("application/ld+json") => dates.linked_data(element),
                "time" => dates.visible = dates.visible.or_else(|| value.attr("datetime").and_then(date_seconds)),
                "form" => head.has_form = true,
                "input" => match value.attr("type") {
                    Some(kind) if kind.eq_ignore_ascii_case("password") => {
                        head.asks_password |= !is_beside_text(element)
                    }
                    Some(kind) if kind.eq_ignore_ascii_case("hidden") => {
                        head.hands_on_login |=
                            matches!(value.attr("name"), Some("SAMLRequest" | "SAMLResponse" | "RelayState"));
                    }
                    _ => {}
                },
                "div" | "nav" | "ol" | "ul" if head.crumbs.is_empty() && is_breadcrumb(value) => {
                    let links = element.descendent_elements().filter(|inner| inner.value().name() == "a");
                    head.crumbs = links.filter_map(words).take(8).collect();
                }
                _ => {}
            }
        }
        head.updated = dates.best();
        head.links = links(page, url);
        head
    }

    fn meta(&mut self, meta: &Element, dates: &mut Dates) {
        let (Some(name), Some(content)) = (meta.attr("name").or_else(|| meta.attr("property")), meta.attr("content"))
        else {
            return;
        };
        let text = || Some(shortened(content)).filter(|text| !text.is_empty());
        match name.to_ascii_lowercase().as_str() {
            "robots" => {
                for word in content.split(',').map(|word| word.trim().to_ascii_lowercase()) {
                    self.noindex |= matches!(word.as_str(), "noindex" | "none");
                    self.nofollow |= matches!(word.as_str(), "nofollow" | "none");
                }
            }
            "guide-locale" => self.locale = locale(Some(content)).or_else(|| self.locale.take()),
            "product" => self.product = text().or_else(|| self.product.take()),
            "this_doc_product" => self.product = self.product.take().or_else(text),
            "guide" => self.guide = text().or_else(|| self.guide.take()),
            "this_doc_guide" => self.guide = self.guide.take().or_else(text),
            "og:site_name" => self.site = text(),
            "article:modified_time" | "og:updated_time" | "last-modified" | "dcterms.modified" | "datemodified" => {
                dates.modified = dates.modified.or_else(|| date_seconds(content.trim()));
            }
            "article:published_time" | "dcterms.created" | "datepublished" | "date" => {
                dates.published = dates.published.or_else(|| date_seconds(content.trim()));
            }
            _ => {}
        }
    }

    /// A title of the page without the name of its site behind it.
    pub(super) fn without_site(&self, title: String) -> String {
        for separator in [" | ", " - ", " – ", " — "] {
            let Some((before, site)) = title.rsplit_once(separator) else { continue };
            let site = site.trim();
            let known = [&self.site, &self.product, &self.guide].into_iter().flatten().any(|name| name == site);
            let is_site = known || separator == " | " || site.starts_with("AWS ") || site.starts_with("Amazon ");
            if is_site && !before.trim().is_empty() {
                return before.trim().to_owned();
            }
        }
        title
    }
}

/// When a page was changed, as far as it says so.
#[derive(Debug, Default)]
struct Dates {
    modified: Option<Timestamp>,
    published: Option<Timestamp>,
    /// The first date that a reader sees, on a page about something that happened.
    visible: Option<Timestamp>,
}

impl Dates {
    fn best(&self) -> Option<Timestamp> {
        self.modified.or(self.published).or(self.visible)
    }

    /// Dates of articles in JSON-LD.
    fn linked_data(&mut self, script: ElementRef<'_>) {
        let text: String = script.text().collect();
        if text.len() > MAX_LINKED_DATA || !text.contains("\"date") {
            return;
        }
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return };
        let listed = value.get("@graph").or(Some(&value)).and_then(Value::as_array);
        for item in listed.map_or_else(|| std::slice::from_ref(&value), Vec::as_slice) {
            let date = |key| item.get(key).and_then(Value::as_str).and_then(date_seconds);
            self.modified = self.modified.or_else(|| date("dateModified"));
            self.published = self.published.or_else(|| date("datePublished"));
        }
    }
}

fn canonical(href: &str, url: &Url) -> Option<Url> {
    let mut canonical = url.join(href.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    canonical.set_fragment(None);
    Some(canonical)
}

fn locale(lang: Option<&str>) -> Option<String> {
    let lang = lang?.trim().to_ascii_lowercase().replace('-', "_");
    let language = lang.split('_').next().unwrap_or_default();
    ((2..=3).contains(&language.len()) && lang.len() <= 20 && lang.is_ascii()).then_some(lang)
}

/// Whether an element is in a part of the page that all pages of a site have: many offer to log in there.
fn is_beside_text(element: ElementRef<'_>) -> bool {
    let around = element.ancestors().filter_map(ElementRef::wrap).take(30);
    around.into_iter().any(|around| matches!(around.value().name(), "header" | "nav" | "aside" | "footer"))
}

fn is_breadcrumb(element: &Element) -> bool {
    let says = |name| element.attr(name).is_some_and(|text| text.to_ascii_lowercase().contains("breadcrumb"));
    says("id") || says("class") || says("aria-label")
}

fn words(element: ElementRef<'_>) -> Option<String> {
    let text: String = element.text().flat_map(|text| [text, " "]).collect();
    Some(shortened(&text)).filter(|text| !text.is_empty())
}

fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(MAX_NAME).collect()
}

fn links(page: &Html, url: &Url) -> Vec<Url> {
    let elements = || page.tree.root().descendants().filter_map(ElementRef::wrap).map(|element| element.value());
    let base = elements().find(|element| element.name() == "base").and_then(|base| url.join(base.attr("href")?).ok());
    let base = base.as_ref().unwrap_or(url);
    let mut seen = rustc_hash::FxHashSet::default();
    elements()
        .filter(|element| element.name() == "a" && !element.attr("rel").is_some_and(|rel| rel.contains("nofollow")))
        .filter_map(|element| canonical(element.attr("href")?, base))
        .filter(|link| seen.insert(link.clone()))
        .collect()
}
