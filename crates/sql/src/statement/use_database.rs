//! `USE [DATABASE] <database>`

use std::fmt;

use crate::Name;

/// Makes a database the session's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub database: Name,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "USE DATABASE {}", self.database)
    }
}
