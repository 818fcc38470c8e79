//! `PRESIGN [DOWNLOAD | UPLOAD] @<stage>/<path> [EXPIRE = <seconds>] [CONTENT_TYPE = '<type>']`

use std::fmt;

use crate::{Location, Span, Text};

/// Makes a URL for one file of a stage.
#[derive(Debug, Clone)]
pub struct Presign {
    pub action: PresignAction,
    /// Never [`Location::Uri`].
    pub location: Location,
    pub location_span: Span,
    /// `None` for the default, 3600 seconds.
    pub expire_seconds: Option<u64>,
    pub content_type: Option<Text>,
}

/// What the URL of PRESIGN is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresignAction {
    Download,
    Upload,
}

impl PartialEq for Presign {
    fn eq(&self, other: &Self) -> bool {
        self.action == other.action
            && self.location == other.location
            && self.expire_seconds == other.expire_seconds
            && self.content_type == other.content_type
    }
}

impl fmt::Display for Presign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            PresignAction::Download => "DOWNLOAD",
            PresignAction::Upload => "UPLOAD",
        };
        write!(f, "PRESIGN {action} {}", self.location)?;
        if let Some(seconds) = self.expire_seconds {
            write!(f, " EXPIRE = {seconds}")?;
        }
        self.content_type.as_ref().map_or(Ok(()), |content_type| write!(f, " CONTENT_TYPE = {content_type}"))
    }
}
