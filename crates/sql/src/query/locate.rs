//! Finds the locations of a query: where a table may stand, `@stage/path` and `'scheme://…'` are one.

use super::LocationTable;
use super::options::parse_options;
use super::tokens::{Converted, Converter};
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Location, SyntaxError};

/// The tokens of a query with a generated name for each location.
pub(crate) struct Located {
    pub(crate) tokens: Converted,
    pub(crate) locations: Vec<LocationTable>,
    pub(crate) positional: bool,
}

/// What is known inside one pair of brackets.
#[derive(Default)]
struct Frame {
    /// A SELECT stands in these brackets, so FROM begins a list of tables and not a part of `EXTRACT(…)`.
    select_seen: bool,
    /// Inside such a list: a comma goes to the next table.
    in_from: bool,
    /// The next token is where a table may stand.
    expects_table: bool,
}

/// Words that end the list of tables.
const FROM_ENDS: [&str; 16] = [
    "SELECT",
    "WHERE",
    "GROUP",
    "HAVING",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "MINUS",
    "WINDOW",
    "VALUES",
    "CONNECT",
];

/// Takes all tokens up to the end of the statement.
pub(crate) fn locate(parser: &mut Parser<'_>) -> Result<Located, SyntaxError> {
    let prefix = free_prefix(parser);
    let mut converter = Converter::new(parser.text);
    let mut locations: Vec<LocationTable> = Vec::new();
    let mut outer: Vec<Frame> = Vec::new();
    let mut frame = Frame::default();
    while !parser.is_end() {
        if std::mem::take(&mut frame.expects_table) {
            if let Some((location, span)) = take_location(parser)? {
                let options = if parser.is_symbol("(") { parse_options(parser)? } else { Default::default() };
                let name = format!("{prefix}{}", locations.len() + 1);
                converter.push_name(&name, span);
                locations.push(LocationTable { name, location, options, span });
                continue;
            }
            // Brackets around tables, or LATERAL before a subquery: the table is still to come.
            frame.expects_table = parser.is_symbol("(") || parser.is_keyword("LATERAL");
        }
        match parser.peek().kind {
            TokenKind::Symbol("(") => {
                let expects_table = std::mem::take(&mut frame.expects_table);
                let inner = Frame { select_seen: false, in_from: expects_table, expects_table };
                outer.push(std::mem::replace(&mut frame, inner));
            }
            TokenKind::Symbol("[" | "{") => outer.push(std::mem::take(&mut frame)),
            TokenKind::Symbol(")" | "]" | "}") => frame = outer.pop().unwrap_or_default(),
            TokenKind::Symbol(",") => frame.expects_table = frame.in_from,
            TokenKind::Word => see_word(parser, &mut frame),
            _ => {}
        }
        converter.push(parser.advance())?;
    }
    let tokens = converter.finish();
    Ok(Located { positional: tokens.positional, tokens, locations })
}

fn see_word(parser: &Parser<'_>, frame: &mut Frame) {
    let is_column = parser.previous().is_some_and(|token| token.is_symbol("."));
    let word = parser.word_at(0).unwrap_or_default().to_ascii_uppercase();
    if is_column {
        return;
    }
    if word == "FROM" {
        // `IS [NOT] DISTINCT FROM` compares.
        let compares = parser.is_previous_keyword(1, "DISTINCT")
            && (parser.is_previous_keyword(2, "IS") || parser.is_previous_keyword(2, "NOT"));
        if frame.select_seen && !compares {
            frame.in_from = true;
            frame.expects_table = true;
        }
    } else if word == "JOIN" {
        frame.expects_table = frame.in_from;
    } else if FROM_ENDS.contains(&word.as_str()) {
        frame.in_from = false;
        frame.expects_table = false;
        frame.select_seen |= word == "SELECT";
    }
}

/// The location at the cursor. A string that is none is an error, since no table is named so.
fn take_location(parser: &mut Parser<'_>) -> Result<Option<(Location, crate::Span)>, SyntaxError> {
    let token = parser.peek();
    let location = match &token.kind {
        TokenKind::StagePath(path) => Location::from_stage_text(path),
        TokenKind::String(value) => match Location::from_string(value) {
            Some(location) => location,
            None => {
                let message = "a string behind FROM is a location, and this one is none";
                return Err(parser.error(token.span, message).with_hint(
                    "write `@stage/path`, `'@stage/path with blanks'` or `'s3://bucket/path'`; a table's name has no single quotes",
                ));
            }
        },
        TokenKind::Symbol("@") => {
            return Err(parser
                .error(token.span, "expected a stage's name behind `@`")
                .with_hint("write `@stage/path`, or `'@stage/path with blanks'`"));
        }
        _ => return Ok(None),
    };
    parser.advance();
    Ok(Some((location, token.span)))
}

/// A beginning that no quoted name of the query has, so that generated names cannot collide.
fn free_prefix(parser: &Parser<'_>) -> String {
    let mut prefix = "location:".to_string();
    let is_taken = |prefix: &str| {
        parser.rest().iter().any(|token| match &token.kind {
            TokenKind::QuotedWord(value) => value.to_lowercase().starts_with(prefix),
            _ => false,
        })
    };
    while is_taken(&prefix) {
        prefix.push(':');
    }
    prefix
}
