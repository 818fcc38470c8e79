//! `ALTER USER [IF EXISTS] {<user> | USER()} [IDENTIFIED …] [WITH <option>, …]`

use std::fmt;

use crate::display::CommaSeparated;
use crate::{Authentication, UserName, UserOption};

/// Changes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterUser {
    pub if_exists: bool,
    /// `None` for `USER()`: the one who asks.
    pub user: Option<UserName>,
    /// There, or `options` is not empty.
    pub authentication: Option<Authentication>,
    pub options: Vec<UserOption>,
}

impl fmt::Display for AlterUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER USER {}", if self.if_exists { "IF EXISTS " } else { "" })?;
        match &self.user {
            Some(user) => write!(f, "{user}")?,
            None => f.write_str("USER()")?,
        }
        if let Some(authentication) = &self.authentication {
            write!(f, " {authentication}")?;
        }
        if self.options.is_empty() { Ok(()) } else { write!(f, " WITH {}", CommaSeparated(&self.options)) }
    }
}
