//! Queries: `sqlparser`'s tree with the locations taken out.

mod balance;
mod check;
mod dialect;
mod grammar;
mod limits;
mod locate;
mod options;
mod tokens;

use std::fmt;

pub(crate) use limits::check_chains;

use crate::display::{CommaSeparated, Quoted};
use crate::parser::Parser;
use crate::span::slice;
use crate::{Condition, ConnectionParameters, Location, Span, SyntaxError, Text};

/// A query. Equality ignores spans and the text's layout.
#[derive(Clone)]
pub struct Query {
    /// Always `sqlparser::ast::Statement::Query`. Identifiers keep the user's case and quotes; spans in it
    /// are lines and columns of the user's text. Every location is a table with the generated name of its
    /// [`LocationTable`], quoted, without an alias unless the user gave one. `$1` and `t.$1` are quoted
    /// identifiers named `$1`.
    pub body: sqlparser::ast::Statement,
    /// In the order of the text.
    pub locations: Vec<LocationTable>,
    /// Whether a column is named by position (`$1`) anywhere.
    pub positional: bool,
    /// What was parsed, without the closing `;`. May hold secrets: [`crate::redact`] before showing it.
    pub(crate) text: String,
}

/// A location that stands where a table may stand. Equality ignores the span.
#[derive(Debug, Clone)]
pub struct LocationTable {
    /// The table name in [`Query::body`]; no name of the user's is equal to it.
    pub name: String,
    pub location: Location,
    pub options: LocationOptions,
    /// The location itself, without its options.
    pub span: Span,
}

/// `( FILE_FORMAT => 'csv', PATTERN => '…', … )` behind a location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationOptions {
    /// A type's name or one of CREATE FILE FORMAT.
    pub file_format: Option<Text>,
    pub pattern: Option<Text>,
    pub files: Option<Vec<Text>>,
    pub connection: Option<ConnectionParameters>,
    pub case_sensitive: Option<bool>,
}

impl Query {
    /// From the cursor to the end of the statement.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let span = parser.span_from(parser.position());
        let located = locate::locate(parser)?;
        let body = grammar::parse_query(parser, &located.tokens)?;
        check::check_query(parser, &located.tokens, &body)?;
        Ok(Self {
            body: sqlparser::ast::Statement::Query(body),
            locations: located.locations,
            positional: located.positional,
            text: slice(parser.text, span).to_string(),
        })
    }

    /// The location behind a table name of [`Query::body`].
    pub fn location(&self, table_name: &str) -> Option<&LocationTable> {
        self.locations.iter().find(|table| table.name == table_name)
    }
}

/// An expression from the cursor up to `LIMIT` or the end of the statement.
pub(crate) fn parse_condition(parser: &mut Parser<'_>) -> Result<Condition, SyntaxError> {
    let start = parser.peek().span;
    if parser.is_end() {
        return Err(parser.expected("a condition"));
    }
    let mut converter = tokens::Converter::new(parser.text);
    let mut depth = 0usize;
    while !(parser.is_end() || depth == 0 && parser.is_keyword("LIMIT")) {
        match parser.peek().kind {
            crate::lexer::TokenKind::Symbol("(" | "[" | "{") => depth += 1,
            crate::lexer::TokenKind::Symbol(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        converter.push(parser.advance())?;
    }
    let text = slice(parser.text, start.to(parser.previous_span())).to_string();
    let expression = grammar::parse_expression(parser, &converter.finish())?;
    Ok(Condition { expression, text })
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body && self.locations == other.locations && self.positional == other.positional
    }
}

impl fmt::Debug for Query {
    /// Leaves the text out, since it may hold secrets, and shows the tree as SQL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("body", &format_args!("{}", self.body))
            .field("locations", &self.locations)
            .field("positional", &self.positional)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for LocationTable {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.location == other.location && self.options == other.options
    }
}

impl LocationOptions {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for LocationOptions {
    /// With its parentheses; nothing when no option is set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = Vec::new();
        if let Some(file_format) = &self.file_format {
            options.push(format!("FILE_FORMAT => {file_format}"));
        }
        if let Some(pattern) = &self.pattern {
            options.push(format!("PATTERN => {pattern}"));
        }
        if let Some(files) = &self.files {
            let files: Vec<Quoted<'_>> = files.iter().map(|file| Quoted(&file.value)).collect();
            options.push(format!("FILES => ({})", CommaSeparated(&files)));
        }
        if let Some(connection) = &self.connection {
            options.push(format!("CONNECTION => ({connection})"));
        }
        if let Some(case_sensitive) = self.case_sensitive {
            options.push(format!("CASE_SENSITIVE => {case_sensitive}"));
        }
        if options.is_empty() { Ok(()) } else { write!(f, "({})", CommaSeparated(&options)) }
    }
}
