//! Bucket policies: what makes one valid, and what makes one public.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::policy_actions;
use crate::error::AwsError;
use crate::identity::document::{Document, DocumentError, DocumentKind, one_or_many};
use crate::identity::state::IdentityState;

/// A bucket's policy.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct BucketPolicy {
    pub(crate) document: Document,
    /// gives something to everybody
    pub(crate) is_public: bool,
}

/// Reads a policy for a bucket, as strictly as S3.
pub(crate) fn parse(text: &str, bucket: &str, state: &IdentityState) -> Result<BucketPolicy, AwsError> {
    if text.len() > iam::limits::BUCKET_POLICY_BYTES_MAX {
        return Err(AwsError::new(
            400,
            "PolicyTooLarge",
            "The policy exceeds the allowed maximum size of 20480 bytes",
        ));
    }
    let value: Value =
        serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    let document =
        Document::parse_with_principals(DocumentKind::Bucket, text, state).map_err(|error| match error {
            DocumentError::Malformed(reason) => malformed(reason),
            DocumentError::Principal(family, name) => malformed("Invalid principal in policy")
                .detail("Detail", format!("\"{family}\" : \"{name}\"")),
        })?;
    for statement in one_or_many(value.get("Statement")) {
        check_statement(statement, bucket)?;
    }
    Ok(BucketPolicy { document, is_public: is_public(&value) })
}

fn malformed(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "MalformedPolicy", message)
}

/// Actions must be S3's, and resources this bucket's.
fn check_statement(statement: &Value, bucket: &str) -> Result<(), AwsError> {
    for element in ["Action", "NotAction"] {
        for action in one_or_many(statement.get(element)).iter().filter_map(Value::as_str) {
            let is_known = match action.split_once(':') {
                Some((service, name)) => service.eq_ignore_ascii_case("s3") && policy_actions::is_known(name),
                None => action == "*",
            };
            if !is_known {
                return Err(malformed("Policy has invalid action").detail("Detail", action));
            }
        }
    }
    let own = format!("arn:aws:s3:::{bucket}");
    for element in ["Resource", "NotResource"] {
        for resource in one_or_many(statement.get(element)).iter().filter_map(Value::as_str) {
            let rest = resource.strip_prefix(&own);
            let inside =
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest.starts_with('*'));
            if !inside {
                return Err(malformed("Policy has invalid resource").detail("Detail", resource));
            }
        }
    }
    Ok(())
}

/// Conditions that narrow "everybody" down when they compare with fixed values.
const NARROWING: [&str; 14] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:userid",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
];

/// Whether some statement gives something to everybody.
fn is_public(policy: &Value) -> bool {
    one_or_many(policy.get("Statement")).iter().any(|statement| {
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && names_everybody(statement)
            && !is_narrowed(statement.get("Condition"))
    })
}

fn names_everybody(statement: &Value) -> bool {
    if statement.get("NotPrincipal").is_some() {
        return true;
    }
    match statement.get("Principal") {
        Some(Value::String(name)) => name == "*",
        Some(Value::Object(families)) => families
            .values()
            .flat_map(|names| one_or_many(Some(names)))
            .any(|name| name.as_str() == Some("*")),
        _ => false,
    }
}

fn is_narrowed(condition: Option<&Value>) -> bool {
    let Some(Value::Object(operators)) = condition else { return false };
    operators.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        let positive =
            ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"]
                .contains(&operator.as_str());
        let Value::Object(keys) = keys else { return false };
        positive
            && keys.iter().any(|(key, values)| {
                NARROWING.contains(&key.to_ascii_lowercase().as_str())
                    && one_or_many(Some(values)).iter().all(|value| value.as_str().is_some_and(is_fixed))
            })
    })
}

fn is_fixed(value: &str) -> bool {
    let whole_internet = value.ends_with("/0");
    !value.contains(['*', '?']) && !value.contains("${") && !whole_internet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public() {
        let statement = |principal: &str, condition: &str| {
            let text = format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{condition}}}]}}"#
            );
            is_public(&serde_json::from_str(&text).unwrap())
        };
        assert!(statement("\"*\"", "{}"));
        assert!(statement("{\"AWS\":\"*\"}", "{}"));
        assert!(statement("{\"AWS\":[\"123456789012\",\"*\"]}", "{}"));
        assert!(!statement("{\"AWS\":\"123456789012\"}", "{}"));
        assert!(!statement("\"*\"", r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#));
        assert!(statement("\"*\"", r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#));
        assert!(statement("\"*\"", r#"{"StringEquals":{"aws:Referer":"x"}}"#));
        assert!(statement("\"*\"", r#"{"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}}"#));
    }
}
