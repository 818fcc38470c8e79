//! The texts of a role that is assumed with an identity token: whose token, from which issuer, for whom.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html>

use super::document::{Node, StatementText, document};
use super::escape_pattern;
use super::setup::{deny_all_trust, print};
use crate::arn::{is_account, is_partition};

/// Who our identity tokens are for: what the customer's identity provider lists as its client id.
pub const WEB_IDENTITY_AUDIENCE: &str = "sts.amazonaws.com";

/// The subject of a connection's identity tokens. An organization's name holds no colon, so that no two pairs
/// read alike.
pub fn web_identity_subject(organization: &str, connection: &str) -> String {
    format!("organization:{organization}:connection:{connection}")
}

/// Stands for the number of the customer's account where nobody knows it yet; each form of a guide puts in its place
/// what finds it.
pub const ACCOUNT_PLACE: &str = "<account>";

/// How AWS calls an issuer: its URL without scheme, and without a slash at the end.
pub fn issuer_name(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, rest)| rest).trim_end_matches('/')
}

/// The ARN of the identity provider that an account makes for an issuer; `None` for what is no account or partition.
pub fn oidc_provider_arn(partition: &str, account: &str, issuer: &str) -> Option<String> {
    let is_known = is_account(account) || account == ACCOUNT_PLACE;
    let fits = is_partition(partition) && is_known && !issuer_name(issuer).is_empty();
    fits.then(|| format!("arn:{partition}:iam::{account}:oidc-provider/{}", issuer_name(issuer)))
}

/// The trust policy of a role that is assumed with tokens of `issuer` for `subject` and nobody else. The provider
/// is the one in the role's own account; what is no account gets a text that trusts nobody.
pub fn web_identity_trust_policy(partition: &str, account: &str, issuer: &str, subject: &str) -> String {
    print(&web_identity_document(partition, account, issuer, subject))
}

pub(super) fn web_identity_document(partition: &str, account: &str, issuer: &str, subject: &str) -> Node {
    let statement = match oidc_provider_arn(partition, account, issuer) {
        None => deny_all_trust(),
        Some(provider) => {
            let name = issuer_name(issuer);
            let claims = vec![
                (format!("{name}:aud"), vec![WEB_IDENTITY_AUDIENCE.to_owned()]),
                (format!("{name}:sub"), vec![escape_pattern(subject)]),
            ];
            StatementText {
                principal: Some(Node::map([("Federated", Node::Text(provider))])),
                actions: vec!["sts:AssumeRoleWithWebIdentity"],
                conditions: vec![("StringEquals", claims)],
                ..StatementText::default()
            }
        }
    };
    document(vec![statement])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Context, NamedPolicy, Policies, PolicyDocument, PolicyKind, Principal, PrincipalKind, Request,
        evaluate,
    };

    const ROLE: &str = "arn:aws:iam::987654321987:role/reader";

    fn may(trust: &str, account: &str, claims: &[(&str, &str)]) -> bool {
        let trust = NamedPolicy {
            name: "trust".to_owned(),
            document: PolicyDocument::parse(trust, PolicyKind::Trust).unwrap(),
        };
        let provider = oidc_provider_arn("aws", account, "https://stage.example.com").unwrap();
        let principal = Principal {
            arn: String::new(),
            account: String::new(),
            role_arn: None,
            unique_ids: Vec::new(),
            kind: PrincipalKind::FederatedWeb { provider },
        };
        let mut context = Context::new();
        for (claim, value) in claims {
            context.set(&format!("stage.example.com:{claim}"), *value);
        }
        let request = Request {
            principal: &principal,
            action: "sts:AssumeRoleWithWebIdentity",
            resource: ROLE,
            resource_account: Some("987654321987"),
            context: &context,
        };
        evaluate(&request, &Policies { resource: Some(&trust), ..Policies::default() }).allowed
    }

    #[test]
    fn the_text() {
        let subject = web_identity_subject("acme", "sales");
        assert_eq!(
            web_identity_trust_policy("aws", "987654321987", "https://stage.example.com/", &subject),
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Federated": "arn:aws:iam::987654321987:oidc-provider/stage.example.com"
      },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "stage.example.com:aud": "sts.amazonaws.com",
          "stage.example.com:sub": "organization:acme:connection:sales"
        }
      }
    }
  ]
}"#
        );
    }

    #[test]
    fn it_trusts_one_connection_of_one_organization() {
        let issuer = "https://stage.example.com";
        let subject = web_identity_subject("acme", "a*${x}");
        let trust = web_identity_trust_policy("aws", "987654321987", issuer, &subject);
        let aud = ("aud", WEB_IDENTITY_AUDIENCE);
        assert!(may(&trust, "987654321987", &[aud, ("sub", &subject)]));
        for claims in [
            vec![aud, ("sub", "organization:acme:connection:a")],
            vec![aud, ("sub", "organization:globex:connection:a*${x}")],
            vec![("aud", "other"), ("sub", subject.as_str())],
            vec![("sub", subject.as_str())],
            vec![aud],
        ] {
            assert!(!may(&trust, "987654321987", &claims), "{claims:?}");
        }
        // a provider of the same issuer in another account
        assert!(!may(&trust, "111122223333", &[aud, ("sub", &subject)]));
    }

    #[test]
    fn what_is_no_account_trusts_nobody() {
        let trust = web_identity_trust_policy("aws", "*", "https://stage.example.com", "s");
        assert!(trust.contains("\"Deny\"") && !trust.contains("Allow"), "{trust}");
    }
}
