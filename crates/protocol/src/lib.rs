//! The words of Databend's HTTP API: request and response bodies, header names and error codes.
//!
//! What this crate promises: every body that a Databend client sends or expects has a type here, and
//! every sample in `tests/wire/` survives parsing and printing. What it refuses: any knowledge of how
//! a query runs, of HTTP libraries, and of Arrow. It has no code beyond serde's.

mod catalog;
mod error_code;
mod login;
mod query;
mod session;
mod upload;

pub mod headers;

pub use catalog::{
    DatabaseEntry, DatabasesResponse, DiscoveryNode, FieldEntry, FieldsResponse, HealthResponse, TableEntry,
    TablesResponse,
};
pub use error_code::{ErrorBody, ErrorCode, ErrorResponse};
pub use login::{
    LoginRequest, LoginResponse, LogoutResponse, RefreshRequest, RefreshResponse, SessionTokens,
    VerifyResponse,
};
pub use query::{
    Affect, Pagination, ProgressValues, QueryHead, QueryRequest, QueryResponse, QueryState, ResultSettings,
    SchemaField, SpillProgress, StageAttachment, StateResponse, Statistics,
};
pub use session::{HeartbeatRequest, HeartbeatResponse, SessionObject};
pub use upload::UploadResponse;

/// The version that the login answers with. Clients derive what the server can do from it:
/// above 1.2.781 they load through `@_databend_load`, above 1.2.835 they may ask for Arrow bodies,
/// and above 1.2.900 they would send parameters apart from the text, which this server does not take.
pub const REPORTED_VERSION: &str = "1.2.900";

/// The newest layout of Arrow bodies that this server writes.
pub const ARROW_RESULT_VERSION_MAX: i64 = 2;

/// The content type, and the exact `Accept` value, of Arrow bodies.
pub const CONTENT_TYPE_ARROW: &str = "application/vnd.apache.arrow.stream";

/// The key in an Arrow schema's metadata that holds the JSON head of the response.
pub const ARROW_RESPONSE_HEADER: &str = "response_header";

/// The key in an Arrow field's metadata that names a Databend type which Arrow does not have.
pub const ARROW_EXTENSION: &str = "Extension";

/// The value of [`ARROW_EXTENSION`] for JSON text.
pub const ARROW_EXTENSION_VARIANT: &str = "Variant";

/// The value of [`ARROW_EXTENSION`] for months, days and microseconds packed in 128 bits.
pub const ARROW_EXTENSION_INTERVAL: &str = "Interval";
