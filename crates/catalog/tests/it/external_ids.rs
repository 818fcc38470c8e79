use catalog::{CatalogError, CreateMode, ExternalIdOwner, StageAccess};

use crate::{ROLE, connection, connection_with_id, stage, two_organizations};

#[tokio::test]
async fn an_id_is_there_before_the_connection_and_stays_after_it() {
    let catalog = two_organizations().await;
    let early = catalog.external_id_for("acme", "sales").await.unwrap();
    assert!(early.starts_with("sd-acme-"), "{early}");
    assert_eq!(early.len(), "sd-acme-".len() + 27);
    let now = || async { catalog.connection("acme", "sales").await.unwrap().unwrap().external_id };
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    assert_eq!(now().await, early);
    catalog.create_connection("acme", &connection("sales"), CreateMode::OrReplace).await.unwrap();
    assert_eq!(now().await, early);
    catalog.drop_connection("acme", "sales", false).await.unwrap();
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    assert_eq!(now().await, early);
}

#[tokio::test]
async fn no_two_owners_share_an_id() {
    let catalog = two_organizations().await;
    let mut ids = vec![
        catalog.external_id_for("acme", "a").await.unwrap(),
        catalog.external_id_for("acme", "b").await.unwrap(),
        catalog.external_id_for("globex", "a").await.unwrap(),
        catalog.external_id_for_owner("acme", ExternalIdOwner::Stage("a")).await.unwrap(),
        catalog.external_id_for_owner("acme", ExternalIdOwner::Query).await.unwrap(),
    ];
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn a_typed_id_replaces_the_generated_one() {
    let catalog = two_organizations().await;
    let typed = connection_with_id("sales", "my-external-id-123");
    catalog.create_connection("acme", &typed, CreateMode::Create).await.unwrap();
    let stored = catalog.connection("acme", "sales").await.unwrap().unwrap();
    assert_eq!(stored.external_id, "my-external-id-123");
    catalog.create_connection("acme", &connection("sales"), CreateMode::OrReplace).await.unwrap();
    let stored = catalog.connection("acme", "sales").await.unwrap().unwrap();
    assert_eq!(stored.external_id, catalog.external_id_for("acme", "sales").await.unwrap());
}

#[tokio::test]
async fn a_pair_serves_one_organization_only() {
    let catalog = two_organizations().await;
    let typed = connection_with_id("sales", "my-external-id-123");
    catalog.create_connection("acme", &typed, CreateMode::Create).await.unwrap();
    let taken =
        CatalogError::ExternalIdTaken { role_arn: ROLE.into(), external_id: "my-external-id-123".into() };

    let stolen = catalog.create_connection("globex", &typed, CreateMode::Create).await;
    assert_eq!(stolen.as_ref().unwrap_err(), &taken);
    assert!(!taken.to_string().contains("acme"));
    let inline = stage("lake", StageAccess::Inline(typed.parameters.clone()));
    assert_eq!(catalog.create_stage("globex", &inline, CreateMode::Create).await.unwrap_err(), taken);
    assert_eq!(catalog.claim_role("globex", ROLE, "my-external-id-123").await.unwrap_err(), taken);
    // Nothing was left behind by the refusals.
    assert!(catalog.connections("globex").await.unwrap().is_empty());
    assert!(catalog.stages("globex").await.unwrap().is_empty());

    // Within the organization it may serve many; with another role it is another pair.
    let second = connection_with_id("second", "my-external-id-123");
    catalog.create_connection("acme", &second, CreateMode::Create).await.unwrap();
    let mut other_role = typed.clone();
    other_role.parameters.role_arn = Some("arn:aws:iam::111122223333:role/other".into());
    catalog.create_connection("globex", &other_role, CreateMode::Create).await.unwrap();
}

#[tokio::test]
async fn a_pair_stays_with_its_organization_after_drop() {
    let catalog = two_organizations().await;
    let typed = connection_with_id("sales", "my-external-id-123");
    catalog.create_connection("acme", &typed, CreateMode::Create).await.unwrap();
    catalog.drop_connection("acme", "sales", false).await.unwrap();
    let stolen = catalog.create_connection("globex", &typed, CreateMode::Create).await;
    assert!(matches!(stolen, Err(CatalogError::ExternalIdTaken { .. })));
    // Only the operator gives it free, and only from the one that has it.
    assert_eq!(catalog.release_role("globex", ROLE, "my-external-id-123").await, Ok(false));
    assert_eq!(catalog.release_role("acme", ROLE, "my-external-id-123").await, Ok(true));
    catalog.create_connection("globex", &typed, CreateMode::Create).await.unwrap();
}

#[tokio::test]
async fn a_generated_id_cannot_be_typed_by_another_organization() {
    let catalog = two_organizations().await;
    // Known to the customer's administrator before the connection exists.
    let generated = catalog.external_id_for("acme", "sales").await.unwrap();
    let typed = connection_with_id("sales", &generated);
    let stolen = catalog.create_connection("globex", &typed, CreateMode::Create).await;
    assert!(matches!(stolen, Err(CatalogError::ExternalIdTaken { .. })));
    // Its own organization may type it.
    catalog.create_connection("acme", &typed, CreateMode::Create).await.unwrap();
}

#[tokio::test]
async fn the_same_role_with_generated_ids_may_serve_two() {
    let catalog = two_organizations().await;
    for organization in ["acme", "globex"] {
        catalog.create_connection(organization, &connection("sales"), CreateMode::Create).await.unwrap();
    }
}
