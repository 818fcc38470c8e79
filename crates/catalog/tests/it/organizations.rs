use catalog::{Catalog, CatalogError, OrganizationSpec};

use crate::{ensure, two_organizations};

#[tokio::test]
async fn an_organization_is_made_once_and_takes_new_principals() {
    let catalog = Catalog::open(None).await.unwrap();
    let first = ensure(&catalog, "acme").await;
    assert_eq!(first.external_id_prefix, "sd-acme-");
    let specification = OrganizationSpec {
        name: "acme".into(),
        principal: Some("arn:aws:iam::123456789012:role/stagedoor/tn3f/stagedoor-tn3f".into()),
        ..OrganizationSpec::default()
    };
    let second = catalog.ensure_organization(&specification).await.unwrap();
    assert_eq!(second.principal, specification.principal);
    assert_eq!(second.created_on, first.created_on);
    assert_eq!(catalog.organizations().await.unwrap(), [second]);
    assert_eq!(catalog.organization("nobody").await.unwrap(), None);
}

#[tokio::test]
async fn names_and_principals_are_checked() {
    let catalog = Catalog::open(None).await.unwrap();
    for name in ["", "a b", "a/b", "a.b", "ä", &"x".repeat(64)] {
        let specification = OrganizationSpec { name: name.into(), ..OrganizationSpec::default() };
        let error = catalog.ensure_organization(&specification).await.unwrap_err();
        assert!(matches!(error, CatalogError::InvalidName { .. }), "{name}: {error}");
    }
    let specification = OrganizationSpec {
        name: "acme".into(),
        principal: Some("arn:aws:iam::123456789012:user/bob".into()),
        ..OrganizationSpec::default()
    };
    let error = catalog.ensure_organization(&specification).await.unwrap_err();
    assert!(matches!(error, CatalogError::InvalidRoleArn { .. }), "{error}");
}

#[tokio::test]
async fn default_is_always_a_database() {
    let catalog = two_organizations().await;
    let databases = catalog.databases("acme").await.unwrap();
    assert_eq!(databases.len(), 1);
    assert_eq!(databases[0].name, "default");
    assert!(catalog.databases("nobody").await.unwrap().is_empty());
}
