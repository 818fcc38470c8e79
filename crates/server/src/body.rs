//! JSON bodies of requests, within their limit.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::errors::ApiError;
use crate::state::ServerState;

/// How long a client may take to send a body.
const BODY_READ_TIME_MAX: Duration = Duration::from_secs(60);

/// A JSON body, whatever content type the client gave it. No body at all is an empty object.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ServerState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, server: &ServerState) -> Result<Self, ApiError> {
        let bytes_max = server.limits.body_bytes_max;
        let read = axum::body::to_bytes(request.into_body(), bytes_max);
        let body = match timeout(BODY_READ_TIME_MAX, read).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                let what = "the request's body is larger, or was cut off";
                return Err(ApiError::limit(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "body_bytes_max",
                    what,
                    bytes_max,
                ));
            }
            Err(_) => return Err(ApiError::bad_request("the request's body did not arrive in time")),
        };
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| ApiError::bad_request(format!("the request's body is not as expected: {error}")))
    }
}
