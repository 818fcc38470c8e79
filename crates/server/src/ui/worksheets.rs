//! `/ui/api/worksheets`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use catalog::{Saved, Worksheet, WorksheetChange};
use protocol::ErrorCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::{AppBody, catalog_failed, not_there, stored_json, time_text, too_many};
use super::guard::Browser;
use crate::errors::ApiError;
use crate::limits::Limits;
use crate::state::ServerState;

/// Longest name of a worksheet, and longest folder.
const NAME_BYTES_MAX: usize = 200;

/// Which worksheets are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    #[serde(default)]
    search: String,
    #[serde(default)]
    folder: String,
}

/// What is in a worksheet; what is absent is empty in a new one and stays in an old one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorksheetBody {
    #[serde(default)]
    rev: Option<i64>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    folder: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    context: Option<Map<String, Value>>,
    #[serde(default)]
    keep_version: bool,
}

/// The user's worksheets, without their texts.
pub(crate) async fn list(
    State(server): State<ServerState>,
    browser: Browser,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<Value>, ApiError> {
    let folder = parameters.folder.trim_matches('/');
    let worksheets = server
        .catalog
        .worksheets(browser.owner(), parameters.search.trim(), folder)
        .await
        .map_err(catalog_failed)?;
    let folders = server.catalog.worksheet_folders(browser.owner()).await.map_err(catalog_failed)?;
    let heads = worksheets.iter().map(|worksheet| {
        let mut head = head_json(worksheet);
        head.insert("excerpt".to_owned(), json!(worksheet.excerpt()));
        Value::Object(head)
    });
    Ok(Json(json!({ "worksheets": heads.collect::<Vec<_>>(), "folders": folders })))
}

pub(crate) async fn create(
    State(server): State<ServerState>,
    browser: Browser,
    AppBody(body): AppBody<WorksheetBody>,
) -> Result<impl IntoResponse, ApiError> {
    let change = change_of(body, &server.limits)?;
    let max = server.limits.worksheets_per_user_max;
    let made =
        server.catalog.create_worksheet(browser.owner(), &change, max).await.map_err(catalog_failed)?;
    let worksheet = made.ok_or_else(|| too_many("worksheets_per_user_max", "worksheets", max))?;
    Ok((StatusCode::CREATED, Json(worksheet_json(&worksheet))))
}

pub(crate) async fn show(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let worksheet = server.catalog.worksheet(browser.owner(), &id).await.map_err(catalog_failed)?;
    let worksheet = worksheet.ok_or_else(|| not_there("worksheet", &id))?;
    Ok(Json(worksheet_json(&worksheet)))
}

/// Saves, if the browser has seen the newest.
pub(crate) async fn save(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
    AppBody(body): AppBody<WorksheetBody>,
) -> Result<Response, ApiError> {
    let Some(rev) = body.rev else {
        return Err(ApiError::bad_request("the body has no `rev`: say which revision it changes"));
    };
    let change = change_of(body, &server.limits)?;
    let saved =
        server.catalog.save_worksheet(browser.owner(), &id, rev, &change).await.map_err(catalog_failed)?;
    match saved {
        Some(Saved::Saved(worksheet)) => Ok(Json(worksheet_json(&worksheet)).into_response()),
        Some(Saved::Stale(worksheet)) => {
            let newest = worksheet.rev;
            Ok(stale("worksheet", rev, newest, worksheet_json(&worksheet)))
        }
        None => Err(not_there("worksheet", &id)),
    }
}

pub(crate) async fn delete_worksheet(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match server.catalog.delete_worksheet(browser.owner(), &id).await.map_err(catalog_failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_there("worksheet", &id)),
    }
}

