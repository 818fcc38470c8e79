//! `/v1/query` and everything below it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use engine::{Identity, Progress, SessionState, StatementRequest};
use protocol::{ErrorCode, HeartbeatRequest, HeartbeatResponse, QueryRequest, StateResponse, headers};
use serde_json::Value;

use super::respond::{BodyFormat, final_response, page_response, state_of};
use super::{BufferLimits, End, PageLimits, PageNotThere, Query, QuerySpec, StartError};
use crate::body::JsonBody;
use crate::errors::{ApiError, error_body};
use crate::limits::Limits;
use crate::login::LoggedIn;
use crate::state::ServerState;

/// Longest query id; clients send 32 hexadecimal digits.
const QUERY_ID_BYTES_MAX: usize = 64;

/// `POST /v1/query`: starts a statement and answers with its first page.
pub(crate) async fn start(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    request_headers: HeaderMap,
    JsonBody(request): JsonBody<QueryRequest>,
) -> Result<Response<Body>, ApiError> {
    let format = BodyFormat::accepted_by(&request_headers);
    let id = query_id(&request_headers)?;
    let spec = query_spec(id, identity, request, &server.limits)?;
    tracing::debug!(query = spec.request.query_id, sql = %engine::redact(&spec.request.sql), "query");
    let query = server.queries.start(spec).map_err(|refusal| refuse(refusal, &server.limits))?;
    answer_with_page(&server, &query, 0, format).await.map_err(|PageNotThereOr(error)| {
        error.unwrap_or_else(|| {
            ApiError::bad_request(format!("query id `{}` has been used before", query.id()))
        })
    })
}

/// `GET /v1/query/{id}/page/{number}`: waits for the page.
pub(crate) async fn page(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Path((id, number)): Path<(String, usize)>,
    request_headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let query = find(&server, &id, &identity)?;
    let format = BodyFormat::accepted_by(&request_headers);
    answer_with_page(&server, &query, number, format).await.map_err(|PageNotThereOr(error)| {
        error.unwrap_or_else(|| {
            ApiError::new(
                StatusCode::NOT_FOUND,
                ErrorCode::UNKNOWN_QUERY,
                format!("query `{id}` has no page {number} any more, or not yet"),
            )
        })
    })
}

/// `GET /v1/query/{id}`: where the query stands; waits for nothing.
pub(crate) async fn state(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Path(id): Path<String>,
) -> Result<Json<StateResponse>, ApiError> {
    let query = find(&server, &id, &identity)?;
    query.touch();
    let error = match query.end() {
        Some(End::Failed(error)) => Some(error_body(&error)),
        _ => None,
    };
    let warnings = query.started().map(|started| started.warnings.clone()).unwrap_or_default();
    Ok(Json(StateResponse { state: state_of(&query), error, warnings, stats: query.statistics() }))
}

/// `GET` or `POST /v1/query/{id}/final`: the client wants nothing more of the query.
pub(crate) async fn end(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Path(id): Path<String>,
) -> Result<Response<Body>, ApiError> {
    let query = find(&server, &id, &identity)?;
    let response = final_response(&query);
    server.queries.remove(&query);
    response
}

/// `GET` or `POST /v1/query/{id}/kill`: stops the statement. Its client is told at its next request.
pub(crate) async fn kill(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let query = find(&server, &id, &identity)?;
    query.touch();
    query.kill();
    Ok(StatusCode::OK)
}

/// `POST /v1/session/heartbeat`: the client has not forgotten these queries.
pub(crate) async fn heartbeat(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    JsonBody(request): JsonBody<HeartbeatRequest>,
) -> Json<HeartbeatResponse> {
    let ids: Vec<String> = request.node_to_queries.into_values().flatten().collect();
    Json(HeartbeatResponse { queries_to_remove: server.queries.keep_alive(&ids, &identity) })
}

/// The page is not there, or cannot be written.
struct PageNotThereOr(Option<ApiError>);

async fn answer_with_page(
    server: &ServerState,
    query: &Arc<Query>,
    number: usize,
    format: BodyFormat,
) -> Result<Response<Body>, PageNotThereOr> {
    let page = query.page(number).await.map_err(|PageNotThere| PageNotThereOr(None))?;
    let response = page_response(query, &page, format).map_err(|error| PageNotThereOr(Some(error)));
    server.queries.finish(query, &page);
    response
}

fn find(server: &ServerState, id: &str, identity: &Identity) -> Result<Arc<Query>, ApiError> {
    server.queries.find(id, identity).ok_or_else(|| {
        let seconds = server.limits.result_timeout_secs;
        let message = format!(
            "query `{id}` does not exist: it has ended, or nobody asked for its pages for {seconds} seconds"
        );
        ApiError::new(StatusCode::NOT_FOUND, ErrorCode::UNKNOWN_QUERY, message)
    })
}

