//! `CREATE [OR REPLACE] STAGE [IF NOT EXISTS] <name> [URL = '…' [CONNECTION = (…)]] [FILE_FORMAT = (…)] [COMMENT = '…']`

use std::fmt;

use crate::{ConnectionParameters, CreateMode, FileFormatOptions, Name, Text};

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
