//! `/ui/api/stages/{stage}`: a folder page by page, and footers of files.

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::{ChunkSummary, FolderRequest, FooterRequest, FooterSummary};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::utc_text;
use super::guard::Browser;
use crate::encode::type_of_column;
use crate::errors::ApiError;
use crate::state::ServerState;

const ENTRIES_DEFAULT: usize = 200;
/// S3 gives no more in one request.
const ENTRIES_MAX: usize = 1_000;
/// S3's limit for keys.
const PATH_BYTES_MAX: usize = 1_024;
/// Longer than any token of S3 is.
const CURSOR_BYTES_MAX: usize = 8_192;

/// Which page of which folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectsParameters {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

/// Which file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileParameters {
    path: String,
}

/// One page of one folder.
pub(crate) async fn objects(
    State(server): State<ServerState>,
    browser: Browser,
    Path(stage): Path<String>,
    Query(parameters): Query<ObjectsParameters>,
) -> Result<Json<Value>, ApiError> {
    check_length("prefix", &parameters.prefix, PATH_BYTES_MAX)?;
    let cursor = parameters.cursor.filter(|cursor| !cursor.is_empty());
    check_length("cursor", cursor.as_deref().unwrap_or_default(), CURSOR_BYTES_MAX)?;
    let request = FolderRequest {
        identity: browser.identity().clone(),
        query_id: uuid::Uuid::now_v7().simple().to_string(),
        stage: stage.clone(),
        prefix: parameters.prefix.clone(),
        cursor,
        entries_max: parameters.limit.unwrap_or(ENTRIES_DEFAULT).clamp(1, ENTRIES_MAX),
    };
    let listing = server.runner.list_folder(request).await?;
    let folders = listing.folders.iter().map(|folder| json!({ "name": folder.name, "path": folder.path }));
    let files = listing.files.iter().map(|file| {
        json!({
            "name": file.name,
            "path": file.path,
            "size": file.size,
            "last_modified": utc_text(file.last_modified),
            "etag": file.etag,
        })
    });
    Ok(Json(json!({
        "stage": stage,
        "url": listing.url,
        "prefix": parameters.prefix,
        "folders": folders.collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "next_cursor": listing.next_cursor,
    })))
}

/// What the footer of a file says.
pub(crate) async fn parquet(
    State(server): State<ServerState>,
    browser: Browser,
    Path(stage): Path<String>,
    Query(parameters): Query<FileParameters>,
) -> Result<Json<Value>, ApiError> {
    check_length("path", &parameters.path, PATH_BYTES_MAX)?;
    let request = FooterRequest {
        identity: browser.identity().clone(),
        query_id: uuid::Uuid::now_v7().simple().to_string(),
        stage,
        path: parameters.path.clone(),
    };
    let summary = server.runner.read_footer(request).await?;
    Ok(Json(footer_json(&parameters.path, &summary)))
}

fn footer_json(path: &str, summary: &FooterSummary) -> Value {
    let columns = summary.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "physical_type": column.physical_type,
            "logical_type": column.logical_type,
            "type": column.field.as_ref().map(type_of_column),
            "nullable": column.nullable,
        })
    });
    let row_groups = summary.row_groups.iter().map(|group| {
        let chunks = group.columns.iter().zip(&summary.columns);
        json!({
            "rows": group.rows,
            "bytes": group.bytes,
            "compressed_bytes": group.compressed_bytes,
            "offset": group.offset,
            "columns": chunks.map(|(chunk, column)| chunk_json(&column.name, chunk)).collect::<Vec<_>>(),
        })
    });
    let metadata = summary.metadata.iter().map(|(key, value)| json!({ "key": key, "value": value }));
    json!({
        "path": path,
        "size": summary.size,
        "footer_bytes": summary.footer_bytes,
        "rows": summary.rows,
        "created_by": summary.created_by,
        "version": summary.version,
        "columns": columns.collect::<Vec<_>>(),
        "columns_total": summary.columns_total,
        "row_groups": row_groups.collect::<Vec<_>>(),
        "row_groups_total": summary.row_groups_total,
        "metadata": metadata.collect::<Vec<_>>(),
    })
}

fn chunk_json(name: &str, chunk: &ChunkSummary) -> Value {
    json!({
        "name": name,
        "codec": chunk.codec,
        "encodings": chunk.encodings,
        "bytes": chunk.bytes,
        "compressed_bytes": chunk.compressed_bytes,
        "nulls": chunk.nulls,
        "distinct": chunk.distinct,
        "min": chunk.min,
        "max": chunk.max,
        "has_bloom_filter": chunk.has_bloom_filter,
        "has_page_index": chunk.has_page_index,
    })
}

fn check_length(what: &str, text: &str, max: usize) -> Result<(), ApiError> {
    if text.len() <= max {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("the {what} is longer than {max} bytes")))
}
