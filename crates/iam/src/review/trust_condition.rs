//! Parts `external id` and `other conditions`: what each condition of a trust policy asks for.

use super::ReviewStatus;
use super::slips::{is_slip, nearest};
use super::trust::{Assumer, TrustWanted};
use crate::Context;
use crate::condition::{Condition, Truth};
use crate::texts::external_id_condition;

/// Condition keys that a trust policy may ask for.
const KNOWN_KEYS: [&str; 24] = [
    "sts:ExternalId",
    "sts:RoleSessionName",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:PrincipalIsAWSService",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SecureTransport",
    "aws:RequestedRegion",
    "aws:UserAgent",
    "aws:TagKeys",
    "aws:SourceArn",
    "aws:SourceAccount",
];

/// Keys whose values a document and a connection do not tell.
const DEPENDS: [(&str, &str); 13] = [
    ("aws:sourceip", "the address from which the server calls AWS"),
    ("aws:vpcsourceip", "the address from which the server calls AWS"),
    ("aws:sourcevpc", "the VPC from which the server calls AWS"),
    ("aws:sourcevpce", "the VPC endpoint through which the server calls AWS"),
    ("aws:principalorgid", "the AWS organization of the provider, which is not the customer's"),
    ("aws:principalorgpaths", "the AWS organization of the provider, which is not the customer's"),
    ("aws:currenttime", "the time"),
    ("aws:epochtime", "the time"),
    ("aws:requestedregion", "the region of STS that the server calls"),
    ("aws:useragent", "the server's version"),
    ("aws:userid", "the unique id of the principal"),
    ("aws:tokenissuetime", "when the server's session began"),
    ("aws:ec2instancesourcevpc", "where the server runs"),
];

/// How one condition holds.
pub(super) struct Holds {
    pub(super) is_external_id: bool,
    pub(super) status: ReviewStatus,
    pub(super) seen: String,
    pub(super) cause: String,
    pub(super) fix: String,
}

/// Judges a condition of an Allow.
pub(super) fn judge(condition: &Condition, wanted: &TrustWanted, context: &Context) -> Holds {
    let key = condition.key.to_lowercase();
    let is_external_id = key == "sts:externalid";
    let seen = shown(condition);
    let truth = condition.evaluate(context);
    let hold =
        |status, cause: String, fix: String| Holds { is_external_id, status, seen: seen.clone(), cause, fix };
    if is_external_id {
        return match truth {
            Truth::True => hold(ReviewStatus::Ok, String::new(), String::new()),
            _ => {
                let (cause, fix) = explain_external_id(condition, wanted);
                hold(ReviewStatus::Failed, cause, fix)
            }
        };
    }
    if let Some(what) = depends_on(&key, context) {
        // The provider's organization is never the customer's.
        let is_organization = key.starts_with("aws:principalorg");
        let status = if is_organization { ReviewStatus::Failed } else { ReviewStatus::Warning };
        let cause = if is_organization {
            format!(
                "a condition on {} asks for {what}: the principal is not of the customer's AWS organization",
                condition.key
            )
        } else {
            format!(
                "a condition on {} asks for {what}: this document does not tell whether it holds",
                condition.key
            )
        };
        return hold(status, cause, format!("leave the condition on {} out", condition.key));
    }
    if truth == Truth::True {
        return hold(ReviewStatus::Ok, String::new(), String::new());
    }
    let (cause, fix) = explain_other(condition, &key, wanted, context);
    let mut holds = hold(ReviewStatus::Failed, cause, fix);
    holds.is_external_id = is_misspelt_external_id(&condition.key);
    holds
}

/// Judges a condition of a Deny: `Failed` is that it keeps the Deny from applying, `Warning` that it depends.
pub(super) fn judge_deny(condition: &Condition, _wanted: &TrustWanted, context: &Context) -> Holds {
    let key = condition.key.to_lowercase();
    let truth = condition.evaluate(context);
    let status = match truth {
        _ if depends_on(&key, context).is_some() => ReviewStatus::Warning,
        Truth::False => ReviewStatus::Failed,
        Truth::True | Truth::Unknown => ReviewStatus::Ok,
    };
    Holds {
        is_external_id: key == "sts:externalid",
        status,
        seen: shown(condition),
        cause: String::new(),
        fix: String::new(),
    }
}

fn shown(condition: &Condition) -> String {
    let wanted: Vec<String> = condition.wanted.iter().map(|value| format!("`{value}`")).collect();
    format!("{} {} {}", condition.key, condition.operator, wanted.join(", "))
}

fn depends_on(key: &str, context: &Context) -> Option<&'static str> {
    if context.get(key).is_some() {
        return None;
    }
    DEPENDS.iter().find(|(known, _)| *known == key).map(|(_, what)| *what)
}

fn is_misspelt_external_id(key: &str) -> bool {
    let name = key.rsplit(':').next().unwrap_or(key).to_lowercase();
    name == "externalid" || is_slip(&name, "externalid")
}

