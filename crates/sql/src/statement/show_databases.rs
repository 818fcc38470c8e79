//! `SHOW [FULL] {DATABASES | SCHEMAS} [{FROM | IN} <catalog>] [LIKE … | WHERE …] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, ShowFilter, SyntaxError};

/// Lists databases.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowDatabases {
    pub full: bool,
    pub catalog: Option<Name>,
    pub filter: ShowFilter,
}

impl ShowDatabases {
    /// Behind `SHOW [FULL] DATABASES`.
    pub(crate) fn parse(parser: &mut Parser<'_>, full: bool) -> Result<Self, SyntaxError> {
        let from = parser.take_keyword("FROM") || parser.take_keyword("IN");
        let catalog = if from { Some(parser.name("a catalog name")?) } else { None };
        Ok(Self { full, catalog, filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowDatabases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW {}DATABASES", if self.full { "FULL " } else { "" })?;
        if let Some(catalog) = &self.catalog {
            write!(f, " FROM {catalog}")?;
        }
        write!(f, "{}", self.filter)
    }
}
