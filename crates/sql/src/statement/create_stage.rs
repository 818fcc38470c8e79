//! `CREATE [OR REPLACE] STAGE [IF NOT EXISTS] <name> [URL = '…' [CONNECTION = (…)]] [FILE_FORMAT = (…)] [COMMENT = '…']`

use std::fmt;

use crate::file_format::parse::parse_parenthesized;
use crate::lexer::TokenKind;
use crate::parameters::parse_connection;
use crate::parser::Parser;
use crate::{ConnectionParameters, CreateMode, FileFormatOptions, Name, Span, SyntaxError, Text};

/// Makes a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateStage {
    pub mode: CreateMode,
    /// `~` is possible, so that the engine can refuse it by name.
    pub name: Name,
    /// `None` for an internal stage.
    pub location: Option<StageLocation>,
    pub file_format: Option<FileFormatOptions>,
    pub comment: Option<Text>,
}

/// `URL = '…' [CONNECTION = (…)]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageLocation {
    pub url: Text,
    pub connection: Option<ConnectionParameters>,
}

impl CreateStage {
    /// Behind `CREATE [OR REPLACE] STAGE`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let mode = CreateMode::parse(parser, or_replace)?;
        let name = stage_name(parser)?;
        let StageProperties { location, file_format, comment } =
            StageProperties::parse(parser, "CREATE STAGE")?;
        Ok(Self { mode, name, location, file_format, comment })
    }
}

/// What CREATE STAGE and ALTER STAGE … SET take behind the name, in any order.
#[derive(Default)]
pub(crate) struct StageProperties {
    pub(crate) location: Option<StageLocation>,
    pub(crate) file_format: Option<FileFormatOptions>,
    pub(crate) comment: Option<Text>,
}

impl StageProperties {
    pub(crate) fn parse(parser: &mut Parser<'_>, statement: &str) -> Result<Self, SyntaxError> {
        let mut properties = Self::default();
        while !parser.is_end() {
            let start = parser.peek().span;
            let is_bare_url = matches!(parser.peek().kind, TokenKind::String(_));
            let repeated = if is_bare_url || parser.take_keyword("URL") {
                if !is_bare_url {
                    parser.expect_symbol("=")?;
                }
                let url = parser.string("a URL")?;
                properties.location.replace(StageLocation { url, connection: None }).is_some()
            } else if parser.is_keyword("CONNECTION") {
                Self::parse_connection(parser, &mut properties.location)?
            } else if parser.take_keyword("FILE_FORMAT") {
                parser.expect_symbol("=")?;
                properties.file_format.replace(parse_parenthesized(parser)?).is_some()
            } else if parser.take_keyword("COMMENT") || parser.take_keyword("COMMENTS") {
                parser.expect_symbol("=")?;
                properties.comment.replace(parser.string("a comment")?).is_some()
            } else {
                return Err(
                    parser.unknown_option(statement, &["URL", "CONNECTION", "FILE_FORMAT", "COMMENT"])
                );
            };
            if repeated {
                return Err(parser.error(start, format!("{statement} takes this option once")));
            }
            parser.take_symbol(",");
        }
        Ok(properties)
    }

    /// `CONNECTION = (…)`; true when the URL has one already.
    fn parse_connection(
        parser: &mut Parser<'_>,
        location: &mut Option<StageLocation>,
    ) -> Result<bool, SyntaxError> {
        let span = parser.advance().span;
        let Some(location) = location else {
            return Err(parser
                .error(span, "`CONNECTION` belongs to a `URL`, and there is none before it")
                .with_hint("write `URL = 's3://…' CONNECTION = (…)`"));
        };
        parser.expect_symbol("=")?;
        Ok(location.connection.replace(parse_connection(parser)?).is_some())
    }
}

/// A stage's name, or `~`.
pub(crate) fn stage_name(parser: &mut Parser<'_>) -> Result<Name, SyntaxError> {
    if parser.take_symbol("~") {
        return Ok(Name::new("~", false, parser.previous_span()));
    }
    parser.name("a stage name")
}

impl fmt::Display for CreateStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}STAGE {exists}{}", self.name)?;
        if let Some(location) = &self.location {
            write!(f, " {location}")?;
        }
        if let Some(file_format) = &self.file_format {
            write!(f, " FILE_FORMAT = ({file_format})")?;
        }
        if let Some(comment) = &self.comment {
            write!(f, " COMMENT = {comment}")?;
        }
        Ok(())
    }
}

impl fmt::Display for StageLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "URL = {}", self.url)?;
        self.connection.as_ref().map_or(Ok(()), |connection| write!(f, " CONNECTION = ({connection})"))
    }
}
