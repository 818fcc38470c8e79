//! `CREATE [OR REPLACE] CONNECTION [IF NOT EXISTS] <name> STORAGE_TYPE = '<type>' <parameter>*`

use std::fmt;

use crate::{ConnectionParameters, CreateMode, Name, Text};

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

impl fmt::Display for CreateConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}CONNECTION {exists}{} STORAGE_TYPE = {}", self.name, self.storage_type)?;
        if self.parameters.is_empty() { Ok(()) } else { write!(f, " {}", self.parameters) }
    }
}
