//! All routes.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use protocol::headers;

use crate::errors::ApiError;
use crate::state::ServerState;
use crate::{catalog_routes, info, issuer_routes, login, queries, ui, upload};

/// The version of the server itself, apart from the one that clients derive its abilities from.
const OWN_VERSION: &str = concat!("stagedoor-", env!("CARGO_PKG_VERSION"));

/// The routes of Databend's HTTP API that clients use, the web app and what it asks.
pub(crate) fn router(server: ServerState) -> Router {
    Router::new()
        .route("/", get(ui::index))
        .route("/v1/health", get(info::health))
        .route("/v1/discovery_nodes", get(info::discovery_nodes))
        .route("/v1/session/login", post(login::routes::login))
        .route("/v1/session/logout", post(login::routes::logout))
        .route("/v1/session/refresh", post(login::routes::refresh))
        .route("/v1/session/heartbeat", post(queries::routes::heartbeat))
        .route("/v1/verify", post(login::routes::verify))
        .route("/v1/query", post(queries::routes::start))
        .route("/v1/query/", post(queries::routes::start))
        .route("/v1/query/{id}", get(queries::routes::state))
        .route("/v1/query/{id}/page/{number}", get(queries::routes::page))
        .route("/v1/query/{id}/final", get(queries::routes::end).post(queries::routes::end))
        .route("/v1/query/{id}/kill", get(queries::routes::kill).post(queries::routes::kill))
        // An upload has its own limits and is never held in memory.
        .route("/v1/upload_to_stage", put(upload::upload).layer(DefaultBodyLimit::disable()))
        .route("/v1/catalog/databases", get(catalog_routes::databases))
        .route("/v1/catalog/databases/{database}/tables", get(catalog_routes::tables))
        .route("/v1/catalog/databases/{database}/tables/{table}/fields", get(catalog_routes::fields))
        .route("/.well-known/openid-configuration", get(issuer_routes::openid_configuration))
        .route("/.well-known/jwks.json", get(issuer_routes::keys))
        .merge(ui::routes(&server))
        .fallback(ui::any_other_path)
        .method_not_allowed_fallback(info::method_not_allowed)
        .layer(from_fn_with_state(server.clone(), ui::refuse_foreign_hosts))
        .layer(from_fn_with_state(server.clone(), around_every_request))
        .with_state(server)
}

/// Limits the headers of a request; names the version and gives back the route hint in the response.
async fn around_every_request(State(server): State<ServerState>, request: Request, next: Next) -> Response {
    let header_bytes: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > server.limits.header_bytes_max {
        return ApiError::limit(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "header_bytes_max",
            &format!("the request's headers have {header_bytes} bytes"),
            server.limits.header_bytes_max,
        )
        .into_response();
    }
    let route_hint = request.headers().get(headers::ROUTE_HINT).cloned();
    let mut response = next.run(request).await;
    let response_headers = response.headers_mut();
    response_headers.insert(HeaderName::from_static(headers::VERSION), HeaderValue::from_static(OWN_VERSION));
    ui::add_security_headers(response_headers);
    if let Some(route_hint) = route_hint {
        response_headers.insert(HeaderName::from_static(headers::ROUTE_HINT), route_hint);
    }
    response
}
