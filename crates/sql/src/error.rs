//! Errors that point at the place.

use std::fmt;

use crate::Span;
use crate::redact::{MASK, secret_spans};
use crate::span::{line_and_column, slice};

/// What kind of refusal it is, so that the engine can give each its own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// The text is not a statement of the dialect.
    Syntax,
    /// A file format's type or option is not one that exists.
    FileFormat,
    /// The text means something in the dialect that this version does not do, and that must not be ignored.
    Unsupported,
    /// A named limit of the parser was reached.
    Limit,
}

/// A text that is not one statement. The message never holds a string value of the text, so it can be
/// logged; the text itself is shown by [`SyntaxError::excerpt`], with secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SyntaxError {
    pub kind: SyntaxErrorKind,
    /// One line, lowercase, no final period.
    pub message: String,
    pub span: Span,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The next action.
    pub hint: Option<String>,
}

impl SyntaxError {
    /// An error at `span` of `text`. The engine uses it too, for what only it can find wrong.
    pub fn new(text: &str, span: Span, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, span.start);
        Self { kind: SyntaxErrorKind::Syntax, message: message.into(), span, line, column, hint: None }
    }

    pub fn with_kind(mut self, kind: SyntaxErrorKind) -> Self {
        self.kind = kind;
        self
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The line of `text`, and a caret under the place; see [`excerpt`].
    pub fn excerpt(&self, text: &str) -> String {
        excerpt(text, self.span)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)
    }
}

/// The line of `text` where `span` begins, numbered, and carets under the span:
///
/// ```text
/// 2 | STORAGE_TYP = 's3'
///   | ^^^^^^^^^^^
/// ```
///
/// Secret values are masked, tabs become blanks, and a long line is cut around the caret.
pub fn excerpt(text: &str, span: Span) -> String {
    let (number, _) = line_and_column(text, span.start);
    let start = span.start.min(text.len());
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line_length = text.get(start..).and_then(|behind| behind.find('\n')).unwrap_or(text.len() - start);
    let cells = draw(text, Span::new(line_start, start + line_length), span);
    let (cells, cut_left, cut_right) = cut(&cells);
    let mut line = String::from(if cut_left { "… " } else { "" });
    let mut carets = " ".repeat(if cut_left { 2 } else { 0 });
    for cell in cells {
        line.push(cell.character);
        carets.push_str(if cell.marked { "^" } else { " " }.repeat(cell.width).as_str());
    }
    if cut_right {
        line.push_str(" …");
    }
    let number = number.to_string();
    let margin = " ".repeat(number.len());
    format!("{number} | {}\n{margin} | {}", line.trim_end(), carets.trim_end())
}

/// One character of a drawn line.
#[derive(Clone, Copy)]
struct Cell {
    character: char,
    /// Columns on a terminal.
    width: usize,
    /// Whether a caret stands below.
    marked: bool,
}

/// The characters of `line`, secrets masked and blanks for tabs, with a place for the caret at the end.
fn draw(text: &str, line: Span, marked: Span) -> Vec<Cell> {
    let secrets = secret_spans(text);
    let mut secret_drawn = None;
    let mut cells = Vec::new();
    for (offset, character) in slice(text, line).char_indices() {
        let at = line.start + offset;
        let in_mark = at >= marked.start && at < marked.end || at == marked.start;
        let next_secret = secrets.partition_point(|secret| secret.end <= at);
        if let Some(secret) = secrets.get(next_secret).filter(|secret| secret.start <= at) {
            if secret_drawn != Some(secret.start) {
                secret_drawn = Some(secret.start);
                let marked =
                    marked.start < secret.end && (secret.start < marked.end || secret.start == marked.start);
                cells.extend(MASK.chars().map(|character| Cell { character, width: 1, marked }));
            }
            continue;
        }
        match character {
            '\t' => cells.extend([Cell { character: ' ', width: 1, marked: in_mark }; 4]),
            '\r' => {}
            _ if character.is_control() => {
                cells.push(Cell { character: '\u{fffd}', width: 1, marked: in_mark })
            }
            _ => cells.push(Cell { character, width: width(character), marked: in_mark }),
        }
    }
    if !cells.iter().any(|cell| cell.marked) {
        cells.push(Cell { character: ' ', width: 1, marked: true });
    }
    cells
}

/// The part of a long line around its first caret, and whether something is missing left and right.
fn cut(cells: &[Cell]) -> (&[Cell], bool, bool) {
    const LINE_CELLS_MAX: usize = 120;
    const CELLS_BEFORE_CARET: usize = 50;
    if cells.len() <= LINE_CELLS_MAX {
        return (cells, false, false);
    }
    let caret = cells.iter().position(|cell| cell.marked).unwrap_or(0);
    let start = caret.saturating_sub(CELLS_BEFORE_CARET).min(cells.len() - LINE_CELLS_MAX);
    let end = start + LINE_CELLS_MAX;
    (cells.get(start..end).unwrap_or_default(), start > 0, end < cells.len())
}

/// Columns that a character takes on a terminal: enough for the scripts people write comments in.
fn width(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
