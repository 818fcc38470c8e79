//! The page that an AWS administrator is handed: read-only, without a login, for some days.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use catalog::Handoff;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{AppBody, catalog_failed, not_there, stored_json, time_text};
use super::guard::{Browser, OwnPage};
use crate::errors::ApiError;
use crate::state::ServerState;
use crate::statements;

/// Texts of one page.
const STATEMENTS_MAX: usize = 8;
/// Longest title of a text.
const TITLE_BYTES_MAX: usize = 100;
/// Size of a page as JSON.
const CONTENT_BYTES_MAX: usize = 1024 * 1024;
const DAYS_DEFAULT: u64 = 7;
const DAYS_MAX: u64 = 30;

/// What the page shows, and how long.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoffBody {
    statements: Vec<HandoffStatement>,
    #[serde(default)]
    days: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandoffStatement {
    title: String,
    sql: String,
}

/// Makes the page of a draft out of what the statements answer now.
pub(crate) async fn create(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
    AppBody(body): AppBody<HandoffBody>,
) -> Result<impl IntoResponse, ApiError> {
    let draft = server.catalog.draft(browser.owner(), &id).await.map_err(catalog_failed)?;
    let draft = draft.ok_or_else(|| not_there("draft", &id))?;
    let days = body.days.unwrap_or(DAYS_DEFAULT);
    check(&body.statements, days)?;
    let mut texts = Vec::new();
    for statement in body.statements {
        let (columns, rows) =
            statements::run_with_columns(&server, browser.identity(), statement.sql).await?;
        texts.push(json!({ "title": statement.title, "columns": columns, "rows": rows }));
    }
    let content = json!({
        "name": draft.name,
        "organization": browser.identity().organization,
        "created_by": browser.identity().user,
        "texts": texts,
    })
    .to_string();
    if content.len() > CONTENT_BYTES_MAX {
        return Err(ApiError::bad_request(format!("the page has more than {CONTENT_BYTES_MAX} bytes")));
    }
    let lifetime = Duration::from_secs(days * 24 * 3_600);
    let made =
        server.catalog.hand_off(browser.owner(), &id, &content, lifetime).await.map_err(catalog_failed)?;
    let handoff = made.ok_or_else(|| not_there("draft", &id))?;
    let identity = browser.identity();
    tracing::info!(organization = %identity.organization, user = %identity.user, draft = %id, days, "draft handed off");
    Ok((StatusCode::CREATED, Json(link_json(&handoff))))
}

/// Makes the link worth nothing.
pub(crate) async fn take_back(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    server.catalog.take_back_handoff(browser.owner(), &id).await.map_err(catalog_failed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the link shows, to whoever has it.
pub(crate) async fn show(
    State(server): State<ServerState>,
    _: OwnPage,
    Path(token): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let handoff = server.catalog.handoff(&token).await.map_err(catalog_failed)?;
    let handoff = handoff.ok_or_else(|| {
        let mut error = not_there("page", "");
        error.body.message = "this link has expired or was taken back: ask for a new one".to_owned();
        error
    })?;
    let mut content = stored_json(&handoff.content);
    content["created_at"] = json!(time_text(handoff.created_on));
    content["expires_at"] = json!(time_text(handoff.expires_on));
    Ok(Json(content))
}

/// Where the app shows the page.
pub(super) fn link_json(handoff: &Handoff) -> Value {
    json!({ "path": format!("/handoff/{}", handoff.token), "expires_at": time_text(handoff.expires_on) })
}

/// Only texts that the server writes itself may stand on a page of its own.
fn check(statements: &[HandoffStatement], days: u64) -> Result<(), ApiError> {
    if statements.is_empty() || statements.len() > STATEMENTS_MAX {
        return Err(ApiError::bad_request(format!("a hand-off has 1 to {STATEMENTS_MAX} statements")));
    }
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::bad_request(format!("a hand-off lasts 1 to {DAYS_MAX} days")));
    }
    for statement in statements {
        if !is_show_setup(&statement.sql) {
            return Err(ApiError::bad_request(
                "a hand-off shows what `SHOW SETUP` answers, and nothing else",
            ));
        }
        let title = &statement.title;
        if title.is_empty() || title.len() > TITLE_BYTES_MAX || title.chars().any(char::is_control) {
            return Err(ApiError::bad_request(format!("a title has 1 to {TITLE_BYTES_MAX} bytes")));
        }
    }
    Ok(())
}

/// The engine runs one statement of a text, so how it begins says what it is.
fn is_show_setup(sql: &str) -> bool {
    let mut words = sql.split_whitespace().map(str::to_ascii_uppercase);
    words.next().as_deref() == Some("SHOW") && words.next().as_deref() == Some("SETUP")
}

#[cfg(test)]
mod tests {
    use super::is_show_setup;

    #[test]
    fn only_setup_texts_are_handed_off() {
        assert!(is_show_setup(" show\n setup FOR CONNECTION a"));
        for sql in ["SELECT 1", "SHOW SETUPS", "SHOW STAGES", "-- SHOW SETUP\nSELECT 1", "/**/SHOW SETUP", ""]
        {
            assert!(!is_show_setup(sql), "{sql}");
        }
    }
}
