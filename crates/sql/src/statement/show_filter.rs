//! `[LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`, as many SHOW statements take it.

use std::fmt;

use crate::parser::Parser;
use crate::query::parse_condition;
use crate::{SyntaxError, Text};

/// Which rows a SHOW statement shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShowFilter {
    pub rows: Option<ShowRows>,
    pub limit: Option<u64>,
}

/// The condition of a [`ShowFilter`].
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives at a time, and boxes would be in every match"
)]
pub enum ShowRows {
    /// A pattern with `%` and `_` for the name.
    Like(Text),
    /// A condition over the columns of the result.
    Where(Condition),
}

/// An expression with its text. Equality ignores the text's layout.
#[derive(Debug, Clone)]
pub struct Condition {
    pub expression: sqlparser::ast::Expr,
    pub text: String,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl ShowFilter {
    /// Up to the end of the statement.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let rows = if parser.take_keyword("LIKE") {
            Some(ShowRows::Like(parser.string("a pattern")?))
        } else if parser.take_keyword("WHERE") {
            Some(ShowRows::Where(parse_condition(parser)?))
        } else {
            None
        };
        let limit =
            if parser.take_keyword("LIMIT") { Some(parser.integer("a number of rows")?) } else { None };
        if !parser.is_end() {
            return Err(match (&rows, limit) {
                (_, Some(_)) => parser.expected("the end of the statement"),
                (Some(_), None) => parser.expected_one_of(&["LIMIT"]),
                (None, None) => parser.expected_one_of(&["LIKE", "WHERE", "LIMIT"]),
            });
        }
        Ok(Self { rows, limit })
    }
}

impl fmt::Display for ShowFilter {
    /// With a blank before each part.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rows {
            Some(ShowRows::Like(pattern)) => write!(f, " LIKE {pattern}")?,
            Some(ShowRows::Where(condition)) => write!(f, " WHERE {}", condition.text)?,
            None => {}
        }
        self.limit.map_or(Ok(()), |limit| write!(f, " LIMIT {limit}"))
    }
}
