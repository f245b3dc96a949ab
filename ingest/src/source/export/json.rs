//! Records of JSON and JSON Lines files.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::record::{Fields, Record};
use super::{Error, ExportFormat, ExportOptions};
use crate::source::{Failure, Reason};

/// Lists of lists of lists that a field is looked for in.
const MAX_DEPTH: usize = 16;
/// Values of one field that are put together.
const MAX_VALUES: usize = 10_000;

type Visit<'a> = &'a mut dyn FnMut(Result<Record, Failure>) -> ControlFlow<()>;

/// Reads an object from every line.
pub(super) fn read_lines(file: impl Read, options: &ExportOptions, visit: Visit<'_>) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: options.path.clone(), source };
    let limit = options.max_record_bytes;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = reader.by_ref().take(limit + 1).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        let place = format!("{} {number}", ExportFormat::Jsonl.unit());
        let result = if read as u64 > limit {
            let mut size = read as u64;
            if line.last() != Some(&b'\n') {
                size += skip_line(&mut reader).map_err(unreadable)?;
            }
            Err(Reason::TooLarge { size, limit })
        } else {
            let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
            if text.is_empty() {
                continue;
            }
            serde_json::from_slice(text).map_err(|error| Reason::Record(format!("it is no JSON: {error}")))
        };
        if visit(result.and_then(|value| fields(&value, options)).map_or_else(
            |reason| Err(Failure { path: place.clone(), reason }),
            |fields| Ok(Record::new(place.clone(), fields, options)),
        ))
        .is_break()
        {
            break;
        }
    }
    Ok(())
}

