//! Signature Version 2 in a header, a query string or a form: what old clients make, and boto3 for URLs in
//! `us-east-1` unless told otherwise, and what S3 still takes there. Not in other regions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use time::OffsetDateTime;

use super::caller::{self, AuthenticationMethod, Caller};
use super::{Dialect, MAX_SKEW, RequestHead, signatures_match_text};
use crate::encoding::{iso_seconds, parse_amz_date, parse_http_date, percent_decode};
use crate::error::AwsError;
use crate::identity::Identities;

/// Query parameters that are part of what is signed.
const SIGNED_PARAMETERS: [&str; 33] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
];
const MORE_SIGNED_PARAMETERS: [&str; 2] = ["versions", "website"];

/// Whether a request carries such a signature in its query.
pub(crate) fn in_query(head: &RequestHead<'_>) -> bool {
    ["AWSAccessKeyId", "Signature", "Expires"].iter().all(|name| head.query_value(name).is_some())
}

/// Whether a request carries such a signature in its header.
pub(crate) fn in_header(head: &RequestHead<'_>) -> bool {
    header_parts(head).is_some()
}

/// Access key id and signature of `AWS ID:SIGNATURE`.
fn header_parts<'a>(head: &'a RequestHead<'_>) -> Option<(&'a str, &'a str)> {
    let (id, signature) = head.header("authorization")?.strip_prefix("AWS ")?.trim().rsplit_once(':')?;
    (!id.is_empty() && !signature.is_empty()).then_some((id, signature))
}

fn authenticate_header(
    head: &RequestHead<'_>,
    (access_key_id, signature): (&str, &str),
    host_bucket: Option<&str>,
    identities: &Identities,
    now: OffsetDateTime,
) -> Result<Caller, AwsError> {
    let keys =
        caller::find_keys(access_key_id, head.header("x-amz-security-token"), Dialect::S3, identities, now)?;
    let given = head.header("x-amz-date").or_else(|| head.header("date"));
    let time =
        given.and_then(|text| parse_http_date(text).or_else(|| parse_amz_date(text))).ok_or_else(|| {
            AwsError::new(
                403,
                "AccessDenied",
                "AWS authentication requires a valid Date or x-amz-date header",
            )
        })?;
    if (now - time).abs() > MAX_SKEW {
        return Err(AwsError::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .detail("RequestTime", given.unwrap_or_default())
        .detail("ServerTime", iso_seconds(now)));
    }
    // Amazon's own date is signed among Amazon's headers, and stands in the place of the other
    let date = if head.header("x-amz-date").is_some() { "" } else { head.header("date").unwrap_or_default() };
    check(head, &keys.secret, date, signature, host_bucket)?;
    Ok(keys.into_old_caller(AuthenticationMethod::Header))
}

/// Checks it. `bucket` is the one that a host name gave.
pub(crate) fn authenticate(
    head: &RequestHead<'_>,
    host_bucket: Option<&str>,
    identities: &Identities,
    now: OffsetDateTime,
) -> Result<Caller, AwsError> {
    if let Some(parts) = header_parts(head) {
        return authenticate_header(head, parts, host_bucket, identities, now);
    }
    let value = |name: &str| head.query_value(name).unwrap_or_default();
    let expires = value("Expires");
    let until = expires
        .parse::<i64>()
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or_else(|| AwsError::new(403, "AccessDenied", "Invalid date (should be seconds since epoch)"))?;
    let token = head.query_value("x-amz-security-token").or_else(|| head.header("x-amz-security-token"));
    let keys = caller::find_keys(value("AWSAccessKeyId"), token, Dialect::S3, identities, now)?;
    if now > until {
        return Err(AwsError::new(403, "AccessDenied", "Request has expired")
            .detail("Expires", iso_seconds(until))
            .detail("ServerTime", iso_seconds(now)));
    }
    check(head, &keys.secret, expires, value("Signature"), host_bucket)?;
    Ok(keys.into_old_caller(AuthenticationMethod::QueryString))
}

/// Compares a signature with the one that the secret makes; `date` is the date, or when a URL ends.
fn check(
    head: &RequestHead<'_>,
    secret: &str,
    date: &str,
    given: &str,
    host_bucket: Option<&str>,
) -> Result<(), AwsError> {
    let path = match host_bucket {
        Some(bucket) => format!("/{bucket}{}", head.raw_path),
        None => head.raw_path.to_owned(),
    };
    // a bucket by itself is signed with a slash behind it, however it is asked for
    let spellings = [path.clone(), format!("{path}/")];
    let spellings = if path.matches('/').count() == 1 { &spellings[..] } else { &spellings[..1] };
    let matches = |path: &String| {
        let text = string_to_sign(head, path, date);
        signatures_match_text(&sign(secret, &text), given)
    };
    if spellings.iter().any(matches) {
        return Ok(());
    }
    Err(does_not_match().detail("StringToSign", string_to_sign(head, &path, date)))
}

/// Checks the signature of a form's policy.
pub(crate) fn authenticate_form(
    access_key_id: &str,
    policy: &str,
    given: &str,
    token: Option<&str>,
    identities: &Identities,
    now: OffsetDateTime,
) -> Result<Caller, AwsError> {
    let keys = caller::find_keys(access_key_id, token, Dialect::S3, identities, now)?;
    if !signatures_match_text(&sign(&keys.secret, policy), given) {
        return Err(does_not_match());
    }
    Ok(keys.into_old_caller(AuthenticationMethod::Post))
}

fn does_not_match() -> AwsError {
    AwsError::new(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    )
}

fn sign(secret: &str, text: &str) -> String {
    // HMAC takes keys of any length, so this branch is never the error one
    let Ok(mut mac) = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn string_to_sign(head: &RequestHead<'_>, path: &str, expires: &str) -> String {
    let header = |name: &str| head.header(name).or_else(|| head.query_value(name)).unwrap_or_default();
    let mut amazon: Vec<(String, String)> = head
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-amz-"))
        .map(|name| {
            let values: Vec<&str> = head
                .headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .map(str::trim)
                .collect();
            (name.as_str().to_owned(), values.join(","))
        })
        .collect();
    for (name, value) in head.query.iter().filter(|(name, _)| name.starts_with("x-amz-")) {
        if !amazon.iter().any(|(known, _)| known == name) {
            amazon.push((name.clone(), value.clone()));
        }
    }
    amazon.sort();
    let amazon: String = amazon.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    format!(
        "{}\n{}\n{}\n{expires}\n{amazon}{}",
        head.method,
        header("content-md5"),
        header("content-type"),
        resource(head, path)
    )
}

fn resource(head: &RequestHead<'_>, path: &str) -> String {
    let mut out = path.to_owned();
    let mut signed: Vec<(String, Option<String>)> = head
        .raw_query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => {
                let value = percent_decode(&value.replace('+', " "));
                (name.to_owned(), Some(String::from_utf8_lossy(&value).into_owned()))
            }
            None => (pair.to_owned(), None),
        })
        .filter(|(name, _)| {
            SIGNED_PARAMETERS.contains(&name.as_str()) || MORE_SIGNED_PARAMETERS.contains(&name.as_str())
        })
        .collect();
    signed.sort();
    for (index, (name, value)) in signed.iter().enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(name);
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            out.push('=');
            out.push_str(value);
        }
    }
    out
}
