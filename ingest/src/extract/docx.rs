//! DOCX: paragraphs with styles, lists, tables and notes of a Word document.
//!
//! ```text
//! zip → relationships → styles, numbering, notes → body: paragraphs and tables → clean Markdown
//! ```
//!
//! A part is read as events, never as a tree, so that what a file may cost is what its parts unpack to. Left out:
//! comments, deleted and hidden text, headers and footers, tables of contents.

mod body;
mod numbering;
mod package;
mod paragraph;
mod styles;
mod xml;

use self::body::Body;
use self::package::Package;
use self::xml::{Node, Xml};
use super::file::given_title;
use super::{Extracted, Unreadable};

/// Reads a DOCX.
pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, Unreadable> {
    let mut package = Package::open(bytes)?;
    let main = package.main_part()?;
    let related = package.related(&main)?;
    let part = |package: &mut Package<'_>, kind: &str| match related.get(kind) {
        Some(name) => package.part(name).map(Option::unwrap_or_default),
        None => Ok(String::new()),
    };
    let styles = styles::read(&part(&mut package, "styles")?)?;
    let numbering = numbering::read(&part(&mut package, "numbering")?)?;
    let notes = [part(&mut package, "footnotes")?, part(&mut package, "endnotes")?];
    let document = package.part(&main)?.ok_or_else(|| Unreadable::Damaged("its main part is missing".to_owned()))?;
    let mut body = Body::new(&styles, &numbering);
    body.read(&document)?;
    for notes in &notes {
        body.read_notes(notes)?;
    }
    let mut extracted = body.finish();
    let properties = properties(&package.part("docProps/core.xml")?.unwrap_or_default());
    // Titles of documents are forgotten when documents are copied: what is written above the text is right.
    extracted.title = extracted.title.take().or_else(|| properties.title.as_deref().and_then(given_title));
    extracted.front_matter.updated = properties.modified;
    Ok(extracted)
}

#[derive(Default)]
struct Properties {
    title: Option<String>,
    modified: Option<i64>,
}

/// What the document says about itself. It is no loss if that cannot be read.
fn properties(text: &str) -> Properties {
    let mut properties = Properties::default();
    let mut xml = Xml::new(text);
    let mut open = String::new();
    let mut value = String::new();
    while let Ok(Some(node)) = xml.next() {
        match node {
            Node::Open(element) => {
                element.name().clone_into(&mut open);
                value.clear();
            }
            Node::Text(text) => value.push_str(&text),
            Node::Close(name) if name == open => match name.as_str() {
                "title" => properties.title = Some(value.clone()),
                "modified" => {
                    properties.modified = value.trim().parse().ok().map(|time: jiff::Timestamp| time.as_second());
                }
                _ => {}
            },
            Node::Close(_) => {}
        }
    }
    properties
}

#[cfg(test)]
mod tests;
