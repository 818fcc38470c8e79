//! The texts a customer pastes: what the role may do, and who may assume it.

use super::document::{Node, StatementText, document};
use super::session::scope_statements;
use super::web_identity::web_identity_document;
use super::{Access, DENY_EVERYTHING, StageScope, escape_pattern};

/// Who may assume a role, and on what condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust<'a> {
    /// IAM principals of ours.
    Principals {
        /// ARNs of those that assume it: the present one, and the one after the next rotation.
        arns: &'a [&'a str],
        external_id: Option<&'a str>,
        /// Whether sessions are tagged, for which AWS wants an action of its own.
        session_tags: bool,
    },
    /// Whoever shows an identity token of our issuer.
    WebIdentity {
        partition: &'a str,
        /// The account of the role, which has a provider for the issuer.
        account: &'a str,
        issuer: &'a str,
        /// Of the connection's tokens.
        subject: &'a str,
    },
}

/// The permissions a customer gives the role: least privilege for the scope, laid out for reading. A scope that is
/// not one bucket gets a text that denies everything.
pub fn role_policy(scope: &StageScope) -> String {
    print(&role_document(scope))
}

/// The trust policy of the customer's role: who may assume it, and with which external id. Without principals
/// nobody may.
pub fn trust_policy(principals: &[&str], external_id: Option<&str>) -> String {
    print(&trust_document(&Trust::Principals { arns: principals, external_id, session_tags: false }))
}

/// The permissions of the organization's own principal: to assume these roles. Without roles, nothing.
pub fn principal_policy(role_arns: &[&str]) -> String {
    if role_arns.is_empty() {
        return DENY_EVERYTHING.to_owned();
    }
    print(&document(vec![StatementText {
        sid: Some("AssumeCustomerRoles"),
        actions: vec!["sts:AssumeRole"],
        resources: role_arns.iter().map(|&arn| arn.to_owned()).collect(),
        ..StatementText::default()
    }]))
}

pub(super) fn role_document(scope: &StageScope) -> Node {
    if !scope.is_one_bucket() {
        return document(vec![StatementText {
            effect: "Deny",
            actions: vec!["*"],
            resources: vec!["*".to_owned()],
            ..StatementText::default()
        }]);
    }
    let object_sid = match scope.access {
        Access::Read => "ReadStage",
        Access::Write => "ReadAndWriteStage",
    };
    document(scope_statements(scope, [Some("ListStage"), Some(object_sid), Some("UseKey")]))
}

pub(super) fn trust_document(trust: &Trust) -> Node {
    let (arns, external_id, session_tags) = match *trust {
        Trust::Principals { arns, external_id, session_tags } => (arns, external_id, session_tags),
        Trust::WebIdentity { partition, account, issuer, subject } => {
            return web_identity_document(partition, account, issuer, subject);
        }
    };
    if arns.is_empty() {
        return document(vec![deny_all_trust()]);
    }
    let mut actions = vec!["sts:AssumeRole"];
    if session_tags {
        actions.push("sts:TagSession");
    }
    let external_id = external_id.map(|external_id| {
        ("StringEquals", vec![("sts:ExternalId".to_owned(), vec![escape_pattern(external_id)])])
    });
    document(vec![StatementText {
        principal: Some(Node::map([("AWS", Node::one_or_many(arns.iter().copied()))])),
        actions,
        conditions: external_id.into_iter().collect(),
        ..StatementText::default()
    }])
}

/// The one statement of a trust policy that trusts nobody.
pub(super) fn deny_all_trust() -> StatementText<'static> {
    StatementText {
        effect: "Deny",
        principal: Some(Node::map([("AWS", Node::text("*"))])),
        actions: vec!["sts:AssumeRole"],
        ..StatementText::default()
    }
}

pub(super) fn print(document: &Node) -> String {
    document.pretty().unwrap_or_else(|| DENY_EVERYTHING.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PolicyDocument, PolicyKind};

    const PRINCIPAL: &str = "arn:aws:iam::123456789012:role/stagedoor/tn3/stagedoor-tn3";

    #[test]
    fn role_policy_text() {
        let scope =
            StageScope { partition: "aws", bucket: "b", prefix: "in/", access: Access::Read, kms_key: None };
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
        let refused = role_policy(&StageScope { bucket: "a/b", ..scope });
        assert!(refused.contains(r#""Effect": "Deny""#) && !refused.contains("Allow"), "{refused}");
        let key = "arn:aws:kms:eu-west-1:987654321987:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let with_key = role_policy(&StageScope { kms_key: Some(key), access: Access::Write, ..scope });
        assert!(with_key.contains("kms:GenerateDataKey") && with_key.contains(key), "{with_key}");
    }

    #[test]
    fn trust_policy_text() {
        let trust =
            Trust::Principals { arns: &[PRINCIPAL], external_id: Some("sd-acme-7f3k"), session_tags: false };
        let text = print(&trust_document(&trust));
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
        let next = "arn:aws:iam::123456789012:role/next";
        let two = print(&trust_document(&Trust::Principals {
            arns: &[PRINCIPAL, next],
            external_id: None,
            session_tags: true,
        }));
        let document = PolicyDocument::parse(&two, PolicyKind::Trust).unwrap();
        assert_eq!(document.aws_principals(), [PRINCIPAL, next]);
        assert!(!two.contains("Condition") && two.contains("sts:TagSession"));
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
