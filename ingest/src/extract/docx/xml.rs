//! XML as a stream of the few events that matter, with names that have lost their prefix.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::extract::Unreadable;

/// Elements that may be open at once. Word itself writes some 30.
const MAX_DEPTH: usize = 1_000;

/// An event. Every element that opens closes, also an empty one.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Open(Element<'a>),
    Close(String),
    Text(Cow<'a, str>),
}

/// An element that opens.
#[derive(Debug)]
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        without_prefix(self.0.name().0)
    }

    /// The value of an attribute, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        // The check for repeated names is quadratic in their number.
        let mut attributes = self.0.attributes();
        let found =
            attributes.with_checks(false).flatten().find(|attribute| without_prefix(attribute.key.0) == name)?;
        found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
    }

    /// `val`, which most elements have.
    pub(super) fn value(&self) -> Option<String> {
        self.attribute("val")
    }

    /// Whether a switch such as `<w:b/>` is on.
    pub(super) fn is_on(&self) -> bool {
        self.value().is_none_or(|value| !matches!(value.as_str(), "0" | "false" | "off" | "none"))
    }
}

/// Reads events.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
    /// The element that was empty, and closes next.
    closes: Option<String>,
}

impl<'a> Xml<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().allow_dangling_amp = true;
        Self { reader, depth: 0, closes: None }
    }

    /// The next event; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Node<'a>>, Unreadable> {
        if let Some(name) = self.closes.take() {
            return Ok(Some(Node::Close(name)));
        }
        loop {
            let event = self.reader.read_event();
            return Ok(Some(
                match event.map_err(|error| Unreadable::Damaged(format!("its XML is broken: {error}")))? {
                    Event::Start(element) => {
                        self.depth += 1;
                        if self.depth > MAX_DEPTH {
                            return Err(Unreadable::Damaged(format!("its XML nests deeper than {MAX_DEPTH} levels")));
                        }
                        Node::Open(Element(element))
                    }
                    Event::Empty(element) => {
                        let element = Element(element);
                        self.closes = Some(element.name().to_owned());
                        Node::Open(element)
                    }
                    Event::End(element) => {
                        self.depth = self.depth.saturating_sub(1);
                        Node::Close(without_prefix(element.name().0).to_owned())
                    }
                    Event::Text(text) => Node::Text(text.into_inner()),
                    Event::CData(text) => Node::Text(text.into_inner()),
                    Event::GeneralRef(reference) => {
                        let named = match &*reference {
                            "amp" => Some('&'),
                            "lt" => Some('<'),
                            "gt" => Some('>'),
                            "quot" => Some('"'),
                            "apos" => Some('\''),
                            _ => reference.resolve_char_ref().ok().flatten(),
                        };
                        // Entities of the document's own are not expanded: that is how XML bombs work.
                        let Some(c) = named else { continue };
                        Node::Text(Cow::Owned(c.to_string()))
                    }
                    Event::Eof => return Ok(None),
                    Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
                },
            ));
        }
    }

    /// Leaves out the rest of the element that has just opened.
    pub(super) fn skip(&mut self) -> Result<(), Unreadable> {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Some(Node::Open(_)) => open += 1,
                Some(Node::Close(_)) => open -= 1,
                Some(Node::Text(_)) => {}
                None => break,
            }
        }
        Ok(())
    }
}

fn without_prefix(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, name)| name)
}
