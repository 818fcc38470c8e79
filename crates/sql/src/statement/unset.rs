//! `UNSET [SESSION | GLOBAL] <setting>` · `UNSET (<setting>, …)`

use std::fmt;

use crate::display::CommaSeparated;
use crate::parser::Parser;
use crate::{Name, SettingScope, SyntaxError};

/// Puts settings back to their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unset {
    pub scope: SettingScope,
    /// Never empty.
    pub names: Vec<Name>,
}

impl Unset {
    /// Behind `UNSET`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let scope = SettingScope::parse(parser);
        let in_brackets = parser.take_symbol("(");
        let mut names = vec![parser.name("a setting's name")?];
        while parser.take_symbol(",") {
            names.push(parser.name("a setting's name")?);
        }
        if in_brackets {
            parser.expect_symbol(")")?;
        }
        Ok(Self { scope, names })
    }
}

impl fmt::Display for Unset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UNSET {}({})", self.scope, CommaSeparated(&self.names))
    }
}
