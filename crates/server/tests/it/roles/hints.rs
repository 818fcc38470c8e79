//! Errors of ordinary queries: the short form of what is wrong, and the statement that says more.

use sqllogictest::AsyncDB;

use super::scene::Scene;

/// A case, a query that fails in it, what the error says, and the rung that the statement of the hint names.
const QUERIES: &[(&str, &str, &str, &str)] = &[
    (
        "trust_external_id_differs",
        "SELECT count(*) FROM @raw/",
        "cannot assume role `arn:aws:iam::987654321987:role/warehouse` for connection `sales`: AWS refused sts:AssumeRole",
        "assume role failed",
    ),
    (
        "role_missing",
        "LIST @raw",
        "cannot assume role `arn:aws:iam::987654321987:role/warehouse` for connection `sales`: AWS refused sts:AssumeRole",
        "assume role failed",
    ),
    (
        "list_missing",
        "SELECT count(*) FROM @raw/",
        "S3 refused s3:ListBucket because no identity-based policy allows the s3:ListBucket action",
        "list failed",
    ),
    (
        "get_missing",
        "SELECT * FROM @raw/2024/a.parquet",
        "S3 refused s3:GetObject because no identity-based policy allows the s3:GetObject action",
        "read failed",
    ),
    (
        "bucket_policy_denies_reading",
        "SELECT * FROM 's3://acme-lake/raw/2024/a.parquet' (CONNECTION => (CONNECTION_NAME = 'sales'))",
        "S3 refused s3:GetObject with an explicit deny in a resource-based policy",
        "read failed",
    ),
    (
        "scp_denies_reading",
        "SELECT * FROM @raw/2024/a.parquet",
        "S3 refused s3:GetObject with an explicit deny in a service control policy",
        "read failed",
    ),
    (
        "kms_decrypt_missing",
        "SELECT * FROM @raw/2024/a.parquet",
        "S3 refused kms:Decrypt because no identity-based policy allows the kms:Decrypt action",
        "read failed",
    ),
    (
        "tags_not_allowed_by_the_trust_policy",
        "SELECT count(*) FROM @raw/",
        "AWS refused sts:TagSession",
        "assume role failed",
    ),
];

#[tokio::test]
async fn a_refused_query_names_the_statement_that_says_why() {
    for (case, query, said, rung) in QUERIES {
        let scene = Scene::set(&super::folder().join(case), "world.toml").await;
        let mut steps = scene.steps();
        let Err(refused) = steps.run(query).await else { panic!("{case}: `{query}` works") };
        assert_eq!(refused.code, 3002, "{case}: {}", refused.message);
        assert!(refused.message.contains(said), "{case}: {}", refused.message);
        // What the hint says is run as it stands.
        let (_, hint) = refused.detail.split_once("hint: ").unwrap_or_else(|| panic!("{case}: no hint"));
        let statement = hint
            .split('`')
            .find(|part| part.starts_with("VALIDATE "))
            .unwrap_or_else(|| panic!("{case}: {hint}"));
        assert!(hint.contains(&format!("`{statement}` tries each step")), "{case}: {hint}");
        let found: Vec<String> = steps.findings(statement).await.unwrap().concat();
        assert!(found[0].starts_with(rung), "{case}: {found:?}");
    }
}
