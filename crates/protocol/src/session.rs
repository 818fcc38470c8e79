//! The session that the client carries, and its heartbeat.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The session object. The server gives it out with a response and the client sends it back as it is
/// with the next request, so that the server keeps no session of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionObject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_roles: Option<Vec<String>>,
    /// Texts, though a number or a boolean is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<BTreeMap<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn_state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_sticky: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_keep_alive: Option<bool>,
    /// Everything that this server does not read and gives back all the same.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The body of `POST /v1/session/heartbeat`: the queries that the client still wants, by node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatRequest {
    #[serde(default)]
    pub node_to_queries: BTreeMap<String, Vec<String>>,
}

/// The answer to a heartbeat: the queries that need none any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatResponse {
    pub queries_to_remove: Vec<String>,
}
