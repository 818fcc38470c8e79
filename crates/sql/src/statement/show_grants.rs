//! `SHOW GRANTS [FOR {ROLE <role> | [USER] <user>} | ON <object> | OF ROLE <role>] [<filter>]`

use std::fmt;

use super::role::{GrantTarget, Grantee, role_name};
use crate::parser::Parser;
use crate::{Name, ShowFilter, SyntaxError};

/// Lists grants.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowGrants {
    pub of: GrantsOf,
    pub filter: ShowFilter,
}

/// Which grants SHOW GRANTS lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantsOf {
    /// Those of the user who asks.
    Asking,
    Grantee(Grantee),
    Object(GrantTarget),
    /// Who has the role.
    Members(Name),
}

impl ShowGrants {
    /// Behind `SHOW GRANTS`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let of = if parser.take_keyword("FOR") {
            GrantsOf::Grantee(Grantee::parse(parser)?)
        } else if parser.take_keyword("ON") {
            GrantsOf::Object(GrantTarget::parse(parser)?)
        } else if parser.take_keywords(&["OF", "ROLE"]) {
            GrantsOf::Members(role_name(parser)?)
        } else {
            GrantsOf::Asking
        };
        Ok(Self { of, filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowGrants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHOW GRANTS")?;
        match &self.of {
            GrantsOf::Asking => {}
            GrantsOf::Grantee(grantee) => write!(f, " FOR {grantee}")?,
            GrantsOf::Object(object) => write!(f, " ON {object}")?,
            GrantsOf::Members(role) => write!(f, " OF ROLE {role}")?,
        }
        write!(f, "{}", self.filter)
    }
}
