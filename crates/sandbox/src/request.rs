//! One request on its way through the sandbox.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use parking_lot::Mutex;
use time::OffsetDateTime;

use crate::authenticate::caller::Caller;
use crate::authenticate::payload::{PayloadHash, Trailers};
use crate::error::AwsError;
use crate::identity::state::IdentityState;

/// What is known of a request once its sender is: everything decisions and answers need besides the body.
pub(crate) struct RequestContext {
    pub(crate) caller: Caller,
    pub(crate) now: OffsetDateTime,
    /// who exists, as this request is decided by it
    pub(crate) identities: Arc<IdentityState>,
    pub(crate) method: http::Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) remote: IpAddr,
    pub(crate) request_id: String,
    /// `http://host`, for locations in answers
    pub(crate) base_url: String,
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) payload: PayloadHash,
    pub(crate) trailers: Trailers,
    /// the exact error, which s3s has no room for
    pub(crate) error: Mutex<Option<AwsError>>,
    pub(crate) action: Mutex<String>,
}

impl RequestContext {
    /// A header's value as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A query parameter's value.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    /// Remembers what the request turned out to be, for the request log.
    pub(crate) fn note_action(&self, action: &str) {
        action.clone_into(&mut self.action.lock());
    }

    pub(crate) fn version_id(&self) -> Option<&str> {
        self.query_value("versionId")
    }
}
