//! The texts a customer pastes: what the role may do, and who may assume it.

use super::document::{
    ConditionText, DocumentText, EffectText, ExternalIdText, OneOrMany, PrincipalText, StatementText,
};
use super::session::scope_statements;
use super::{DENY_EVERYTHING, StageScope, escape_pattern};

/// The permissions a customer gives the role: least privilege for the scope, laid out for reading. A scope that is
/// not one bucket gets a text that denies everything.
pub fn role_policy(scope: &StageScope) -> String {
    if !scope.is_one_bucket() {
        return DENY_EVERYTHING.to_owned();
    }
    let object_sid = match scope.access {
        super::Access::Read => "ReadStage",
        super::Access::Write => "ReadAndWriteStage",
    };
    print(scope_statements(scope, [Some("ListStage"), Some(object_sid)]))
}

/// The trust policy of the customer's role: who may assume it, and with which external id. Without principals
/// nobody may.
pub fn trust_policy(principals: &[&str], external_id: Option<&str>) -> String {
    let statement = if principals.is_empty() {
        StatementText {
            effect: EffectText::Deny,
            principal: Some(PrincipalText::Aws(OneOrMany::new(["*"]))),
            action: OneOrMany::new(["sts:AssumeRole"]),
            ..StatementText::default()
        }
    } else {
        StatementText {
            principal: Some(PrincipalText::Aws(OneOrMany::new(principals.iter().copied()))),
            action: OneOrMany::new(["sts:AssumeRole"]),
            condition: external_id.map(|external_id| {
                ConditionText::StringEquals(ExternalIdText { external_id: escape_pattern(external_id) })
            }),
            ..StatementText::default()
        }
    };
    print(vec![statement])
}

/// The permissions of the organization's own principal: to assume these roles. Without roles, nothing.
pub fn principal_policy(role_arns: &[&str]) -> String {
    if role_arns.is_empty() {
        return DENY_EVERYTHING.to_owned();
    }
    print(vec![StatementText {
        sid: Some("AssumeCustomerRoles"),
        action: OneOrMany::new(["sts:AssumeRole"]),
        resource: Some(OneOrMany::new(role_arns.iter().copied())),
        ..StatementText::default()
    }])
}

fn print(statements: Vec<StatementText>) -> String {
    DocumentText::new(statements).pretty().unwrap_or_else(|| DENY_EVERYTHING.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use crate::{PolicyDocument, PolicyKind};

    const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3/stagedoor-tn3";

    #[test]
    fn role_policy_text() {
        let scope = StageScope { partition: "aws", bucket: "b", prefix: "in/", access: Access::Read };
        let text = role_policy(&scope);
        assert_eq!(
            text,
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListStage",
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::b",
      "Condition": {
        "StringLike": {
          "s3:prefix": "in/*"
        }
      }
    },
    {
      "Sid": "ReadStage",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::b/in/*"
    }
  ]
}"#
        );
        assert!(PolicyDocument::parse(&text, PolicyKind::Identity).is_ok());
        assert_eq!(role_policy(&StageScope { bucket: "a/b", ..scope }), DENY_EVERYTHING);
    }

    #[test]
    fn trust_policy_text() {
        let text = trust_policy(&[PRINCIPAL], Some("sd-acme-7f3k"));
        assert_eq!(
            text,
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::123456789012:role/stagedoor/tn3/stagedoor-tn3"
      },
      "Action": "sts:AssumeRole",
      "Condition": {
        "StringEquals": {
          "sts:ExternalId": "sd-acme-7f3k"
        }
      }
    }
  ]
}"#
        );
        let two = trust_policy(&[PRINCIPAL, "arn:aws:iam::123456789012:role/next"], None);
        let document = PolicyDocument::parse(&two, PolicyKind::Trust).unwrap();
        assert_eq!(document.aws_principals(), [PRINCIPAL, "arn:aws:iam::123456789012:role/next"]);
        assert!(!two.contains("Condition"));
        let nobody = trust_policy(&[], Some("x"));
        assert!(nobody.contains("Deny") && PolicyDocument::parse(&nobody, PolicyKind::Trust).is_ok());
    }

    #[test]
    fn principal_policy_text() {
        let text = principal_policy(&["arn:aws:iam::210987654321:role/x"]);
        assert!(PolicyDocument::parse(&text, PolicyKind::Identity).is_ok());
        assert!(text.contains(r#""Resource": "arn:aws:iam::210987654321:role/x""#));
        assert_eq!(principal_policy(&[]), DENY_EVERYTHING);
    }
}
