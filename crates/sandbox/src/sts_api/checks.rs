//! The parameters of STS calls, as AWS checks them.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::encoding::iso_seconds;
use crate::error::AwsError;
use crate::identity::document::{Document, DocumentKind};
use crate::identity::session::TemporaryKeys;
use crate::query_api::{Call, validation};
use crate::xml::Xml;

const TAGS_MAX: usize = 50;
const POLICY_ARNS_MAX: usize = 10;

fn constraint(value: &str, parameter: &str, rule: &str) -> AwsError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: Member must {rule}"
    ))
}

/// A text of some length and alphabet besides letters, digits and `_`.
pub(super) fn text(
    value: &str,
    parameter: &str,
    (least, most): (usize, usize),
    alphabet: &str,
    pattern: &str,
) -> Result<(), AwsError> {
    if value.chars().count() < least {
        return Err(constraint(value, parameter, &format!("have length greater than or equal to {least}")));
    }
    if value.chars().count() > most {
        return Err(constraint(value, parameter, &format!("have length less than or equal to {most}")));
    }
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || alphabet.as_bytes().contains(&byte);
    if !value.bytes().all(allowed) {
        return Err(constraint(value, parameter, &format!("satisfy regular expression pattern: {pattern}")));
    }
    Ok(())
}

/// A session's name.
pub(super) fn session_name(value: &str) -> Result<(), AwsError> {
    text(value, "roleSessionName", (2, 64), "+=,.@-", "[\\w+=,.@-]*")
}

/// `DurationSeconds`, within what every role could allow.
pub(super) fn duration(call: &Call<'_>, default: i64, most: i64) -> Result<i64, AwsError> {
    let seconds = call.params.number("DurationSeconds")?.unwrap_or(default);
    if seconds < 900 {
        return Err(constraint(
            &seconds.to_string(),
            "durationSeconds",
            "have value greater than or equal to 900",
        ));
    }
    if seconds > most {
        return Err(constraint(
            &seconds.to_string(),
            "durationSeconds",
            &format!("have value less than or equal to {most}"),
        ));
    }
    Ok(seconds)
}

/// The session policies of a call, and how many characters they have.
pub(super) struct SessionPolicies {
    pub(super) policies: Vec<(String, Document)>,
    pub(super) scoped: bool,
    pub(super) arns: Vec<String>,
    pub(super) inline: Option<String>,
}

/// Reads `Policy` and `PolicyArns`; the managed ones must be of `account`.
pub(super) fn session_policies(call: &Call<'_>, account: &str) -> Result<SessionPolicies, AwsError> {
    let mut policies = Vec::new();
    let inline = call.params.get("Policy").map(str::to_owned);
    if let Some(text) = &inline {
        let most = iam::limits::SESSION_POLICY_CHARACTERS_MAX;
        if text.is_empty() {
            return Err(constraint("", "policy", "have length greater than or equal to 1"));
        }
        if text.chars().count() > most {
            return Err(constraint(text, "policy", &format!("have length less than or equal to {most}")));
        }
        let document = Document::parse(DocumentKind::Session, text)
            .map_err(|reason| AwsError::new(400, "MalformedPolicyDocument", reason))?;
        policies.push(("session policy".to_owned(), document));
    }
    let arns: Vec<String> = call
        .params
        .structures("PolicyArns", ["arn"])
        .into_iter()
        .chain(call.params.structures("PolicyArns", ["Arn"]))
        .filter_map(|[arn]| arn.map(str::to_owned))
        .collect();
    if arns.len() > POLICY_ARNS_MAX {
        return Err(constraint(
            &arns.len().to_string(),
            "policyArns",
            &format!("have length less than or equal to {POLICY_ARNS_MAX}"),
        ));
    }
    for arn in &arns {
        let own = arn.starts_with(&format!("arn:aws:iam::{account}:policy/"))
            || arn.starts_with("arn:aws:iam::aws:policy/");
        let state = &call.request.identities;
        let document = state
            .policy(account, arn)
            .filter(|_| own)
            .and_then(|policy| policy.default_document())
            .and_then(|document| Document::parse(DocumentKind::Session, document.text()).ok())
            .ok_or_else(|| validation(format!("Policy {arn} does not exist or is not attachable.")))?;
        policies.push((arn.clone(), document));
    }
    let scoped = !policies.is_empty();
    Ok(SessionPolicies { policies, scoped, arns, inline })
}

/// Session tags.
pub(super) fn tags(call: &Call<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let pairs = call.params.tags("Tags");
    if pairs.len() > TAGS_MAX {
        return Err(constraint(
            &pairs.len().to_string(),
            "tags",
            &format!("have length less than or equal to {TAGS_MAX}"),
        ));
    }
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(constraint(&key, "tags.1.member.key", "have length less than or equal to 128"));
        }
        if value.chars().count() > 256 {
            return Err(constraint(&value, "tags.1.member.value", "have length less than or equal to 256"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(AwsError::new(400, "InvalidParameterValue", "Tag keys must not start with aws:"));
        }
        if tags.keys().any(|known| known.eq_ignore_ascii_case(&key)) {
            return Err(AwsError::new(
                400,
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert(key, value);
    }
    Ok(tags)
}

/// When keys that last so long expire.
pub(super) fn expiry(call: &Call<'_>, seconds: i64) -> OffsetDateTime {
    let issued = call.request.now.replace_nanosecond(0).unwrap_or(call.request.now);
    issued + time::Duration::seconds(call.cloud.faults.session_seconds(seconds))
}

/// The keys as every answer shows them.
pub(super) fn write_credentials(keys: &TemporaryKeys, out: &mut Xml) {
    out.nested("Credentials", |xml| {
        xml.text("AccessKeyId", &keys.access_key_id)
            .text("SecretAccessKey", &keys.secret)
            .text("SessionToken", &keys.token)
            .text("Expiration", iso_seconds(keys.expires));
    });
}
