//! `CREATE [OR REPLACE] FILE FORMAT [IF NOT EXISTS] <name> TYPE = <type> <option>*`

use std::fmt;

use crate::file_format::parse::{parse_options, parse_parenthesized};
use crate::parser::Parser;
use crate::{CreateMode, FileFormatOptions, Name, Span, SyntaxError};

/// Makes a named file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateFileFormat {
    pub mode: CreateMode,
    pub name: Name,
    pub options: FileFormatOptions,
}

impl CreateFileFormat {
    /// Behind `CREATE [OR REPLACE] FILE FORMAT`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let mode = CreateMode::parse(parser, or_replace)?;
        let name = parser.name("a file format name")?;
        let options =
            if parser.is_symbol("(") { parse_parenthesized(parser)? } else { parse_options(parser)? };
        Ok(Self { mode, name, options })
    }
}

impl fmt::Display for CreateFileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}FILE FORMAT {exists}{} {}", self.name, self.options)
    }
}
