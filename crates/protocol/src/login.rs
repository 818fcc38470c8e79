//! `/v1/session/login`, `/refresh`, `/logout` and `/v1/verify`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ErrorBody;

/// The body of `POST /v1/session/login`. All of it is what the user's connection text asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoginRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Parameters that the client does not know arrive here too, so unknown names are no error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<BTreeMap<String, Value>>,
}

/// The answer to a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginResponse {
    /// Three numbers of a semantic version; clients fail on anything else.
    pub version: String,
    pub session_id: String,
    pub server_max_arrow_result_version: i64,
    /// Absent when the client asked for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<SessionTokens>,
}

/// A session token and the token that renews it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTokens {
    pub session_token: String,
    pub refresh_token: String,
    pub session_token_ttl_in_secs: u64,
}

// Tokens are as good as passwords, so no log may show one.
impl std::fmt::Debug for SessionTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionTokens")
            .field("session_token_ttl_in_secs", &self.session_token_ttl_in_secs)
            .finish_non_exhaustive()
    }
}

/// The body of `POST /v1/session/refresh`; the refresh token is the request's bearer token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRequest {
    pub session_token: String,
}

impl std::fmt::Debug for RefreshRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshRequest { .. }")
    }
}

/// The answer to a refresh, twice: Databend nests the tokens, its driver reads them flat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshResponse {
    pub tokens: SessionTokens,
    #[serde(flatten)]
    pub flat: SessionTokens,
}

/// The answer to a logout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutResponse {
    pub error: Option<ErrorBody>,
}

/// The answer to `POST /v1/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyResponse {
    pub tenant: String,
    pub user: String,
    pub auth_type: String,
    pub is_configured: bool,
    pub default_role: String,
    pub default_warehouse: String,
    pub roles: Vec<String>,
}
