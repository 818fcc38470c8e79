//! `SHOW [FULL] {COLUMNS | FIELDS} {FROM | IN} <table> [{FROM | IN} <database>] [LIKE … | WHERE …] [LIMIT <n>]`

use std::fmt;

use crate::{ObjectName, ShowFilter};

/// Lists the columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowColumns {
    pub full: bool,
    /// With its database, wherever that was written.
    pub table: ObjectName,
    pub filter: ShowFilter,
}

impl fmt::Display for ShowColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.full { "FULL " } else { "" };
        write!(f, "SHOW {full}COLUMNS FROM {}{}", self.table, self.filter)
    }
}