/// The client's id for the query, which makes its retries safe; a new one if it sent none.
pub(crate) fn query_id(request: &HeaderMap) -> Result<String, ApiError> {
    let Some(id) = request.get(headers::QUERY_ID) else {
        return Ok(uuid::Uuid::now_v7().simple().to_string());
    };
    let is_valid = |id: &&str| {
        (1..=QUERY_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    id.to_str().ok().filter(is_valid).map(str::to_owned).ok_or_else(|| {
        ApiError::bad_request(format!(
            "header X-DATABEND-QUERY-ID must be 1 to {QUERY_ID_BYTES_MAX} letters, digits, `-` and `_`"
        ))
    })
}

fn query_spec(
    query_id: String,
    identity: Identity,
    request: QueryRequest,
    limits: &Limits,
) -> Result<QuerySpec, ApiError> {
    if request.sql.len() > limits.sql_bytes_max {
        let what = format!("the statement has {} bytes", request.sql.len());
        return Err(ApiError::limit(StatusCode::BAD_REQUEST, "sql_bytes_max", &what, limits.sql_bytes_max));
    }
    if request.params.as_ref().is_some_and(|params| !params.is_null()) {
        return Err(unsupported("parameters apart from the statement: put their values into its text"));
    }
    if request.stage_attachment.is_some() {
        return Err(unsupported("stage attachments"));
    }
    let session = request.session.unwrap_or_default();
    let state = session_state(&session, limits)?;
    let pagination = request.pagination.unwrap_or_default();
    let wait_secs = at_least_zero(pagination.wait_time_secs).unwrap_or(limits.page_wait_secs_default);
    let page_rows = positive(pagination.max_rows_per_page).unwrap_or(limits.page_rows_default);
    let buffer_rows = positive(pagination.max_rows_in_buffer).unwrap_or(limits.buffer_rows_max);
    Ok(QuerySpec {
        request: StatementRequest {
            query_id,
            identity,
            state,
            sql: request.sql,
            progress: Arc::new(Progress::default()),
        },
        session,
        wait: Duration::from_secs(wait_secs.min(limits.page_wait_secs_max)),
        page_limits: PageLimits {
            rows_max: page_rows.min(limits.page_rows_max),
            bytes_max: limits.page_bytes_max,
        },
        buffer_limits: BufferLimits {
            rows_max: buffer_rows.min(limits.buffer_rows_max),
            bytes_max: limits.buffer_bytes_max,
        },
        arrow_version_max: request.arrow_result_version_max,
        result_timeout_secs: limits.result_timeout_secs,
    })
}

/// What the engine needs of a client's session. Settings that it does not know are kept for the client.
pub(crate) fn session_state(
    session: &protocol::SessionObject,
    limits: &Limits,
) -> Result<SessionState, ApiError> {
    let bytes = serde_json::to_vec(session).map(|text| text.len()).unwrap_or(usize::MAX);
    if bytes > limits.session_bytes_max {
        let what = format!("the session has {bytes} bytes");
        let max = limits.session_bytes_max;
        return Err(ApiError::limit(StatusCode::BAD_REQUEST, "session_bytes_max", &what, max));
    }
    let settings = session.settings.as_ref().map(settings_as_texts).unwrap_or_default();
    if settings.len() > limits.settings_max {
        let what = format!("the session has {} settings", settings.len());
        return Err(ApiError::limit(StatusCode::BAD_REQUEST, "settings_max", &what, limits.settings_max));
    }
    let default = SessionState::default();
    Ok(SessionState {
        catalog: session.catalog.clone().unwrap_or(default.catalog),
        database: session.database.clone().filter(|name| !name.is_empty()).unwrap_or(default.database),
        role: session.role.clone().filter(|role| !role.is_empty()),
        secondary_roles: session.secondary_roles.clone(),
        settings,
    })
}

/// Settings travel as texts; numbers and booleans that a client may send mean the same.
pub(crate) fn settings_as_texts(settings: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        other => other.to_string(),
    };
    settings.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

pub(crate) fn refuse(refusal: StartError, limits: &Limits) -> ApiError {
    match refusal {
        StartError::Stopping => ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::ALREADY_STOPPED,
            "the server is stopping and takes no new queries",
        ),
        StartError::IdTaken => ApiError::bad_request("the query id belongs to another query"),
        StartError::TooManyOfUser => too_many(
            "running_queries_per_user_max",
            "too many queries of this user run at once",
            limits.running_queries_per_user_max,
        ),
        StartError::TooMany => {
            too_many("running_queries_max", "too many queries run at once", limits.running_queries_max)
        }
    }
}

fn too_many(name: &str, what: &str, max: usize) -> ApiError {
    let mut error = ApiError::limit(StatusCode::TOO_MANY_REQUESTS, name, what, max);
    error.body.code = ErrorCode::TOO_MANY_QUERIES;
    error
}

fn unsupported(what: &str) -> ApiError {
    let message = format!("this server does not support {what}");
    ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::UNIMPLEMENTED, message)
}

fn at_least_zero(value: Option<i64>) -> Option<u64> {
    value.map(|value| u64::try_from(value).unwrap_or(0))
}

fn positive(value: Option<i64>) -> Option<usize> {
    value.and_then(|value| usize::try_from(value).ok()).filter(|value| *value > 0)
}
