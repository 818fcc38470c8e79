//! What S3 said, out of an error of the object store.

use std::error::Error as _;

use object_store::client::{HttpError, HttpErrorKind};

use crate::CredentialsError;
use crate::transport::{AnswerNote, NOTE_START};

/// A failed request, in parts that a message and a log can use. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageFailure {
    /// `None`: no answer came.
    pub status: Option<u16>,
    /// S3's error code. Answers to HEAD have none.
    pub code: Option<String>,
    /// S3's words; without them, ours.
    pub message: String,
    pub request_id: Option<String>,
    /// The region S3 says the bucket is in.
    pub region: Option<String>,
    pub kind: StorageFailureKind,
    /// The answer had no body, as answers to HEAD: why it was refused can be learnt by a 1-byte GET or a
    /// 1-key LIST.
    pub without_body: bool,
    /// What a 403 says in detail, where AWS does.
    pub denial: Option<Denial>,
    /// The keys for the request could not be had: this is the cause.
    pub credentials: Option<CredentialsError>,
}

/// The rough kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFailureKind {
    /// The key or the bucket does not exist.
    NotFound,
    /// S3 or STS refused.
    Denied,
    /// The keys were expired, and renewing them did not help.
    Expired,
    /// The bucket is in another region or behind another endpoint.
    WrongRegion,
    /// S3 cannot be reached, or asks to be left alone for a while.
    Unavailable,
    /// A condition of the request (`If-Match` and the like) does not hold.
    Precondition,
    Other,
}

/// AWS's own words of a denial in the same account, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub principal: String,
    /// `s3:GetObject`.
    pub action: String,
    pub resource: Option<String>,
    /// From `because` or `with` on: which kind of policy decided.
    pub because: Option<String>,
}

/// Takes an error of an opened bucket apart.
pub fn explain(error: &object_store::Error) -> StorageFailure {
    if let Some(credentials) = find_in_chain::<CredentialsError>(error) {
        return of_credentials(credentials.clone());
    }
    let text = error.to_string();
    if let Some((note, body)) = split_note(&text) {
        return of_answer(&note, body, error);
    }
    if let Some((key, message, code)) = split_delete_failure(&text) {
        return StorageFailure {
            kind: kind_of(None, Some(code), error),
            denial: parse_denial(message),
            message: format!("{message} (key `{key}`)"),
            code: Some(code.to_owned()),
            ..empty()
        };
    }
    if let Some(http) = find_in_chain::<HttpError>(error) {
        return of_connection(http);
    }
    StorageFailure { kind: kind_of(None, None, error), message: plain_message(error), ..empty() }
}

/// Whether the keys that signed the request were too old.
pub(crate) fn is_expired(error: &object_store::Error) -> bool {
    let code = code_of(error);
    matches!(
        code.as_deref(),
        Some("ExpiredToken" | "InvalidToken" | "ExpiredTokenException" | "TokenRefreshRequired")
    )
}

/// The region S3 points to, when the request went to a wrong one.
pub(crate) fn other_region(error: &object_store::Error) -> Option<String> {
    let failure = explain(error);
    if failure.kind == StorageFailureKind::WrongRegion { failure.region } else { None }
}

fn code_of(error: &object_store::Error) -> Option<String> {
    let text = error.to_string();
    let (_, body) = split_note(&text)?;
    element(body, "Code")
}

fn of_answer(note: &AnswerNote, body: &str, error: &object_store::Error) -> StorageFailure {
    let code = element(body, "Code");
    let message = element(body, "Message");
    let without_body = body.trim().is_empty();
    let region = element(body, "Region").or_else(|| note.region.clone());
    let mut kind = kind_of(Some(note.status), code.as_deref(), error);
    // A HEAD that meets a wrong region has no code to tell so: the header does.
    if matches!(note.status, 301 | 307 | 308) || (note.status == 400 && without_body && note.region.is_some())
    {
        kind = StorageFailureKind::WrongRegion;
    }
    StorageFailure {
        status: Some(note.status),
        denial: message.as_deref().and_then(parse_denial),
        message: message.unwrap_or_else(|| format!("S3 answered {}", status_text(note.status))),
        request_id: element(body, "RequestId").or_else(|| note.request_id.clone()),
        code,
        region,
        kind,
        without_body,
        credentials: None,
    }
}

fn of_credentials(error: CredentialsError) -> StorageFailure {
    use crate::FailureClass;
    let aws = error.aws().cloned();
    StorageFailure {
        status: aws.as_ref().and_then(|aws| aws.status),
        code: aws.as_ref().and_then(|aws| aws.code.clone()),
        request_id: aws.as_ref().and_then(|aws| aws.request_id.clone()),
        message: error.to_string(),
        kind: match error.class() {
            FailureClass::Denied | FailureClass::NoServerIdentity => StorageFailureKind::Denied,
            FailureClass::Unavailable => StorageFailureKind::Unavailable,
            FailureClass::Invalid | FailureClass::Internal => StorageFailureKind::Other,
        },
        credentials: Some(error),
        ..empty()
    }
}

