//! A signed token: JSON Web Token with ES256.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;

use super::key_ring::TokenKey;

/// Bytes of a token's own name, which no other token has.
const NAME_BYTES: usize = 16;

/// What a token says.
pub(super) struct Claims<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
    pub(super) issued_at: SystemTime,
    pub(super) life: Duration,
}

/// Signs; `None` when the system has no randomness to give.
pub(super) fn sign(key: &TokenKey, claims: &Claims<'_>, random: &SystemRandom) -> Option<String> {
    let mut name = [0u8; NAME_BYTES];
    random.fill(&mut name).ok()?;
    let issued_at = claims.issued_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = json!({ "alg": "ES256", "kid": key.id(), "typ": "JWT" });
    let body = json!({
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": claims.audience,
        "iat": issued_at,
        "exp": issued_at + claims.life.as_secs(),
        "jti": URL_SAFE_NO_PAD.encode(name),
    });
    let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encode(&header), encode(&body));
    let signature = key.sign(text.as_bytes(), random)?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
