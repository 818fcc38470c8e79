//! Who sent a request: Signature Version 4 in the header, in the query string or in a form, or nobody.
//!
//! Nothing here decides what the caller may do. Everything a signature must cover is insisted on: the host,
//! every `x-amz-*` header, the query, and the body unless S3 allows it unsigned.

pub(crate) mod caller;
pub(crate) mod chunked;
pub(crate) mod old_signature;
pub(crate) mod parse;
pub(crate) mod payload;
pub(crate) mod signature;

use http::HeaderMap;
use time::OffsetDateTime;

use crate::encoding;
use crate::error::AwsError;
use crate::identity::Identities;
use caller::{AuthenticationMethod, Caller};
use parse::{Claim, Scope};
use payload::PayloadHash;
pub(crate) use signature::signatures_match as signatures_match_text;
use signature::{Signer, canonical_request, signatures_match};

/// How far a signature's time may be from ours.
pub(crate) const MAX_SKEW: time::Duration = time::Duration::minutes(15);

/// The parts of a request that are signed.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a str,
    pub(crate) raw_path: &'a str,
    pub(crate) raw_query: &'a str,
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
}

impl RequestHead<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The family of codes and messages a refusal is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    S3,
    Query,
}

/// A caller with what is needed to check the rest of the request's body.
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) payload: PayloadHash,
    /// for chunks that carry signatures of their own
    pub(crate) chunk_signer: Option<chunked::ChunkSigner>,
}

/// Checks the signature of a request. `body_hash` is the hash of the body where the service reads it first.
pub(crate) fn authenticate(
    head: &RequestHead<'_>,
    claim: Claim,
    body_hash: Option<&str>,
    dialect: Dialect,
    identities: &Identities,
    now: OffsetDateTime,
) -> Result<Authenticated, AwsError> {
    let signed = match claim {
        Claim::Signed(signed) => signed,
        Claim::Old { host_bucket } => {
            let payload = payload::of_unsigned(head, dialect)?;
            let caller = old_signature::authenticate(head, host_bucket.as_deref(), identities, now)?;
            return Ok(Authenticated { caller, payload, chunk_signer: None });
        }
        Claim::Anonymous => {
            let payload = payload::of_unsigned(head, dialect)?;
            return Ok(Authenticated { caller: Caller::anonymous(), payload, chunk_signer: None });
        }
    };
    let payload = match (dialect, body_hash) {
        (Dialect::Query, Some(hash)) => PayloadHash::Sha256(hash.to_owned()),
        _ => payload::of_signed(head, signed.method)?,
    };
    let token = session_token(head, signed.method);
    let keys = caller::find_keys(&signed.scope.access_key_id, token, dialect, identities, now)?;
    check_time(&signed, dialect, now)?;
    check_signed_headers(head, &signed, dialect)?;

    let signer = Signer::new(&keys.secret, &signed.scope, signed.time);
    let mut expected = String::new();
    let mut matched = false;
    let mut shown = String::new();
    // clients differ in whether they sign the path as sent or as S3 writes it; both name the same object
    for path in signature::canonical_paths(head.raw_path) {
        let canonical = canonical_request(head, &path, &signed, payload.as_signed());
        expected = signer.sign_request(&canonical);
        matched = signatures_match(&expected, &signed.signature);
        if matched {
            break;
        }
        if shown.is_empty() {
            shown = canonical;
        }
    }
    if !matched {
        return Err(signature_does_not_match(&signer, &signed, &shown, dialect));
    }
    let chunk_signer = payload.has_signed_chunks().then(|| chunked::ChunkSigner::new(signer, expected));
    Ok(Authenticated { caller: keys.into_caller(&signed), payload, chunk_signer })
}

fn session_token<'a>(head: &RequestHead<'a>, method: AuthenticationMethod) -> Option<&'a str> {
    let from_header = head.headers.get("x-amz-security-token").and_then(|value| value.to_str().ok());
    let from_query =
        || head.query.iter().find(|(key, _)| key == "X-Amz-Security-Token").map(|(_, value)| value.as_str());
    match method {
        AuthenticationMethod::QueryString => from_query().or(from_header),
        _ => from_header,
    }
}

