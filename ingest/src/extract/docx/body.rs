//! The body of a document to clean Markdown.

use super::numbering::{Counters, Numbering};
use super::paragraph::{Paragraph, Run};
use super::styles::{Role, Styles, is_mono, outlined};
use super::xml::{Element, Node, Xml};
use crate::extract::builder::Builder;
use crate::extract::decode::is_dropped;
use crate::extract::markdown_table::write_delimiter;
use crate::extract::{Extracted, FrontMatter, Unreadable};

/// Paragraphs and tables that may be open within each other.
const MAX_NESTED: usize = 64;
const MAX_COLUMNS: usize = 64;
/// A cell that is longer is not repeated in the rows that it spans.
const MAX_REPEATED_CHARS: usize = 200;

/// A table while it is read.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    cell: String,
    /// Columns that the open cell has.
    columns: usize,
    /// Whether the open cell goes on with the one above it.
    below: bool,
}

/// The body while it is read.
#[expect(clippy::struct_excessive_bools, reason = "each is an element that is open or not")]
pub(super) struct Body<'a> {
    styles: &'a Styles,
    numbering: &'a Numbering,
    counters: Counters,
    out: Builder,
    paragraphs: Vec<Paragraph>,
    tables: Vec<Table>,
    run: Option<Run>,
    /// What is open and decides how elements inside are understood.
    in_paragraph_properties: bool,
    in_run_properties: bool,
    in_text: bool,
    code: Vec<String>,
    in_list: bool,
}

impl<'a> Body<'a> {
    pub(super) fn new(styles: &'a Styles, numbering: &'a Numbering) -> Self {
        Self {
            styles,
            numbering,
            counters: Counters::default(),
            out: Builder::default(),
            paragraphs: Vec::new(),
            tables: Vec::new(),
            run: None,
            in_paragraph_properties: false,
            in_run_properties: false,
            in_text: false,
            code: Vec::new(),
            in_list: false,
        }
    }

