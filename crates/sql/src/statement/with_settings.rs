//! `SETTINGS (<setting> = <value>, …) <statement>`

use std::fmt;

use crate::display::CommaSeparated;
use crate::parser::Parser;
use crate::{Setting, Statement, SyntaxError};

use super::set::parse_settings;

/// A statement with settings that hold for it alone.
#[derive(Debug, Clone, PartialEq)]
pub struct WithSettings {
    /// Never empty.
    pub settings: Vec<Setting>,
    /// Never [`Statement::WithSettings`].
    pub statement: Box<Statement>,
}

impl WithSettings {
    /// Behind `SETTINGS`, up to the end of the statement.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        parser.expect_symbol("(")?;
        let settings = parse_settings(parser)?;
        parser.expect_symbol(")")?;
        if parser.is_keyword("SETTINGS") {
            return Err(parser.error(parser.peek().span, "`SETTINGS` stands once before a statement"));
        }
        Ok(Self { settings, statement: Box::new(super::parse_statement(parser)?) })
    }
}

impl fmt::Display for WithSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SETTINGS ({}) {}", CommaSeparated(&self.settings), self.statement)
    }
}
