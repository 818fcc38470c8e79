//! What the server says about itself.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use protocol::{DiscoveryNode, ErrorCode, HealthResponse};

use crate::errors::ApiError;
use crate::login::LoggedIn;
use crate::state::ServerState;

/// `GET /v1/health`: the server listens only once it is ready, so an answer means that it is.
pub(crate) async fn health() -> Json<HealthResponse> {
    Json(HealthResponse { status: "pass".to_owned() })
}

/// `GET /v1/discovery_nodes`: this node alone.
pub(crate) async fn discovery_nodes(
    State(server): State<ServerState>,
    LoggedIn(_): LoggedIn,
) -> Json<Vec<DiscoveryNode>> {
    Json(vec![DiscoveryNode { address: server.address.clone() }])
}

/// Any other path.
pub(crate) async fn not_found(uri: Uri) -> ApiError {
    let message = format!("there is nothing at `{}`", uri.path());
    ApiError::new(StatusCode::NOT_FOUND, ErrorCode::HTTP_NOT_FOUND, message)
}

/// A known path with another method.
pub(crate) async fn method_not_allowed() -> ApiError {
    let message = "this path does not take that method";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::HTTP_NOT_FOUND, message)
}
