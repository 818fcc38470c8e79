//! `CREATE [OR REPLACE] USER [IF NOT EXISTS] <user> IDENTIFIED … [WITH <option>, …]`

use std::fmt;

use crate::display::CommaSeparated;
use crate::{Authentication, CreateMode, UserName, UserOption};

/// Makes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateUser {
    pub mode: CreateMode,
    pub user: UserName,
    pub authentication: Authentication,
    pub options: Vec<UserOption>,
}

impl fmt::Display for CreateUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}USER {exists}{} {}", self.user, self.authentication)?;
        if self.options.is_empty() { Ok(()) } else { write!(f, " WITH {}", CommaSeparated(&self.options)) }
    }
}
