//! Statements of the dialect that this version does not run.

use std::fmt;

use crate::Span;

/// A statement that is known and not supported. Its text is not checked beyond its first words.
#[derive(Clone)]
pub struct Unsupported {
    /// Its first words in upper case, such as `COPY INTO` or `CREATE TABLE`.
    pub what: String,
    /// The place of those words.
    pub span: Span,
    /// The whole statement, without the closing `;`. May hold secrets: [`crate::redact`] before showing it.
    pub(crate) text: String,
}

impl PartialEq for Unsupported {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what && self.text == other.text
    }
}

impl fmt::Debug for Unsupported {
    /// Leaves the text out, since it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsupported").field("what", &self.what).finish_non_exhaustive()
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