    /// Reads the main part.
    pub(super) fn read(&mut self, text: &str) -> Result<(), Unreadable> {
        let mut xml = Xml::new(text);
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) => self.open(&element, &mut xml)?,
                Node::Close(name) => self.close(&name),
                Node::Text(text) => {
                    if self.in_text {
                        self.push(&text);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads foot notes or end notes, which follow the text.
    pub(super) fn read_notes(&mut self, text: &str) -> Result<(), Unreadable> {
        let mut xml = Xml::new(text);
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) if matches!(element.name(), "footnote" | "endnote") => {
                    // Separators are notes by their form only.
                    if element.attribute("type").is_some_and(|kind| kind != "normal") {
                        xml.skip()?;
                    }
                }
                Node::Open(element) => self.open(&element, &mut xml)?,
                Node::Close(name) => self.close(&name),
                Node::Text(text) if self.in_text => self.push(&text),
                Node::Text(_) => {}
            }
        }
        Ok(())
    }

    /// The text.
    pub(super) fn finish(mut self) -> Extracted {
        while !self.paragraphs.is_empty() {
            self.end_paragraph();
        }
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.flush_code();
        self.out.finish(FrontMatter::default())
    }

    fn open(&mut self, element: &Element<'_>, xml: &mut Xml<'_>) -> Result<(), Unreadable> {
        match element.name() {
            // What was deleted, what stands here for older programs, how something looked before, what belongs to pages.
            "del" | "moveFrom" | "Fallback" | "sectPr" | "rPrChange" | "pPrChange" | "tblPrChange" | "trPrChange"
            | "tcPrChange" | "numberingChange" => xml.skip()?,
            "p" => {
                if self.paragraphs.len() + self.tables.len() >= MAX_NESTED {
                    return Err(Unreadable::Damaged(format!("its text nests deeper than {MAX_NESTED} levels")));
                }
                self.paragraphs.push(Paragraph::new());
                self.run = None;
            }
            "pPr" => self.in_paragraph_properties = true,
            "rPr" => self.in_run_properties = true,
            "r" if !self.in_paragraph_properties => self.run = Some(Run::default()),
            "tbl" => {
                if self.paragraphs.len() + self.tables.len() >= MAX_NESTED {
                    return Err(Unreadable::Damaged(format!("its text nests deeper than {MAX_NESTED} levels")));
                }
                self.flush_code();
                self.tables.push(Table::default());
            }
            "tr" => self.table(|table| table.row.clear()),
            "tc" => self.table(|table| {
                table.cell.clear();
                table.columns = 1;
                table.below = false;
            }),
            "gridSpan" => {
                let columns = element.value().and_then(|value| value.parse().ok()).unwrap_or(1);
                self.table(|table| table.columns = columns);
            }
            "vMerge" => {
                let below = element.value().is_none_or(|value| value != "restart");
                self.table(|table| table.below = below);
            }
            name if self.in_run_properties => self.run_property(name, element),
            name if self.in_paragraph_properties => self.paragraph_property(name, element),
            name => self.content(name, element),
        }
        Ok(())
    }

    fn run_property(&mut self, name: &str, element: &Element<'_>) {
        // Those within paragraph properties are of the paragraph's end, which is not seen.
        let Some(run) = self.run.as_mut().filter(|_| !self.in_paragraph_properties) else { return };
        match name {
            "rFonts" => run.mono |= element.attribute("ascii").is_some_and(|font| is_mono(&font)),
            "rStyle" => run.mono |= element.value().is_some_and(|style| self.styles.is_code(&style)),
            "vanish" => run.hidden = element.is_on(),
            _ => {}
        }
    }

    fn paragraph_property(&mut self, name: &str, element: &Element<'_>) {
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        let number = || element.value().and_then(|value| value.parse::<u32>().ok());
        match name {
            "pStyle" => paragraph.style = element.value().unwrap_or_default(),
            "outlineLvl" => paragraph.outline = number().and_then(|level| u8::try_from(level).ok()),
            "numId" => paragraph.list = number(),
            "ilvl" => paragraph.level = number().and_then(|level| u8::try_from(level).ok()),
            _ => {}
        }
    }

    fn content(&mut self, name: &str, element: &Element<'_>) {
        match name {
            "t" => self.in_text = true,
            "tab" | "ptab" => self.push(" "),
            "noBreakHyphen" => self.push("-"),
            "br" if element.attribute("type").is_none_or(|kind| kind == "textWrapping") => self.line_break(),
            "cr" => self.line_break(),
            "sym" => {
                let font = element.attribute("font").unwrap_or_default();
                let code = element.attribute("char").and_then(|code| u32::from_str_radix(&code, 16).ok());
                let c = if font.starts_with("Wingdings") || font == "Symbol" {
                    None
                } else {
                    code.and_then(char::from_u32)
                };
                self.push(&c.unwrap_or('•').to_string());
            }
            "footnoteReference" | "endnoteReference" => {
                if let Some(id) = element.attribute("id").filter(|id| id.len() < 9) {
                    self.push(&format!("[{id}]"));
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "r" => self.run = None,
            "rPr" => self.in_run_properties = false,
            "pPr" => self.in_paragraph_properties = false,
            "p" => self.end_paragraph(),
            "tc" => self.table(Table::end_cell),
            "tr" => self.table(Table::end_row),
            "tbl" => self.end_table(),
            _ => {}
        }
    }

    fn table(&mut self, change: impl FnOnce(&mut Table)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    fn push(&mut self, text: &str) {
        let plain = Run::default();
        if let Some(paragraph) = self.paragraphs.last_mut() {
            let run = self.run.as_ref().unwrap_or(&plain);
            if text.chars().any(is_dropped) {
                let clean: String = text.chars().filter(|c| !is_dropped(*c)).collect();
                paragraph.push(run, &clean);
            } else {
                paragraph.push(run, text);
            }
        }
    }

    fn line_break(&mut self) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.line_break();
        }
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        (self.run, self.in_text) = (None, false);
        (self.in_paragraph_properties, self.in_run_properties) = (false, false);
        if let Some(table) = self.tables.last_mut() {
            for line in paragraph.lines() {
                if !line.is_empty() {
                    let space = if table.cell.is_empty() { "" } else { " " };
                    table.cell.push_str(space);
                    table.cell.push_str(&line);
                }
            }
            return;
        }
        self.write(&paragraph);
    }

    fn write(&mut self, paragraph: &Paragraph) {
        let plain = paragraph.plain();
        let role = outlined(paragraph.outline).unwrap_or_else(|| self.styles.role(&paragraph.style));
        let is_empty = plain.trim().is_empty();
        if role == Role::Code || (role == Role::Text && paragraph.is_code()) {
            self.end_list();
            self.code.extend(plain.split('\n').map(|line| line.trim_end().to_owned()));
            return;
        }
        if is_empty {
            // Blank lines of a listing are paragraphs too, in whatever style.
            if self.code.is_empty() {
                self.out.blank();
            } else {
                self.code.push(String::new());
            }
            return;
        }
        self.flush_code();
        let lines = paragraph.lines();
        match role {
            Role::Title | Role::Heading(_) => {
                self.end_list();
                let level = if let Role::Heading(level) = role { level } else { 1 };
                let heading = plain.split_whitespace().collect::<Vec<_>>().join(" ");
                self.out.heading(level, &lines.join(" "), &heading, None);
            }
            Role::Contents => {}
            Role::Quote => {
                self.end_list();
                self.out.blank();
                for line in lines {
                    self.out.line(&format!("> {line}"));
                }
                self.out.blank();
            }
            Role::Text | Role::Code => self.write_text(paragraph, &lines),
        }
    }

    fn write_text(&mut self, paragraph: &Paragraph, lines: &[String]) {
        let list = paragraph.list(self.styles);
        let marker = list
            .and_then(|(list, level)| self.counters.next(self.numbering, list, level))
            .or_else(|| (list.is_none() && self.styles.is_bullet(&paragraph.style)).then(|| "-".to_owned()));
        let Some(marker) = marker else {
            self.end_list();
            self.out.blank();
            for line in lines {
                self.out.text_line(line);
            }
            self.out.blank();
            return;
        };
        if !self.in_list {
            self.out.blank();
            self.in_list = true;
        }
        let indent = "  ".repeat(list.map_or(0, |list| usize::from(list.1)).min(8));
        for (at, line) in lines.iter().enumerate() {
            let marker = if at == 0 { marker.as_str() } else { " " };
            self.out.line(&format!("{indent}{marker} {line}"));
        }
    }

    fn end_list(&mut self) {
        if std::mem::take(&mut self.in_list) {
            self.out.blank();
        }
    }

    fn flush_code(&mut self) {
        while self.code.last().is_some_and(String::is_empty) {
            self.code.pop();
        }
        let lines = std::mem::take(&mut self.code);
        if lines.iter().all(|line| line.trim().is_empty()) {
            return;
        }
        self.out.blank();
        self.out.line("```");
        for line in lines {
            self.out.raw_line(&line.replace("```", "\'\'\'"));
        }
        self.out.line("```");
        self.out.blank();
    }

    fn end_table(&mut self) {
        let Some(mut table) = self.tables.pop() else { return };
        table.end_row();
        let columns = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        if let Some(outer) = self.tables.last_mut() {
            for cell in table.rows.iter().flatten().filter(|cell| !cell.is_empty()) {
                let space = if outer.cell.is_empty() { "" } else { " " };
                outer.cell.push_str(space);
                outer.cell.push_str(cell);
            }
            return;
        }
        self.end_list();
        self.out.blank();
        if columns == 1 {
            // A frame around text.
            for cell in table.rows.iter().flatten() {
                self.out.text_line(cell);
                self.out.blank();
            }
            return;
        }
        for (at, mut row) in table.rows.into_iter().enumerate() {
            row.resize(columns, String::new());
            let mut line = String::from("|");
            for cell in row {
                line.push(' ');
                line.push_str(&cell.replace('|', "\\|"));
                line.push_str(if cell.is_empty() { "|" } else { " |" });
            }
            self.out.line(&line);
            if at == 0 {
                write_delimiter(columns, &mut self.out);
            }
        }
        self.out.blank();
    }
}

impl Table {
    fn end_cell(&mut self) {
        let column = self.row.len();
        let mut cell = std::mem::take(&mut self.cell);
        if self.below
            && cell.is_empty()
            && let Some(above) = self.rows.last().and_then(|row| row.get(column))
            && above.chars().nth(MAX_REPEATED_CHARS).is_none()
        {
            cell.clone_from(above);
        }
        let columns = self.columns.clamp(1, MAX_COLUMNS);
        if column < MAX_COLUMNS {
            self.row.push(cell);
            self.row.resize((column + columns).min(MAX_COLUMNS), String::new());
        }
    }

    fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if row.iter().any(|cell| !cell.is_empty()) {
            self.rows.push(row);
        }
    }
}
