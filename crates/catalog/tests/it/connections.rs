use catalog::{CatalogError, CreateMode, Created, StageAccess};

use crate::{connection, connection_with_id, stage, two_organizations};

#[tokio::test]
async fn create_has_three_modes() {
    let catalog = two_organizations().await;
    let create = |mode| {
        let catalog = catalog.clone();
        async move { catalog.create_connection("acme", &connection("sales"), mode).await }
    };
    assert_eq!(create(CreateMode::IfNotExists).await, Ok(Created::Created));
    let error = create(CreateMode::Create).await.unwrap_err();
    assert_eq!(error.to_string(), "connection `sales` already exists");
    assert_eq!(create(CreateMode::IfNotExists).await, Ok(Created::Existed));
    assert_eq!(create(CreateMode::OrReplace).await, Ok(Created::Replaced));
    let unknown = catalog.create_connection("nobody", &connection("sales"), CreateMode::Create).await;
    assert_eq!(unknown.unwrap_err(), CatalogError::UnknownOrganization { organization: "nobody".into() });
}

#[tokio::test]
async fn what_can_be_checked_on_paper_fails_at_once() {
    let catalog = two_organizations().await;
    let mut wrong_role = connection("sales");
    wrong_role.parameters.role_arn = Some("arn:aws:iam::98765432198:role/databend-test".into());
    let error = catalog.create_connection("acme", &wrong_role, CreateMode::Create).await.unwrap_err();
    assert!(matches!(error, CatalogError::InvalidRoleArn { .. }), "{error}");
    for id in ["x", "has space", "quote'", &"x".repeat(1225)] {
        let wrong = connection_with_id("sales", id);
        let error = catalog.create_connection("acme", &wrong, CreateMode::Create).await.unwrap_err();
        assert!(matches!(error, CatalogError::InvalidExternalId { .. }), "{id}: {error}");
    }
    assert!(catalog.connections("acme").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_organization_sees_its_own_alone() {
    let catalog = two_organizations().await;
    for name in ["b", "a"] {
        catalog.create_connection("acme", &connection(name), CreateMode::Create).await.unwrap();
    }
    catalog.create_connection("globex", &connection("a"), CreateMode::Create).await.unwrap();
    let names: Vec<String> = catalog.connections("acme").await.unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(catalog.connection("globex", "b").await.unwrap(), None);
    let ours = catalog.connection("acme", "a").await.unwrap().unwrap();
    let theirs = catalog.connection("globex", "a").await.unwrap().unwrap();
    assert_ne!(ours.external_id, theirs.external_id);
    let error = catalog.drop_connection("globex", "b", false).await.unwrap_err();
    assert_eq!(error.to_string(), "connection `b` does not exist");
    let altered = catalog.alter_connection("globex", "b", ours.version, &ours.parameters).await;
    assert_eq!(altered.unwrap_err(), CatalogError::UnknownConnection { name: "b".into() });
}

#[tokio::test]
async fn a_stage_follows_its_connection() {
    let catalog = two_organizations().await;
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let uses_it = stage("lake", StageAccess::Connection("sales".into()));
    catalog.create_stage("acme", &uses_it, CreateMode::Create).await.unwrap();
    let before = catalog.connection("acme", "sales").await.unwrap().unwrap();

    let mut replacement = connection("sales");
    replacement.parameters.region = Some("eu-west-1".into());
    catalog.create_connection("acme", &replacement, CreateMode::OrReplace).await.unwrap();

    let stage = catalog.stage("acme", "lake").await.unwrap().unwrap();
    assert_eq!(stage.access, StageAccess::Connection("sales".into()));
    let after = catalog.connection("acme", "sales").await.unwrap().unwrap();
    assert_eq!(after.parameters.region.as_deref(), Some("eu-west-1"));
    assert_eq!(after.external_id, before.external_id);
    assert!(after.version > before.version);
    assert_eq!(after.created_on, before.created_on);
}

#[tokio::test]
async fn a_connection_in_use_is_not_dropped() {
    let catalog = two_organizations().await;
    for organization in ["acme", "globex"] {
        catalog.create_connection(organization, &connection("sales"), CreateMode::Create).await.unwrap();
    }
    for name in ["lake", "archive"] {
        let stage = stage(name, StageAccess::Connection("sales".into()));
        catalog.create_stage("acme", &stage, CreateMode::Create).await.unwrap();
    }
    let error = catalog.drop_connection("acme", "sales", true).await.unwrap_err();
    assert_eq!(error.to_string(), "connection `sales` is used by stages `archive`, `lake`: drop them first");
    assert_eq!(catalog.drop_connection("globex", "sales", false).await, Ok(true));
    assert_eq!(catalog.drop_connection("globex", "sales", true).await, Ok(false));
    for name in ["lake", "archive"] {
        assert_eq!(catalog.drop_stage("acme", name, false).await, Ok(true));
    }
    assert_eq!(catalog.drop_connection("acme", "sales", false).await, Ok(true));
}

#[tokio::test]
async fn alter_refuses_to_overwrite_a_change_it_has_not_seen() {
    let catalog = two_organizations().await;
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let seen = catalog.connection("acme", "sales").await.unwrap().unwrap();
    let mut parameters = seen.parameters.clone();
    parameters.region = Some("eu-west-1".into());
    let altered = catalog.alter_connection("acme", "sales", seen.version, &parameters).await.unwrap();
    assert_eq!(altered.parameters, parameters);
    let late = catalog.alter_connection("acme", "sales", seen.version, &seen.parameters).await;
    assert_eq!(late.unwrap_err(), CatalogError::ConnectionChanged { name: "sales".into() });
}

#[tokio::test]
async fn a_version_never_comes_again() {
    let catalog = two_organizations().await;
    let mut versions = Vec::new();
    for _ in 0..3 {
        catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
        versions.push(catalog.connection("acme", "sales").await.unwrap().unwrap().version);
        catalog.drop_connection("acme", "sales", false).await.unwrap();
    }
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

#[tokio::test]
async fn of_two_racing_creates_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog::Catalog::open(Some(&folder.path().join("catalog.db"))).await.unwrap();
    crate::ensure(&catalog, "acme").await;
    let creates = (0..16).map(|_| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await
        })
    });
    let outcomes = futures::future::join_all(creates).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = CatalogError::ConnectionExists { name: "sales".into() };
    assert_eq!(outcomes.iter().filter(|outcome| outcome.as_ref() == Err(&refused)).count(), 15);
}

