//! Signatures of tokens, by the algorithms that STS takes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// A public key that an issuer publishes.
pub(crate) struct Key {
    pub(super) id: Option<String>,
    form: Form,
}

enum Form {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
}

impl Key {
    /// Reads a JSON Web Key; `None` for a kind that STS would not use.
    pub(super) fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let point = |length: usize| {
            let (x, y) = (number("x")?, number("y")?);
            (x.len() == length && y.len() == length).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
        };
        let form = match (text("kty")?, text("crv")) {
            ("RSA", _) => Form::Rsa { modulus: number("n")?, exponent: number("e")? },
            ("EC", Some("P-256")) => Form::P256(point(32)?),
            ("EC", Some("P-384")) => Form::P384(point(48)?),
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), form })
    }
}

/// Whether `key` made the signature by `algorithm`, which must be one for that kind of key.
pub(super) fn verifies(key: &Key, algorithm: &str, signed: &[u8], given: &[u8]) -> bool {
    match (&key.form, algorithm) {
        (Form::Rsa { modulus, exponent }, "RS256" | "RS384" | "RS512") => {
            let parameters = match algorithm {
                "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                _ => &signature::RSA_PKCS1_2048_8192_SHA512,
            };
            RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, signed, given).is_ok()
        }
        (Form::P256(point), "ES256") => {
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, given).is_ok()
        }
        (Form::P384(point), "ES384") => {
            UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).verify(signed, given).is_ok()
        }
        _ => false,
    }
}
