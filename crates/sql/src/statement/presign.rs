//! `PRESIGN [DOWNLOAD | UPLOAD] @<stage>/<path> [EXPIRE = <seconds>] [CONTENT_TYPE = '<type>']`

use std::fmt;

use crate::parser::Parser;
use crate::{Location, Span, SyntaxError, Text, suggest};

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

impl Presign {
    /// Behind `PRESIGN`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let action = if parser.take_keyword("UPLOAD") {
            PresignAction::Upload
        } else {
            let is_slip = |word| suggest(word, ["DOWNLOAD", "UPLOAD"]).is_some();
            if !parser.take_keyword("DOWNLOAD") && parser.word_at(0).is_some_and(is_slip) {
                return Err(parser.expected_one_of(&["DOWNLOAD", "UPLOAD"]));
            }
            PresignAction::Download
        };
        let (location, location_span) = parser.stage_location("PRESIGN")?;
        let mut presign = Self { action, location, location_span, expire_seconds: None, content_type: None };
        while !parser.is_end() {
            if parser.take_keyword("EXPIRE") {
                parser.expect_symbol("=")?;
                presign.expire_seconds = Some(parser.integer("a number of seconds")?);
            } else if parser.take_keyword("CONTENT_TYPE") {
                parser.expect_symbol("=")?;
                presign.content_type = Some(parser.string("a content type")?);
            } else {
                return Err(parser.unknown_option("PRESIGN", &["EXPIRE", "CONTENT_TYPE"]));
            }
            parser.take_symbol(",");
        }
        Ok(presign)
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
