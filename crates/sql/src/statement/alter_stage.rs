//! `ALTER STAGE [IF EXISTS] <name> SET … | UNSET …`

use std::fmt;

use crate::display::CommaSeparated;
use crate::{FileFormatOptions, Name, StageLocation, Text};

/// Changes a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterStage {
    pub if_exists: bool,
    pub name: Name,
    pub change: StageChange,
}

/// What ALTER STAGE changes.
#[derive(Debug, Clone, PartialEq, Eq)]
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
