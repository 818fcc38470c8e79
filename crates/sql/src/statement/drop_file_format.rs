//! `DROP FILE FORMAT [IF EXISTS] <name>`

use std::fmt;

use crate::Name;

/// Removes a named file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropFileFormat {
    pub if_exists: bool,
    pub name: Name,
}

impl fmt::Display for DropFileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP FILE FORMAT {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
