//! Parses one statement of Stagedoor's dialect, which is Databend's, into a [`Statement`].
//!
//! Promises: every value carries its place in the text, so that an error here or later can point at it;
//! whatever parses prints back to text that parses to the same statement; no input makes it panic or
//! exhausts the stack; a message, an excerpt or a `Debug` never shows a secret value.
//!
//! Refuses: to plan, to resolve a name, to open a location, and to decide what a value means. Those are
//! the engine's. Queries are handed on as `sqlparser`'s tree, with every location in them replaced by a
//! generated table name.

mod display;
mod error;
mod file_format;
mod lexer;
mod location;
mod name;
mod parameters;
mod parser;
mod query;
mod redact;
mod secret;
mod span;
mod statement;
mod suggest;

pub use error::{SyntaxError, SyntaxErrorKind, excerpt};
pub use file_format::*;
pub use location::Location;
pub use name::{Name, ObjectName, Text};
pub use parameters::{ConnectionParameter, ConnectionParameters, ParameterValue};
pub use query::{LocationOptions, LocationTable, Query};
pub use redact::redact;
pub use secret::Secret;
pub use span::Span;
pub use statement::*;
pub use suggest::suggest;

/// The syntax tree that queries are handed on as; the version DataFusion uses.
pub use sqlparser;

/// Parses exactly one statement. A closing `;` and comments are allowed.
pub fn parse(text: &str) -> Result<Statement, SyntaxError> {
    statement::parse(text)
}
