//! Runs the content of pages, and notes what text is shown where.

use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};
use rustc_hash::FxHashMap;

use super::fonts::{Font, number, unpacked};
use super::lines::{Line, Lines, Span};
use super::{Budget, MAX_PAGES, MAX_STREAM_BYTES, get, glyphs};
use crate::extract::Unreadable;

/// Saved graphics states, and marked sequences, that may be open at once.
const MAX_OPEN: usize = 512;
/// Forms within forms.
const MAX_FORMS: usize = 12;
/// Levels of the tree of pages.
const MAX_ANCESTORS: usize = 64;

/// The lines of all pages, in the order in which they are drawn, which is the order of reading in files of any age.
pub(super) fn lines(document: &Document) -> Result<Vec<Line>, Unreadable> {
    let pages: Vec<ObjectId> = document.page_iter().take(MAX_PAGES + 1).collect();
    if pages.len() > MAX_PAGES {
        return Err(Unreadable::TooMuch(format!("it has more than {MAX_PAGES} pages")));
    }
    let mut interpreter = Interpreter {
        document,
        fonts: FxHashMap::default(),
        budget: Budget::new(),
        lines: Lines::default(),
        state: State::default(),
        saved: Vec::new(),
        marked: Vec::new(),
        text: Matrix::IDENTITY,
        line: Matrix::IDENTITY,
    };
    for (at, page) in pages.into_iter().enumerate() {
        let Ok(dictionary) = document.get_dictionary(page) else { continue };
        let content = document.get_page_content_with_limit(page, MAX_STREAM_BYTES);
        let content = content.map_err(|_| super::load::over(MAX_STREAM_BYTES))?;
        interpreter.budget.unpack(content.len())?;
        interpreter.begin_page(at + 1);
        let resources = inherited(document, dictionary, b"Resources");
        interpreter.run(&content, resources, 0)?;
    }
    Ok(interpreter.lines.finish())
}

/// A dictionary that a page has from itself or from the tree above it.
fn inherited<'a>(document: &'a Document, page: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
    let mut node = page;
    for _ in 0..MAX_ANCESTORS {
        if let Some(Object::Dictionary(found)) = get(document, node, key) {
            return Some(found);
        }
        node = get(document, node, b"Parent")?.as_dict().ok()?;
    }
    None
}

/// `[a b c d e f]`, which takes (x, y) to (ax + cy + e, bx + dy + f).
#[derive(Debug, Clone, Copy)]
struct Matrix([f64; 6]);

impl Matrix {
    const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    const fn moved(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// This one first, then `next`.
    fn then(self, next: Self) -> Self {
        let (first, next) = (self.0, next.0);
        let turned = |x: f64, y: f64| [x * next[0] + y * next[2], x * next[1] + y * next[3]];
        let (across, up, place) = (turned(first[0], first[1]), turned(first[2], first[3]), turned(first[4], first[5]));
        Self([across[0], across[1], up[0], up[1], place[0] + next[4], place[1] + next[5]])
    }

    fn of(operands: &[Object]) -> Option<Self> {
        let mut matrix = [0.0; 6];
        for (at, value) in matrix.iter_mut().enumerate() {
            *value = f64::from(number(operands.get(at)?)?);
        }
        Some(Self(matrix))
    }
}

#[derive(Debug, Clone)]
struct State {
    /// From the space of the content to the page.
    space: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    between_chars: f64,
    between_words: f64,
    /// Horizontal scaling, 1 for none.
    stretch: f64,
    leading: f64,
    rise: f64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            space: Matrix::IDENTITY,
            font: None,
            size: 0.0,
            between_chars: 0.0,
            between_words: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

struct Interpreter<'a> {
    document: &'a Document,
    /// By their object. Fonts that are written into their page are read anew on each.
    fonts: FxHashMap<ObjectId, Rc<Font>>,
    budget: Budget,
    lines: Lines,
    state: State,
    saved: Vec<State>,
    /// Marked sequences that are open, and whether each is a header or footer by the file's own word.
    marked: Vec<bool>,
    text: Matrix,
    line: Matrix,
}

impl<'a> Interpreter<'a> {
    fn begin_page(&mut self, page: usize) {
        self.state = State::default();
        self.saved.clear();
        self.marked.clear();
        self.lines.begin_page(page);
    }

