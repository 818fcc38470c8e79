//! `/ui/api/tokens`: what stands for the user's password in BendSQL and the drivers.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{AppBody, catalog_failed, not_there, time_text, too_many};
use super::guard::Browser;
use super::session::dsn;
use crate::errors::ApiError;
use crate::login::{digest_of_access_token, new_access_token};
use crate::state::ServerState;

/// Longest name of a token.
const NAME_BYTES_MAX: usize = 100;
/// Ten years.
const DAYS_MAX: u64 = 3_650;

/// A token to make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    name: String,
    #[serde(default)]
    days: Option<u64>,
}

pub(crate) async fn list(
    State(server): State<ServerState>,
    browser: Browser,
) -> Result<Json<Value>, ApiError> {
    let tokens = server.catalog.access_tokens(browser.owner()).await.map_err(catalog_failed)?;
    let tokens = tokens.iter().map(|token| {
        json!({
            "id": token.id,
            "name": token.name,
            "created_at": time_text(token.created_on),
            "expires_at": token.expires_on.map(time_text),
            "used_at": token.used_on.map(time_text),
        })
    });
    Ok(Json(json!({ "tokens": tokens.collect::<Vec<_>>() })))
}

/// Makes a token and shows it, this once.
pub(crate) async fn create(
    State(server): State<ServerState>,
    browser: Browser,
    AppBody(body): AppBody<TokenBody>,
) -> Result<impl IntoResponse, ApiError> {
    let name = body.name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(ApiError::bad_request(format!("a token's name has 1 to {NAME_BYTES_MAX} bytes")));
    }
    if body.days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        return Err(ApiError::bad_request(format!("a token lasts 1 to {DAYS_MAX} days, or has no end")));
    }
    let secret = new_access_token();
    let lifetime = body.days.map(|days| Duration::from_secs(days * 24 * 3_600));
    let max = server.limits.tokens_per_user_max;
    let made = server
        .catalog
        .create_access_token(browser.owner(), name, &digest_of_access_token(&secret), lifetime, max)
        .await
        .map_err(catalog_failed)?;
    let token = made.ok_or_else(|| too_many("tokens_per_user_max", "tokens", max))?;
    let identity = browser.identity();
    tracing::info!(organization = %identity.organization, user = %identity.user, token = %token.id, "token made");
    let answer = json!({
        "id": token.id,
        "name": token.name,
        "token": secret,
        "dsn": dsn(&server, &identity.user, &secret),
        "created_at": time_text(token.created_on),
        "expires_at": token.expires_on.map(time_text),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(crate) async fn revoke(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match server.catalog.delete_access_token(browser.owner(), &id).await.map_err(catalog_failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_there("token", &id)),
    }
}
