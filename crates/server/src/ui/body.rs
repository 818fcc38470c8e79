//! JSON of the app: bodies in, times out.

use std::time::SystemTime;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use catalog::CatalogError;
use chrono::{DateTime, SecondsFormat, Utc};
use protocol::ErrorCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::body::JsonBody;
use crate::errors::ApiError;
use crate::state::ServerState;

/// A JSON body that says that it is one: a form of another site cannot.
pub(crate) struct AppBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ServerState> for AppBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, server: &ServerState) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = content_type.is_some_and(|text| {
            text.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        });
        if !is_json {
            let message = "the request's body must be JSON with `Content-Type: application/json`";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BAD_ARGUMENTS, message));
        }
        JsonBody::from_request(request, server).await.map(|JsonBody(body)| Self(body))
    }
}

/// `2026-11-28T14:02:11.123456Z`.
pub(crate) fn time_text(time: SystemTime) -> String {
    utc_text(DateTime::<Utc>::from(time))
}

pub(crate) fn utc_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// JSON that the catalog keeps as text.
pub(crate) fn stored_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

pub(crate) fn catalog_failed(error: CatalogError) -> ApiError {
    engine::Error::from(error).into()
}

/// There is no such thing, or it is somebody else's: which of the two is not said.
pub(crate) fn not_there(what: &str, id: &str) -> ApiError {
    let message = format!("there is no {what} `{id}`: it was deleted, or it is not yours");
    ApiError::new(StatusCode::NOT_FOUND, ErrorCode::HTTP_NOT_FOUND, message)
}

/// A named limit on how many of something a user has.
pub(crate) fn too_many(name: &str, what: &str, max: usize) -> ApiError {
    ApiError::limit(StatusCode::CONFLICT, name, &format!("you have too many {what}: delete some"), max)
}
