//! `SETTINGS (<setting> = <value>, …) <statement>`

use std::fmt;

use crate::display::CommaSeparated;
use crate::{Setting, Statement};

/// A statement with settings that hold for it alone.
#[derive(Debug, Clone, PartialEq)]
pub struct WithSettings {
    /// Never empty.
    pub settings: Vec<Setting>,
    /// Never [`Statement::WithSettings`].
    pub statement: Box<Statement>,
}

impl fmt::Display for WithSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SETTINGS ({}) {}", CommaSeparated(&self.settings), self.statement)
    }
}
