//! `VALIDATE ROLE POLICY '<json>' FOR { STAGE <name> | CONNECTION <name> ON '<url>' } [READ | WRITE]`

use std::fmt;

use super::validate;
use crate::parser::Parser;
use crate::{Name, SyntaxError, Text};

/// Says whether a role's policy would allow what a stage needs. Asks nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidateRolePolicy {
    pub policy: Text,
    pub place: PolicyPlace,
    /// Whether writing is needed too.
    pub write: bool,
}

/// What the role is for.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyPlace {
    Stage(Name),
    /// A connection, and a location that need not have a stage.
    Connection {
        name: Name,
        location: Text,
    },
}

impl ValidateRolePolicy {
    /// Behind `VALIDATE ROLE POLICY`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let policy = validate::policy(parser)?;
        parser.expect_keyword("FOR")?;
        let place = if parser.take_keyword("STAGE") {
            PolicyPlace::Stage(parser.name("a stage name")?)
        } else if parser.take_keyword("CONNECTION") {
            let name = validate::connection(parser)?;
            let Some(location) = validate::on(parser)? else {
                return Err(parser
                    .expected_one_of(&["ON"])
                    .with_hint("say for which bucket and folder: `ON 's3://bucket/folder/'`"));
            };
            PolicyPlace::Connection { name, location }
        } else {
            return Err(parser.expected_one_of(&["STAGE", "CONNECTION"]));
        };
        Ok(Self { policy, place, write: validate::write(parser)? })
    }
}

impl fmt::Display for ValidateRolePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VALIDATE ROLE POLICY {} FOR ", self.policy)?;
        match &self.place {
            PolicyPlace::Stage(name) => write!(f, "STAGE {name}")?,
            PolicyPlace::Connection { name, location } => write!(f, "CONNECTION {name} ON {location}")?,
        }
        f.write_str(if self.write { " WRITE" } else { "" })
    }
}
