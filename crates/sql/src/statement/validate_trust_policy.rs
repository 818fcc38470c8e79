//! `VALIDATE TRUST POLICY '<json>' FOR CONNECTION <name>`

use std::fmt;

use super::validate;
use crate::parser::Parser;
use crate::{Name, SyntaxError, Text};

/// Says whether a trust policy would let the organization assume the role of a connection. Asks nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidateTrustPolicy {
    pub policy: Text,
    pub connection: Name,
}

impl ValidateTrustPolicy {
    /// Behind `VALIDATE TRUST POLICY`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let policy = validate::policy(parser)?;
        parser.expect_keyword("FOR")?;
        parser.expect_keyword("CONNECTION")?;
        Ok(Self { policy, connection: validate::connection(parser)? })
    }
}

impl fmt::Display for ValidateTrustPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VALIDATE TRUST POLICY {} FOR CONNECTION {}", self.policy, self.connection)
    }
}
