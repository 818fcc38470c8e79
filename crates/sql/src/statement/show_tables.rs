//! `SHOW [FULL] TABLES [{FROM | IN} [<catalog>.]<database>] [LIKE … | WHERE …] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ObjectName, ShowFilter, SyntaxError};

/// Lists tables.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowTables {
    pub full: bool,
    /// `None` for the session's database.
    pub database: Option<ObjectName>,
    pub filter: ShowFilter,
}

impl ShowTables {
    /// Behind `SHOW [FULL] TABLES`.
    pub(crate) fn parse(parser: &mut Parser<'_>, full: bool) -> Result<Self, SyntaxError> {
        let from = parser.take_keyword("FROM") || parser.take_keyword("IN");
        let database = if from { Some(parser.object_name("a database name", 2)?) } else { None };
        if parser.is_keyword("HISTORY") {
            return Err(parser
                .unsupported(parser.peek().span, "SHOW TABLES HISTORY is not supported in this version"));
        }
        Ok(Self { full, database, filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW {}TABLES", if self.full { "FULL " } else { "" })?;
        if let Some(database) = &self.database {
            write!(f, " FROM {database}")?;
        }
        write!(f, "{}", self.filter)
    }
}
