//! `ALTER CONNECTION [IF EXISTS] <name> SET <parameter>* [FORCE]`

use std::fmt;

use crate::parameters::parse_parameters_until;
use crate::parser::Parser;
use crate::{ConnectionParameters, Name, SyntaxError};

/// Changes parameters of a connection; the others stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterConnection {
    pub if_exists: bool,
    pub name: Name,
    /// Never empty.
    pub parameters: ConnectionParameters,
    /// Without a trial of the stages that use the connection.
    pub force: bool,
}

impl AlterConnection {
    /// Behind `ALTER CONNECTION`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let if_exists = parser.if_exists()?;
        let name = parser.name("a connection name")?;
        parser.expect_keyword("SET")?;
        if parser.is_keyword("TAG") {
            let span = parser.peek().span;
            return Err(
                parser.unsupported(span, "ALTER CONNECTION … SET TAG is not supported in this version")
            );
        }
        let parameters = parse_parameters_until(parser, "FORCE")?;
        if parameters.is_empty() {
            return Err(parser.expected("a connection parameter such as `ROLE_ARN = '…'`"));
        }
        if let Some(entry) = parameters.entry("storage_type") {
            return Err(parser
                .error(entry.key_span, "the storage type of a connection cannot be changed")
                .with_hint("make another connection"));
        }
        Ok(Self { if_exists, name, parameters, force: parser.take_keyword("FORCE") })
    }
}

impl fmt::Display for AlterConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exists = if self.if_exists { "IF EXISTS " } else { "" };
        let force = if self.force { " FORCE" } else { "" };
        write!(f, "ALTER CONNECTION {exists}{} SET {}{force}", self.name, self.parameters)
    }
}
