//! The error a statement can end with.

use std::fmt;

/// What kind of failure it is. `server` maps each to a Databend code and an HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not a statement of the dialect.
    Syntax,
    /// The statement is well formed but means nothing here: unknown column, wrong types.
    Semantic,
    /// A value of an option or parameter is not allowed.
    InvalidValue,
    /// A storage parameter of a connection or stage is not allowed.
    InvalidStorage,
    UnknownDatabase,
    UnknownTable,
    ViewExists,
    UnknownColumn,
    UnknownFunction,
    UnknownSetting,
    UnknownStage,
    StageExists,
    UnknownConnection,
    ConnectionExists,
    /// A connection that stages still use cannot be dropped.
    ConnectionInUse,
    UnknownUser,
    UserExists,
    UnknownRole,
    RoleExists,
    /// The session names a role that the user does not have.
    InvalidRole,
    /// A built-in role, or one that would inherit itself.
    IllegalRole,
    UnknownFileFormat,
    FileFormatExists,
    /// A file format has a type or option that does not exist.
    InvalidFileFormat,
    /// The user may not do this.
    PermissionDenied,
    /// S3 says that the file or the bucket does not exist.
    StorageNotFound,
    /// S3 or STS refused.
    StoragePermissionDenied,
    /// The server has no AWS identity to assume a role with.
    NoServerIdentity,
    /// S3 or STS cannot be reached, or answered something unusable.
    StorageUnavailable,
    /// A file is broken or of another format.
    BadFile,
    /// The statement exists in the dialect and not in this version.
    Unsupported,
    /// A named limit was reached.
    LimitExceeded,
    /// The statement was cancelled.
    Cancelled,
    /// Division by zero, overflow, a cast that fails on a value.
    Execution,
    /// A fault of ours.
    Internal,
}

/// An error a person can meet: the object, who refused and why; then what to do.
#[derive(Debug, Clone)]
pub struct Error {
    pub kind: ErrorKind,
    /// One line, lowercase, no final period, user input in backticks.
    pub message: String,
    /// The next action.
    pub hint: Option<String>,
    /// For syntax errors: line, text and caret, ready to print below the message.
    pub excerpt: Option<String>,
    /// For our logs alone; never shown.
    context: Option<String>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, excerpt: None, context: None }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn with_excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = Some(excerpt.into());
        self
    }

    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// What only logs may hold.
    pub fn log_context(&self) -> Option<&str> {
        self.context.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, "\n{excerpt}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<catalog::CatalogError> for Error {
    fn from(error: catalog::CatalogError) -> Self {
        use catalog::CatalogError as Cause;
        let kind = match &error {
            Cause::UnknownOrganization { .. } => ErrorKind::PermissionDenied,
            Cause::UnknownUser { .. } => ErrorKind::UnknownUser,
            Cause::UserExists { .. } => ErrorKind::UserExists,
            Cause::UnknownRole { .. } => ErrorKind::UnknownRole,
            Cause::RoleExists { .. } => ErrorKind::RoleExists,
            Cause::BuiltInRole { .. } | Cause::RoleCycle { .. } => ErrorKind::IllegalRole,
            Cause::ConfiguredOrganization { .. }
            | Cause::OrganizationExists { .. }
            | Cause::DroppedOrganization { .. }
            | Cause::OrganizationInUse { .. } => ErrorKind::Semantic,
            Cause::UnknownConnection { .. } => ErrorKind::UnknownConnection,
            Cause::ConnectionExists { .. } => ErrorKind::ConnectionExists,
            Cause::ConnectionInUse { .. } => ErrorKind::ConnectionInUse,
            Cause::UnknownStage { .. } => ErrorKind::UnknownStage,
            Cause::StageExists { .. } => ErrorKind::StageExists,
            Cause::UnknownView { .. } => ErrorKind::UnknownTable,
            Cause::ViewExists { .. } => ErrorKind::ViewExists,
            Cause::TooManyViews { .. } => ErrorKind::LimitExceeded,
            Cause::UnknownFileFormat { .. } => ErrorKind::UnknownFileFormat,
            Cause::FileFormatExists { .. } => ErrorKind::FileFormatExists,
            Cause::ExternalIdTaken { .. }
            | Cause::InvalidExternalId { .. }
            | Cause::InvalidRoleArn { .. } => ErrorKind::InvalidStorage,
            Cause::InvalidName { .. } | Cause::InvalidPassword { .. } | Cause::InvalidPublicKey { .. } => {
                ErrorKind::InvalidValue
            }
            Cause::Busy | Cause::ConnectionChanged { .. } => ErrorKind::LimitExceeded,
            Cause::NewerSchema { .. }
            | Cause::CannotOpen { .. }
            | Cause::CannotOpenHistory { .. }
            | Cause::DiskFull
            | Cause::Failed => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
