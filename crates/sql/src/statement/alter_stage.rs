//! `ALTER STAGE [IF EXISTS] <name> SET … | UNSET …`

use std::fmt;

use crate::display::CommaSeparated;
use crate::parser::Parser;
use crate::{FileFormatOptions, Name, StageLocation, SyntaxError, Text};

use super::create_stage::{StageProperties, stage_name};

/// Changes a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterStage {
    pub if_exists: bool,
    pub name: Name,
    pub change: StageChange,
}

/// What ALTER STAGE changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives at a time, and boxes would be in every match"
)]
pub enum StageChange {
    /// At least one of them is there.
    Set { location: Option<StageLocation>, file_format: Option<FileFormatOptions>, comment: Option<Text> },
    /// Never empty.
    Unset(Vec<StageProperty>),
}

/// What ALTER STAGE … UNSET can take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageProperty {
    FileFormat,
    Comment,
}

impl AlterStage {
    /// Behind `ALTER STAGE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let if_exists = parser.if_exists()?;
        let name = stage_name(parser)?;
        let change = if parser.take_keyword("SET") {
            if parser.is_end() {
                return Err(parser.expected_one_of(&["URL", "FILE_FORMAT", "COMMENT"]));
            }
            let StageProperties { location, file_format, comment } =
                StageProperties::parse(parser, "ALTER STAGE")?;
            StageChange::Set { location, file_format, comment }
        } else if parser.take_keyword("UNSET") {
            let mut properties = vec![StageProperty::parse(parser)?];
            while parser.take_symbol(",") {
                properties.push(StageProperty::parse(parser)?);
            }
            StageChange::Unset(properties)
        } else {
            return Err(parser.expected_one_of(&["SET", "UNSET"]));
        };
        Ok(Self { if_exists, name, change })
    }
}

impl StageProperty {
    fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        if parser.take_keyword("FILE_FORMAT") {
            Ok(StageProperty::FileFormat)
        } else if parser.take_keyword("COMMENT") || parser.take_keyword("COMMENTS") {
            Ok(StageProperty::Comment)
        } else {
            Err(parser.expected_one_of(&["FILE_FORMAT", "COMMENT"]))
        }
    }
}

impl fmt::Display for AlterStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exists = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "ALTER STAGE {exists}{} ", self.name)?;
        match &self.change {
            StageChange::Set { location, file_format, comment } => {
                f.write_str("SET")?;
                if let Some(location) = location {
                    write!(f, " {location}")?;
                }
                if let Some(file_format) = file_format {
                    write!(f, " FILE_FORMAT = ({file_format})")?;
                }
                comment.as_ref().map_or(Ok(()), |comment| write!(f, " COMMENT = {comment}"))
            }
            StageChange::Unset(properties) => write!(f, "UNSET {}", CommaSeparated(properties)),
        }
    }
}

impl fmt::Display for StageProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StageProperty::FileFormat => "FILE_FORMAT",
            StageProperty::Comment => "COMMENT",
        })
    }
}
