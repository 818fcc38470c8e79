//! `VALIDATE CONNECTION <name> [ON '<url>'] [READ | WRITE]`

use std::fmt;

use super::validate;
use crate::parser::Parser;
use crate::{Name, SyntaxError, Text};

/// Climbs from the server's identity to a byte of the bucket and says which step fails.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidateConnection {
    pub name: Name,
    /// Where the bucket's steps are tried. `None`: where the connection's stages are, else nowhere.
    pub location: Option<Text>,
    /// Whether writing is tried too.
    pub write: bool,
}

impl ValidateConnection {
    /// Behind `VALIDATE CONNECTION`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let name = validate::connection(parser)?;
        let location = validate::on(parser)?;
        if location.is_none() && !parser.is_end() && !parser.is_keyword("WRITE") && !parser.is_keyword("READ")
        {
            return Err(parser.expected_one_of(&["ON", "WRITE", "READ"]));
        }
        Ok(Self { name, location, write: validate::write(parser)? })
    }
}

impl fmt::Display for ValidateConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VALIDATE CONNECTION {}", self.name)?;
        if let Some(location) = &self.location {
            write!(f, " ON {location}")?;
        }
        f.write_str(if self.write { " WRITE" } else { "" })
    }
}
