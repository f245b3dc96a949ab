//! Where on a page its text stands.

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use rustc_hash::FxHashSet;
use scraper::{ElementRef, Html, Node};

use super::chrome::is_hidden;
use super::elements::is_no_text;

/// A block of links has at least so many bytes of text.
const MIN_LINKS: usize = 20;
/// Without navigation, this much text that is no link must be left; else the page is a list of links.
const MIN_TEXT: usize = 200;

/// The part of a page that is read, and what the rest says of it.
pub(super) struct Column<'a> {
    /// Holds the text.
    pub(super) element: ElementRef<'a>,
    /// Whether the page says where its text stands. If not, the element is its body.
    pub(super) is_main: bool,
    /// The first `<title>`.
    pub(super) title: Option<ElementRef<'a>>,
    /// Absolute address that the page gives itself.
    pub(super) canonical: Option<String>,
    navigation: FxHashSet<NodeId>,
}

impl<'a> Column<'a> {
    /// Looks at every element once; at those of a page without a main column a second time, to find blocks of links.
    pub(super) fn of(page: &'a Html, leave_out_navigation: bool) -> Self {
        let mut title = None;
        let mut canonical = None;
        let mut body = None;
        let mut best: [Option<ElementRef<'a>>; 6] = [None; 6];
        let mut articles = Vec::new();
        for element in page.tree.root().descendants().filter_map(ElementRef::wrap) {
            let value = element.value();
            match value.name() {
                "title" if title.is_none() => title = Some(element),
                "body" if body.is_none() => body = Some(element),
                "article" if articles.len() < 3 => articles.push(element),
                "link" if canonical.is_none() && value.attr("rel") == Some("canonical") => {
                    let href = value.attr("href").filter(|href| href.starts_with("http"));
                    canonical = href.map(str::to_owned);
                }
                _ => {}
            }
            let Some(rank) = rank(element) else { continue };
            if best[rank].is_none() && has_text(element) {
                best[rank] = Some(element);
            }
        }
        let main = best.into_iter().flatten().next();
        let element = main.or(body).unwrap_or_else(|| page.root_element());
        let element = if main.is_some() { article_of(element, &articles) } else { element };
        let is_main = main.is_some();
        let navigation = if is_main || !leave_out_navigation { FxHashSet::default() } else { navigation(element) };
        Self { element, is_main, title, canonical, navigation }
    }

    /// Whether an element is a block of links beside the text, on a page that does not say where its text stands.
    pub(super) fn is_navigation(&self, element: ElementRef<'_>) -> bool {
        !self.navigation.is_empty() && self.navigation.contains(&element.id())
    }
}

/// Where the text of a page usually stands, best first.
fn rank(element: ElementRef<'_>) -> Option<usize> {
    let value = element.value();
    match value.attr("id") {
        Some("main-col-body") => return Some(0),
        Some("main-content") if value.name() != "main" => return Some(3),
        Some("content") if value.name() != "main" && value.name() != "article" => return Some(5),
        _ => {}
    }
    match value.name() {
        "main" => Some(1),
        _ if value.attr("role") == Some("main") => Some(2),
        "article" => Some(4),
        _ => None,
    }
}

fn has_text(element: ElementRef<'_>) -> bool {
    element.text().any(|text| !text.trim().is_empty())
}

/// The one article of a main column, if it holds the page's heading: what else stands in the column are teasers.
fn article_of<'a>(main: ElementRef<'a>, articles: &[ElementRef<'a>]) -> ElementRef<'a> {
    let [article] = articles else { return main };
    let inside = article.ancestors().any(|ancestor| ancestor.id() == main.id());
    let is_h1 = |element: &ElementRef<'_>| element.value().name() == "h1";
    let holds_h1 = article.descendent_elements().any(|element| is_h1(&element));
    if inside && holds_h1 { *article } else { main }
}

/// Blocks of which most text is links. None if hardly anything would be left.
fn navigation(body: ElementRef<'_>) -> FxHashSet<NodeId> {
    #[derive(Default)]
    struct Open {
        bytes: usize,
        links: usize,
        has_title: bool,
        /// Where in the list of blocks those inside this one begin.
        blocks: usize,
    }
    let mut blocks: Vec<(NodeId, usize)> = Vec::new();
    let mut stack = vec![Open::default()];
    let (mut hidden, mut in_link) = (0_usize, 0_usize);
    let mut all = 0;
    for edge in body.traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) if hidden == 0 => {
                    let bytes = text.trim().len();
                    if let Some(open) = stack.last_mut() {
                        open.bytes += bytes;
                        open.links += if in_link > 0 { bytes } else { 0 };
                    }
                }
                Node::Element(element) => {
                    hidden += usize::from(is_no_text(element) || is_hidden(element));
                    in_link += usize::from(element.name() == "a");
                    let has_title = element.name() == "h1";
                    stack.push(Open { has_title, blocks: blocks.len(), ..Open::default() });
                }
                _ => {}
            },
            Edge::Close(node) => {
                let Node::Element(element) = node.value() else { continue };
                hidden -= usize::from(is_no_text(element) || is_hidden(element));
                in_link -= usize::from(element.name() == "a");
                let Some(done) = stack.pop() else { continue };
                let is_block =
                    matches!(element.name(), "div" | "ul" | "ol" | "dl" | "section" | "table" | "td" | "form");
                if is_block && !done.has_title && done.bytes >= MIN_LINKS && done.links * 10 >= done.bytes * 7 {
                    blocks.truncate(done.blocks);
                    blocks.push((node.id(), done.bytes - done.links));
                }
                if let Some(around) = stack.last_mut() {
                    around.bytes += done.bytes;
                    around.links += done.links;
                    around.has_title |= done.has_title;
                } else {
                    all = done.bytes - done.links;
                }
                if stack.len() == 1 {
                    all = stack[0].bytes - stack[0].links;
                }
            }
        }
    }
    let lost: usize = blocks.iter().map(|(_, bytes)| bytes).sum();
    if all.saturating_sub(lost) < MIN_TEXT {
        return FxHashSet::default();
    }
    blocks.into_iter().map(|(id, _)| id).collect()
}
