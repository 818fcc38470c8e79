//! Who asks: every request proves its user by password, by key pair or by session token.

mod access_tokens;
mod attempts;
mod browser;
mod key_pair;
mod passwords;
mod root;
pub(crate) mod routes;
mod tokens;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::{Catalog, CatalogError};
use engine::Identity;
use protocol::{ErrorCode, headers};

pub(crate) use access_tokens::{digest_of_access_token, new_access_token};
pub(crate) use browser::{BrowserLogin, BrowserLogins};
pub use root::{KeptPassword, RootPassword, RootPasswordError};

use crate::errors::ApiError;
use crate::limits::Limits;
use crate::state::ServerState;
use crate::ui;
use attempts::FailedAttempts;
use key_pair::{KEY_PAIR, KeyPairToken};
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
        if let Some(browser) = ui::browser_login(server, parts).await? {
            return Ok(Self(browser.identity));
        }
        server.logins.authenticate(&parts.headers, address_of(parts)).await.map(Self)
    }
}

/// The address of the other end.
pub(crate) struct Peer(pub(crate) IpAddr);

impl FromRequestParts<ServerState> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ServerState) -> Result<Self, Infallible> {
        Ok(Self(address_of(parts)))
    }
}

fn address_of(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<PeerAddress>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip())
}

/// Logins and what is remembered of them.
pub(crate) struct Logins {
    catalog: Catalog,
    verified: VerifiedPasswords,
    attempts: FailedAttempts,
    tokens: SessionLogins,
    pub(crate) browsers: BrowserLogins,
}

impl Logins {
    pub(crate) fn new(catalog: Catalog, limits: &Arc<Limits>) -> Self {
        Self {
            catalog,
            verified: VerifiedPasswords::new(),
            attempts: FailedAttempts::new(limits.failed_logins_max, limits.failed_login_window_secs),
            tokens: SessionLogins::new(limits.clone()),
            browsers: BrowserLogins::new(limits.clone()),
        }
    }

    /// The user that the request's `Authorization` proves.
    async fn authenticate(&self, request: &HeaderMap, peer: IpAddr) -> Result<Identity, ApiError> {
        let organization = organization_of(request)?;
        match authorization_of(request)? {
            Authorization::Basic { user, password } => {
                let identity = Identity { organization, user };
                if !self.is_access_token(&identity, &password).await? {
                    self.check_password(&identity, &password, peer).await?;
                }
                Ok(identity)
            }
            Authorization::Bearer(token) if is_key_pair_login(request) => {
                self.check_key_pair(&token, organization, peer).await
            }
            Authorization::Bearer(token) => self.check_token(&token, request).await,
        }
    }

    /// Proves a user by password and gives the password's fingerprint, on which a longer login rests.
    pub(crate) async fn prove_password(
        &self,
        identity: &Identity,
        password: &str,
        peer: IpAddr,
    ) -> Result<String, ApiError> {
        self.check_password(identity, password, peer).await?;
        let user = self.user(identity).await?.ok_or_else(wrong_password)?;
        Ok(user.fingerprint().to_owned())
    }

    async fn check_password(
        &self,
        identity: &Identity,
        password: &str,
        peer: IpAddr,
    ) -> Result<(), ApiError> {
        self.check_attempts(identity, peer)?;
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
        // A disabled user is told no more than one who does not exist, and it takes as long.
        if !self.catalog.verify_password(&user, password).await || user.disabled {
            self.attempts.add(identity, peer);
            tracing::warn!(organization = %identity.organization, user = %identity.user, %peer, "login refused");
            return Err(wrong_password());
        }
        self.attempts.forget(identity, peer);
        self.verified.add(identity, user.fingerprint(), password);
        Ok(())
    }

    /// A token that the client signed with its private key for this request.
    async fn check_key_pair(
        &self,
        token: &str,
        organization: String,
        peer: IpAddr,
    ) -> Result<Identity, ApiError> {
        // An unknown user, a wrong key and an old token are told alike, so that names cannot be guessed.
        let refused = || {
            ApiError::unauthorized(
                ErrorCode::AUTHENTICATE_FAILURE,
                "Authentication failed: the user does not exist, or the token is too old or not signed with the user's key",
            )
        };
        let token = KeyPairToken::parse(token).ok_or_else(refused)?;
        let identity = Identity { organization, user: token.user().to_owned() };
        self.check_attempts(&identity, peer)?;
        let keys = self
            .catalog
            .public_keys(&identity.organization, &identity.user)
            .await
            .map_err(|error| catalog_failed(&error))?;
        let user = self.user(&identity).await?;
        let is_proved = token.is_proved_by(&keys, &identity.organization, SystemTime::now());
        if !is_proved || user.is_none_or(|user| user.disabled) {
            self.require_organization(&identity.organization).await?;
            self.attempts.add(&identity, peer);
            tracing::warn!(organization = %identity.organization, user = %identity.user, %peer, "login by key pair refused");
            return Err(refused());
        }
        self.attempts.forget(&identity, peer);
        Ok(identity)
    }

    fn check_attempts(&self, identity: &Identity, peer: IpAddr) -> Result<(), ApiError> {
        self.attempts.check(identity, peer).map_err(|wait_secs| {
            ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::AUTHENTICATE_FAILURE,
                format!(
                    "too many failed logins of user `{}` from {peer}: wait {wait_secs} seconds",
                    identity.user
                ),
            )
        })
    }

    async fn check_token(&self, token: &str, request: &HeaderMap) -> Result<Identity, ApiError> {
        if !token.starts_with(SESSION_TOKEN_PREFIX) {
            return Err(ApiError::unauthorized(
                ErrorCode::AUTHENTICATE_FAILURE,
                "Authentication failed: this server takes passwords, key pairs and its own session tokens only",
            ));
        }
        let login = self.tokens.find(token)?;
        if names_another(request, &login.identity)?
            || !self.is_current(&login.identity, &login.fingerprint).await?
        {
            return Err(tokens::session_token_not_found());
        }
        Ok(login.identity)
    }

    /// Whether the user still exists with the password that the login was made with.
    pub(crate) async fn is_current(&self, identity: &Identity, fingerprint: &str) -> Result<bool, ApiError> {
        Ok(self.user(identity).await?.is_some_and(|user| user.fingerprint() == fingerprint && !user.disabled))
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

/// The browser has to log in again.
pub(crate) fn session_is_over() -> ApiError {
    ApiError::unauthorized(
        ErrorCode::SESSION_TOKEN_NOT_FOUND,
        "this browser is not logged in, or no longer: log in again",
    )
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

/// Whether the request names an organization other than that of the login its token stands for.
fn names_another(request: &HeaderMap, identity: &Identity) -> Result<bool, ApiError> {
    Ok(request.contains_key(headers::TENANT) && organization_of(request)? != identity.organization)
}

fn is_key_pair_login(request: &HeaderMap) -> bool {
    request
        .get(headers::AUTH_METHOD)
        .is_some_and(|method| method.as_bytes().eq_ignore_ascii_case(KEY_PAIR.as_bytes()))
}

fn organization_of(request: &HeaderMap) -> Result<String, ApiError> {
    let mut names = request.get_all(headers::TENANT).iter();
    let Some(name) = names.next() else {
        return Ok(DEFAULT_ORGANIZATION.to_owned());
    };
    if names.next().is_some() {
        return Err(ApiError::bad_request("header X-DATABEND-TENANT stands there twice"));
    }
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
