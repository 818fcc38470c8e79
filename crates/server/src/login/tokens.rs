//! Session tokens: what a client shows instead of the password, and how it gets a new one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::Identity;
use parking_lot::Mutex;
use protocol::{ErrorCode, SessionTokens};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::errors::ApiError;
use crate::limits::Limits;

/// How session tokens begin; clients and Databend's own servers tell them from others by it.
pub(super) const SESSION_TOKEN_PREFIX: &str = "bend-v1-s-";
const REFRESH_TOKEN_PREFIX: &str = "bend-v1-r-";

/// How long tokens that were renewed still work, for requests that are under way.
const RENEWED_TOKENS_TTL: Duration = Duration::from_secs(60);

/// A token's digest: the tokens themselves are not kept.
type TokenDigest = [u8; 32];

/// Logins with tokens. They live in this process: after a restart clients log in again.
pub(super) struct SessionLogins {
    limits: Arc<Limits>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    by_session_token: HashMap<TokenDigest, SessionLogin>,
    /// Refresh token to session token.
    by_refresh_token: HashMap<TokenDigest, TokenDigest>,
}

#[derive(Debug, Clone)]
pub(super) struct SessionLogin {
    pub(super) identity: Identity,
    /// Of the password that the login was made with.
    pub(super) fingerprint: String,
    session_expires_at: Instant,
    refresh_expires_at: Instant,
    refresh_token: TokenDigest,
}

impl SessionLogins {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self { limits, table: Mutex::default() }
    }

    /// Makes tokens for a user.
    pub(super) fn create(&self, identity: &Identity, fingerprint: &str) -> SessionTokens {
        let tokens = SessionTokens {
            session_token: random_token(SESSION_TOKEN_PREFIX),
            refresh_token: random_token(REFRESH_TOKEN_PREFIX),
            session_token_ttl_in_secs: self.limits.session_token_ttl_secs,
        };
        let now = Instant::now();
        let login = SessionLogin {
            identity: identity.clone(),
            fingerprint: fingerprint.to_owned(),
            session_expires_at: now + Duration::from_secs(self.limits.session_token_ttl_secs),
            refresh_expires_at: now + Duration::from_secs(self.limits.refresh_token_ttl_secs),
            refresh_token: digest(&tokens.refresh_token),
        };
        let mut table = self.table.lock();
        if table.by_session_token.len() >= self.limits.session_logins_max {
            table.make_room(now, self.limits.session_logins_max);
        }
        let session_token = digest(&tokens.session_token);
        table.by_refresh_token.insert(login.refresh_token, session_token);
        table.by_session_token.insert(session_token, login);
        tokens
    }

    /// The login of a session token.
    pub(super) fn find(&self, session_token: &str) -> Result<SessionLogin, ApiError> {
        let table = self.table.lock();
        let login = table.by_session_token.get(&digest(session_token)).ok_or_else(session_token_not_found)?;
        if login.session_expires_at <= Instant::now() {
            return Err(ApiError::unauthorized(ErrorCode::SESSION_TOKEN_EXPIRED, "session token expired"));
        }
        Ok(login.clone())
    }

    /// The login of a refresh token.
    pub(super) fn find_by_refresh_token(&self, refresh_token: &str) -> Result<SessionLogin, ApiError> {
        let table = self.table.lock();
        let login = table
            .by_refresh_token
            .get(&digest(refresh_token))
            .and_then(|session_token| table.by_session_token.get(session_token))
            .ok_or_else(|| {
                let message = "refresh token not found: log in again";
                ApiError::unauthorized(ErrorCode::REFRESH_TOKEN_NOT_FOUND, message)
            })?;
        if login.refresh_expires_at <= Instant::now() {
            let message = "refresh token expired: log in again";
            return Err(ApiError::unauthorized(ErrorCode::REFRESH_TOKEN_EXPIRED, message));
        }
        Ok(login.clone())
    }

    /// New tokens are in use: these end soon.
    pub(super) fn retire(&self, refresh_token: &str) {
        let mut table = self.table.lock();
        let Some(session_token) = table.by_refresh_token.get(&digest(refresh_token)).copied() else {
            return;
        };
        if let Some(login) = table.by_session_token.get_mut(&session_token) {
            let soon = Instant::now() + RENEWED_TOKENS_TTL;
            login.session_expires_at = login.session_expires_at.min(soon);
            login.refresh_expires_at = login.refresh_expires_at.min(soon);
        }
    }

    /// Ends a login.
    pub(super) fn remove(&self, session_token: &str) {
        self.table.lock().remove(&digest(session_token));
    }
}

