//! `GRANT {ROLE <role> | <privilege>, … ON <object>} TO {ROLE <role> | [USER] <user>}`

use std::fmt;

use super::role::{Granted, Grantee};
use crate::SyntaxError;
use crate::parser::Parser;

/// Gives a role or privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub granted: Granted,
    pub to: Grantee,
}

impl Grant {
    /// Behind `GRANT`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let granted = Granted::parse(parser)?;
        parser.expect_keyword("TO")?;
        let to = Grantee::parse(parser)?;
        if parser.is_keyword("WITH") {
            let message = "WITH GRANT OPTION is not supported in this version";
            return Err(parser.unsupported(parser.peek().span, message).with_hint(
                "owners grant on what they own; `GRANT GRANT ON *.* TO …` lets others grant what they have",
            ));
        }
        Ok(Self { granted, to })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GRANT {} TO {}", self.granted, self.to)
    }
}
