//! `/ui/api/drafts`: connections in the making.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use catalog::{Draft, Handoff, Saved};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::{AppBody, catalog_failed, not_there, stored_json, time_text, too_many};
use super::guard::Browser;
use super::handoffs;
use super::worksheets::stale;
use crate::errors::ApiError;
use crate::limits::Limits;
use crate::state::ServerState;

/// Longest name of a draft.
const NAME_BYTES_MAX: usize = 200;

/// What is in a draft.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftBody {
    #[serde(default)]
    rev: Option<i64>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    state: Option<Map<String, Value>>,
}

pub(crate) async fn list(
    State(server): State<ServerState>,
    browser: Browser,
) -> Result<Json<Value>, ApiError> {
    let drafts = server.catalog.drafts(browser.owner()).await.map_err(catalog_failed)?;
    let drafts = drafts.iter().map(|draft| Value::Object(head_json(draft)));
    Ok(Json(json!({ "drafts": drafts.collect::<Vec<_>>() })))
}

pub(crate) async fn create(
    State(server): State<ServerState>,
    browser: Browser,
    AppBody(body): AppBody<DraftBody>,
) -> Result<impl IntoResponse, ApiError> {
    let (name, state) = checked(body, &server.limits)?;
    let max = server.limits.drafts_per_user_max;
    let made = server
        .catalog
        .create_draft(
            browser.owner(),
            name.as_deref().unwrap_or_default(),
            state.as_deref().unwrap_or("{}"),
            max,
        )
        .await
        .map_err(catalog_failed)?;
    let draft = made.ok_or_else(|| too_many("drafts_per_user_max", "drafts", max))?;
    Ok((StatusCode::CREATED, Json(draft_json(&draft, None))))
}

pub(crate) async fn show(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let draft = server.catalog.draft(browser.owner(), &id).await.map_err(catalog_failed)?;
    let draft = draft.ok_or_else(|| not_there("draft", &id))?;
    Ok(Json(draft_json(&draft, handoff_of(&server, &browser, &id).await?.as_ref())))
}

/// Saves, if the browser has seen the newest.
pub(crate) async fn save(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
    AppBody(body): AppBody<DraftBody>,
) -> Result<Response, ApiError> {
    let Some(rev) = body.rev else {
        return Err(ApiError::bad_request("the body has no `rev`: say which revision it changes"));
    };
    let (name, state) = checked(body, &server.limits)?;
    let saved = server
        .catalog
        .save_draft(browser.owner(), &id, rev, name.as_deref(), state.as_deref())
        .await
        .map_err(catalog_failed)?;
    let handoff = handoff_of(&server, &browser, &id).await?;
    match saved {
        Some(Saved::Saved(draft)) => Ok(Json(draft_json(&draft, handoff.as_ref())).into_response()),
        Some(Saved::Stale(draft)) => Ok(stale("draft", rev, draft.rev, draft_json(&draft, handoff.as_ref()))),
        None => Err(not_there("draft", &id)),
    }
}

pub(crate) async fn delete_draft(
    State(server): State<ServerState>,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match server.catalog.delete_draft(browser.owner(), &id).await.map_err(catalog_failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_there("draft", &id)),
    }
}

async fn handoff_of(
    server: &ServerState,
    browser: &Browser,
    draft: &str,
) -> Result<Option<Handoff>, ApiError> {
    server.catalog.handoff_of_draft(browser.owner(), draft).await.map_err(catalog_failed)
}

fn checked(body: DraftBody, limits: &Limits) -> Result<(Option<String>, Option<String>), ApiError> {
    let name = body.name.map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(|name| name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control)) {
        let message = format!(
            "the name of the draft is longer than {NAME_BYTES_MAX} bytes, or has a control character"
        );
        return Err(ApiError::bad_request(message));
    }
    let state = body.state.map(|state| Value::Object(state).to_string());
    let bytes = state.as_deref().map_or(0, str::len);
    if bytes > limits.draft_bytes_max {
        let what = format!("the draft has {bytes} bytes");
        let max = limits.draft_bytes_max;
        return Err(ApiError::limit(StatusCode::PAYLOAD_TOO_LARGE, "draft_bytes_max", &what, max));
    }
    Ok((name, state))
}

fn head_json(draft: &Draft) -> Map<String, Value> {
    let head = json!({
        "id": draft.id,
        "name": draft.name,
        "rev": draft.rev,
        "created_at": time_text(draft.created_on),
        "updated_at": time_text(draft.updated_on),
    });
    match head {
        Value::Object(head) => head,
        _ => Map::new(),
    }
}

fn draft_json(draft: &Draft, handoff: Option<&Handoff>) -> Value {
    let mut all = head_json(draft);
    all.insert("state".to_owned(), stored_json(&draft.state));
    all.insert("handoff".to_owned(), json!(handoff.map(handoffs::link_json)));
    Value::Object(all)
}
