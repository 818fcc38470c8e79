//! `DROP STAGE [IF EXISTS] <name>`

use std::fmt;

use crate::Name;

/// Removes a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropStage {
    pub if_exists: bool,
    pub name: Name,
}

impl fmt::Display for DropStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP STAGE {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
