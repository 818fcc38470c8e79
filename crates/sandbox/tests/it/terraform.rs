//! The calls that Terraform's provider makes for a role, a policy and a bucket.

use crate::support::{CUSTOMER, World, allow_all, code, trust_account};

#[tokio::test]
async fn a_bucket_is_read_with_all_its_settings() {
    let world = World::start().await;
    world.bucket("data").await;
    for (query, expected) in [
        ("location", "ok"),
        ("policy", "NoSuchBucketPolicy"),
        ("acl", "ok"),
        ("cors", "NoSuchCORSConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"),
        ("versioning", "ok"),
        ("accelerate", "ok"),
        ("requestPayment", "ok"),
        ("logging", "ok"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("object-lock", "ObjectLockConfigurationNotFoundError"),
        ("tagging", "NoSuchTagSet"),
        ("notification", "ok"),
        ("ownershipControls", "ok"),
        ("publicAccessBlock", "ok"),
    ] {
        assert_eq!(code(world.customer.s3("GET", "data", "", query, &[], "").await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_role_and_a_policy_are_made_read_and_deleted() {
    let world = World::start().await;
    let trust = trust_account(CUSTOMER);
    let policy = allow_all("\"s3:GetObject\"");
    let arn = format!("arn:aws:iam::{CUSTOMER}:policy/p");
    let calls: &[(&str, &[(&str, &str)])] = &[
        (
            "CreateRole",
            &[
                ("RoleName", "r"),
                ("AssumeRolePolicyDocument", &trust),
                ("MaxSessionDuration", "3600"),
                ("Tags.member.1.Key", "a"),
                ("Tags.member.1.Value", "1"),
            ],
        ),
        ("GetRole", &[("RoleName", "r")]),
        ("ListRolePolicies", &[("RoleName", "r")]),
        ("ListAttachedRolePolicies", &[("RoleName", "r")]),
        ("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &policy)]),
        ("GetPolicy", &[("PolicyArn", &arn)]),
        ("GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")]),
        ("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &arn)]),
        ("ListPolicyVersions", &[("PolicyArn", &arn)]),
        ("ListEntitiesForPolicy", &[("PolicyArn", &arn)]),
        ("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &trust)]),
        ("UpdateRole", &[("RoleName", "r"), ("MaxSessionDuration", "7200")]),
        ("TagRole", &[("RoleName", "r"), ("Tags.member.1.Key", "b"), ("Tags.member.1.Value", "2")]),
        ("ListRoleTags", &[("RoleName", "r")]),
        ("UntagRole", &[("RoleName", "r"), ("TagKeys.member.1", "a")]),
        ("DetachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &arn)]),
        ("ListInstanceProfilesForRole", &[("RoleName", "r")]),
        ("DeleteRole", &[("RoleName", "r")]),
        ("DeletePolicy", &[("PolicyArn", &arn)]),
    ];
    for (action, params) in calls {
        assert_eq!(code(world.customer.iam(action, params).await), "ok", "{action}");
    }
}
