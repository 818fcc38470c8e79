//! From an IAM role to an open bucket.
//!
//! Promises: a bucket is opened only with what the user's connection says (its role, its keys, or
//! unsigned); temporary keys are scoped to bucket, prefix and access, shared by all who may share them,
//! and renewed before they expire without anybody waiting; an error names who refused and what to do.
//! Refuses: to let a key out (no accessor, no `Display`, no serialization), to read a user's bucket with
//! the server's own identity (which signs STS calls and nothing else), to connect to an endpoint the
//! administrator did not allow.

mod access;
mod address;
mod bucket;
mod chain;
mod clock;
mod credentials;
mod deletion;
mod endpoint;
mod error;
mod explain;
mod issuer;
mod keys;
mod listing;
mod location;
mod object_key;
mod observe;
mod options;
mod pacing;
mod presign;
mod private_file;
mod provider;
mod region;
mod request_log;
mod seal;
mod server_identity;
mod session_cache;
mod session_name;
mod store;
mod sts;
mod transport;
mod upload;
mod validate;
mod worked;

pub use access::{Access, AssumedRole, ConnectionAccess, Grant, OpenRequest};
pub use bucket::OpenedBucket;
pub use clock::Clock;
pub use credentials::{Credentials, RoleSession, install_crypto_provider};
pub use endpoint::{EndpointRules, EndpointRulesError};
pub use error::{AwsRefusal, CredentialsError, FailureClass, RoleFailure, ShownIdentity};
pub use explain::{Denial, StorageFailure, StorageFailureKind, explain};
pub use keys::CustomerKeys;
pub use listing::ListPage;
pub use object_key::{key_of_path, path_of_key, path_of_text};
pub use options::{CredentialsOptions, IdentitySource, IssuerOptions, ServerSettings};
pub use presign::{PresignMethod, PresignedUrl};
pub use request_log::{
    REQUESTS_MAX, RequestCounters, RequestOrigin, RequestRecord, RequestSink, StatementOrigin,
};
pub use seal::SealedKeys;
pub use server_identity::ServerIdentity;
pub use session_name::{principal_session_name, session_name};
pub use validate::{SampleFile, Step, StepStatus, ValidatePlace, ValidateRequest, Validation};
