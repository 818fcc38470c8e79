//! `/v1/session/login`, `/refresh`, `/logout` and `/v1/verify`.

use std::str::FromStr;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use engine::Identity;
use protocol::{
    ARROW_RESULT_VERSION_MAX, ErrorCode, LoginRequest, LoginResponse, LogoutResponse, REPORTED_VERSION,
    RefreshRequest, RefreshResponse, VerifyResponse, headers,
};
use serde::Deserialize;

use super::tokens::session_token_not_found;
use super::{Authorization, LoggedIn, ROOT_USER, authorization_of};
use crate::body::JsonBody;
use crate::errors::ApiError;
use crate::queries::routes::settings_as_texts;
use crate::state::ServerState;
use crate::statements;

#[derive(Deserialize)]
pub(crate) struct LoginParameters {
    /// The client shows the password with each request instead of a token.
    #[serde(default)]
    disable_session_token: bool,
}

/// `POST /v1/session/login`: proves the user, checks what the connection text asks for.
pub(crate) async fn login(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
    Query(parameters): Query<LoginParameters>,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Result<impl IntoResponse, ApiError> {
    check_settings(&request)?;
    check_database(&server, &identity, &request).await?;
    check_role(&server, &identity, &request).await?;
    let session_id = uuid::Uuid::now_v7().to_string();
    let tokens = if parameters.disable_session_token {
        None
    } else {
        let user = server.logins.user(&identity).await?.ok_or_else(super::wrong_password)?;
        Some(server.logins.tokens.create(&identity, user.fingerprint()))
    };
    tracing::info!(organization = %identity.organization, user = %identity.user, "login");
    let header = session_id_header(&session_id);
    let response = LoginResponse {
        version: REPORTED_VERSION.to_owned(),
        session_id,
        server_max_arrow_result_version: ARROW_RESULT_VERSION_MAX,
        tokens,
    };
    Ok((AppendHeaders(header), Json(response)))
}

/// `POST /v1/session/refresh`: new tokens for a refresh token.
pub(crate) async fn refresh(
    State(server): State<ServerState>,
    request_headers: HeaderMap,
    JsonBody(_): JsonBody<RefreshRequest>,
) -> Result<Json<RefreshResponse>, ApiError> {
    let Authorization::Bearer(refresh_token) = authorization_of(&request_headers)? else {
        let message = "Authentication error: a refresh needs the refresh token as its bearer token";
        return Err(ApiError::unauthorized(ErrorCode::AUTHENTICATE_FAILURE, message));
    };
    let logins = &server.logins;
    let login = logins.tokens.find_by_refresh_token(&refresh_token)?;
    let is_of_another = super::names_another(&request_headers, &login.identity)?;
    if is_of_another || !logins.is_current(&login.identity, &login.fingerprint).await? {
        return Err(session_token_not_found());
    }
    let tokens = logins.tokens.create(&login.identity, &login.fingerprint);
    logins.tokens.retire(&refresh_token);
    Ok(Json(RefreshResponse { flat: tokens.clone(), tokens }))
}

/// `POST /v1/session/logout`: ends the login of a session token. A login by password leaves nothing to end.
pub(crate) async fn logout(
    State(server): State<ServerState>,
    LoggedIn(_): LoggedIn,
    request_headers: HeaderMap,
) -> Result<Json<LogoutResponse>, ApiError> {
    if let Authorization::Bearer(token) = authorization_of(&request_headers)? {
        server.logins.tokens.remove(&token);
    }
    Ok(Json(LogoutResponse { error: None }))
}

/// `POST /v1/verify`: says who the user is.
pub(crate) async fn verify(
    State(server): State<ServerState>,
    LoggedIn(identity): LoggedIn,
) -> Result<Json<VerifyResponse>, ApiError> {
    let catalog = &server.logins.catalog;
    let grants =
        catalog.grants(&identity.organization).await.map_err(|error| super::catalog_failed(&error))?;
    let user = server.logins.user(&identity).await?.ok_or_else(super::wrong_password)?;
    let built_in = if identity.user == ROOT_USER { catalog::ACCOUNT_ADMIN } else { catalog::PUBLIC };
    let granted = catalog::Grantee::User(identity.user.clone());
    let auth_type = if user.public_keys > 0 { "key_pair" } else { "password" };
    Ok(Json(VerifyResponse {
        tenant: identity.organization,
        auth_type: auth_type.to_owned(),
        is_configured: false,
        default_role: grants.default_role(&identity.user).unwrap_or(built_in).to_owned(),
        default_warehouse: String::new(),
        roles: grants.roles_of(&granted).map(str::to_owned).collect(),
        user: identity.user,
    }))
}

/// A zone that clients do not know would make them fail at every result, so it fails here.
fn check_settings(request: &LoginRequest) -> Result<(), ApiError> {
    let settings = request.settings.as_ref().map(settings_as_texts).unwrap_or_default();
    match settings.get("timezone") {
        Some(name) if chrono_tz::Tz::from_str(name).is_err() => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::INVALID_TIMEZONE,
            format!("time zone `{name}` does not exist: use an IANA name such as `Europe/Berlin`"),
        )),
        _ => Ok(()),
    }
}

async fn check_database(
    server: &ServerState,
    identity: &Identity,
    request: &LoginRequest,
) -> Result<(), ApiError> {
    match request.database.as_deref() {
        None | Some("" | "default") => Ok(()),
        Some(name) => {
            let use_database = format!("USE {}", statements::quote_name(name));
            statements::run(server, identity, use_database).await?;
            Ok(())
        }
    }
}

async fn check_role(
    server: &ServerState,
    identity: &Identity,
    request: &LoginRequest,
) -> Result<(), ApiError> {
    match request.role.as_deref() {
        None | Some("") => Ok(()),
        Some(name) => {
            let set_role = format!("SET ROLE {}", statements::quote_name(name));
            statements::run(server, identity, set_role).await?;
            Ok(())
        }
    }
}

fn session_id_header(session_id: &str) -> Vec<(HeaderName, HeaderValue)> {
    HeaderValue::from_str(session_id)
        .map(|value| (HeaderName::from_static(headers::SESSION_ID), value))
        .into_iter()
        .collect()
}
