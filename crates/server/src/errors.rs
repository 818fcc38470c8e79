//! What clients are told when something fails: Databend's code, an HTTP status and a message.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::{Error, ErrorKind};
use protocol::{ErrorBody, ErrorCode, ErrorResponse};

/// A request that is answered with an error status.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) body: ErrorBody,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, body: ErrorBody { code, message: message.into(), detail: None } }
    }

    /// The client sent something that is not allowed.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BAD_ARGUMENTS, message)
    }

    /// The login is missing or wrong.
    pub(crate) fn unauthorized(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// A named limit was reached.
    pub(crate) fn limit(status: StatusCode, name: &str, what: &str, value: impl std::fmt::Display) -> Self {
        Self::new(
            status,
            ErrorCode::LIMIT_EXCEEDED,
            format!("{what}: the server's limit `{name}` is {value}"),
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorResponse { error: self.body })).into_response()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let (_, status) = code_and_status(error.kind);
        Self { status, body: error_body(&error) }
    }
}

/// An engine's error as clients read it. The excerpt and the hint are lines below the message.
pub(crate) fn error_body(error: &Error) -> ErrorBody {
    let (code, _) = code_and_status(error.kind);
    let hint = error.hint.as_ref().map(|hint| format!("hint: {hint}"));
    let lines: Vec<String> = error.excerpt.iter().cloned().chain(hint).collect();
    let detail = if lines.is_empty() { None } else { Some(lines.join("\n")) };
    ErrorBody { code, message: error.message.clone(), detail }
}

/// Databend's code for a kind of error, and the status where the error is not told inside a query's page.
fn code_and_status(kind: ErrorKind) -> (ErrorCode, StatusCode) {
    match kind {
        ErrorKind::Syntax => (ErrorCode::SYNTAX, StatusCode::BAD_REQUEST),
        ErrorKind::Semantic => (ErrorCode::SEMANTIC, StatusCode::BAD_REQUEST),
        ErrorKind::InvalidValue => (ErrorCode::BAD_ARGUMENTS, StatusCode::BAD_REQUEST),
        ErrorKind::InvalidStorage => (ErrorCode::STORAGE_OTHER, StatusCode::BAD_REQUEST),
        ErrorKind::UnknownDatabase => (ErrorCode::UNKNOWN_DATABASE, StatusCode::BAD_REQUEST),
        ErrorKind::UnknownTable => (ErrorCode::UNKNOWN_TABLE, StatusCode::NOT_FOUND),
        ErrorKind::UnknownColumn => (ErrorCode::UNKNOWN_COLUMN, StatusCode::BAD_REQUEST),
        ErrorKind::UnknownFunction => (ErrorCode::UNKNOWN_FUNCTION, StatusCode::BAD_REQUEST),
        ErrorKind::UnknownSetting => (ErrorCode::UNKNOWN_VARIABLE, StatusCode::BAD_REQUEST),
        ErrorKind::UnknownStage => (ErrorCode::UNKNOWN_STAGE, StatusCode::NOT_FOUND),
        ErrorKind::StageExists => (ErrorCode::STAGE_EXISTS, StatusCode::CONFLICT),
        ErrorKind::UnknownConnection => (ErrorCode::UNKNOWN_CONNECTION, StatusCode::NOT_FOUND),
        ErrorKind::ConnectionExists => (ErrorCode::CONNECTION_EXISTS, StatusCode::CONFLICT),
        ErrorKind::ConnectionInUse => (ErrorCode::ILLEGAL_CONNECTION, StatusCode::CONFLICT),
        ErrorKind::UnknownUser => (ErrorCode::UNKNOWN_USER, StatusCode::BAD_REQUEST),
        ErrorKind::UserExists => (ErrorCode::USER_EXISTS, StatusCode::CONFLICT),
        ErrorKind::UnknownRole => (ErrorCode::UNKNOWN_ROLE, StatusCode::BAD_REQUEST),
        ErrorKind::RoleExists => (ErrorCode::ROLE_EXISTS, StatusCode::CONFLICT),
        ErrorKind::InvalidRole => (ErrorCode::INVALID_ROLE, StatusCode::FORBIDDEN),
        ErrorKind::IllegalRole => (ErrorCode::ILLEGAL_ROLE, StatusCode::BAD_REQUEST),
        ErrorKind::ViewExists => (ErrorCode::VIEW_EXISTS, StatusCode::CONFLICT),
        ErrorKind::UnknownFileFormat => (ErrorCode::UNKNOWN_FILE_FORMAT, StatusCode::BAD_REQUEST),
        ErrorKind::InvalidFileFormat => (ErrorCode::ILLEGAL_FILE_FORMAT, StatusCode::BAD_REQUEST),
        ErrorKind::FileFormatExists => (ErrorCode::FILE_FORMAT_EXISTS, StatusCode::CONFLICT),
        ErrorKind::PermissionDenied => (ErrorCode::PERMISSION_DENIED, StatusCode::FORBIDDEN),
        ErrorKind::StorageNotFound => (ErrorCode::STORAGE_NOT_FOUND, StatusCode::NOT_FOUND),
        ErrorKind::StoragePermissionDenied => (ErrorCode::STORAGE_PERMISSION_DENIED, StatusCode::FORBIDDEN),
        // A server without an identity cannot open anything by role: Databend's word for it is a refusal.
        ErrorKind::NoServerIdentity => (ErrorCode::STORAGE_PERMISSION_DENIED, StatusCode::FORBIDDEN),
        ErrorKind::StorageUnavailable => (ErrorCode::STORAGE_UNAVAILABLE, StatusCode::BAD_GATEWAY),
        ErrorKind::BadFile => (ErrorCode::BAD_BYTES, StatusCode::BAD_REQUEST),
        ErrorKind::Unsupported => (ErrorCode::UNIMPLEMENTED, StatusCode::BAD_REQUEST),
        ErrorKind::LimitExceeded => (ErrorCode::LIMIT_EXCEEDED, StatusCode::BAD_REQUEST),
        ErrorKind::Cancelled => (ErrorCode::ABORTED_QUERY, StatusCode::BAD_REQUEST),
        ErrorKind::Execution => (ErrorCode::BAD_ARGUMENTS, StatusCode::BAD_REQUEST),
        ErrorKind::Internal => (ErrorCode::INTERNAL, StatusCode::INTERNAL_SERVER_ERROR),
    }
}
