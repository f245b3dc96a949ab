//! Reads a table key by key, and knows the line of everything that is wrong with it.

use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;

use toml_edit::{Item, TableLike, Value};
use url::Url;

use super::length;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake at a place of a text.
    pub(super) fn at(text: &str, place: Option<Range<usize>>, message: impl Into<String>) -> Self {
        let before = place.map_or(0, |place| place.start.min(text.len()));
        let line = text.as_bytes()[..before].split(|byte| *byte == b'\n').count();
        Self { line, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A table that is read key by key.
pub(super) struct Reader<'a> {
    text: &'a str,
    table: &'a dyn TableLike,
    place: Option<Range<usize>>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, table: &'a dyn TableLike, place: Option<Range<usize>>) -> Self {
        Self { text, table, place, known: RefCell::default() }
    }

    /// A mistake of the table as a whole.
    pub(super) fn mistake(&self, message: impl Into<String>) -> Mistake {
        Mistake::at(self.text, self.place.clone(), message)
    }

    /// A mistake in the value of a key.
    pub(super) fn mistake_in(&self, key: &str, message: impl Into<String>) -> Mistake {
        let place = self.table.get(key).and_then(Item::span).or_else(|| self.place.clone());
        Mistake::at(self.text, place, message)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn take(&self, key: &'static str) -> Option<&'a Item> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    fn value<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, Mistake> {
        let Some(item) = self.take(key) else { return Ok(None) };
        match read(item) {
            Some(value) => Ok(Some(value)),
            None => Err(self.mistake_in(key, format!("`{key}` is {}, it must be {expected}", type_of(item)))),
        }
    }

    pub(super) fn string(&self, key: &'static str) -> Result<Option<&'a str>, Mistake> {
        self.value(key, "a text in quotes", Item::as_str)
    }

    /// A text that must be there and not be empty.
    pub(super) fn needed(&self, key: &'static str) -> Result<&'a str, Mistake> {
        match self.string(key)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(self.mistake_in(key, format!("`{key}` is empty"))),
            None => Err(self.mistake(format!("`{key}` is missing"))),
        }
    }

    pub(super) fn boolean(&self, key: &'static str) -> Result<Option<bool>, Mistake> {
        self.value(key, "`true` or `false`", Item::as_bool)
    }

    /// A whole number of a range.
    pub(super) fn integer(&self, key: &'static str, range: Range<u64>) -> Result<Option<u64>, Mistake> {
        let number = self.value(key, "a whole number", Item::as_integer)?;
        let number = number.map(|number| u64::try_from(number).ok().filter(|number| range.contains(number)));
        match number {
            Some(None) if range.end == u64::MAX => {
                Err(self.mistake_in(key, format!("`{key}` must be at least {}", range.start)))
            }
            Some(None) => {
                Err(self.mistake_in(key, format!("`{key}` must be from {} to {}", range.start, range.end - 1)))
            }
            Some(number) => Ok(number),
            None => Ok(None),
        }
    }

    /// A number that is not negative.
    pub(super) fn number(&self, key: &'static str) -> Result<Option<f64>, Mistake> {
        let read = |item: &Item| item.as_float().or_else(|| item.as_integer().map(|number| number as f64));
        match self.value(key, "a number", read)? {
            Some(number) if !(number.is_finite() && number >= 0.0) => {
                Err(self.mistake_in(key, format!("`{key}` must be 0 or more")))
            }
            number => Ok(number),
        }
    }

    /// Texts; a single one may stand alone.
    pub(super) fn strings(&self, key: &'static str) -> Result<Option<Vec<String>>, Mistake> {
        self.value(key, "a list of texts, such as [\"a\", \"b\"]", |item| match item.as_str() {
            Some(text) => Some(vec![text.to_owned()]),
            None => item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        })
    }

    pub(super) fn length(&self, key: &'static str) -> Result<Option<Duration>, Mistake> {
        let Some(text) = self.value(key, "a length of time in quotes, such as \"10m\"", Item::as_str)? else {
            return Ok(None);
        };
        length::parse(text).map(Some).map_err(|error| self.mistake_in(key, format!("`{key}`: {error}")))
    }

    /// Addresses of websites.
    pub(super) fn urls(&self, key: &'static str) -> Result<Option<Vec<Url>>, Mistake> {
        let Some(texts) = self.strings(key)? else { return Ok(None) };
        let urls = texts.iter().map(|text| match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
            _ => Err(self
                .mistake_in(key, format!("`{text}` in `{key}` is not the address of a website"))
                .hint("Addresses start with `https://` or `http://`.")),
        });
        urls.collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// A table of texts.
    pub(super) fn table(&self, key: &'static str) -> Result<Option<Vec<(String, String)>>, Mistake> {
        self.value(key, "a table of texts", |item| {
            let pairs = item.as_table_like()?.iter();
            pairs.map(|(key, item)| Some((key.to_owned(), item.as_str()?.to_owned()))).collect()
        })
    }

    /// The first key that nobody has asked for, and what it may have been meant to be. `elsewhere` says where a key that is
    /// not known here belongs.
    pub(super) fn finish(&self, elsewhere: impl Fn(&str) -> Option<String>) -> Result<(), Mistake> {
        let known = self.known.borrow();
        let Some((key, item)) = self.table.iter().find(|(key, _)| !known.contains(key)) else { return Ok(()) };
        let place = self.table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        let mistake = Mistake::at(self.text, place, format!("unknown key `{key}`"));
        if let Some(place) = elsewhere(key) {
            return Err(mistake.hint(place));
        }
        let near = known.iter().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
        Err(match near {
            Some(near) if strsim::jaro_winkler(near, key) > 0.8 => mistake.hint(format!("Did you mean `{near}`?")),
            _ => mistake.hint("Every key is described in `docs/sources.md`."),
        })
    }
}

fn type_of(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
        Item::Value(Value::String(_)) => "a text",
        Item::Value(Value::Integer(_)) => "a whole number",
        Item::Value(Value::Float(_)) => "a number",
        Item::Value(Value::Boolean(_)) => "true or false",
        Item::Value(Value::Datetime(_)) => "a date",
        Item::Value(Value::Array(_)) => "a list",
    }
}
