//! Changes of `sources.toml` in the text itself, so that comments, order and spacing stay as their author left them.
//!
//! Every change is read back: what cannot be shown to have changed what it should and nothing else is refused.

use std::ops::Range;

use toml_edit::{Array, Document, InlineTable, Item, TableLike, Value};

use super::{Mistake, Sources, parse};

/// Why the file cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file as it is cannot be read.
    #[error(transparent)]
    Before(#[from] Mistake),
    /// What is to be added cannot be.
    #[error("{0}")]
    New(String),
    /// There is a source of this name.
    #[error("there is a source `{0}` already")]
    Exists(String),
    /// There is no source of this name.
    #[error("there is no source `{name}`")]
    Missing {
        /// As asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The file is written in a way that is not changed safely.
    #[error("the file is written in a way that only its author can change: `{0}`")]
    Unusual(String),
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A source that is to be added: its keys in the order in which they are written.
#[derive(Debug, Clone)]
pub struct NewSource {
    name: String,
    keys: Vec<(&'static str, Value)>,
}

impl NewSource {
    /// A source of a kind.
    pub fn new(name: &str, kind: &str) -> Self {
        Self { name: name.to_owned(), keys: vec![("name", name.into()), ("kind", kind.into())] }
    }

    /// The same by another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.keys[0].1 = name.into();
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// With a value for a key.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.keys.push((key, value.into()));
        self
    }

    /// With a list of texts, unless it is empty.
    #[must_use]
    pub fn with_list(self, key: &'static str, texts: &[String]) -> Self {
        if texts.is_empty() { self } else { self.with(key, texts.iter().map(String::as_str).collect::<Array>()) }
    }

    /// With a table of texts, unless it is empty.
    #[must_use]
    pub fn with_table(self, key: &'static str, texts: &[(String, String)]) -> Self {
        if texts.is_empty() {
            return self;
        }
        self.with(key, texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect::<InlineTable>())
    }

    /// With a value, if there is one.
    #[must_use]
    pub fn with_some(self, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

/// Adds a source at the end.
pub fn add(text: &str, new: &NewSource) -> Result<String, EditError> {
    let before = parse(text)?;
    if before.get(&new.name).is_some() {
        return Err(EditError::Exists(new.name.clone()));
    }
    let newline = newline(text);
    let mut edited = text.to_owned();
    if !edited.is_empty() && !edited.ends_with('\n') {
        edited.push_str(newline);
    }
    if !edited.is_empty() {
        edited.push_str(newline);
    }
    edited.push_str("[[source]]");
    edited.push_str(newline);
    for (key, value) in &new.keys {
        edited.extend([*key, " = ", value.to_string().trim(), newline]);
    }
    let mut after = parse(&edited).map_err(|mistake| {
        if is_inline(text) {
            return EditError::Unusual("source = [".to_owned());
        }
        EditError::New(match mistake.hint {
            Some(hint) => format!("{}. {hint}", mistake.message),
            None => mistake.message,
        })
    })?;
    after.list.pop();
    expect(&before, &after, &new.name)?;
    Ok(edited)
}

/// Removes a source with the comment right above it. Comments that stand apart stay.
pub fn remove(text: &str, name: &str) -> Result<String, EditError> {
    let mut before = parse(text)?;
    let at = position(&before, name)?;
    let document = document(text)?;
    let unusual = || EditError::Unusual(name.to_owned());
    let list = document.as_table().get("source").and_then(Item::as_array_of_tables).ok_or_else(unusual)?;
    let table = list.get(at).ok_or_else(unusual)?;
    let mut end = table.span().ok_or_else(unusual)?.end;
    let start = line_start(text, table.span().ok_or_else(unusual)?.start);
    last_of(table, &mut end);
    let end = line_end(text, end);
    let attached = attached_comment(text, start);
    // One of the two empty lines around it goes too.
    let (head, tail) = (&text[..attached], &text[end..]);
    let tail = if head.is_empty() || head.ends_with("\n\n") || head.ends_with("\n\r\n") {
        tail.strip_prefix("\r\n").or_else(|| tail.strip_prefix('\n')).unwrap_or(tail)
    } else {
        tail
    };
    let head = if tail.trim().is_empty() { head.trim_end_matches(['\n', '\r']) } else { head };
    let newline = if tail.trim().is_empty() && !head.is_empty() { newline(text) } else { "" };
    let edited = format!("{head}{newline}{}", if newline.is_empty() { tail } else { tail.trim_start() });
    before.list.remove(at);
    expect(&before, &parse(&edited).map_err(|_| unusual())?, name)?;
    let defaults = |document: &Document<&str>| document.as_table().get("defaults").map(ToString::to_string);
    let after = Document::parse(edited.as_str()).map_err(|_| unusual())?;
    if defaults(&document).map(|text| text.trim().to_owned()) != defaults(&after).map(|text| text.trim().to_owned()) {
        return Err(unusual());
    }
    Ok(edited)
}

/// Switches a source on or off.
pub fn set_enabled(text: &str, name: &str, enabled: bool) -> Result<String, EditError> {
    let mut before = parse(text)?;
    let at = position(&before, name)?;
    if before.list[at].enabled == enabled {
        return Ok(text.to_owned());
    }
    let unusual = || EditError::Unusual(name.to_owned());
    let document = document(text)?;
    let source = document.as_table().get("source").ok_or_else(unusual)?;
    let tables = source.as_array_of_tables().and_then(|list| list.get(at)).map(|table| table as &dyn TableLike);
    let inline = source.as_array().and_then(|list| list.get(at)).and_then(Value::as_inline_table);
    let table = tables.or(inline.map(|table| table as &dyn TableLike)).ok_or_else(unusual)?;
    let edited = if let Some(span) = table.get("enabled").and_then(Item::span) {
        splice(text, span, &enabled.to_string())
    } else {
        let name = table.get("name").and_then(Item::span).ok_or_else(unusual)?;
        if inline.is_some() {
            splice(text, name.end..name.end, &format!(", enabled = {enabled}"))
        } else {
            let start = line_start(text, name.start);
            let indent = text[start..].len() - text[start..].trim_start_matches([' ', '\t']).len();
            let (end, newline) = (line_end(text, name.end), newline(text));
            let broken = if text[..end].ends_with('\n') { "" } else { newline };
            let line = format!("{broken}{}enabled = {enabled}{newline}", &text[start..start + indent]);
            splice(text, end..end, &line)
        }
    };
    before.list[at].enabled = enabled;
    expect(&before, &parse(&edited).map_err(|_| unusual())?, name)?;
    Ok(edited)
}

fn document(text: &str) -> Result<Document<&str>, EditError> {
    Document::parse(text).map_err(|error| EditError::Unusual(error.message().to_owned()))
}

fn is_inline(text: &str) -> bool {
    Document::parse(text).is_ok_and(|document| document.as_table().get("source").is_some_and(Item::is_array))
}

fn position(sources: &Sources, name: &str) -> Result<usize, EditError> {
    sources.list.iter().position(|source| source.name == name).ok_or_else(|| EditError::Missing {
        name: name.to_owned(),
        known: sources.list.iter().map(|source| source.name.clone()).collect(),
    })
}

fn expect(expected: &Sources, found: &Sources, name: &str) -> Result<(), EditError> {
    if expected == found { Ok(()) } else { Err(EditError::Unusual(name.to_owned())) }
}

/// Moves `end` behind the last value of a table and of the tables below it.
fn last_of(table: &dyn TableLike, end: &mut usize) {
    for (_, item) in table.iter() {
        *end = (*end).max(item.span().map_or(0, |span| span.end));
        if let Some(below) = item.as_table_like() {
            last_of(below, end);
        }
        for below in item.as_array_of_tables().into_iter().flatten() {
            *end = (*end).max(below.span().map_or(0, |span| span.end));
            last_of(below, end);
        }
    }
}

fn splice(text: &str, place: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..place.start], &text[place.end..])
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Behind the newline of the line that `at` is in.
fn line_end(text: &str, at: usize) -> usize {
    // A table whose last byte is its newline ends there.
    if at > 0 && text[..at].ends_with('\n') {
        return at;
    }
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Where the lines of comment right above a line begin. Comments at the top of a file are about the file.
fn attached_comment(text: &str, start: usize) -> usize {
    let mut first = start;
    while first > 0 {
        let line = line_start(text, first - 1);
        if !text[line..first].trim_start().starts_with('#') {
            return first;
        }
        first = line;
    }
    if first == 0 { start } else { first }
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests;
