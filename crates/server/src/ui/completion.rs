//! `/ui/api/catalog`: every name that an editor can complete, as the user may see them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::Identity;
use protocol::ErrorCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::guard::Browser;
use crate::errors::ApiError;
use crate::state::ServerState;
use crate::statements::{self, Rows};

/// Behind statements that nobody typed, so that the app's history can leave them out. `web/src/api/query.ts` has
/// the same.
const APP_MARK: &str = "/* asked by the app */";

/// One snapshot.
pub(crate) async fn catalog(
    State(server): State<ServerState>,
    browser: Browser,
    request: HeaderMap,
) -> Result<Response, ApiError> {
    let snapshot = snapshot(&server, browser.identity()).await?;
    let digest = Sha256::digest(snapshot.to_string().as_bytes());
    let etag =
        format!("\"{}\"", digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>());
    let etag_header = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\""));
    let is_known = request.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Json(snapshot).into_response(),
    };
    response.headers_mut().insert(ETAG, etag_header);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

async fn snapshot(server: &ServerState, identity: &Identity) -> Result<Value, ApiError> {
    let ask = async |sql: &str| match statements::run(server, identity, format!("{sql} {APP_MARK}")).await {
        Ok(rows) => Ok(rows),
        // What the user may not see does not complete; the rest does.
        Err(error) if error.body.code == ErrorCode::PERMISSION_DENIED => Ok(Rows::new()),
        Err(error) => Err(error),
    };
    let databases = ask("SELECT name FROM system.databases ORDER BY name").await?;
    let tables = ask("SELECT database, name, table_type FROM system.tables ORDER BY database, name").await?;
    let columns = ask("SELECT database, \"table\", name, type FROM system.columns").await?;
    let stages = ask("SELECT name, url, storage_params FROM system.stages ORDER BY name").await?;
    let connections = ask("SELECT name FROM system.connections ORDER BY name").await?;
    let formats = ask("SHOW FILE FORMATS").await?;
    let functions = ask("SELECT name, is_aggregate FROM system.functions ORDER BY name").await?;
    let settings = ask("SELECT name, value, description FROM system.settings ORDER BY name").await?;
    Ok(json!({
        "databases": databases_json(&databases, &tables, &columns),
        "stages": map_rows(&stages, |row| json!({
            "name": text(row, 0),
            "url": text(row, 1),
            "connection": connection_of(text(row, 2)),
        })),
        "connections": map_rows(&connections, |row| json!(text(row, 0))),
        "file_formats": map_rows(&formats, |row| json!(text(row, 0))),
        "functions": map_rows(&functions, |row| json!({
            "name": text(row, 0),
            "kind": if matches!(text(row, 1), "1" | "true") { "aggregate" } else { "scalar" },
        })),
        "settings": map_rows(&settings, |row| json!({
            "name": text(row, 0),
            "value": text(row, 1),
            "description": text(row, 2),
        })),
    }))
}

fn databases_json(databases: &Rows, tables: &Rows, columns: &Rows) -> Vec<Value> {
    let mut columns_of: BTreeMap<(&str, &str), Vec<Value>> = BTreeMap::new();
    for row in columns {
        let column = json!({ "name": text(row, 2), "type": text(row, 3) });
        columns_of.entry((text(row, 0), text(row, 1))).or_default().push(column);
    }
    let mut tables_of: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for row in tables {
        let (database, name) = (text(row, 0), text(row, 1));
        let columns = columns_of.remove(&(database, name)).unwrap_or_default();
        let table = json!({ "name": name, "kind": text(row, 2), "columns": columns });
        tables_of.entry(database).or_default().push(table);
    }
    map_rows(databases, |row| {
        let name = text(row, 0);
        json!({ "name": name, "tables": tables_of.get(name).cloned().unwrap_or_default() })
    })
}

fn map_rows(rows: &Rows, value: impl Fn(&[Option<String>]) -> Value) -> Vec<Value> {
    rows.iter().map(|row| value(row)).collect()
}

fn text(row: &[Option<String>], index: usize) -> &str {
    row.get(index).and_then(Option::as_deref).unwrap_or_default()
}

/// The connection in a stage's parameters.
fn connection_of(parameters: &str) -> Option<String> {
    let parameters: Value = serde_json::from_str(parameters).ok()?;
    let name = parameters.get("connection_name")?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}
