//! The server as an OpenID Connect issuer: what AWS reads to verify its identity tokens. Public, without a login:
//! there is nothing secret in it, and AWS has no user here.

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::info;
use crate::state::ServerState;

/// How long others may keep the answers. A new key is published for a day before it signs.
const CACHE_CONTROL: &str = "public, max-age=3600";

/// `GET /.well-known/openid-configuration`
pub(crate) async fn openid_configuration(State(server): State<ServerState>, uri: Uri) -> Response {
    let document = server.credentials.as_ref().and_then(credentials::Credentials::issuer_document);
    answer(document, uri).await
}

/// `GET /.well-known/jwks.json`
pub(crate) async fn keys(State(server): State<ServerState>, uri: Uri) -> Response {
    let document = server.credentials.as_ref().and_then(credentials::Credentials::issuer_keys);
    answer(document, uri).await
}

async fn answer(document: Option<String>, uri: Uri) -> Response {
    let Some(document) = document else { return info::not_found(uri).await.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL)),
    ];
    (headers, document).into_response()
}
