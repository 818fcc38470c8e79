//! Names, paths, tags and documents as IAM checks them.

use std::collections::BTreeMap;

use crate::encoding::percent_encode;
use crate::error::AwsError;
use crate::identity::document::{Document, DocumentError, DocumentKind};
use crate::identity::state::IdentityState;
use crate::query_api::validation;

const TAGS_MAX: usize = 50;

/// A name of at most `max` characters of IAM's alphabet.
pub(super) fn check_name(parameter: &str, name: &str, max: usize) -> Result<(), AwsError> {
    if name.is_empty() {
        return Err(validation(format!(
            "1 validation error detected: Value '' at '{parameter}' failed to satisfy constraint: Member must have length greater than or equal to 1"
        )));
    }
    if name.len() > max {
        return Err(validation(format!(
            "1 validation error detected: Value '{name}' at '{parameter}' failed to satisfy constraint: Member must have length less than or equal to {max}"
        )));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)) {
        return Err(validation(format!(
            "The specified value for {parameter} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )));
    }
    Ok(())
}

/// A path, `/` when none is given.
pub(super) fn path(given: Option<&str>) -> Result<String, AwsError> {
    let Some(path) = given else { return Ok("/".to_owned()) };
    let valid = path.len() <= 512
        && path.starts_with('/')
        && path.ends_with('/')
        && !path.contains("//")
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if valid {
        return Ok(path.to_owned());
    }
    Err(validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    ))
}

/// Tags without doubles.
pub(super) fn tags(pairs: Vec<(String, String)>) -> Result<BTreeMap<String, String>, AwsError> {
    let invalid = |message: &str| AwsError::new(400, "InvalidInput", message);
    if pairs.len() > TAGS_MAX {
        return Err(AwsError::new(
            409,
            "LimitExceeded",
            "The number of tags has exceeded the maximum limit.",
        ));
    }
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(validation(format!(
                "1 validation error detected: Value '{key}' at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"
            )));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("System tags (keys that start with \"aws:\") cannot be added."));
        }
        let double = tags.keys().any(|known| known.eq_ignore_ascii_case(&key));
        if double {
            return Err(invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        tags.insert(key, value);
    }
    Ok(tags)
}

/// Reads a policy for users, roles or a managed policy.
pub(super) fn identity_document(text: &str, max: usize) -> Result<Document, AwsError> {
    if iam::limits::count_policy_characters(text) > max {
        return Err(AwsError::new(
            409,
            "LimitExceeded",
            format!("Cannot exceed quota for PolicySize: {max}"),
        ));
    }
    Document::parse(DocumentKind::Identity, text).map_err(malformed)
}

/// Reads a trust policy.
pub(super) fn trust_document(text: &str, state: &IdentityState) -> Result<Document, AwsError> {
    let max = iam::limits::TRUST_POLICY_CHARACTERS_MAX;
    if iam::limits::count_policy_characters(text) > max {
        return Err(AwsError::new(
            409,
            "LimitExceeded",
            format!("Cannot exceed quota for ACLSizePerRole: {max}"),
        ));
    }
    Document::parse_with_principals(DocumentKind::Trust, text, state).map_err(|error| match error {
        DocumentError::Malformed(reason) => malformed(reason),
        DocumentError::Principal(family, name) => {
            malformed(format!("Invalid principal in policy: \"{family}\":\"{name}\""))
        }
    })
}

/// A document that does not follow the grammar.
pub(super) fn malformed(reason: impl Into<String>) -> AwsError {
    AwsError::new(400, "MalformedPolicyDocument", reason)
}

/// Documents go out percent-encoded.
pub(super) fn percent_encoded(document: &str) -> String {
    percent_encode(document.as_bytes(), false)
}

/// Something that is not there.
pub(super) fn no_such_entity(message: impl Into<String>) -> AwsError {
    AwsError::new(404, "NoSuchEntity", message)
}

/// Something that is there already.
pub(super) fn already_exists(message: impl Into<String>) -> AwsError {
    AwsError::new(409, "EntityAlreadyExists", message)
}

/// Something that others still hold on to.
pub(super) fn delete_conflict(message: impl Into<String>) -> AwsError {
    AwsError::new(409, "DeleteConflict", message)
}