fn check_time(signed: &parse::Signed, dialect: Dialect, now: OffsetDateTime) -> Result<(), AwsError> {
    let server_time = encoding::iso_seconds(now);
    if let Some(seconds) = signed.expires_seconds {
        if signed.time - now > MAX_SKEW {
            return Err(AwsError::new(403, "AccessDenied", "Request is not yet valid")
                .detail("ServerTime", server_time));
        }
        let expires = signed.time + time::Duration::seconds(seconds);
        if now > expires {
            return Err(match dialect {
                Dialect::S3 => AwsError::new(403, "AccessDenied", "Request has expired")
                    .detail("X-Amz-Expires", seconds.to_string())
                    .detail("Expires", encoding::iso_seconds(expires))
                    .detail("ServerTime", server_time),
                Dialect::Query => AwsError::new(
                    403,
                    "SignatureDoesNotMatch",
                    format!(
                        "Signature expired: {} is now earlier than {}",
                        encoding::amz_date(expires),
                        encoding::amz_date(now),
                    ),
                ),
            });
        }
        return Ok(());
    }
    if (now - signed.time).abs() <= MAX_SKEW {
        return Ok(());
    }
    Err(match dialect {
        Dialect::S3 => AwsError::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .detail("RequestTime", encoding::amz_date(signed.time))
        .detail("ServerTime", server_time)
        .detail("MaxAllowedSkewMilliseconds", "900000"),
        Dialect::Query => {
            let (signed_at, server) = (encoding::amz_date(signed.time), encoding::amz_date(now));
            let message = if signed.time < now {
                let earliest = encoding::amz_date(now - MAX_SKEW);
                format!("Signature expired: {signed_at} is now earlier than {earliest} ({server} - 15 min.)")
            } else {
                let latest = encoding::amz_date(now + MAX_SKEW);
                format!(
                    "Signature not yet current: {signed_at} is still later than {latest} ({server} + 15 min.)"
                )
            };
            AwsError::new(403, "SignatureDoesNotMatch", message)
        }
    })
}

fn check_signed_headers(
    head: &RequestHead<'_>,
    signed: &parse::Signed,
    dialect: Dialect,
) -> Result<(), AwsError> {
    let is_signed = |name: &str| signed.headers.iter().any(|header| header == name);
    if !is_signed("host") {
        return Err(match dialect {
            Dialect::S3 => AwsError::new(
                403,
                "AccessDenied",
                "There were headers present in the request which were not signed",
            )
            .detail("HeadersNotSigned", "host"),
            Dialect::Query => AwsError::new(
                403,
                "SignatureDoesNotMatch",
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            ),
        });
    }
    let unsigned: Vec<&str> = head
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") && !is_signed(name))
        .collect();
    if unsigned.is_empty() {
        return Ok(());
    }
    let names = unsigned.join(", ");
    Err(match dialect {
        Dialect::S3 => AwsError::new(
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
        )
        .detail("HeadersNotSigned", names),
        Dialect::Query => AwsError::new(
            403,
            "SignatureDoesNotMatch",
            format!("The headers '{names}' must be a 'SignedHeader' in the AWS Authorization."),
        ),
    })
}

fn signature_does_not_match(
    signer: &Signer,
    signed: &parse::Signed,
    canonical: &str,
    dialect: Dialect,
) -> AwsError {
    let string_to_sign = signer.string_to_sign(canonical);
    match dialect {
        Dialect::S3 => AwsError::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        )
        .detail("AWSAccessKeyId", signed.scope.access_key_id.clone())
        .detail("StringToSign", string_to_sign)
        .detail("SignatureProvided", signed.signature.clone())
        .detail("CanonicalRequest", canonical),
        Dialect::Query => AwsError::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ),
    }
}

/// Checks the signature of a form upload, whose policy document is the string that was signed.
pub(crate) fn authenticate_form(
    scope: &Scope,
    signed_at: OffsetDateTime,
    policy: &str,
    given: &str,
    token: Option<&str>,
    identities: &Identities,
    now: OffsetDateTime,
) -> Result<Caller, AwsError> {
    let keys = caller::find_keys(&scope.access_key_id, token, Dialect::S3, identities, now)?;
    let signer = Signer::new(&keys.secret, scope, signed_at);
    if !signatures_match(&signer.sign_text(policy), given) {
        return Err(AwsError::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ));
    }
    Ok(keys.into_form_caller(scope, signed_at))
}
