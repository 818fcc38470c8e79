//! Worksheets shared by link, inside the organization.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::body::{catalog_failed, not_there, stored_json, time_text};
use super::guard::Browser;
use crate::errors::ApiError;
use crate::state::ServerState;

/// Where the app shows what a token shares.
pub(super) fn path_of(token: &str) -> String {
    format!("/s/{token}")
}

/// Shares a worksheet.
pub(crate) async fn share(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let token = server.catalog.share_worksheet(browser.owner(), &id).await.map_err(catalog_failed)?;
    let token = token.ok_or_else(|| not_there("worksheet", &id))?;
    let identity = browser.identity();
    tracing::info!(organization = %identity.organization, user = %identity.user, worksheet = %id, "worksheet shared");
    Ok(Json(json!({ "token": token, "path": path_of(&token) })))
}

/// Takes the link back.
pub(crate) async fn take_back(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match server.catalog.unshare_worksheet(browser.owner(), &id).await.map_err(catalog_failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_there("worksheet", &id)),
    }
}

/// What a link shows to a colleague.
pub(crate) async fn show(
    State(server): State<ServerState>,
    browser: Browser,
    Path(token): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let organization = &browser.identity().organization;
    let shared = server.catalog.shared_worksheet(organization, &token).await.map_err(catalog_failed)?;
    let worksheet = shared.ok_or_else(|| not_there("shared worksheet", &token))?;
    Ok(Json(json!({
        "name": worksheet.name,
        "text": worksheet.text,
        "context": stored_json(&worksheet.context),
        "owner": worksheet.owner,
        "updated_at": time_text(worksheet.updated_on),
    })))
}