/// Reads on to the end of a line, and says how much that was.
fn skip_line(reader: &mut impl BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        skipped += used as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// Reads the objects of a list, wherever in the file it is.
pub(super) fn read_list(file: impl Read, options: &ExportOptions, visit: Visit<'_>) -> Result<(), Error> {
    let left = Rc::new(Cell::new(u64::MAX));
    let input = Limited { inner: BufReader::with_capacity(64 * 1024, file), left: Rc::clone(&left), mark: false };
    let mut state = List { options, visit, left, number: 0, found: false, stopped: false, lists: Vec::new() };
    let pointer: Vec<String> =
        options.records.as_deref().unwrap_or_default().split('/').skip(1).map(unescaped).collect();
    let mut json = serde_json::Deserializer::from_reader(input);
    let result = Walk { state: &mut state, pointer: &pointer, root: true }.deserialize(&mut json);
    if state.stopped {
        return Ok(());
    }
    if let Err(error) = result {
        let message = match error.io_error_kind() {
            Some(std::io::ErrorKind::FileTooLarge) => {
                format!("it has more than {} bytes; is the list that was meant another one?", options.max_record_bytes)
            }
            Some(_) => return Err(Error::Unreadable { path: options.path.clone(), source: error.into() }),
            None => error.to_string(),
        };
        return Err(Error::Broken { unit: ExportFormat::Json.unit(), place: state.number + 1, message });
    }
    if state.found { Ok(()) } else { Err(Error::NoList { pointer: options.records.clone(), lists: state.lists }) }
}

/// A part of a JSON pointer.
fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Refuses to read more than what a record may have, and leaves out the mark that some programs begin files with.
struct Limited<R> {
    inner: R,
    left: Rc<Cell<u64>>,
    /// Whether the start of the file has been looked at.
    mark: bool,
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !std::mem::replace(&mut self.mark, true) && self.inner.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.inner.consume(3);
        }
        if self.left.get() == 0 {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

/// The list while it is read.
struct List<'a> {
    options: &'a ExportOptions,
    visit: Visit<'a>,
    left: Rc<Cell<u64>>,
    number: u64,
    found: bool,
    stopped: bool,
    /// Lists that there are at the root, in case the one that is looked for is not there.
    lists: Vec<String>,
}

/// Follows the pointer down, leaving out everything beside its way.
struct Walk<'s, 'a> {
    state: &'s mut List<'a>,
    pointer: &'s [String],
    root: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let state = self.state;
        if let [next, rest @ ..] = self.pointer {
            let wanted: Option<usize> = next.parse().ok();
            let mut at = 0;
            loop {
                let more = if wanted == Some(at) {
                    list.next_element_seed(Walk { state, pointer: rest, root: false })?.is_some()
                } else {
                    list.next_element::<IgnoredAny>()?.is_some()
                };
                if !more {
                    return Ok(());
                }
                at += 1;
            }
        }
        state.found = true;
        loop {
            state.left.set(state.options.max_record_bytes.max(1));
            let Some(value) = list.next_element::<Value>()? else { break };
            state.number += 1;
            let place = format!("{} {}", ExportFormat::Json.unit(), state.number);
            let result = match fields(&value, state.options) {
                Ok(fields) => Ok(Record::new(place, fields, state.options)),
                Err(reason) => Err(Failure { path: place, reason }),
            };
            if (state.visit)(result).is_break() {
                state.stopped = true;
                return Err(A::Error::custom("stopped"));
            }
        }
        state.left.set(u64::MAX);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let state = self.state;
        while let Some(key) = map.next_key::<String>()? {
            match self.pointer {
                [next, rest @ ..] if *next == key => {
                    map.next_value_seed(Walk { state, pointer: rest, root: false })?;
                }
                [] if self.root => {
                    if map.next_value::<Probe>()?.0 && state.lists.len() < 100 {
                        state.lists.push(format!("/{}", key.replace('~', "~0").replace('/', "~1")));
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Whether a value is a list; its content is left out.
struct Probe(bool);

impl<'de> serde::Deserialize<'de> for Probe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Kind;
        impl<'de> Visitor<'de> for Kind {
            type Value = Probe;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("anything")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Probe, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Probe(true))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Probe, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Probe(false))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Probe, E> {
                Ok(Probe(false))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Probe, E> {
                Ok(Probe(false))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Probe, E> {
                Ok(Probe(false))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Probe, E> {
                Ok(Probe(false))
            }

            fn visit_str<E>(self, _: &str) -> Result<Probe, E> {
                Ok(Probe(false))
            }

            fn visit_unit<E>(self) -> Result<Probe, E> {
                Ok(Probe(false))
            }
        }
        deserializer.deserialize_any(Kind)
    }
}

/// The mapped fields of a record.
fn fields(value: &Value, options: &ExportOptions) -> Result<Fields, Reason> {
    if !value.is_object() {
        return Err(Reason::Record("it is no JSON object".to_owned()));
    }
    let mut fields = Fields::default();
    for (slot, field) in fields.single.iter_mut().zip(options.mapping.single()) {
        *slot = field.as_ref().map(|field| text_of(value, field, "\n")).filter(|text| !text.is_empty());
    }
    for field in &options.mapping.text {
        fields.text.push((field.clone(), text_of(value, field, "\n\n")));
    }
    Ok(fields)
}

/// Everything that a field leads to, as text.
fn text_of(value: &Value, field: &str, between: &str) -> String {
    let mut texts = Vec::new();
    if let Some(rest) = field.strip_prefix('/') {
        let path: Vec<String> = rest.split('/').map(unescaped).collect();
        collect(value, &path, 0, &mut texts);
    } else if let Some(own) = value.get(field) {
        collect(own, &[], 0, &mut texts);
    } else {
        let path: Vec<String> = field.split('.').map(str::to_owned).collect();
        collect(value, &path, 0, &mut texts);
    }
    texts.join(between)
}

fn collect(value: &Value, path: &[String], depth: usize, texts: &mut Vec<String>) {
    if depth > MAX_DEPTH || texts.len() >= MAX_VALUES {
        return;
    }
    match (path, value) {
        ([next, rest @ ..], Value::Object(object)) => {
            if let Some(value) = object.get(next) {
                collect(value, rest, depth + 1, texts);
            }
        }
        ([next, rest @ ..], Value::Array(list)) => {
            if let Ok(at) = next.parse::<usize>() {
                if let Some(value) = list.get(at) {
                    collect(value, rest, depth + 1, texts);
                }
                return;
            }
            // `labels.name` means the names of all labels, as `labels.*.name` does.
            let path = if next == "*" { rest } else { path };
            for value in list {
                collect(value, path, depth + 1, texts);
            }
        }
        ([], Value::Array(list)) => {
            for value in list {
                collect(value, path, depth + 1, texts);
            }
        }
        ([], Value::String(text)) => texts.push(text.clone()),
        ([], Value::Number(number)) => texts.push(number.to_string()),
        ([], Value::Bool(flag)) => texts.push(flag.to_string()),
        _ => {}
    }
}
