//! Who asks: every request proves its user by password or by session token.

mod attempts;
mod passwords;
mod root;
pub(crate) mod routes;
mod tokens;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::{Catalog, CatalogError};
use engine::Identity;
use protocol::{ErrorCode, headers};

pub use root::{KeptPassword, RootPassword, RootPasswordError};

use crate::errors::ApiError;
use crate::limits::Limits;
use crate::state::ServerState;
use attempts::FailedAttempts;
use passwords::VerifiedPasswords;
use tokens::{SESSION_TOKEN_PREFIX, SessionLogins};

/// The organization of requests that name none.
pub(crate) const DEFAULT_ORGANIZATION: &str = "default";
/// The user that every organization has from the start.
pub(crate) const ROOT_USER: &str = "root";

/// The address that a request came from. Headers that claim another one are not believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// A request's user, proved.
pub(crate) struct LoggedIn(pub(crate) Identity);

impl FromRequestParts<ServerState> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, server: &ServerState) -> Result<Self, ApiError> {
        let peer = parts
            .extensions
            .get::<PeerAddress>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        server.logins.authenticate(&parts.headers, peer).await.map(Self)
    }
}

/// Logins and what is remembered of them.
pub(crate) struct Logins {
    catalog: Catalog,
    verified: VerifiedPasswords,
    attempts: FailedAttempts,
    tokens: SessionLogins,
}

impl Logins {
    pub(crate) fn new(catalog: Catalog, limits: &Arc<Limits>) -> Self {
        Self {
            catalog,
            verified: VerifiedPasswords::new(),
            attempts: FailedAttempts::new(limits.failed_logins_max, limits.failed_login_window_secs),
            tokens: SessionLogins::new(limits.clone()),
        }
    }

    /// The user that the request's `Authorization` proves.
    async fn authenticate(&self, request: &HeaderMap, peer: IpAddr) -> Result<Identity, ApiError> {
        let organization = organization_of(request)?;
        match authorization_of(request)? {
            Authorization::Basic { user, password } => {
                let identity = Identity { organization, user };
                self.check_password(&identity, &password, peer).await?;
                Ok(identity)
            }
            Authorization::Bearer(token) => self.check_token(&token, request, organization).await,
        }
    }

    async fn check_password(
        &self,
        identity: &Identity,
        password: &str,
        peer: IpAddr,
    ) -> Result<(), ApiError> {
        self.attempts.check(identity, peer).map_err(|wait_secs| {
            ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::AUTHENTICATE_FAILURE,
                format!(
                    "too many failed logins of user `{}` from {peer}: wait {wait_secs} seconds",
                    identity.user
                ),
            )
        })?;
        let Some(user) = self.user(identity).await? else {
            self.require_organization(&identity.organization).await?;
            passwords::take_as_long_as_a_verification(password).await;
            self.attempts.add(identity, peer);
            return Err(wrong_password());
        };
        if self.verified.holds(identity, user.fingerprint(), password) {
            return Ok(());
        }
        // Many connections of one user open at once: the first verifies, the others find it done.
        let _turn = self.verified.turn_of(identity).await;
        if self.verified.holds(identity, user.fingerprint(), password) {
            return Ok(());
        }
        if !self.catalog.verify_password(&user, password).await {
            self.attempts.add(identity, peer);
            tracing::warn!(organization = %identity.organization, user = %identity.user, %peer, "login refused");
            return Err(wrong_password());
        }
        self.attempts.forget(identity, peer);
        self.verified.add(identity, user.fingerprint(), password);
        Ok(())
    }

    async fn check_token(
        &self,
        token: &str,
        request: &HeaderMap,
        organization: String,
    ) -> Result<Identity, ApiError> {
        if !token.starts_with(SESSION_TOKEN_PREFIX) {
            return Err(ApiError::unauthorized(
                ErrorCode::AUTHENTICATE_FAILURE,
                "Authentication failed: this server takes passwords and its own session tokens only",
            ));
        }
        let login = self.tokens.find(token)?;
        let names_another =
            request.contains_key(headers::TENANT) && organization != login.identity.organization;
        if names_another || !self.is_current(&login.identity, &login.fingerprint).await? {
            return Err(tokens::session_token_not_found());
        }
        Ok(login.identity)
    }

    /// Whether the user still exists with the password that the login was made with.
    async fn is_current(&self, identity: &Identity, fingerprint: &str) -> Result<bool, ApiError> {
        Ok(self.user(identity).await?.is_some_and(|user| user.fingerprint() == fingerprint))
    }

    async fn user(&self, identity: &Identity) -> Result<Option<catalog::User>, ApiError> {
        self.catalog
            .user(&identity.organization, &identity.user)
            .await
            .map_err(|error| catalog_failed(&error))
    }

    async fn require_organization(&self, name: &str) -> Result<(), ApiError> {
        match self.catalog.organization(name).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(ApiError::unauthorized(
                ErrorCode::AUTHENTICATE_FAILURE,
                format!("Authentication failed: organization `{name}` does not exist on this server"),
            )),
            Err(error) => Err(catalog_failed(&error)),
        }
    }
}

/// Answers the same for an unknown user, so that names cannot be guessed.
fn wrong_password() -> ApiError {
    ApiError::unauthorized(
        ErrorCode::AUTHENTICATE_FAILURE,
        "Authentication failed: the user does not exist or the password is wrong",
    )
}

fn catalog_failed(error: &CatalogError) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::INTERNAL, error.to_string())
}

fn organization_of(request: &HeaderMap) -> Result<String, ApiError> {
    let Some(name) = request.get(headers::TENANT) else {
        return Ok(DEFAULT_ORGANIZATION.to_owned());
    };
    match name.to_str() {
        Ok("") => Ok(DEFAULT_ORGANIZATION.to_owned()),
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(ApiError::bad_request("header X-DATABEND-TENANT is not text")),
    }
}

enum Authorization {
    Basic { user: String, password: String },
    Bearer(String),
}

fn authorization_of(request: &HeaderMap) -> Result<Authorization, ApiError> {
    let unauthorized = |message: &str| {
        ApiError::unauthorized(ErrorCode::AUTHENTICATE_FAILURE, format!("Authentication error: {message}"))
    };
    let mut values = request.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(unauthorized("no authorization header provided"));
    };
    if values.next().is_some() {
        return Err(unauthorized("more than one authorization header"));
    }
    let value = value.to_str().map_err(|_| unauthorized("the authorization header is not text"))?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Authorization::Bearer(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unauthorized("only Basic and Bearer are known"));
    }
    let decoded = STANDARD
        .decode(rest.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| unauthorized("the Basic credentials are not base64 of text"))?;
    let (user, password) =
        decoded.split_once(':').ok_or_else(|| unauthorized("the Basic credentials have no colon"))?;
    Ok(Authorization::Basic { user: user.to_owned(), password: password.to_owned() })
}
