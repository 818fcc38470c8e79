//! The routes that describe the server and what it holds.

use serde::{Deserialize, Serialize};

/// The answer to `GET /v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthResponse {
    /// `pass`.
    pub status: String,
}

/// One entry of the answer to `GET /v1/discovery_nodes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryNode {
    /// `host:port`.
    pub address: String,
}

/// The answer to `GET /v1/catalog/databases`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabasesResponse {
    pub databases: Vec<DatabaseEntry>,
    pub warnings: Vec<String>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseEntry {
    pub name: String,
}

/// The answer to `GET /v1/catalog/databases/{database}/tables`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablesResponse {
    pub tables: Vec<TableEntry>,
    pub warnings: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    pub name: String,
    pub database: String,
    pub catalog: String,
    pub engine: String,
}

/// The answer to `GET /v1/catalog/databases/{database}/tables/{table}/fields`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldsResponse {
    pub fields: Vec<FieldEntry>,
    pub warnings: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldEntry {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
    pub nullable: bool,
    pub default: Option<String>,
}
