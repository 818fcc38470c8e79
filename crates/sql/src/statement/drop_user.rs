//! `DROP USER [IF EXISTS] <user>`

use std::fmt;

use crate::UserName;

/// Removes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropUser {
    pub if_exists: bool,
    pub user: UserName,
}

impl fmt::Display for DropUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP USER {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.user)
    }
}
