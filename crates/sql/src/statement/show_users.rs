//! `SHOW USERS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::ShowFilter;

/// Lists users.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowUsers {
    pub filter: ShowFilter,
}

impl fmt::Display for ShowUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW USERS{}", self.filter)
    }
}
