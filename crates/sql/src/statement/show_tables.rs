//! `SHOW [FULL] TABLES [{FROM | IN} [<catalog>.]<database>] [LIKE … | WHERE …] [LIMIT <n>]`

use std::fmt;

use crate::{ObjectName, ShowFilter};

/// Lists tables.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowTables {
    pub full: bool,
    /// `None` for the session's database.
    pub database: Option<ObjectName>,
    pub filter: ShowFilter,
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
