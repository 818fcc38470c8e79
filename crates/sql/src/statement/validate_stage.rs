//! `VALIDATE STAGE <name> [READ | WRITE]`

use std::fmt;

use super::validate;
use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// The steps of VALIDATE CONNECTION for the bucket and folder of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidateStage {
    pub name: Name,
    /// Whether writing is tried too.
    pub write: bool,
}

impl ValidateStage {
    /// Behind `VALIDATE STAGE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let name = parser.name("a stage name")?;
        Ok(Self { name, write: validate::write(parser)? })
    }
}

impl fmt::Display for ValidateStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VALIDATE STAGE {}{}", self.name, if self.write { " WRITE" } else { "" })
    }
}
