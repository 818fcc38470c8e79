//! The session policy that scopes one opening of a stage down to what it is for.

use super::StageScope;
use super::document::{StatementText, document};
use crate::limits::SESSION_POLICY_CHARACTERS_MAX;

/// A session policy that fits AWS's limit on its text. STS has one more limit, on session policies and tags packed
/// together, that only STS can measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Compact, in ASCII, at most [`SESSION_POLICY_CHARACTERS_MAX`] long.
    pub json: String,
    /// Whether the prefix made it too long, so that it speaks of the whole bucket. Warn the user.
    pub widened: bool,
}

/// A document that denies everything: what a session gets when its scope would be empty, since leaving the
/// policy out would mean the whole role.
pub const DENY_EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// The session policy for one opening of a stage. A scope that is not one bucket gets [`DENY_EVERYTHING`].
///
/// Reading needs no more than ListBucket below the prefix and GetObject: an old version of an object is not part of
/// a stage, and the region is found without GetBucketLocation. Writing needs the multipart calls beside PutObject;
/// uploads of others are not to be listed.
pub fn session_policy(scope: &StageScope) -> SessionPolicy {
    if !scope.is_one_bucket() {
        return SessionPolicy { json: DENY_EVERYTHING.to_owned(), widened: false };
    }
    match compact(scope) {
        Some(json) if json.len() <= SESSION_POLICY_CHARACTERS_MAX => SessionPolicy { json, widened: false },
        _ => widen(scope),
    }
}

fn widen(scope: &StageScope) -> SessionPolicy {
    let json = compact(&StageScope { prefix: "", ..*scope });
    SessionPolicy { json: json.unwrap_or_else(|| DENY_EVERYTHING.to_owned()), widened: true }
}

fn compact(scope: &StageScope) -> Option<String> {
    document(scope_statements(scope, [None, None, None])).compact()
}

