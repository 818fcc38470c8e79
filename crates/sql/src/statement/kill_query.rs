//! `KILL QUERY '<query id>'`

use std::fmt;

use crate::parser::Parser;
use crate::{SyntaxError, Text};

/// Ends a running statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillQuery {
    pub query_id: Text,
}

impl KillQuery {
    /// Behind `KILL`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        parser.expect_keyword("QUERY")?;
        Ok(Self { query_id: parser.string("a query id")? })
    }
}

impl fmt::Display for KillQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KILL QUERY {}", self.query_id)
    }
}