fn of_connection(error: &HttpError) -> StorageFailure {
    let message = match error.kind() {
        HttpErrorKind::Connect => format!("cannot connect: {}", deepest(error)),
        HttpErrorKind::Timeout => "no answer in time".to_owned(),
        HttpErrorKind::Interrupted => "the connection was closed in the middle of an answer".to_owned(),
        HttpErrorKind::Request => format!("the request could not be sent: {}", deepest(error)),
        _ => format!("the connection failed: {}", deepest(error)),
    };
    StorageFailure { kind: StorageFailureKind::Unavailable, message, ..empty() }
}

fn kind_of(status: Option<u16>, code: Option<&str>, error: &object_store::Error) -> StorageFailureKind {
    match code {
        Some("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired") => return StorageFailureKind::Expired,
        Some("NoSuchKey" | "NoSuchBucket" | "NoSuchUpload") => return StorageFailureKind::NotFound,
        Some("AccessDenied" | "AllAccessDisabled" | "InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
            return StorageFailureKind::Denied;
        }
        Some(
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException",
        ) => {
            return StorageFailureKind::WrongRegion;
        }
        Some("SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout") => {
            return StorageFailureKind::Unavailable;
        }
        _ => {}
    }
    match (status, error) {
        (Some(401 | 403), _) => StorageFailureKind::Denied,
        (Some(404), _) => StorageFailureKind::NotFound,
        (Some(304 | 409 | 412), _) => StorageFailureKind::Precondition,
        (Some(429 | 500..=599), _) => StorageFailureKind::Unavailable,
        (_, object_store::Error::NotFound { .. }) => StorageFailureKind::NotFound,
        (_, object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }) => {
            StorageFailureKind::Denied
        }
        (
            _,
            object_store::Error::Precondition { .. }
            | object_store::Error::NotModified { .. }
            | object_store::Error::AlreadyExists { .. },
        ) => StorageFailureKind::Precondition,
        _ => StorageFailureKind::Other,
    }
}

/// The note our transport put before the body, and the body. The object store keeps both in its text.
fn split_note(text: &str) -> Option<(AnswerNote, &str)> {
    let (_, rest) = text.split_once(NOTE_START)?;
    let (note, body) = rest.split_once('\n')?;
    Some((AnswerNote::parse(note)?, body))
}

/// One key of a DeleteObjects answer: `… failed for key K: MESSAGE (code: CODE)`.
fn split_delete_failure(text: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = text.split_once("request failed for key ")?;
    let (rest, code) = rest.rsplit_once(" (code: ")?;
    let (key, message) = rest.split_once(": ")?;
    Some((key, message, code.strip_suffix(')')?))
}

/// The text of the first element of that name. S3's error bodies are flat; this does not need more.
pub(crate) fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    (!text.is_empty()).then(|| unescape(text))
}

/// XML's text as it is meant.
pub(crate) fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#34;", "\"");
    text.replace("&apos;", "'").replace("&#39;", "'").replace("&amp;", "&")
}

/// Reads `User: P is not authorized to perform: A on resource: "R" because …`.
pub(crate) fn parse_denial(message: &str) -> Option<Denial> {
    let (principal, rest) = message.strip_prefix("User: ")?.split_once(" is not authorized to perform: ")?;
    let reason_at = [" because ", " with an explicit deny"].iter().filter_map(|start| rest.find(start)).min();
    let (what, because) = match reason_at.and_then(|at| rest.split_at_checked(at)) {
        Some((what, because)) => (what, Some(because.trim().to_owned())),
        None => (rest, None),
    };
    let (action, resource) = match what.split_once(" on resource: ") {
        Some((action, resource)) => (action, Some(resource.trim().trim_matches('"').to_owned())),
        None => (what, None),
    };
    Some(Denial { principal: principal.to_owned(), action: action.trim().to_owned(), resource, because })
}

fn status_text(status: u16) -> String {
    match http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

fn plain_message(error: &object_store::Error) -> String {
    match error {
        object_store::Error::NotFound { .. } => "it does not exist".to_owned(),
        object_store::Error::InvalidPath { source } => source.to_string(),
        object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. } => {
            "S3 does not support it".to_owned()
        }
        _ => deepest(error),
    }
}

/// The message at the bottom of the chain: what really happened.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn find_in_chain<E: std::error::Error + 'static>(error: &object_store::Error) -> Option<&E> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn empty() -> StorageFailure {
    StorageFailure {
        status: None,
        code: None,
        message: String::new(),
        request_id: None,
        region: None,
        kind: StorageFailureKind::Other,
        without_body: false,
        denial: None,
        credentials: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_taken_apart() {
        let text = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:ListBucket on resource: \
                    \"arn:aws:s3:::lake\" because no identity-based policy allows the s3:ListBucket action";
        let denial = parse_denial(text).unwrap();
        assert_eq!(denial.action, "s3:ListBucket");
        assert_eq!(denial.resource.as_deref(), Some("arn:aws:s3:::lake"));
        assert!(denial.because.unwrap().starts_with("because no identity-based policy"));
        assert_eq!(parse_denial("Access Denied"), None);
        // Some clouds leave the resource out.
        let text = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:GetObject because no \
                    identity-based policy allows the s3:GetObject action";
        let denial = parse_denial(text).unwrap();
        assert_eq!((denial.action.as_str(), denial.resource.as_deref()), ("s3:GetObject", None));
        assert!(denial.because.is_some());
    }
}
