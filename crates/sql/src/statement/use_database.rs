//! `USE [DATABASE] <database>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Makes a database the session's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub database: Name,
}

impl Use {
    /// Behind `USE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        // A database may be called `database`.
        if parser.is_keyword("DATABASE") && !parser.peek_at(1).is_end() {
            parser.advance();
        }
        Ok(Self { database: parser.name("a database name")? })
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "USE DATABASE {}", self.database)
    }
}
