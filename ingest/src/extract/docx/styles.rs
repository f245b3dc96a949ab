//! Styles of paragraphs and characters, as far as they say what a text is.

use rustc_hash::FxHashMap;

use super::xml::{Node, Xml};
use crate::extract::Unreadable;

/// Styles that are based on styles, and so on.
const MAX_BASES: usize = 16;
const MAX_STYLES: usize = 10_000;

/// What a paragraph is by its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Title,
    /// 1 to 6.
    Heading(u8),
    Code,
    Quote,
    /// A line of the table of contents.
    Contents,
}

/// All styles of a document.
#[derive(Debug, Default)]
pub(super) struct Styles(FxHashMap<String, Style>);

#[derive(Debug, Default, Clone)]
struct Style {
    name: String,
    based_on: Option<String>,
    outline: Option<u8>,
    list: Option<(u32, u8)>,
    mono: bool,
}

/// Reads the part `styles`.
pub(super) fn read(text: &str) -> Result<Styles, Unreadable> {
    let mut styles = Styles::default();
    let mut xml = Xml::new(text);
    let mut open: Option<(String, Style)> = None;
    while let Some(node) = xml.next()? {
        match node {
            Node::Open(element) => {
                if element.name() == "style" {
                    open = Some((element.attribute("styleId").unwrap_or_default(), Style::default()));
                    continue;
                }
                let Some((_, style)) = &mut open else { continue };
                match element.name() {
                    "name" => style.name = element.value().unwrap_or_default().to_lowercase(),
                    "basedOn" => style.based_on = element.value(),
                    "outlineLvl" => style.outline = element.value().and_then(|level| level.parse().ok()),
                    "numId" => {
                        let level = style.list.map_or(0, |list| list.1);
                        style.list = element.value().and_then(|id| id.parse().ok()).map(|id| (id, level));
                    }
                    "ilvl" => {
                        let id = style.list.map_or(0, |list| list.0);
                        style.list = element.value().and_then(|level| level.parse().ok()).map(|level| (id, level));
                    }
                    "rFonts" => style.mono |= element.attribute("ascii").is_some_and(|font| is_mono(&font)),
                    _ => {}
                }
            }
            Node::Close(name) if name == "style" => {
                if let Some((id, style)) = open.take().filter(|_| styles.0.len() < MAX_STYLES) {
                    styles.0.insert(id, style);
                }
            }
            Node::Close(_) | Node::Text(_) => {}
        }
    }
    Ok(styles)
}

impl Styles {
    /// A style and those that it is based on, nearest first.
    fn chain(&self, id: &str) -> impl Iterator<Item = &Style> {
        let next = |style: &&Style| style.based_on.as_deref().and_then(|id| self.0.get(id));
        std::iter::successors(self.0.get(id), next).take(MAX_BASES)
    }

    /// What a paragraph of this style is.
    pub(super) fn role(&self, id: &str) -> Role {
        // A document without the part still names its styles as Word does.
        let unnamed = Style { name: id.to_lowercase(), ..Style::default() };
        let known = self.0.contains_key(id);
        for style in self.chain(id).chain((!known).then_some(&unnamed)) {
            let name = style.name.as_str();
            let role = match name {
                "title" => Some(Role::Title),
                "quote" | "intense quote" | "block text" => Some(Role::Quote),
                "html preformatted" | "macro text" | "plain text" => Some(Role::Code),
                name if name.starts_with("toc ") || name == "table of figures" => Some(Role::Contents),
                name if name.contains("code") || name.contains("preformatted") || name.contains("listing") => {
                    Some(Role::Code)
                }
                name => heading(name).or_else(|| outlined(style.outline)),
            };
            if let Some(role) = role {
                return role;
            }
        }
        if self.chain(id).any(|style| style.mono) { Role::Code } else { Role::Text }
    }

    /// The list that a style puts paragraphs into, and the level in it.
    pub(super) fn list(&self, id: &str) -> Option<(u32, u8)> {
        self.chain(id).find_map(|style| style.list)
    }

    /// Whether characters of this style are code.
    pub(super) fn is_code(&self, id: &str) -> bool {
        self.chain(id).any(|style| style.mono || style.name.contains("code") || style.name.contains("keyboard"))
    }

    /// Whether the style itself marks a bullet: in documents that have lost their numbering.
    pub(super) fn is_bullet(&self, id: &str) -> bool {
        self.chain(id).any(|style| style.name.starts_with("list bullet"))
    }
}

fn heading(name: &str) -> Option<Role> {
    let level = name.strip_prefix("heading")?.trim().parse::<u8>().ok()?;
    (level >= 1).then(|| Role::Heading(level.min(6)))
}

/// The role that an outline level gives, which counts from 0; 9 is text.
pub(super) fn outlined(level: Option<u8>) -> Option<Role> {
    level.filter(|level| *level < 9).map(|level| Role::Heading((level + 1).min(6)))
}

/// Whether a font is one for code.
pub(super) fn is_mono(font: &str) -> bool {
    let font = font.to_lowercase();
    ["courier", "consolas", "mono", "menlo", "lucida console", "source code", "fira code", "cascadia"]
        .iter()
        .any(|name| font.contains(name))
}