fn explain_external_id(condition: &Condition, wanted: &TrustWanted) -> (String, String) {
    let Some(sent) = wanted.external_id.as_deref() else {
        return (
            "the trust policy requires an sts:ExternalId, and the connection has none".to_owned(),
            "set the EXTERNAL_ID of the connection".to_owned(),
        );
    };
    let fix = external_id_condition(sent);
    let operator = condition.operator.as_str();
    let values = condition.wanted.iter().map(String::as_str);
    let listed = condition.wanted.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    if operator.contains("Not") {
        return (
            format!(
                "the operator {operator} on sts:ExternalId refuses the id it names: StringEquals is meant"
            ),
            fix,
        );
    }
    if operator == "Null" {
        return (
            "the condition Null on sts:ExternalId wants that none is sent, and Stagedoor always sends one"
                .to_owned(),
            fix,
        );
    }
    for value in values.clone() {
        let cause = if value.trim() == sent && value != sent {
            "a blank stands before or behind it".to_owned()
        } else if value.to_lowercase() == sent.to_lowercase() {
            "upper and lower case differ".to_owned()
        } else if let Some((whose, _)) = wanted.other_external_ids.iter().find(|(_, id)| id == value) {
            format!("it is {whose}")
        } else if value.contains(['<', '>', '{', '}']) || value.contains("EXTERNAL") || value.contains("xxx")
        {
            "it is the placeholder of an example".to_owned()
        } else if !value.is_empty() && (sent.starts_with(value) || value.starts_with(sent)) {
            "a part of it is missing or too much".to_owned()
        } else if is_slip(value, sent) {
            "a slip".to_owned()
        } else {
            continue;
        };
        return (
            format!(
                "the trust policy requires the external id `{value}`, and the connection sends `{sent}`: {cause}"
            ),
            fix,
        );
    }
    (format!("the trust policy requires the external id {listed}, and the connection sends `{sent}`"), fix)
}

fn explain_other(
    condition: &Condition,
    key: &str,
    wanted: &TrustWanted,
    context: &Context,
) -> (String, String) {
    let name = &condition.key;
    let leave_out = format!("leave the condition on {name} out");
    let listed = condition.wanted.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    if is_misspelt_external_id(name) {
        let fix = wanted.external_id.as_deref().map(external_id_condition).unwrap_or(leave_out);
        return (format!("the condition key `{name}` does not exist: sts:ExternalId is meant"), fix);
    }
    let found = context.get(key).map(|values| values.join(", "));
    let cause = match key {
        "aws:multifactorauthpresent" | "aws:multifactorauthage" => format!(
            "a condition on {name} asks for multi-factor authentication: a server has no device to type a code from"
        ),
        "sts:rolesessionname" => format!(
            "a condition on sts:RoleSessionName asks for {listed}, and this session is named `{}`",
            wanted.role_session_name
        ),
        "sts:sourceidentity" | "aws:sourceidentity" => {
            format!("a condition on {name} asks for a source identity, and Stagedoor sends none")
        }
        "aws:principalarn" => format!(
            "a condition on aws:PrincipalArn asks for {listed}, and the principal is `{}`",
            found.clone().unwrap_or_default()
        ),
        "aws:principalaccount" => format!(
            "a condition on aws:PrincipalAccount asks for {listed}, and the principal's account is `{}`",
            found.clone().unwrap_or_default()
        ),
        "aws:sourceaccount" | "aws:sourcearn" | "aws:sourceorgid" => {
            format!("a condition on {name} holds for AWS services alone, and the principal is none")
        }
        "aws:currenttime" | "aws:epochtime" => {
            format!("a condition on {name} holds at other times: {listed} with {}", condition.operator)
        }
        "aws:securetransport" => format!("a condition on {name} asks for plain HTTP"),
        _ if key.starts_with("aws:requesttag/") || key == "aws:tagkeys" || key == "sts:transitivetagkeys" => {
            format!("a condition on {name} asks for session tags, and Stagedoor sends none")
        }
        _ if key.starts_with("aws:principaltag/") => {
            format!("a condition on {name} asks for a tag of the principal `{}`", wanted.principal_text())
        }
        _ if key.starts_with("saml:") => {
            format!("a condition on {name} holds for SAML alone, and the principal does not come by it")
        }
        _ if key.ends_with(":sub") || key.ends_with(":aud") || key.ends_with(":amr") => {
            return explain_token(condition, key, wanted, found.as_deref());
        }
        _ => match (&found, nearest(name, &KNOWN_KEYS)) {
            (None, Some(near)) if !near.eq_ignore_ascii_case(name) => {
                format!("the condition key `{name}` does not exist: {near} is meant")
            }
            (None, _) => format!("a condition asks for {name}, which this request does not have"),
            (Some(found), _) => {
                format!("a condition on {name} asks for {listed}, and the request has `{found}`")
            }
        },
    };
    (cause, leave_out)
}

fn explain_token(
    condition: &Condition,
    key: &str,
    wanted: &TrustWanted,
    found: Option<&str>,
) -> (String, String) {
    let name = &condition.key;
    let listed = condition.wanted.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let Assumer::Web { issuer, subject, audience, .. } = &wanted.assumer else {
        return (
            format!(
                "a condition on {name} holds for web identity tokens alone, and the principal comes without one"
            ),
            format!("leave the condition on {name} out"),
        );
    };
    let (right, what) = if key.ends_with(":aud") { (audience, "audience") } else { (subject, "subject") };
    let fix = format!(
        r#"{{"Condition": {{"StringEquals": {{"{issuer}:{}": "{right}"}}}}}}"#,
        if key.ends_with(":aud") { "aud" } else { "sub" }
    );
    let cause = match found {
        Some(found) => format!("the trust policy requires the {what} {listed}, and the token has `{found}`"),
        None => {
            format!("the condition key `{name}` is of another issuer: this one's keys begin with `{issuer}:`")
        }
    };
    (cause, fix)
}