/// What was kept of a worksheet's past.
pub(crate) async fn versions(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let worksheet = server.catalog.worksheet(browser.owner(), &id).await.map_err(catalog_failed)?;
    worksheet.ok_or_else(|| not_there("worksheet", &id))?;
    let versions = server.catalog.worksheet_versions(browser.owner(), &id).await.map_err(catalog_failed)?;
    let versions = versions.iter().map(|version| {
        json!({
            "rev": version.rev,
            "saved_at": time_text(version.saved_on),
            "name": version.name,
            "bytes": version.text.len(),
        })
    });
    Ok(Json(json!({ "versions": versions.collect::<Vec<_>>() })))
}

pub(crate) async fn version(
    State(server): State<ServerState>,
    browser: Browser,
    Path((id, rev)): Path<(String, i64)>,
) -> Result<Json<Value>, ApiError> {
    let versions = server.catalog.worksheet_versions(browser.owner(), &id).await.map_err(catalog_failed)?;
    let version = versions.into_iter().find(|version| version.rev == rev);
    let version = version.ok_or_else(|| not_there("version", &format!("{id}/{rev}")))?;
    Ok(Json(json!({
        "rev": version.rev,
        "saved_at": time_text(version.saved_on),
        "name": version.name,
        "text": version.text,
    })))
}

/// The answer to a save that came second.
pub(super) fn stale(what: &str, rev: i64, newest: i64, current: Value) -> Response {
    let message = format!(
        "the {what} was changed elsewhere: it is at revision {newest}, and revision {rev} was to be changed"
    );
    let error = json!({ "code": ErrorCode::BAD_ARGUMENTS, "message": message, "detail": null });
    (StatusCode::CONFLICT, Json(json!({ "error": error, "current": current }))).into_response()
}

fn change_of(body: WorksheetBody, limits: &Limits) -> Result<WorksheetChange, ApiError> {
    let name = body.name.map(|name| name.trim().to_owned());
    let folder = body.folder.map(|folder| clean_folder(&folder));
    for (what, text) in [("name", &name), ("folder", &folder)] {
        let Some(text) = text else { continue };
        if text.len() > NAME_BYTES_MAX {
            let message = format!("the {what} of the worksheet is longer than {NAME_BYTES_MAX} bytes");
            return Err(ApiError::bad_request(message));
        }
        if text.chars().any(char::is_control) {
            return Err(ApiError::bad_request(format!(
                "the {what} of the worksheet has a control character"
            )));
        }
    }
    let context = body.context.map(|context| Value::Object(context).to_string());
    let bytes = body.text.as_deref().map_or(0, str::len) + context.as_deref().map_or(0, str::len);
    if bytes > limits.worksheet_bytes_max {
        let what = format!("the worksheet has {bytes} bytes");
        let max = limits.worksheet_bytes_max;
        return Err(ApiError::limit(StatusCode::PAYLOAD_TOO_LARGE, "worksheet_bytes_max", &what, max));
    }
    Ok(WorksheetChange { name, folder, text: body.text, context, keep_version: body.keep_version })
}

/// Parts of a path without blanks around them, and no empty ones.
fn clean_folder(folder: &str) -> String {
    folder.split('/').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

fn head_json(worksheet: &Worksheet) -> Map<String, Value> {
    let head = json!({
        "id": worksheet.id,
        "name": worksheet.name,
        "folder": worksheet.folder,
        "rev": worksheet.rev,
        "created_at": time_text(worksheet.created_on),
        "updated_at": time_text(worksheet.updated_on),
        "bytes": worksheet.text.len(),
        "is_shared": worksheet.share_token.is_some(),
    });
    match head {
        Value::Object(head) => head,
        _ => Map::new(),
    }
}

fn worksheet_json(worksheet: &Worksheet) -> Value {
    let mut all = head_json(worksheet);
    all.insert("text".to_owned(), json!(worksheet.text));
    all.insert("context".to_owned(), stored_json(&worksheet.context));
    let share = worksheet.share_token.as_deref().map(super::shares::path_of);
    all.insert("share".to_owned(), json!(share));
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::clean_folder;

    #[test]
    fn folders_are_paths_without_empty_parts() {
        assert_eq!(clean_folder("/finance// 2026 /"), "finance/2026");
        assert_eq!(clean_folder(" / "), "");
    }
}
