//! `SHOW [FULL] {DATABASES | SCHEMAS} [{FROM | IN} <catalog>] [LIKE … | WHERE …] [LIMIT <n>]`

use std::fmt;

use crate::{Name, ShowFilter};

/// Lists databases.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowDatabases {
    pub full: bool,
    pub catalog: Option<Name>,
    pub filter: ShowFilter,
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
