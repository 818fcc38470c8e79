//! Logins by key pair, as Databend's clients do them: for each request the client signs a short-lived JWT with
//! its private key, and sends it with `X-DATABEND-AUTH-METHOD: keypair`.
//! <https://docs.databend.com/guides/security/access-control/> has the statements, RFC 7519 the token.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::{PublicKey, PublicKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::Deserialize;

/// The word of the header that tells such a token from others.
pub(super) const KEY_PAIR: &str = "keypair";
/// How far the clocks of client and server may be apart.
const CLOCK_SKEW_SECS: u64 = 60;
/// How long a token may be good at most; clients ask for a minute.
const LIFETIME_SECS_MAX: u64 = 3600;
/// Longest token: a signature of an RSA key of 8192 bits and a name fit.
const TOKEN_BYTES_MAX: usize = 8192;

/// A token that was taken apart; nothing in it is proved yet.
pub(super) struct KeyPairToken<'a> {
    /// What the signature is over.
    signed: &'a str,
    algorithm: String,
    claims: Claims,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// `<organization>.<user>`, from clients that bind the token so.
    iss: Option<String>,
    iat: u64,
    exp: u64,
}

impl<'a> KeyPairToken<'a> {
    /// `None` for what is no token of this kind.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let header: Header = serde_json::from_slice(&part(header)?).ok()?;
        Some(Self {
            signed,
            algorithm: header.alg,
            claims: serde_json::from_slice(&part(claims)?).ok()?,
            signature: part(signature)?,
        })
    }

    /// Whose token it claims to be.
    pub(super) fn user(&self) -> &str {
        &self.claims.sub
    }

    /// Whether one of the keys made it, for this organization, and it is good now.
    pub(super) fn is_proved_by(&self, keys: &[PublicKey], organization: &str, now: SystemTime) -> bool {
        let issuer = format!("{organization}.{}", self.claims.sub);
        let binds_another = self.claims.iss.as_ref().is_some_and(|claimed| *claimed != issuer);
        !binds_another && self.is_good_at(now) && keys.iter().any(|key| self.is_signed_by(key))
    }

    fn is_good_at(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let Claims { iat, exp, .. } = self.claims;
        iat <= now.saturating_add(CLOCK_SKEW_SECS)
            && exp.saturating_add(CLOCK_SKEW_SECS) > now
            && exp > iat
            && exp - iat <= LIFETIME_SECS_MAX
    }

    /// INVARIANT: the key says how it is used; the token's `alg` must agree, and never decides.
    fn is_signed_by(&self, key: &PublicKey) -> bool {
        let (name, algorithm): (&str, &'static dyn VerificationAlgorithm) = match key.kind {
            PublicKeyKind::Rsa => ("RS256", &RSA_PKCS1_2048_8192_SHA256),
            PublicKeyKind::P256 => ("ES256", &ECDSA_P256_SHA256_FIXED),
            PublicKeyKind::P384 => ("ES384", &ECDSA_P384_SHA384_FIXED),
            PublicKeyKind::Ed25519 => ("EdDSA", &ED25519),
        };
        let key = UnparsedPublicKey::new(algorithm, &key.bits);
        self.algorithm == name && key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn encode(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn token(alg: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", encode(&json!({"alg": alg, "typ": "JWT"})), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn key(kind: PublicKeyKind, bits: &[u8]) -> PublicKey {
        PublicKey {
            fingerprint: String::new(),
            label: String::new(),
            kind,
            bits: bits.to_vec(),
            created_on: UNIX_EPOCH,
        }
    }

    fn is_proved(token: &str, keys: &[PublicKey]) -> bool {
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        KeyPairToken::parse(token).is_some_and(|token| token.is_proved_by(keys, "acme", now))
    }

    fn ed25519() -> (Ed25519KeyPair, PublicKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = key(PublicKeyKind::Ed25519, pair.public_key().as_ref());
        (pair, public)
    }

    #[test]
    fn a_token_is_proved_by_its_key_alone() {
        let random = SystemRandom::new();
        let claims = json!({"sub": "svc", "iat": NOW, "exp": NOW + 60});
        let (pair, public) = ed25519();
        let ours = token("EdDSA", &claims, |text| pair.sign(text).as_ref().to_vec());
        assert_eq!(KeyPairToken::parse(&ours).unwrap().user(), "svc");
        assert!(is_proved(&ours, std::slice::from_ref(&public)));

        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let other = key(PublicKeyKind::P256, pair.public_key().as_ref());
        let theirs = token("ES256", &claims, |text| pair.sign(&random, text).unwrap().as_ref().to_vec());
        assert!(is_proved(&theirs, &[public.clone(), other.clone()]));
        assert!(!is_proved(&theirs, std::slice::from_ref(&public)));
        assert!(!is_proved(&ours, &[other]));
        assert!(!is_proved(&ours, &[]));
        // The claims are what is signed.
        let (_, rest) = ours.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let forged = format!(
            "{}.{}.{signature}",
            encode(&json!({"alg": "EdDSA"})),
            encode(&json!({"sub": "root", "iat": NOW, "exp": NOW + 60}))
        );
        assert!(!is_proved(&forged, &[public]));
    }

    #[test]
    fn no_algorithm_is_taken_from_the_token() {
        let claims = json!({"sub": "svc", "iat": NOW, "exp": NOW + 60});
        let (pair, public) = ed25519();
        for alg in ["none", "HS256", "RS256", "ES256", "eddsa", ""] {
            let signed = token(alg, &claims, |text| pair.sign(text).as_ref().to_vec());
            assert!(!is_proved(&signed, std::slice::from_ref(&public)), "{alg}");
            assert!(!is_proved(&token(alg, &claims, |_| Vec::new()), std::slice::from_ref(&public)), "{alg}");
        }
    }

    #[test]
    fn a_token_is_good_for_a_while_and_for_one_organization() {
        let (pair, public) = ed25519();
        let proved = |claims: Value| {
            is_proved(
                &token("EdDSA", &claims, |text| pair.sign(text).as_ref().to_vec()),
                std::slice::from_ref(&public),
            )
        };
        assert!(proved(json!({"sub": "svc", "iss": "acme.svc", "iat": NOW, "exp": NOW + 60})));
        assert!(proved(json!({"sub": "svc", "iat": NOW + 30, "exp": NOW + 90})), "clocks differ");
        for claims in [
            json!({"sub": "svc", "iss": "globex.svc", "iat": NOW, "exp": NOW + 60}),
            json!({"sub": "svc", "iat": NOW - 200, "exp": NOW - 100}),
            json!({"sub": "svc", "iat": NOW + 100, "exp": NOW + 160}),
            json!({"sub": "svc", "iat": NOW, "exp": NOW + 86_400}),
            json!({"sub": "svc", "iat": NOW, "exp": NOW}),
            json!({"sub": "svc", "exp": NOW + 60}),
            json!({"sub": "svc", "iat": NOW}),
            json!({"iat": NOW, "exp": NOW + 60}),
        ] {
            assert!(!proved(claims.clone()), "{claims}");
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
        for text in ["", "a", "a.b", "a.b.c", "..", "e30.e30.e30", &"x".repeat(10_000)] {
            assert!(KeyPairToken::parse(text).is_none(), "{text}");
        }
    }
}
