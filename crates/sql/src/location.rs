//! Locations of files: `@stage/path`, `@~/path`, `'scheme://…'`.

use std::fmt;

use crate::display::quote_string;

/// Where files are. What the path means (file, prefix) is for the engine to say.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// `@stage/path`. The path has no leading slash and is empty for the whole stage.
    Stage { stage: String, path: String },
    /// `@~/path`, the user's own stage.
    User { path: String },
    /// `'scheme://…'`, as written.
    Uri(String),
}

impl Location {
    /// Takes `stage/path` (what follows `@`) apart.
    pub(crate) fn from_stage_text(text: &str) -> Self {
        let (stage, path) = text.split_once('/').unwrap_or((text, ""));
        if stage == "~" {
            Location::User { path: path.to_string() }
        } else {
            Location::Stage { stage: stage.to_string(), path: path.to_string() }
        }
    }

    /// Whether a string literal standing where a table may stand is a location.
    pub(crate) fn from_string(value: &str) -> Option<Self> {
        if let Some(rest) = value.strip_prefix('@') {
            let stage = rest.split('/').next().unwrap_or_default();
            return (!stage.is_empty()).then(|| Self::from_stage_text(rest));
        }
        let (scheme, _) = value.split_once("://")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        is_scheme.then(|| Location::Uri(value.to_string()))
    }
}

impl fmt::Debug for Location {
    /// With what may be a secret masked, such as a password in a URI.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::redact(&self.to_string()))
    }
}

impl fmt::Display for Location {
    /// As it stands in a statement: bare where that parses back, a string literal otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Location::Uri(uri) => return quote_string(f, uri),
            Location::Stage { stage, path } if path.is_empty() => format!("@{stage}"),
            Location::Stage { stage, path } => format!("@{stage}/{path}"),
            Location::User { path } if path.is_empty() => "@~".to_string(),
            Location::User { path } => format!("@~/{path}"),
        };
        let bare = !text.chars().any(|c| c == '\\' || crate::lexer::ends_stage_path(c));
        if bare { f.write_str(&text) } else { quote_string(f, &text) }
    }
}
