//! `CREATE [OR REPLACE] VIEW [IF NOT EXISTS] <name> [(<column>, …)] AS <query>`

use std::fmt;

use crate::display::CommaSeparated;
use crate::parser::Parser;
use crate::{CreateMode, Name, ObjectName, Query, Span, SyntaxError};

/// Makes a view.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    pub mode: CreateMode,
    pub name: ObjectName,
    /// Names for the query's columns; empty for its own.
    pub columns: Vec<Name>,
    pub query: Query,
}

impl CreateView {
    /// Behind `CREATE [OR REPLACE] VIEW`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let mode = CreateMode::parse(parser, or_replace)?;
        let name = parser.object_name("a view name", 3)?;
        let mut columns = Vec::new();
        if parser.take_symbol("(") {
            loop {
                columns.push(parser.name("a column name")?);
                if !parser.take_symbol(",") {
                    break;
                }
            }
            parser.expect_symbol(")")?;
        }
        parser.expect_keyword("AS")?;
        Ok(Self { mode, name, columns, query: Query::parse(parser)? })
    }
}

impl fmt::Display for CreateView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}VIEW {exists}{} ", self.name)?;
        if !self.columns.is_empty() {
            write!(f, "({}) ", CommaSeparated(&self.columns))?;
        }
        write!(f, "AS {}", self.query)
    }
}
