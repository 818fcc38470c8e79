//! `SHOW FILE FORMATS`

use std::fmt;

/// Lists named file formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShowFileFormats;

impl fmt::Display for ShowFileFormats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHOW FILE FORMATS")
    }
}
