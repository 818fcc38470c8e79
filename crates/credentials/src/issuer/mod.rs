//! The server as an OpenID Connect issuer: short-lived tokens that say which organization and connection ask,
//! for AWS to verify with the public keys that the server publishes. No AWS identity of our own is needed then.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html>

mod key_ring;
mod token;

use std::path::Path;
use std::time::Duration;

use iam::texts::WEB_IDENTITY_AUDIENCE;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use serde_json::json;
use url::{Host, Url};

use crate::{Clock, CredentialsError};
use key_ring::KeyRing;

/// How long a token may be used: for one call, and what clocks differ.
const TOKEN_LIFE: Duration = Duration::from_secs(300);
/// Where the public keys are, below the issuer.
const KEY_SET_PATH: &str = "/.well-known/jwks.json";

/// Issues tokens, and tells the public part of what they are signed with.
pub(crate) struct TokenIssuer {
    /// Without a slash at its end.
    url: String,
    keys: Mutex<KeyRing>,
    clock: Clock,
    random: SystemRandom,
}

impl TokenIssuer {
    /// With the keys of the file, which is made when absent; without a file, with keys of this process.
    pub(crate) fn load(url: &str, key_file: Option<&Path>, clock: Clock) -> Result<Self, CredentialsError> {
        let url = check_issuer(url)?;
        let random = SystemRandom::new();
        let keys = KeyRing::load(key_file, clock.now(), &random).map_err(|reason| match key_file {
            Some(path) => CredentialsError::KeyFile { path: path.to_owned(), reason },
            None => CredentialsError::Internal { reason: "keys of identity tokens cannot be made" },
        })?;
        Ok(Self { url, keys: Mutex::new(keys), clock, random })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A token for `subject`, to be shown to AWS STS at once.
    pub(crate) fn token(&self, subject: &str) -> Result<String, CredentialsError> {
        self.token_for(subject, WEB_IDENTITY_AUDIENCE)
    }

    /// The same for whoever a trust policy may have in the place of AWS STS.
    pub(crate) fn token_for(&self, subject: &str, audience: &str) -> Result<String, CredentialsError> {
        let now = self.clock.now();
        let mut keys = self.keys.lock();
        keys.rotate(now, &self.random);
        let claims = token::Claims { issuer: &self.url, subject, audience, issued_at: now, life: TOKEN_LIFE };
        token::sign(keys.signer(now), &claims, &self.random)
            .ok_or(CredentialsError::Internal { reason: "an identity token cannot be signed" })
    }

    /// The answer to `/.well-known/openid-configuration`.
    pub(crate) fn discovery_document(&self) -> String {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}{KEY_SET_PATH}", self.url),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "claims_supported": ["iss", "sub", "aud", "iat", "exp", "jti"],
        })
        .to_string()
    }

    /// The answer to `/.well-known/jwks.json`: the public half of each key that signs, signed or will sign.
    pub(crate) fn key_set(&self) -> String {
        let mut keys = self.keys.lock();
        keys.rotate(self.clock.now(), &self.random);
        json!({ "keys": keys.public_keys().collect::<Vec<_>>() }).to_string()
    }
}

/// What AWS can use as an issuer; `http` for this machine alone, where a sandbox is AWS.
fn check_issuer(text: &str) -> Result<String, CredentialsError> {
    let refuse = |reason: &str| {
        Err(CredentialsError::InvalidIssuer { issuer: text.to_owned(), reason: reason.to_owned() })
    };
    let Ok(url) = Url::parse(text) else { return refuse("it is not a URL") };
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return refuse("it has no host"),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return refuse("AWS reads the keys of an issuer by `https` only"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it may not hold a user name or a password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("it may have no `?` and no `#`");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_that_aws_can_use() {
        for (text, url) in [
            ("https://stage.example.com", "https://stage.example.com"),
            ("https://stage.example.com/", "https://stage.example.com"),
            ("https://example.com/stage/", "https://example.com/stage"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://localhost:8000", "http://localhost:8000"),
        ] {
            assert_eq!(check_issuer(text).unwrap(), url);
        }
        for text in [
            "stage.example.com",
            "http://stage.example.com",
            "https://u:p@x.com",
            "https://x.com/?a",
            "ftp://x",
        ] {
            assert!(check_issuer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_published_verifies_what_is_signed() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

        let issuer = TokenIssuer::load("https://stage.example.com", None, Clock::system()).unwrap();
        let token = issuer.token("organization:acme:connection:say \"hi\"").unwrap();
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
        };
        let keys: serde_json::Value = serde_json::from_str(&issuer.key_set()).unwrap();
        let key = &keys["keys"][0];
        assert_eq!(read(header)["kid"], key["kid"]);
        assert_eq!(read(header)["alg"], "ES256");
        assert!(key.get("d").is_none());
        let claims_read = read(claims);
        assert_eq!(claims_read["iss"], "https://stage.example.com");
        assert_eq!(claims_read["aud"], "sts.amazonaws.com");
        assert_eq!(claims_read["sub"], "organization:acme:connection:say \"hi\"");
        assert_eq!(claims_read["exp"].as_u64().unwrap() - claims_read["iat"].as_u64().unwrap(), 300);
        let mut point = vec![4];
        for part in ["x", "y"] {
            point.extend(BASE64.decode(key[part].as_str().unwrap()).unwrap());
        }
        let public =
            ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, point);
        let signed = format!("{header}.{claims}");
        public.verify(signed.as_bytes(), &BASE64.decode(signature).unwrap()).unwrap();
        let document: serde_json::Value = serde_json::from_str(&issuer.discovery_document()).unwrap();
        assert_eq!(document["jwks_uri"], "https://stage.example.com/.well-known/jwks.json");
    }
}
