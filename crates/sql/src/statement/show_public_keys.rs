//! `SHOW PUBLIC KEYS [FOR USER <user>]`

use std::fmt;

use crate::parser::Parser;
use crate::{SyntaxError, UserName};

/// Lists the public keys that a user logs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowPublicKeys {
    /// `None` for the user who asks.
    pub user: Option<UserName>,
}

impl ShowPublicKeys {
    /// Behind `SHOW PUBLIC KEYS`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let named = parser.take_keyword("FOR");
        if named {
            parser.take_keyword("USER");
        }
        Ok(Self { user: if named { Some(UserName::parse(parser)?) } else { None } })
    }
}

impl fmt::Display for ShowPublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHOW PUBLIC KEYS")?;
        self.user.as_ref().map_or(Ok(()), |user| write!(f, " FOR USER {user}"))
    }
}
