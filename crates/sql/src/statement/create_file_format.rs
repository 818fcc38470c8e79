//! `CREATE [OR REPLACE] FILE FORMAT [IF NOT EXISTS] <name> TYPE = <type> <option>*`

use std::fmt;

use crate::{CreateMode, FileFormatOptions, Name};

/// Makes a named file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateFileFormat {
    pub mode: CreateMode,
    pub name: Name,
    pub options: FileFormatOptions,
}

impl fmt::Display for CreateFileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}FILE FORMAT {exists}{} {}", self.name, self.options)
    }
}
