//! `[LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`, as many SHOW statements take it.

use std::fmt;

use crate::Text;

/// Which rows a SHOW statement shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShowFilter {
    pub rows: Option<ShowRows>,
    pub limit: Option<u64>,
}

/// The condition of a [`ShowFilter`].
#[derive(Debug, Clone, PartialEq)]
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
