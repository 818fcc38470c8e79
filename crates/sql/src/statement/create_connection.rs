//! `CREATE [OR REPLACE] CONNECTION [IF NOT EXISTS] <name> STORAGE_TYPE = '<type>' <parameter>*`

use std::fmt;

use crate::lexer::TokenKind;
use crate::parameters::parse_parameters;
use crate::parser::Parser;
use crate::{ConnectionParameters, CreateMode, Name, Span, SyntaxError, Text};

/// Makes a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateConnection {
    pub mode: CreateMode,
    pub name: Name,
    /// Lower-case.
    pub storage_type: Text,
    /// Without the storage type.
    pub parameters: ConnectionParameters,
}

impl CreateConnection {
    /// Behind `CREATE [OR REPLACE] CONNECTION`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let mode = CreateMode::parse(parser, or_replace)?;
        let name = parser.name("a connection name")?;
        if !parser.take_keyword("STORAGE_TYPE") {
            let error = parser.expected_one_of(&["STORAGE_TYPE"]);
            return Err(match (&error.hint, &parser.peek().kind) {
                (None, TokenKind::Word) => {
                    error.with_hint("`STORAGE_TYPE = '…'` stands directly behind the name")
                }
                _ => error,
            });
        }
        parser.expect_symbol("=")?;
        let mut storage_type = parser.string("a storage type")?;
        storage_type.value.make_ascii_lowercase();
        parser.take_symbol(",");
        let parameters = parse_parameters(parser)?;
        if let Some(entry) = parameters.entry("storage_type") {
            return Err(parser.error(entry.key_span, "`STORAGE_TYPE` is given twice"));
        }
        Ok(Self { mode, name, storage_type, parameters })
    }
}

impl fmt::Display for CreateConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}CONNECTION {exists}{} STORAGE_TYPE = {}", self.name, self.storage_type)?;
        if self.parameters.is_empty() { Ok(()) } else { write!(f, " {}", self.parameters) }
    }
}
