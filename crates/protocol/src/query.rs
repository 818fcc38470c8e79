//! `POST /v1/query` and the pages that follow.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ErrorBody, SessionObject};

/// The body of `POST /v1/query`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryRequest {
    /// One statement, with or without a semicolon at its end.
    pub sql: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionObject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_attachment: Option<StageAttachment>,
    /// Values for `?` and `:name`; clients of a server that reports 1.2.900 or less put them in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// The newest layout of Arrow bodies that the client reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrow_result_version_max: Option<i64>,
}

/// How the client wants its pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pagination {
    /// How long a request may wait for its page. Zero or less: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_time_secs: Option<i64>,
    /// How many rows may wait on the server for the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows_in_buffer: Option<i64>,
    /// How many rows a page may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows_per_page: Option<i64>,
}

/// Files of a stage that an INSERT reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StageAttachment {
    pub location: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_format_options: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_options: Option<Value>,
}

/// Where a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueryState {
    Starting,
    Running,
    Succeeded,
    Failed,
}

impl QueryState {
    /// The word that bodies and headers use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// A page of a query: everything but its rows. An Arrow body carries its rows apart from this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryHead {
    pub id: String,
    pub session_id: Option<String>,
    /// Clients send heartbeats for queries whose responses name a node.
    pub node_id: Option<String>,
    pub state: QueryState,
    /// The session after the statement, on one page alone: the client takes it as its own.
    pub session: Option<SessionObject>,
    pub error: Option<ErrorBody>,
    pub warnings: Vec<String>,
    pub has_result_set: Option<bool>,
    /// The same on every page; empty for statements without a result.
    pub schema: Vec<SchemaField>,
    pub affect: Option<Affect>,
    pub result_timeout_secs: u64,
    pub settings: Option<ResultSettings>,
    pub stats: Statistics,
    pub stats_uri: Option<String>,
    pub final_uri: Option<String>,
    /// Where the next page is; null when there is none.
    pub next_uri: Option<String>,
    pub kill_uri: Option<String>,
}

/// A page of a query as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryResponse {
    #[serde(flatten)]
    pub head: QueryHead,
    /// Rows of cells: a text, or null.
    pub data: Vec<Vec<Option<String>>>,
}

/// A column's name and Databend type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaField {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
}

/// A change of the session that clients are told by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Affect {
    UseDB { name: String },
    ChangeSettings { keys: Vec<String>, values: Vec<String>, is_globals: Vec<bool> },
}

/// How the cells are to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultSettings {
    /// An IANA name; timestamps are texts in this zone.
    pub timezone: String,
    pub geometry_output_format: String,
    pub binary_output_format: String,
    pub http_json_result_mode: String,
    /// Present in the head of Arrow bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrow_result_version: Option<i64>,
}

/// Counters of a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    pub scan_progress: ProgressValues,
    pub write_progress: ProgressValues,
    pub result_progress: ProgressValues,
    pub total_scan: ProgressValues,
    pub spill_progress: SpillProgress,
    pub running_time_ms: f64,
}

/// Rows and bytes of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressValues {
    pub rows: u64,
    pub bytes: u64,
}

/// What was written to temporary files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpillProgress {
    pub file_nums: u64,
    pub bytes: u64,
}

/// The answer to `GET /v1/query/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateResponse {
    pub state: QueryState,
    pub error: Option<ErrorBody>,
    pub warnings: Vec<String>,
    pub stats: Statistics,
}
