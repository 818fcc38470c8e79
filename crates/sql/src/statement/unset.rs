//! `UNSET [SESSION | GLOBAL] <setting>` · `UNSET (<setting>, …)`

use std::fmt;

use crate::display::CommaSeparated;
use crate::{Name, SettingScope};

/// Puts settings back to their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unset {
    pub scope: SettingScope,
    /// Never empty.
    pub names: Vec<Name>,
}

impl fmt::Display for Unset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UNSET {}({})", self.scope, CommaSeparated(&self.names))
    }
}