    fn run(&mut self, content: &[u8], resources: Option<&'a Dictionary>, depth: usize) -> Result<(), Unreadable> {
        let open = self.saved.len();
        for operation in Content::decode_iter(content) {
            // What follows an error in a content stream cannot be told from its inside.
            let Ok(operation) = operation else { break };
            self.operation(&operation, resources, depth, open)?;
        }
        self.saved.truncate(open);
        Ok(())
    }

    fn operation(
        &mut self,
        operation: &Operation,
        resources: Option<&'a Dictionary>,
        depth: usize,
        open: usize,
    ) -> Result<(), Unreadable> {
        let operands = operation.operands.as_slice();
        let value = |at: usize| operands.get(at).and_then(number).map(f64::from);
        match operation.operator.as_str() {
            "q" if self.saved.len() < MAX_OPEN => self.saved.push(self.state.clone()),
            "Q" if self.saved.len() > open => self.state = self.saved.pop().unwrap_or_default(),
            "cm" => {
                if let Some(matrix) = Matrix::of(operands) {
                    self.state.space = matrix.then(self.state.space);
                }
            }
            "BT" => {
                self.text = Matrix::IDENTITY;
                self.line = Matrix::IDENTITY;
            }
            "Tf" => {
                self.state.size = value(1).unwrap_or(0.0);
                if let Some(Object::Name(name)) = operands.first() {
                    self.state.font = self.font(name, resources)?;
                }
            }
            "Tc" => self.state.between_chars = value(0).unwrap_or(0.0),
            "Tw" => self.state.between_words = value(0).unwrap_or(0.0),
            "Tz" => self.state.stretch = value(0).unwrap_or(100.0) / 100.0,
            "TL" => self.state.leading = value(0).unwrap_or(0.0),
            "Ts" => self.state.rise = value(0).unwrap_or(0.0),
            "Td" => self.next_line(value(0).unwrap_or(0.0), value(1).unwrap_or(0.0)),
            "TD" => {
                self.state.leading = -value(1).unwrap_or(0.0);
                self.next_line(value(0).unwrap_or(0.0), value(1).unwrap_or(0.0));
            }
            "Tm" => {
                if let Some(matrix) = Matrix::of(operands) {
                    self.text = matrix;
                    self.line = matrix;
                }
            }
            "T*" => self.next_line(0.0, -self.state.leading),
            "Tj" => self.show(operands.first())?,
            "'" => {
                self.next_line(0.0, -self.state.leading);
                self.show(operands.first())?;
            }
            "\"" => {
                self.state.between_words = value(0).unwrap_or(0.0);
                self.state.between_chars = value(1).unwrap_or(0.0);
                self.next_line(0.0, -self.state.leading);
                self.show(operands.get(2))?;
            }
            "TJ" => {
                for item in operands.first().and_then(|items| items.as_array().ok()).into_iter().flatten() {
                    match number(item) {
                        Some(back) => self.advance(-f64::from(back) / 1000.0 * self.state.size * self.state.stretch),
                        None => self.show(Some(item))?,
                    }
                }
            }
            "BMC" | "BDC" if self.marked.len() < MAX_OPEN => {
                let furniture = self.is_furniture(operands);
                self.marked.push(furniture);
            }
            "EMC" => drop(self.marked.pop()),
            "Do" => {
                if let Some(Object::Name(name)) = operands.first() {
                    self.form(name, resources, depth)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::moved(x, y).then(self.line);
        self.text = self.line;
    }

    fn advance(&mut self, x: f64) {
        self.text = Matrix::moved(x, 0.0).then(self.text);
    }

    /// Whether a marked sequence is a header or footer: `/Artifact <</Type /Pagination>> BDC`.
    fn is_furniture(&self, operands: &[Object]) -> bool {
        let [Object::Name(tag), Object::Dictionary(properties), ..] = operands else {
            return false;
        };
        let kind = get(self.document, properties, b"Type").and_then(|kind| kind.as_name().ok());
        tag == b"Artifact" && kind == Some(b"Pagination")
    }

    fn font(&mut self, name: &[u8], resources: Option<&'a Dictionary>) -> Result<Option<Rc<Font>>, Unreadable> {
        let document = self.document;
        let fonts = resources.and_then(|resources| get(document, resources, b"Font")?.as_dict().ok());
        let Some(entry) = fonts.and_then(|fonts| fonts.get(name).ok()) else { return Ok(None) };
        let Ok((id, Object::Dictionary(dictionary))) = document.dereference(entry) else { return Ok(None) };
        if let Some(known) = id.and_then(|id| self.fonts.get(&id)) {
            return Ok(Some(Rc::clone(known)));
        }
        // A font is work: a thousand of them on every page are not for free.
        self.budget.unpack(4_096)?;
        let font = Rc::new(Font::read(document, dictionary, &mut self.budget)?);
        if let Some(id) = id {
            self.fonts.insert(id, Rc::clone(&font));
        }
        Ok(Some(font))
    }

    /// Runs the content of a form: a stream that is used like a stamp.
    fn form(&mut self, name: &[u8], resources: Option<&'a Dictionary>, depth: usize) -> Result<(), Unreadable> {
        let document = self.document;
        let forms = resources.and_then(|resources| get(document, resources, b"XObject")?.as_dict().ok());
        let Some(Object::Stream(form)) = forms.and_then(|forms| get(document, forms, name)) else { return Ok(()) };
        let is_form = get(document, &form.dict, b"Subtype").and_then(|kind| kind.as_name().ok()) == Some(b"Form");
        if !is_form || depth >= MAX_FORMS {
            return Ok(());
        }
        let content = unpacked(form, MAX_STREAM_BYTES, &mut self.budget)?;
        let own = get(document, &form.dict, b"Resources").and_then(|resources| resources.as_dict().ok());
        let (state, text, line) = (self.state.clone(), self.text, self.line);
        if let Some(Object::Array(matrix)) = get(document, &form.dict, b"Matrix")
            && let Some(matrix) = Matrix::of(matrix)
        {
            self.state.space = matrix.then(self.state.space);
        }
        self.run(&content, own.or(resources), depth + 1)?;
        (self.state, self.text, self.line) = (state, text, line);
        Ok(())
    }

    fn show(&mut self, string: Option<&Object>) -> Result<(), Unreadable> {
        let (Some(Object::String(bytes, _)), Some(font)) = (string, self.state.font.clone()) else {
            return Ok(());
        };
        let state = &self.state;
        let Matrix([right_x, right_y, up_x, up_y, ..]) = self.text.then(state.space);
        let size = state.size.abs() * up_x.hypot(up_y);
        let start = Matrix::moved(0.0, state.rise).then(self.text).then(state.space);
        let mut text = String::new();
        let mut advance = 0.0;
        font.each(bytes, |glyph, width, is_space| {
            glyphs::push(glyph, &mut text);
            let words = if is_space { state.between_words } else { 0.0 };
            advance += (f64::from(width) * state.size + state.between_chars + words) * state.stretch;
        });
        // The direction of writing becomes the axis, so that turned text makes lines like any other.
        let length = right_x.hypot(right_y);
        let (cos, sin) = if length > 0.0 { (right_x / length, right_y / length) } else { (1.0, 0.0) };
        let Matrix([.., x, y]) = start;
        let along = x * cos + y * sin;
        let across = y * cos - x * sin;
        let end = along + advance * length;
        self.advance(advance);
        self.budget.write(text.len())?;
        if self.marked.contains(&true) || ![along, across, end, size].iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        self.lines.push(&Span {
            angle: sin.atan2(cos).to_degrees().round() as i32,
            start: along,
            end,
            across,
            size,
            bold: font.bold,
            mono: font.mono,
            text: &text,
        });
        Ok(())
    }
}