/// The statements of a scope: on the bucket, on its objects, and on the key they are encrypted with.
pub(super) fn scope_statements(
    scope: &StageScope,
    sids: [Option<&'static str>; 3],
) -> Vec<StatementText<'static>> {
    let [list_sid, object_sid, key_sid] = sids;
    let is_bucket = scope.prefix.is_empty();
    let list = StatementText {
        sid: list_sid,
        actions: vec!["s3:ListBucket"],
        resources: vec![scope.bucket_arn()],
        conditions: if is_bucket {
            Vec::new()
        } else {
            vec![("StringLike", vec![("s3:prefix".to_owned(), vec![scope.keys()])])]
        },
        ..StatementText::default()
    };
    let objects = StatementText {
        sid: object_sid,
        actions: scope.access.object_actions().to_vec(),
        resources: vec![scope.objects_arn()],
        ..StatementText::default()
    };
    let mut statements = vec![list, objects];
    statements.extend(scope.kms_key.map(|kms_key| StatementText {
        sid: key_sid,
        actions: scope.access.key_actions().to_vec(),
        resources: vec![kms_key.to_owned()],
        ..StatementText::default()
    }));
    statements
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use crate::{Context, NamedPolicy, Policies, PolicyDocument, PolicyKind, Principal, Request, evaluate};

    fn scope<'a>(bucket: &'a str, prefix: &'a str, access: Access) -> StageScope<'a> {
        StageScope { partition: "aws", bucket, prefix, access, kms_key: None }
    }

    /// What a session under this policy may do, when its role may do everything.
    fn may(json: &str, action: &str, resource: &str, listed_prefix: Option<&str>) -> bool {
        let named = |text: &str, kind| NamedPolicy {
            name: "test".to_owned(),
            document: PolicyDocument::parse(text, kind).unwrap(),
        };
        let everything =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let mut context = Context::new();
        if let Some(prefix) = listed_prefix {
            context.set("s3:prefix", prefix);
        }
        let principal = Principal {
            arn: "arn:aws:sts::123456789012:assumed-role/r/s".to_owned(),
            account: "123456789012".to_owned(),
            role_arn: Some("arn:aws:iam::123456789012:role/r".to_owned()),
            unique_ids: Vec::new(),
            kind: crate::PrincipalKind::AssumedRole,
        };
        let request = Request {
            principal: &principal,
            action,
            resource,
            resource_account: Some("123456789012"),
            context: &context,
        };
        let policies = Policies {
            identity: &[named(everything, PolicyKind::Identity)],
            session: &[named(json, PolicyKind::Session)],
            has_session: true,
            ..Policies::default()
        };
        evaluate(&request, &policies).allowed
    }

    #[test]
    fn the_text() {
        assert_eq!(
            session_policy(&scope("b", "a/", Access::Read)).json,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"StringLike":{"s3:prefix":"a/*"}}},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/a/*"}]}"#
        );
        assert_eq!(
            session_policy(&StageScope { partition: "aws-cn", ..scope("b", "", Access::Write) }).json,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws-cn:s3:::b"},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject","s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],"Resource":"arn:aws-cn:s3:::b/*"}]}"#
        );
    }

    #[test]
    fn reading_below_the_prefix_and_nothing_else() {
        let read = session_policy(&scope("b", "a/", Access::Read)).json;
        assert!(may(&read, "s3:GetObject", "arn:aws:s3:::b/a/k", None));
        assert!(may(&read, "s3:ListBucket", "arn:aws:s3:::b", Some("a/")));
        assert!(may(&read, "s3:ListBucket", "arn:aws:s3:::b", Some("a/b/")));
        for (action, resource, prefix) in [
            ("s3:GetObject", "arn:aws:s3:::b/k", None),
            ("s3:GetObject", "arn:aws:s3:::c/a/k", None),
            ("s3:GetObjectVersion", "arn:aws:s3:::b/a/k", None),
            ("s3:PutObject", "arn:aws:s3:::b/a/k", None),
            ("s3:DeleteObject", "arn:aws:s3:::b/a/k", None),
            ("s3:ListBucket", "arn:aws:s3:::b", None),
            ("s3:ListBucket", "arn:aws:s3:::b", Some("")),
            ("s3:ListBucket", "arn:aws:s3:::b", Some("a")),
            ("s3:ListBucket", "arn:aws:s3:::c", Some("a/")),
            ("s3:ListBucketMultipartUploads", "arn:aws:s3:::b", None),
            ("s3:ListAllMyBuckets", "*", None),
        ] {
            assert!(!may(&read, action, resource, prefix), "{action} on {resource} with {prefix:?}");
        }
        let write = session_policy(&scope("b", "a/", Access::Write)).json;
        for action in ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"] {
            assert!(may(&write, &format!("s3:{action}"), "arn:aws:s3:::b/a/k", None), "{action}");
        }
        assert!(!may(&write, "s3:PutObject", "arn:aws:s3:::b/k", None));
        assert!(!may(&write, "s3:PutObjectAcl", "arn:aws:s3:::b/a/k", None));
    }

    #[test]
    fn a_prefix_is_literal_whatever_it_holds() {
        for prefix in ["*/", "?/", "${aws:username}/", "$/", "\"},{/", "a\\b/", "é日本\u{1f980}/", "\u{7f}/"]
        {
            let policy = session_policy(&scope("b", prefix, Access::Read));
            assert!(!policy.widened && policy.json.is_ascii(), "{prefix}");
            assert!(
                may(&policy.json, "s3:GetObject", &format!("arn:aws:s3:::b/{prefix}k"), None),
                "{prefix}"
            );
            assert!(may(&policy.json, "s3:ListBucket", "arn:aws:s3:::b", Some(prefix)), "{prefix}");
            for key in ["x/k", "xx/k", "k"] {
                assert!(
                    !may(&policy.json, "s3:GetObject", &format!("arn:aws:s3:::b/{key}"), None),
                    "{prefix}"
                );
            }
            assert!(!may(&policy.json, "s3:ListBucket", "arn:aws:s3:::b", Some("x/")), "{prefix}");
        }
    }

    #[test]
    fn a_prefix_too_long_widens_to_the_bucket_and_says_so() {
        let fitting = "p".repeat(880);
        let policy = session_policy(&scope("b", &fitting, Access::Read));
        assert!(!policy.widened && policy.json.len() <= SESSION_POLICY_CHARACTERS_MAX);
        for prefix in ["p".repeat(1_024), "é".repeat(300)] {
            let policy = session_policy(&scope("b", &prefix, Access::Read));
            assert!(policy.widened && policy.json.len() <= SESSION_POLICY_CHARACTERS_MAX);
            assert_eq!(policy.json, session_policy(&scope("b", "", Access::Read)).json);
            assert!(!may(&policy.json, "s3:GetObject", "arn:aws:s3:::c/k", None));
        }
        let longest = session_policy(&scope(&"b".repeat(255), &"p".repeat(1_024), Access::Write));
        assert!(longest.widened && longest.json.len() <= SESSION_POLICY_CHARACTERS_MAX);
    }

    #[test]
    fn an_empty_scope_denies_everything() {
        for bucket in ["", "*", "a/b", "a:b", "a b", "${x}", "b?"] {
            assert_eq!(session_policy(&scope(bucket, "", Access::Read)).json, DENY_EVERYTHING, "{bucket}");
        }
        let nowhere = StageScope { partition: "*", ..scope("b", "", Access::Read) };
        assert_eq!(session_policy(&nowhere).json, DENY_EVERYTHING);
        assert!(!may(DENY_EVERYTHING, "s3:GetObject", "arn:aws:s3:::b/k", None));
    }
}
