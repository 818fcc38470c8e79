//! A query's page as an HTTP response.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Response};
use engine::{Effect, Error};
use protocol::{
    ARROW_RESULT_VERSION_MAX, Affect, CONTENT_TYPE_ARROW, QueryHead, QueryState, ResultSettings,
    SessionObject, headers,
};
use serde_json::Value;

use super::buffer::{End, Started};
use super::pages::{NextPage, Page};
use super::running::Query;
use crate::encode::write_arrow_stream;
use crate::errors::{ApiError, error_body};

/// The name of this server among the nodes that a client may know.
pub(crate) const NODE_ID: &str = "stagedoor";

/// Which body the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    Json,
    Arrow,
}

impl BodyFormat {
    /// Databend's rule: the `Accept` header is this content type and nothing else.
    pub(crate) fn accepted_by(request: &HeaderMap) -> Self {
        match request.get(axum::http::header::ACCEPT) {
            Some(accept) if accept.as_bytes() == CONTENT_TYPE_ARROW.as_bytes() => Self::Arrow,
            _ => Self::Json,
        }
    }
}

/// Writes a page. A page without rows is JSON also for clients that accept Arrow, and so is every page for
/// drivers before 0.34, which accept Arrow without saying which version of it they read.
pub(crate) fn page_response(
    query: &Query,
    page: &Page,
    format: BodyFormat,
) -> Result<Response<Body>, ApiError> {
    let started = query.started();
    let mut head = head_of_page(query, page, started.as_deref());
    let failed = head.error.is_some();
    let mut response = match started.as_deref() {
        Some(started) if page.rows > 0 && started.encoder.has_columns() && !failed => {
            let batches = page
                .batches
                .iter()
                .map(|batch| started.encoder.to_plain(batch))
                .collect::<Result<Vec<_>, Error>>()?;
            match (format, query.spec.arrow_version_max) {
                (BodyFormat::Arrow, Some(version_max)) => {
                    head.schema.clear();
                    if let Some(settings) = &mut head.settings {
                        settings.arrow_result_version = Some(version_max.min(ARROW_RESULT_VERSION_MAX));
                    }
                    let head = with_data(&head, |data| data.extend_from_slice(b"[]"))?;
                    let head = String::from_utf8(head).unwrap_or_default();
                    respond(CONTENT_TYPE_ARROW, write_arrow_stream(&started.encoder, &batches, head)?)
                }
                _ => respond(
                    JSON,
                    with_data(&head, |data| {
                        // Texts of numbers and the quotes around them are about as long as their values.
                        data.reserve(page.bytes * 2);
                        started.encoder.write_json_rows(&batches, data);
                    })?,
                ),
            }
        }
        _ => respond(JSON, with_data(&head, |data| data.extend_from_slice(b"[]"))?),
    };
    add_query_headers(&mut response, query, head.state, page.rows);
    Ok(response)
}

/// The answer to `final`: the query has ended for its client, and is forgotten.
pub(crate) fn final_response(query: &Query) -> Result<Response<Body>, ApiError> {
    let end = query.end().unwrap_or(End::Succeeded);
    let page = Page { number: 0, batches: Vec::new(), rows: 0, bytes: 0, next: NextPage::None(end) };
    let mut head = head_of_page(query, &page, None);
    head.session = None;
    head.affect = None;
    let body = with_data(&head, |data| data.extend_from_slice(b"[]"))?;
    let mut response = respond(JSON, body);
    add_query_headers(&mut response, query, head.state, 0);
    Ok(response)
}

/// Where a query stands, for its state route and its headers.
pub(crate) fn state_of(query: &Query) -> QueryState {
    match (query.end(), query.started()) {
        (Some(End::Succeeded), _) => QueryState::Succeeded,
        (Some(End::Failed(_)), _) => QueryState::Failed,
        (None, Some(_)) => QueryState::Running,
        (None, None) => QueryState::Starting,
    }
}