#[tokio::test]
async fn a_connection_and_a_stage_that_needs_it_cannot_miss_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog::Catalog::open(Some(&folder.path().join("catalog.db"))).await.unwrap();
    crate::ensure(&catalog, "acme").await;
    for _ in 0..8 {
        catalog.create_connection("acme", &connection("sales"), CreateMode::OrReplace).await.unwrap();
        let stage = stage("lake", StageAccess::Connection("sales".into()));
        let (created, dropped) = tokio::join!(
            catalog.create_stage("acme", &stage, CreateMode::Create),
            catalog.drop_connection("acme", "sales", false),
        );
        assert_ne!(created.is_ok(), dropped.is_ok(), "{created:?} {dropped:?}");
        catalog.drop_stage("acme", "lake", true).await.unwrap();
    }
}

#[tokio::test]
async fn sealed_keys_are_not_in_debug_output() {
    let mut with_keys = connection("sales");
    with_keys.parameters.sealed_keys = Some("v1.ciphertext".into());
    assert!(!format!("{with_keys:?}").contains("ciphertext"));
}

#[tokio::test]
async fn the_last_validation_is_kept_with_its_connection() {
    let catalog = two_organizations().await;
    for organization in ["acme", "globex"] {
        catalog.create_connection(organization, &connection("sales"), CreateMode::Create).await.unwrap();
    }
    let version = catalog.connection("acme", "sales").await.unwrap().unwrap().version;
    let found = |status, connection_version| catalog::NewValidation {
        connection: "sales",
        connection_version,
        user: "ann",
        location: "s3://lake/",
        status,
        step: "list",
        cause: "s3:ListBucket is missing",
    };
    catalog.keep_validation("acme", &found("failed", version)).await.unwrap();
    catalog.keep_validation("acme", &found("warning", version)).await.unwrap();
    // One that tried an earlier state of the connection says nothing of this one.
    catalog.keep_validation("acme", &found("ok", version - 1)).await.unwrap();
    let kept = catalog.validations("acme").await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].status.as_str(), kept[0].is_current), ("warning", true));
    assert!(catalog.validations("globex").await.unwrap().is_empty());
    catalog.create_connection("acme", &connection("sales"), CreateMode::OrReplace).await.unwrap();
    assert!(catalog.validations("acme").await.unwrap().iter().all(|validation| !validation.is_current));
    catalog.drop_connection("acme", "sales", false).await.unwrap();
    assert!(catalog.validations("acme").await.unwrap().is_empty());
}
