//! What a page says of itself besides its text: one pass over its elements.

use cloudops_indexes::model::Timestamp;
use scraper::node::Element;
use scraper::{ElementRef, Html};
use serde_json::Value;
use url::Url;

use crate::web::{address, dates, links};

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
    /// What robots are asked to leave.
    pub(super) robots: Robots,
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
    pub(super) forms: Forms,
}

/// What robots are asked not to do.
#[derive(Debug, Default)]
pub(super) struct Robots {
    pub(super) noindex: bool,
    pub(super) nofollow: bool,
}

/// What a page wants to be told.
#[derive(Debug, Default)]
pub(super) struct Forms {
    pub(super) any: bool,
    /// A password, and not beside the text.
    pub(super) password: bool,
    /// Nothing: a script sends the form on to somebody who knows the reader.
    pub(super) hands_on_login: bool,
}

impl Head {
    pub(super) fn of(page: &Html, url: &Url) -> Self {
        let mut head = Self::default();
        let mut dates = Dates::default();
        let base = links::base_in(page, url);
        for element in page.tree.root().descendants().filter_map(ElementRef::wrap) {
            let value = element.value();
            match value.name() {
                "html" => head.locale = head.locale.take().or_else(|| locale(value.attr("lang"))),
                "title" if head.title.is_none() => head.title = words(element),
                "link" => {
                    let is_canonical = value.attr("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical"));
                    if is_canonical && head.canonical.is_none() {
                        head.canonical = value.attr("href").and_then(|href| address::canonical(href, Some(&base)));
                    }
                }
                "meta" => head.meta(value, &mut dates),
                "script" if value.attr("type") == Some("application/ld+json") => dates.linked_data(element),
                "time" => dates.visible = dates.visible.or_else(|| value.attr("datetime").and_then(dates::parse)),
                "form" => head.forms.any = true,
                "input" => match value.attr("type") {
                    Some(kind) if kind.eq_ignore_ascii_case("password") => {
                        head.forms.password |= !is_beside_text(element);
                    }
                    Some(kind) if kind.eq_ignore_ascii_case("hidden") => {
                        head.forms.hands_on_login |=
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
        head.links = links::links_in(page, url);
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
                    self.robots.noindex |= matches!(word.as_str(), "noindex" | "none");
                    self.robots.nofollow |= matches!(word.as_str(), "nofollow" | "none");
                }
            }
            "guide-locale" => self.locale = locale(Some(content)).or_else(|| self.locale.take()),
            "product" => self.product = text().or_else(|| self.product.take()),
            "this_doc_product" => self.product = self.product.take().or_else(text),
            "guide" => self.guide = text().or_else(|| self.guide.take()),
            "this_doc_guide" => self.guide = self.guide.take().or_else(text),
            "og:site_name" => self.site = text(),
            "article:modified_time" | "og:updated_time" | "last-modified" | "dcterms.modified" | "datemodified" => {
                dates.modified = dates.modified.or_else(|| dates::parse(content.trim()));
            }
            "article:published_time" | "dcterms.created" | "datepublished" | "date" => {
                dates.published = dates.published.or_else(|| dates::parse(content.trim()));
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
            let date = |key| item.get(key).and_then(Value::as_str).and_then(dates::parse);
            self.modified = self.modified.or_else(|| date("dateModified"));
            self.published = self.published.or_else(|| date("datePublished"));
        }
    }
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
    let says = |name| element.attr(name).is_some_and(|text| text.contains("readcrumb"));
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
