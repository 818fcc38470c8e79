//! `/ui/api/session`: logging in and out by cookie.

use axum::Json;
use axum::extract::State;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use engine::Identity;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{AppBody, utc_text};
use super::guard::OwnPage;
use crate::errors::ApiError;
use crate::login::{BrowserLogin, DEFAULT_ORGANIZATION, Peer};
use crate::state::ServerState;

/// What a login page sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    user: String,
    password: String,
    #[serde(default)]
    organization: Option<String>,
}

/// Who is logged in, if anybody. It is the app's first request and must not look like an error.
pub(crate) async fn show(
    State(server): State<ServerState>,
    request: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let login = server.browsers.cookie_of(&request).and_then(|cookie| server.logins.browsers.find(cookie));
    let login = match login {
        Some(login) if server.logins.is_current(&login.identity, &login.fingerprint).await? => Some(login),
        _ => None,
    };
    Ok(Json(session_json(&server, login.as_ref())))
}

/// Proves the user by password and gives the browser a cookie. The one it had is worth nothing after this.
pub(crate) async fn log_in(
    State(server): State<ServerState>,
    _: OwnPage,
    Peer(peer): Peer,
    request: HeaderMap,
    AppBody(form): AppBody<LogIn>,
) -> Result<impl IntoResponse, ApiError> {
    let organization = form.organization.filter(|name| !name.is_empty());
    let identity = Identity {
        organization: organization.unwrap_or_else(|| DEFAULT_ORGANIZATION.to_owned()),
        user: form.user,
    };
    let fingerprint = server.logins.prove_password(&identity, &form.password, peer).await?;
    if let Some(cookie) = server.browsers.cookie_of(&request) {
        server.logins.browsers.remove(cookie);
    }
    let agent = request.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let (cookie, login) = server.logins.browsers.create(&identity, &fingerprint, peer, agent);
    tracing::info!(organization = %identity.organization, user = %identity.user, %peer, "login by browser");
    let header = set_cookie(&server, &cookie, server.limits.web_login_secs_max);
    Ok((AppendHeaders(header), Json(session_json(&server, Some(&login)))))
}

/// Ends the login, wherever its cookie is used.
pub(crate) async fn log_out(
    State(server): State<ServerState>,
    _: OwnPage,
    request: HeaderMap,
) -> impl IntoResponse {
    if let Some(cookie) = server.browsers.cookie_of(&request) {
        server.logins.browsers.remove(cookie);
    }
    (StatusCode::NO_CONTENT, AppendHeaders(set_cookie(&server, "", 0)))
}

fn set_cookie(
    server: &ServerState,
    value: &str,
    max_age_secs: u64,
) -> Vec<(axum::http::HeaderName, HeaderValue)> {
    let cookie = server.browsers.cookie(value, max_age_secs);
    HeaderValue::from_str(&cookie).map(|value| (SET_COOKIE, value)).into_iter().collect()
}

fn session_json(server: &ServerState, login: Option<&BrowserLogin>) -> Value {
    let limits = &server.limits;
    let who = login.map_or("USER", |login| login.identity.user.as_str());
    json!({
        "login": login.map(|login| json!({
            "organization": login.identity.organization,
            "user": login.identity.user,
            "idle_secs_max": limits.web_login_idle_secs_max,
            "expires_at": utc_text(login.expires_at),
        })),
        "server": {
            "version": env!("CARGO_PKG_VERSION"),
            "build": server.web.build(),
            "address": server.address,
            "dsn": dsn(server, who, "PASSWORD"),
        },
        "limits": {
            "worksheet_bytes_max": limits.worksheet_bytes_max,
            "draft_bytes_max": limits.draft_bytes_max,
            "result_timeout_secs": limits.result_timeout_secs,
            "upload_bytes_max": limits.upload_bytes_max,
        },
    })
}

/// What BendSQL and the drivers take to reach this server.
pub(super) fn dsn(server: &ServerState, user: &str, password: &str) -> String {
    let origin = server.browsers.public_origin().and_then(|origin| origin.split_once("://"));
    let (host, tls) = match origin {
        Some(("https", authority)) if !authority.contains(':') => (format!("{authority}:443"), true),
        Some((scheme, authority)) => (authority.to_owned(), scheme == "https"),
        None => (server.address.clone(), false),
    };
    let tail = if tls { "" } else { "?sslmode=disable" };
    format!("databend://{}:{password}@{host}/default{tail}", encoded(user))
}

/// A user's name as a DSN takes it.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
