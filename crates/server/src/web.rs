//! `GET /`: a page for people who open the server's address in a browser.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{AppendHeaders, Html, IntoResponse};

use crate::state::ServerState;

const PAGE: &str = include_str!("web.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, with the address that the server listens on.
pub(crate) async fn index(State(server): State<ServerState>) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (AppendHeaders(headers), Html(PAGE.replace("{{address}}", &server.address)))
}