fn head_of_page(query: &Query, page: &Page, started: Option<&Started>) -> QueryHead {
    let id = query.id();
    let uri = format!("/v1/query/{id}");
    let error = match &page.next {
        NextPage::None(End::Failed(error)) => Some(error_body(error)),
        _ => None,
    };
    let next_uri = match page.next {
        NextPage::Same => Some(format!("{uri}/page/{}", page.number)),
        NextPage::Following => Some(format!("{uri}/page/{}", page.number + 1)),
        NextPage::None(_) => None,
    };
    let state = match &page.next {
        NextPage::None(End::Succeeded) => QueryState::Succeeded,
        NextPage::None(End::Failed(_)) => QueryState::Failed,
        // A client with pages to come must go on asking, also when the statement itself has ended.
        _ if started.is_some() => QueryState::Running,
        _ => QueryState::Starting,
    };
    // INVARIANT: only the first page carries the session. The client takes it as its own, and a page that
    // is read while the next statement has already changed the session must not undo that.
    let session = if page.number == 0 { session_after(query, started, error.is_some()) } else { None };
    QueryHead {
        id: id.to_owned(),
        session_id: None,
        // A node makes clients send heartbeats, which a query that has ended does not need.
        node_id: next_uri.is_some().then(|| NODE_ID.to_owned()),
        state,
        session,
        error,
        warnings: started.map(|started| started.warnings.clone()).unwrap_or_default(),
        has_result_set: started.map(|started| started.has_result_set),
        schema: started.map(|started| started.encoder.fields().to_vec()).unwrap_or_default(),
        affect: started.and_then(|started| started.effect.as_ref()).map(affect),
        result_timeout_secs: query.spec.result_timeout_secs,
        settings: started.map(|started| ResultSettings {
            timezone: started.encoder.timezone().to_owned(),
            geometry_output_format: "GeoJSON".to_owned(),
            binary_output_format: "hex".to_owned(),
            http_json_result_mode: "display".to_owned(),
            arrow_result_version: None,
        }),
        stats: query.statistics(),
        stats_uri: Some(uri.clone()),
        final_uri: Some(format!("{uri}/final")),
        next_uri,
        kill_uri: Some(format!("{uri}/kill")),
    }
}

/// What the client sent, with what the statement changed. A statement that failed changed nothing.
fn session_after(query: &Query, started: Option<&Started>, failed: bool) -> Option<SessionObject> {
    let mut session = query.spec.session.clone();
    if failed {
        return Some(session);
    }
    let state = &started?.state;
    let settings = state.settings.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    session.catalog = Some(state.catalog.clone());
    session.database = Some(state.database.clone());
    session.settings = Some(settings.collect());
    session.role = state.role.clone();
    session.secondary_roles = state.secondary_roles.clone();
    Some(session)
}

fn affect(effect: &Effect) -> Affect {
    match effect {
        Effect::UseDatabase { name } => Affect::UseDB { name: name.clone() },
        Effect::ChangeSettings { keys, values } => Affect::ChangeSettings {
            keys: keys.clone(),
            values: values.clone(),
            is_globals: vec![false; keys.len()],
        },
    }
}

const JSON: &str = "application/json";

/// The head with a `data` member that is written straight into the body.
fn with_data(head: &QueryHead, write: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>, ApiError> {
    let mut body = serde_json::to_vec(head).map_err(|error| {
        ApiError::from(
            Error::new(engine::ErrorKind::Internal, "the response cannot be written")
                .with_context(error.to_string()),
        )
    })?;
    // INVARIANT: the head is a JSON object with members, so its last byte closes it.
    body.pop();
    body.extend_from_slice(b",\"data\":");
    write(&mut body);
    body.push(b'}');
    Ok(body)
}

fn respond(content_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn add_query_headers(response: &mut Response<Body>, query: &Query, state: QueryState, rows: usize) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(query.id()) {
        headers.insert(headers::QUERY_ID, id);
    }
    headers.insert(headers::QUERY_STATE, HeaderValue::from_static(state.as_str()));
    headers.insert(headers::QUERY_PAGE_ROWS, HeaderValue::from(rows));
}
