//! Databend's error codes that this server answers with.

use serde::{Deserialize, Serialize};

/// A Databend error code. Clients print it in brackets before the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(pub u16);

impl ErrorCode {
    /// A fault of the server.
    pub const INTERNAL: Self = Self(1001);
    /// The dialect has it and this server does not.
    pub const UNIMPLEMENTED: Self = Self(1002);
    /// No such database.
    pub const UNKNOWN_DATABASE: Self = Self(1003);
    /// The text is not a statement.
    pub const SYNTAX: Self = Self(1005);
    /// A value, option or parameter is not allowed.
    pub const BAD_ARGUMENTS: Self = Self(1006);
    /// No such function.
    pub const UNKNOWN_FUNCTION: Self = Self(1008);
    /// No such table.
    pub const UNKNOWN_TABLE: Self = Self(1025);
    /// Too many queries of one user, or in all.
    pub const TOO_MANY_QUERIES: Self = Self(1041);
    /// The query was killed.
    pub const ABORTED_QUERY: Self = Self(1043);
    /// The query was closed because nobody asked for its pages.
    pub const CLOSED_QUERY: Self = Self(1044);
    /// The bytes of a file are not what its format promises.
    pub const BAD_BYTES: Self = Self(1046);
    /// A number left its type's range, or another value failed while the query ran.
    pub const OVERFLOW: Self = Self(1049);
    /// No such column.
    pub const UNKNOWN_COLUMN: Self = Self(1058);
    /// The user may not do this.
    pub const PERMISSION_DENIED: Self = Self(1063);
    /// The statement is well formed and means nothing here.
    pub const SEMANTIC: Self = Self(1065);
    /// No such route.
    pub const HTTP_NOT_FOUND: Self = Self(1072);
    /// The session names a time zone that does not exist.
    pub const INVALID_TIMEZONE: Self = Self(1078);
    /// No such query, or it belongs to another user.
    pub const UNKNOWN_QUERY: Self = Self(1127);
    /// No such user.
    pub const UNKNOWN_USER: Self = Self(2201);
    /// The user exists already.
    pub const USER_EXISTS: Self = Self(2202);
    /// No such role.
    pub const UNKNOWN_ROLE: Self = Self(2204);
    /// The session names a role that the user does not have.
    pub const INVALID_ROLE: Self = Self(2206);
    /// The role exists already.
    pub const ROLE_EXISTS: Self = Self(2216);
    /// A built-in role cannot be changed, and no role inherits itself.
    pub const ILLEGAL_ROLE: Self = Self(2217);
    /// The view exists already.
    pub const VIEW_EXISTS: Self = Self(2306);
    /// No such stage.
    pub const UNKNOWN_STAGE: Self = Self(2501);
    /// The stage exists already.
    pub const STAGE_EXISTS: Self = Self(2502);
    /// No such file format.
    pub const UNKNOWN_FILE_FORMAT: Self = Self(2507);
    /// The file format, or an option of it, is not allowed.
    pub const ILLEGAL_FILE_FORMAT: Self = Self(2508);
    /// The file format exists already.
    pub const FILE_FORMAT_EXISTS: Self = Self(2509);
    /// No such connection.
    pub const UNKNOWN_CONNECTION: Self = Self(2510);
    /// The connection cannot be used or dropped like this.
    pub const ILLEGAL_CONNECTION: Self = Self(2511);
    /// The connection exists already.
    pub const CONNECTION_EXISTS: Self = Self(2512);
    /// No such setting.
    pub const UNKNOWN_VARIABLE: Self = Self(2801);
    /// A named limit of the server was reached.
    pub const LIMIT_EXCEEDED: Self = Self(2903);
    /// The storage has no such file or bucket.
    pub const STORAGE_NOT_FOUND: Self = Self(3001);
    /// The storage, or the service that gives out its keys, refused.
    pub const STORAGE_PERMISSION_DENIED: Self = Self(3002);
    /// The storage cannot be reached.
    pub const STORAGE_UNAVAILABLE: Self = Self(3901);
    /// Anything else about a storage, and its parameters.
    pub const STORAGE_OTHER: Self = Self(4000);
    /// The server is stopping and takes no new queries.
    pub const ALREADY_STOPPED: Self = Self(5002);
    /// The login is missing or wrong.
    pub const AUTHENTICATE_FAILURE: Self = Self(5100);
    /// The session token is too old: the client refreshes it by itself.
    pub const SESSION_TOKEN_EXPIRED: Self = Self(5101);
    /// The refresh token is too old: the user logs in again.
    pub const REFRESH_TOKEN_EXPIRED: Self = Self(5102);
    /// The session token is not known: the client tries to refresh it.
    pub const SESSION_TOKEN_NOT_FOUND: Self = Self(5103);
    /// The refresh token is not known: the user logs in again.
    pub const REFRESH_TOKEN_NOT_FOUND: Self = Self(5104);
}

/// What went wrong, as clients read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub code: ErrorCode,
    pub message: String,
    /// More lines, printed below the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The body of every response whose status is not 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    pub error: ErrorBody,
}
