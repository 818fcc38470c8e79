//! The policies AWS itself offers, as far as the sandbox knows them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use time::OffsetDateTime;

use super::document::{Document, DocumentKind};
use super::state::{ManagedPolicy, PolicyVersion};

const POLICIES: [(&str, &str, &str); 6] = [
    (
        "AdministratorAccess",
        "Provides full access to AWS services and resources.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "AmazonS3FullAccess",
        "Provides full access to all buckets.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}"#,
    ),
    (
        "AmazonS3ReadOnlyAccess",
        "Provides read only access to all buckets.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#,
    ),
    (
        "IAMFullAccess",
        "Provides full access to IAM.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:ListPolicies"],"Resource":"*"}]}"#,
    ),
    (
        "IAMReadOnlyAccess",
        "Provides read only access to IAM.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#,
    ),
    (
        "ReadOnlyAccess",
        "Provides read-only access to AWS services and resources.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","iam:Get*","iam:List*","sts:GetCallerIdentity"],"Resource":"*"}]}"#,
    ),
];

static BY_ARN: LazyLock<BTreeMap<String, ManagedPolicy>> = LazyLock::new(|| {
    POLICIES
        .iter()
        .filter_map(|(name, description, text)| {
            let document = Document::parse(DocumentKind::Identity, text).ok()?;
            let arn = format!("arn:aws:iam::aws:policy/{name}");
            let policy = ManagedPolicy {
                name: (*name).to_owned(),
                path: "/".to_owned(),
                id: format!("ANPA{:A<17}", name.to_ascii_uppercase().chars().take(17).collect::<String>()),
                arn: arn.clone(),
                description: Some((*description).to_owned()),
                tags: BTreeMap::new(),
                created: OffsetDateTime::UNIX_EPOCH + time::Duration::days(16_472),
                updated: OffsetDateTime::UNIX_EPOCH + time::Duration::days(16_472),
                versions: vec![PolicyVersion {
                    number: 1,
                    document,
                    created: OffsetDateTime::UNIX_EPOCH + time::Duration::days(16_472),
                }],
                default_version: 1,
                next_version: 2,
            };
            Some((arn, policy))
        })
        .collect()
});

/// The AWS policy with this ARN.
pub(crate) fn policy(arn: &str) -> Option<&'static ManagedPolicy> {
    BY_ARN.get(arn)
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static ManagedPolicy> {
    BY_ARN.values()
}
