//! `/ui/api/logins`: the browsers that a user is logged in with.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::body::{not_there, utc_text};
use super::guard::Browser;
use crate::errors::ApiError;
use crate::state::ServerState;

/// The user's logins, this one among them.
pub(crate) async fn list(State(server): State<ServerState>, browser: Browser) -> Json<Value> {
    let logins = server.logins.browsers.of_user(browser.identity());
    let logins = logins.iter().map(|login| {
        json!({
            "id": login.id,
            "created_at": utc_text(login.created_at),
            "used_at": utc_text(login.used_at),
            "expires_at": utc_text(login.expires_at),
            "address": login.address.to_string(),
            "agent": login.agent,
            "is_this": login.id == browser.0.id,
        })
    });
    Json(json!({ "logins": logins.collect::<Vec<_>>() }))
}

/// Logs one of them out.
pub(crate) async fn end(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match server.logins.browsers.remove_of_user(browser.identity(), &id) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_there("login", &id)),
    }
}
