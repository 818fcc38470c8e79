//! `DROP CONNECTION [IF EXISTS] <name>`

use std::fmt;

use crate::Name;

/// Removes a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropConnection {
    pub if_exists: bool,
    pub name: Name,
}

impl fmt::Display for DropConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP CONNECTION {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