impl Table {
    fn remove(&mut self, session_token: &TokenDigest) {
        if let Some(login) = self.by_session_token.remove(session_token) {
            self.by_refresh_token.remove(&login.refresh_token);
        }
    }

    /// Forgets what has expired; if that is not enough, what expires first.
    fn make_room(&mut self, now: Instant, logins_max: usize) {
        let mut by_expiry: Vec<(Instant, TokenDigest)> =
            self.by_session_token.iter().map(|(token, login)| (login.refresh_expires_at, *token)).collect();
        by_expiry.sort_unstable();
        // A tenth at once, so that this does not run for every login.
        let surplus = (by_expiry.len() + 1).saturating_sub(logins_max) + logins_max / 10;
        for (index, (expires_at, token)) in by_expiry.into_iter().enumerate() {
            if index < surplus || expires_at <= now {
                self.remove(&token);
            }
        }
    }
}

/// The client tries its refresh token, then tells its user to log in again.
pub(super) fn session_token_not_found() -> ApiError {
    ApiError::unauthorized(ErrorCode::SESSION_TOKEN_NOT_FOUND, "session token not found")
}

fn digest(token: &str) -> TokenDigest {
    Sha256::digest(token.as_bytes()).into()
}

fn random_token(prefix: &str) -> String {
    let secret: [u8; 32] = rand::random();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(limits: Limits) -> SessionLogins {
        SessionLogins::new(Arc::new(limits))
    }

    fn user() -> Identity {
        Identity { organization: "default".into(), user: "a".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_expire_and_are_renewed() {
        let logins = logins(Limits::default());
        let tokens = logins.create(&user(), "1");
        assert_eq!(logins.find(&tokens.session_token).unwrap().identity, user());
        tokio::time::advance(Duration::from_secs(3601)).await;
        assert_eq!(
            logins.find(&tokens.session_token).unwrap_err().body.code,
            ErrorCode::SESSION_TOKEN_EXPIRED
        );
        assert!(logins.find_by_refresh_token(&tokens.refresh_token).is_ok());
        logins.retire(&tokens.refresh_token);
        let renewed = logins.create(&user(), "1");
        assert!(logins.find(&renewed.session_token).is_ok());
        tokio::time::advance(RENEWED_TOKENS_TTL).await;
        assert_eq!(
            logins.find_by_refresh_token(&tokens.refresh_token).unwrap_err().body.code,
            ErrorCode::REFRESH_TOKEN_EXPIRED
        );
        logins.remove(&renewed.session_token);
        assert_eq!(
            logins.find(&renewed.session_token).unwrap_err().body.code,
            ErrorCode::SESSION_TOKEN_NOT_FOUND
        );
        assert_eq!(
            logins.find_by_refresh_token(&renewed.refresh_token).unwrap_err().body.code,
            ErrorCode::REFRESH_TOKEN_NOT_FOUND
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_logins_has_a_limit() {
        let logins = logins(Limits { session_logins_max: 10, ..Limits::default() });
        let first = logins.create(&user(), "1");
        for _ in 0..10 {
            tokio::time::advance(Duration::from_secs(1)).await;
            logins.create(&user(), "1");
        }
        assert!(logins.find(&first.session_token).is_err());
        assert!(logins.table.lock().by_session_token.len() <= 10);
        let table = logins.table.lock();
        assert_eq!(table.by_session_token.len(), table.by_refresh_token.len());
    }
}
