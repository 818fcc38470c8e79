//! The arithmetic of Signature Version 4.

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::RequestHead;
use super::parse::{Scope, Signed};
use crate::encoding::{amz_date, percent_decode, percent_encode};

/// Hash of nothing, in hexadecimal digits.
pub(crate) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Signs for one key, day, region and service.
#[derive(Clone)]
pub(crate) struct Signer {
    key: Vec<u8>,
    time: String,
    scope: String,
}

impl Signer {
    pub(crate) fn new(secret: &str, scope: &Scope, time: OffsetDateTime) -> Self {
        let date = hmac(format!("AWS4{secret}").as_bytes(), scope.date.as_bytes());
        let region = hmac(&date, scope.region.as_bytes());
        let service = hmac(&region, scope.service.as_bytes());
        Self {
            key: hmac(&service, b"aws4_request"),
            time: amz_date(time),
            scope: format!("{}/{}/{}/aws4_request", scope.date, scope.region, scope.service),
        }
    }

    /// The signature of a canonical request.
    pub(crate) fn sign_request(&self, canonical: &str) -> String {
        self.sign_text(&self.string_to_sign(canonical))
    }

    pub(crate) fn string_to_sign(&self, canonical: &str) -> String {
        format!("AWS4-HMAC-SHA256\n{}\n{}\n{}", self.time, self.scope, hex_sha256(canonical.as_bytes()))
    }

    /// The signature of a chunk that follows the signature `previous`.
    pub(crate) fn sign_chunk(&self, previous: &str, chunk_hash: &str) -> String {
        self.sign_text(&format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{previous}\n{EMPTY_SHA256}\n{chunk_hash}",
            self.time, self.scope
        ))
    }

    /// The signature of the trailers after the last chunk.
    pub(crate) fn sign_trailers(&self, previous: &str, trailers: &str) -> String {
        self.sign_text(&format!(
            "AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{previous}\n{}",
            self.time,
            self.scope,
            hex_sha256(trailers.as_bytes())
        ))
    }

    /// The signature of any text.
    pub(crate) fn sign_text(&self, text: &str) -> String {
        hex::encode(hmac(&self.key, text.as_bytes()))
    }
}

/// The canonical request of a request that says it signed these headers.
pub(crate) fn canonical_request(
    head: &RequestHead<'_>,
    path: &str,
    signed: &Signed,
    payload: &str,
) -> String {
    let mut out = format!("{}\n{path}\n{}\n", head.method, canonical_query(head.raw_query));
    for name in &signed.headers {
        let values: Vec<String> = head
            .headers
            .get_all(name.as_str())
            .iter()
            .map(|value| collapse_spaces(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        out.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    out.push_str(&format!("\n{}\n{payload}", signed.headers.join(";")));
    out
}

/// The spellings of a path that a client may have signed: S3's own, then as sent.
pub(crate) fn canonical_paths(raw: &str) -> Vec<String> {
    let canonical = percent_encode(&percent_decode(raw), true);
    let mut paths = vec![canonical];
    if paths[0] != raw {
        paths.push(raw.to_owned());
    }
    paths
}

fn canonical_query(raw: &str) -> String {
    let recode = |text: &str| percent_encode(&percent_decode(&text.replace('+', "%20")), false);
    let mut pairs: Vec<(String, String)> = raw
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (recode(name), recode(value))
        })
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn collapse_spaces(value: &str) -> String {
    value.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Compares in a time that does not depend on where they differ.
pub(crate) fn signatures_match(expected: &str, given: &str) -> bool {
    expected.len() == given.len()
        && expected.bytes().zip(given.bytes()).fold(0_u8, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so this branch is never the error one
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
