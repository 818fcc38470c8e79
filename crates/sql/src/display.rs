//! Quoting, so that what is printed parses back to the same value.

use std::fmt::{self, Write};

/// Writes `value` as a string literal.
pub(crate) fn quote_string(f: &mut impl Write, value: &str) -> fmt::Result {
    f.write_char('\'')?;
    for character in value.chars() {
        match character {
            '\'' => f.write_str("''")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('\'')
}

/// Writes `value` as a quoted identifier.
pub(crate) fn quote_identifier(f: &mut impl Write, value: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in value.chars() {
        if character == '"' {
            f.write_char('"')?;
        }
        f.write_char(character)?;
    }
    f.write_char('"')
}

/// A string literal, for `write!`.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote_string(f, self.0)
    }
}

/// Items with `, ` between them.
pub(crate) struct CommaSeparated<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for CommaSeparated<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}
