//! Names and string values as the user wrote them.

use std::fmt;

use crate::Span;
use crate::display::{quote_identifier, quote_string};

/// An identifier as written: case is kept, and whether it was quoted decides how the engine folds it.
/// Two names are equal when value and quoting are; the span does not count.
#[derive(Debug, Clone)]
pub struct Name {
    /// Without quotes.
    pub value: String,
    /// Written with `"…"`, `` `…` `` or, where allowed, `'…'`.
    pub quoted: bool,
    pub span: Span,
}

impl Name {
    pub fn new(value: impl Into<String>, quoted: bool, span: Span) -> Self {
        Self { value: value.into(), quoted, span }
    }

    pub fn as_str(&self) -> &str {
        &self.value
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.quoted == other.quoted
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted { quote_identifier(f, &self.value) } else { f.write_str(&self.value) }
    }
}

/// A name of one to three parts: `table`, `database.table`, `catalog.database.table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// Never empty; the object itself is last.
    pub parts: Vec<Name>,
}

impl ObjectName {
    pub fn span(&self) -> Span {
        let mut parts = self.parts.iter().map(|part| part.span);
        let first = parts.next().unwrap_or_default();
        parts.fold(first, Span::to)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

/// A string value with its place, so that the engine can point at it. Equality ignores the span.
#[derive(Clone)]
pub struct Text {
    /// Without quotes and escapes.
    pub value: String,
    pub span: Span,
}

impl Text {
    pub fn new(value: impl Into<String>, span: Span) -> Self {
        Self { value: value.into(), span }
    }

    pub fn as_str(&self) -> &str {
        &self.value
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    /// With what may be a secret masked, such as a password in a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::redact(&self.to_string()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote_string(f, &self.value)
    }
}
