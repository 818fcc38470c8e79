//! `SHOW [FULL] {COLUMNS | FIELDS} {FROM | IN} <table> [{FROM | IN} <database>] [LIKE … | WHERE …] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ObjectName, ShowFilter, SyntaxError};

/// Lists the columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowColumns {
    pub full: bool,
    /// With its database, wherever that was written.
    pub table: ObjectName,
    pub filter: ShowFilter,
}

impl ShowColumns {
    /// Behind `SHOW [FULL] COLUMNS`.
    pub(crate) fn parse(parser: &mut Parser<'_>, full: bool) -> Result<Self, SyntaxError> {
        if !(parser.take_keyword("FROM") || parser.take_keyword("IN")) {
            return Err(parser.expected_one_of(&["FROM", "IN"]));
        }
        let mut table = parser.object_name("a table name", 3)?;
        if table.parts.len() == 1 && (parser.take_keyword("FROM") || parser.take_keyword("IN")) {
            let mut parts = parser.object_name("a database name", 2)?.parts;
            parts.append(&mut table.parts);
            table.parts = parts;
        }
        Ok(Self { full, table, filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.full { "FULL " } else { "" };
        write!(f, "SHOW {full}COLUMNS FROM {}{}", self.table, self.filter)
    }
}
