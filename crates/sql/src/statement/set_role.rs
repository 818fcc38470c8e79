//! `SET [DEFAULT] ROLE <role>` and `SET SECONDARY ROLES {ALL | NONE | <role>, …}`; also with USE for SET.

use std::fmt;

use super::role::role_name;
use crate::display::CommaSeparated;
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Chooses the role to work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRole {
    /// For the sessions to come, not for this one.
    pub default: bool,
    pub role: Name,
}

/// Chooses the roles whose privileges count besides those of the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetSecondaryRoles {
    All,
    None,
    /// Never empty.
    Listed(Vec<Name>),
}

impl SetRole {
    /// Behind `SET` or `USE`; `None` when something else stands there.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Option<Self>, SyntaxError> {
        if parser.take_keywords(&["DEFAULT", "ROLE"]) {
            return Ok(Some(Self { default: true, role: role_name(parser)? }));
        }
        // A setting or a database may be called `role`.
        let is_name_itself = matches!(parser.peek_at(1).kind, TokenKind::Symbol(_) | TokenKind::End);
        if is_name_itself || !parser.take_keyword("ROLE") {
            return Ok(None);
        }
        Ok(Some(Self { default: false, role: role_name(parser)? }))
    }
}

impl SetSecondaryRoles {
    /// Behind `SET` or `USE`; `None` when something else stands there.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Option<Self>, SyntaxError> {
        if !parser.take_keywords(&["SECONDARY", "ROLES"]) {
            return Ok(None);
        }
        if parser.take_keyword("ALL") {
            return Ok(Some(Self::All));
        }
        if parser.take_keyword("NONE") {
            return Ok(Some(Self::None));
        }
        let mut roles = vec![role_name(parser)?];
        while parser.take_symbol(",") {
            roles.push(role_name(parser)?);
        }
        Ok(Some(Self::Listed(roles)))
    }
}

impl fmt::Display for SetRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SET {}ROLE {}", if self.default { "DEFAULT " } else { "" }, self.role)
    }
}

impl fmt::Display for SetSecondaryRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("SET SECONDARY ROLES ALL"),
            Self::None => f.write_str("SET SECONDARY ROLES NONE"),
            Self::Listed(roles) => write!(f, "SET SECONDARY ROLES {}", CommaSeparated(roles)),
        }
    }
}
