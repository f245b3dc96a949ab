//! Records of CSV files.

use std::cell::Cell;
use std::io::Read;
use std::ops::ControlFlow;
use std::rc::Rc;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use super::record::{Fields, Record};
use super::{Error, ExportOptions};
use crate::source::{Failure, Reason};

const BUFFER_BYTES: usize = 64 * 1024;

/// Refuses to read more than what a record may have. A quote that is never closed takes the rest of the file in.
struct Limited<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left.get() == 0 {
            return Err(std::io::Error::other(TooLarge));
        }
        let read = self.inner.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("record too large")]
struct TooLarge;

fn is_too_large(error: &std::io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<TooLarge>())
}

pub(super) fn read(
    file: impl Read,
    delimiter: u8,
    options: &ExportOptions,
    visit: &mut dyn FnMut(Result<Record, Failure>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let allowed = options.max_record_bytes + 2 * BUFFER_BYTES as u64;
    let left = Rc::new(Cell::new(allowed));
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(Limited { inner: file, left: Rc::clone(&left) });
    let fatal = |error: csv::Error, place: u64| {
        let place = error.position().map_or(place, csv::Position::line);
        match error.into_kind() {
            ErrorKind::Io(error) if is_too_large(&error) => {
                let message =
                    format!("the record has more than {} bytes; is a quote left open?", options.max_record_bytes);
                Error::Broken { unit: "line", place, message }
            }
            ErrorKind::Io(source) => Error::Unreadable { path: options.path.clone(), source },
            other => Error::Broken { unit: "line", place, message: format!("{other:?}") },
        }
    };
    let headers = reader.byte_headers().map_err(|error| fatal(error, 1))?.clone();
    let columns = Columns::of(&headers, options)?;
    let mut record = ByteRecord::new();
    loop {
        left.set(allowed);
        let line = reader.position().line();
        if !reader.read_byte_record(&mut record).map_err(|error| fatal(error, line))? {
            return Ok(());
        }
        let line = record.position().map_or(line, csv::Position::line);
        let place = format!("line {line}");
        let result = match columns.fields(&record, options) {
            Some(fields) => Ok(Record::new(place, fields, options)),
            None => Err(Failure { path: place, reason: Reason::NotText }),
        };
        if visit(result).is_break() {
            return Ok(());
        }
    }
}

/// Where the mapped fields are in a row.
struct Columns {
    single: [Option<usize>; 7],
    text: Vec<usize>,
}

impl Columns {
    fn of(headers: &ByteRecord, options: &ExportOptions) -> Result<Self, Error> {
        let columns: Vec<String> = headers
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let name = String::from_utf8_lossy(name);
                let name = if at == 0 { name.trim_start_matches('\u{feff}') } else { &*name };
                name.trim().to_owned()
            })
            .collect();
        let position = |field: &String| {
            let exact = columns.iter().position(|column| column == field);
            exact
                .or_else(|| columns.iter().position(|column| column.eq_ignore_ascii_case(field)))
                .ok_or_else(|| Error::UnknownColumn { column: field.clone(), columns: columns.clone() })
        };
        let mut single = [None; 7];
        for (slot, field) in single.iter_mut().zip(options.mapping.single()) {
            *slot = field.as_ref().map(position).transpose()?;
        }
        let text = options.mapping.text.iter().map(position).collect::<Result<_, _>>()?;
        Ok(Self { single, text })
    }

    /// The mapped fields; `None` if they are not UTF-8.
    fn fields(&self, record: &ByteRecord, options: &ExportOptions) -> Option<Fields> {
        let value = |at: usize| std::str::from_utf8(record.get(at).unwrap_or_default()).ok();
        let mut fields = Fields::default();
        for (slot, column) in fields.single.iter_mut().zip(self.single) {
            if let Some(column) = column {
                *slot = Some(value(column)?.to_owned());
            }
        }
        for (name, column) in options.mapping.text.iter().zip(&self.text) {
            fields.text.push((name.clone(), value(*column)?.to_owned()));
        }
        Some(fields)
    }
}
