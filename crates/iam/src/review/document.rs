//! Part `document`: whether the text is a policy at all, and of the right kind.

use super::{Finding, ReviewStep};
use crate::document::Json;
use crate::{PolicyDocument, PolicyError, PolicyKind};

pub(super) const PART: &str = "document";

/// The document out of what people paste: the document alone, or the answer of `aws iam get-role`,
/// `get-role-policy` or `get-policy-version` around it, or either in its URL-encoded form.
pub(super) fn unwrap(text: &str) -> String {
    let text = text.trim().trim_start_matches('\u{feff}');
    let decoded =
        if text.starts_with("%7B") || text.starts_with("%7b") { percent_decode(text) } else { None };
    let text = decoded.as_deref().unwrap_or(text);
    let Ok(json) = serde_json::from_str::<Json>(text) else { return text.to_owned() };
    find_document(&json).map_or_else(|| text.to_owned(), Json::to_string)
}

/// The member that holds a document, some levels down.
fn find_document(json: &Json) -> Option<&Json> {
    let Json::Object(members) = json else { return None };
    if members.iter().any(|(name, _)| name == "Statement") {
        return None;
    }
    for (name, value) in members {
        match name.as_str() {
            "AssumeRolePolicyDocument" | "PolicyDocument" | "Document" => return Some(value),
            "Role" | "PolicyVersion" => return find_document(value),
            _ => {}
        }
    }
    None
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Reads a document; the error is the row that says what is wrong.
pub(super) fn read(text: &str, kind: PolicyKind, right: &str) -> Result<PolicyDocument, ReviewStep> {
    PolicyDocument::parse(text, kind).map_err(|error| {
        let mut cause = format!("AWS takes this for malformed: {error}");
        if let Some(more) = more(&error, kind) {
            cause.push_str(&format!("; {more}"));
        }
        let fix = element_fix(&error).unwrap_or_else(|| right.to_owned());
        ReviewStep::failed(PART, place(&error, text), Finding::new(cause, fix))
    })
}

/// What the parser's words do not say.
fn more(error: &PolicyError, kind: PolicyKind) -> Option<String> {
    match error {
        PolicyError::ForbiddenElement { element: "Principal" | "NotPrincipal", .. }
            if kind == PolicyKind::Identity =>
        {
            Some(
                "this looks like the role's trust policy: VALIDATE TRUST POLICY is for that, and the permissions are \
                 another document"
                    .to_owned(),
            )
        }
        PolicyError::ForbiddenElement { element: "Resource" | "NotResource", .. }
            if kind == PolicyKind::Trust =>
        {
            Some("a trust policy speaks of the role it is attached to; the permissions are another document".to_owned())
        }
        PolicyError::MissingElement { element: "Principal", .. } if kind == PolicyKind::Trust => {
            Some("if these are the role's permissions, VALIDATE ROLE POLICY is for them".to_owned())
        }
        PolicyError::BadEffect { effect, .. } => {
            let right = if effect.eq_ignore_ascii_case("deny") { "Deny" } else { "Allow" };
            Some(format!("write `{right}`, with these capitals"))
        }
        PolicyError::UnknownElement { element, .. } => {
            let known = [
                "Version", "Statement", "Id", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
                "Resource", "NotResource", "Condition",
            ];
            super::slips::nearest(element, &known).map(|near| format!("`{near}` is meant"))
        }
        PolicyError::BadOperator { operator, .. } => {
            let known = [
                "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "Bool",
                "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "DateLessThan", "DateGreaterThan", "Null",
                "NumericEquals",
            ];
            super::slips::nearest(operator, &known).map(|near| format!("`{near}` is meant"))
        }
        PolicyError::BadConditionKey { key, .. } => {
            let known = ["ExternalId", "RoleSessionName", "SourceIdentity", "prefix", "PrincipalArn"];
            super::slips::nearest(key, &known).map(|near| match near {
                "prefix" => "`s3:prefix` is meant".to_owned(),
                "PrincipalArn" => "`aws:PrincipalArn` is meant".to_owned(),
                near => format!("`sts:{near}` is meant"),
            })
        }
        PolicyError::NotATrustAction { .. } => Some("`sts:AssumeRole` is meant".to_owned()),
        _ => None,
    }
}

fn element_fix(error: &PolicyError) -> Option<String> {
    match error {
        PolicyError::BadVersion { .. } => Some(r#""Version": "2012-10-17""#.to_owned()),
        PolicyError::NotATrustAction { .. } => Some(r#""Action": "sts:AssumeRole""#.to_owned()),
        PolicyError::BadEffect { effect, .. } if effect.eq_ignore_ascii_case("allow") => {
            Some(r#""Effect": "Allow""#.to_owned())
        }
        _ => None,
    }
}

/// The text where the JSON breaks.
fn place(error: &PolicyError, text: &str) -> String {
    let PolicyError::NotJson { detail } = error else { return String::new() };
    let Some((_, at)) = detail.rsplit_once(" at line ") else { return String::new() };
    let line: usize = at.split(' ').next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
    let shown: String = shown.chars().take(120).collect();
    if shown.is_empty() { String::new() } else { format!("line {line}: {shown}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste() {
        let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
        for text in [
            document.to_owned(),
            format!("\n  {document} "),
            format!(r#"{{"Role":{{"RoleName":"r","AssumeRolePolicyDocument":{document}}}}}"#),
            format!(r#"{{"RoleName":"r","PolicyName":"p","PolicyDocument":{document}}}"#),
            format!(r#"{{"PolicyVersion":{{"Document":{document},"VersionId":"v1"}}}}"#),
            "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D".to_owned(),
        ] {
            assert_eq!(unwrap(&text), document, "{text}");
        }
        assert_eq!(unwrap("no json"), "no json");
    }
}
