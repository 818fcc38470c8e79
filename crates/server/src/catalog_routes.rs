//! `/v1/catalog`: databases, tables and columns for tools that show them.

use axum::Json;
use axum::extract::{Path, State};
use protocol::{DatabaseEntry, DatabasesResponse, FieldEntry, FieldsResponse, TableEntry, TablesResponse};

use crate::errors::ApiError;
use crate::login::LoggedIn;
use crate::state::ServerState;
use crate::statements::{self, quote_text};

/// `GET /v1/catalog/databases`.
pub(crate) async fn databases(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
) -> Result<Json<DatabasesResponse>, ApiError> {
    let sql = "SELECT name FROM system.databases ORDER BY name".to_owned();
    let rows = statements::run(&server, &identity, sql).await?;
    let databases = rows.into_iter().map(|row| DatabaseEntry { name: cell(&row, 0) }).collect();
    Ok(Json(DatabasesResponse { databases, warnings: Vec::new() }))
}

/// `GET /v1/catalog/databases/{database}/tables`.
pub(crate) async fn tables(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Path(database): Path<String>,
) -> Result<Json<TablesResponse>, ApiError> {
    let sql = format!(
        "SELECT name, database, catalog, engine FROM system.tables WHERE database = {} ORDER BY name",
        quote_text(&database)
    );
    let rows = statements::run(&server, &identity, sql).await?;
    let tables = rows
        .into_iter()
        .map(|row| TableEntry {
            name: cell(&row, 0),
            database: cell(&row, 1),
            catalog: cell(&row, 2),
            engine: cell(&row, 3),
        })
        .collect();
    Ok(Json(TablesResponse { tables, warnings: Vec::new() }))
}

/// `GET /v1/catalog/databases/{database}/tables/{table}/fields`.
pub(crate) async fn fields(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Path((database, table)): Path<(String, String)>,
) -> Result<Json<FieldsResponse>, ApiError> {
    let sql = format!(
        "SELECT name, type, is_nullable FROM system.columns WHERE database = {} AND \"table\" = {}",
        quote_text(&database),
        quote_text(&table)
    );
    let rows = statements::run(&server, &identity, sql).await?;
    let fields = rows
        .into_iter()
        .map(|row| FieldEntry {
            name: cell(&row, 0),
            data_type: cell(&row, 1),
            nullable: matches!(cell(&row, 2).as_str(), "YES" | "1" | "true"),
            default: None,
        })
        .collect();
    Ok(Json(FieldsResponse { fields, warnings: Vec::new() }))
}

fn cell(row: &[Option<String>], index: usize) -> String {
    row.get(index).cloned().flatten().unwrap_or_default()
}
