use catalog::{
    ACCOUNT_ADMIN, Catalog, CatalogError, CreateMode, Created, GrantObject, Grantee, NewUser,
    OrganizationSpec, PUBLIC, Privilege, PublicKeyChoice, StageAccess, UserChange,
};

use crate::{connection, ensure, stage, two_organizations};

const ED25519: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==";

fn role(name: &str) -> Grantee {
    Grantee::Role(name.into())
}

fn user(name: &str) -> Grantee {
    Grantee::User(name.into())
}

fn lake() -> GrantObject {
    GrantObject::Stage("lake".into())
}

/// `acme` with a stage `lake`, a role `analyst` and a user `ann`; `globex` with the same names.
async fn same_names() -> Catalog {
    let catalog = two_organizations().await;
    for organization in ["acme", "globex"] {
        let lake = stage("lake", StageAccess::Unsigned);
        catalog.create_stage(organization, &lake, CreateMode::Create).await.unwrap();
        catalog.create_role(organization, "analyst", "", CreateMode::Create).await.unwrap();
        let ann = NewUser { name: "ann", ..NewUser::default() };
        catalog.create_user(organization, &ann, CreateMode::Create).await.unwrap();
    }
    catalog
}

#[tokio::test]
async fn grants_belong_to_their_organization() {
    let catalog = same_names().await;
    catalog.grant_privileges("acme", &[Privilege::Read], &lake(), &role("analyst")).await.unwrap();
    catalog.grant_role("acme", "analyst", &user("ann")).await.unwrap();
    let ours = catalog.grants("acme").await.unwrap();
    assert!(ours.has(&role("analyst"), &lake(), Privilege::Read));
    assert!(!ours.has(&role("analyst"), &lake(), Privilege::Write));
    assert_eq!(ours.roles_of(&user("ann")).collect::<Vec<_>>(), ["analyst"]);
    let theirs = catalog.grants("globex").await.unwrap();
    assert!(!theirs.has(&role("analyst"), &lake(), Privilege::Read));
    assert_eq!(theirs.roles_of(&user("ann")).count(), 0);
    assert!(matches!(catalog.grants("nobody").await, Err(CatalogError::UnknownOrganization { .. })));
}

#[tokio::test]
async fn what_is_kept_of_grants_is_never_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let (first, second) =
        (Catalog::open(Some(&path)).await.unwrap(), Catalog::open(Some(&path)).await.unwrap());
    ensure(&first, "acme").await;
    first.create_role("acme", "analyst", "", CreateMode::Create).await.unwrap();
    let before = second.grants("acme").await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &second.grants("acme").await.unwrap()), "read once");
    // Another process on the same file changes it.
    let everything = GrantObject::Organization;
    first.grant_privileges("acme", &[Privilege::Super], &everything, &role("analyst")).await.unwrap();
    assert!(second.grants("acme").await.unwrap().has(&role("analyst"), &everything, Privilege::Super));
    first.revoke_privileges("acme", &[Privilege::Super], &everything, &role("analyst")).await.unwrap();
    assert!(!second.grants("acme").await.unwrap().has(&role("analyst"), &everything, Privilege::Super));
}

#[tokio::test]
async fn roles_expand_to_what_they_inherit() {
    let catalog = same_names().await;
    for name in ["manager", "alone"] {
        catalog.create_role("acme", name, "", CreateMode::Create).await.unwrap();
    }
    catalog.grant_role("acme", "analyst", &role("manager")).await.unwrap();
    let cycle = catalog.grant_role("acme", "manager", &role("analyst")).await;
    assert!(matches!(cycle, Err(CatalogError::RoleCycle { .. })), "{cycle:?}");
    let itself = catalog.grant_role("acme", "alone", &role("alone")).await;
    assert!(matches!(itself, Err(CatalogError::RoleCycle { .. })), "{itself:?}");
    let grants = catalog.grants("acme").await.unwrap();
    let expanded = |roles: &[&str]| grants.expanded(roles.iter().copied()).into_iter().collect::<Vec<_>>();
    assert_eq!(expanded(&["manager"]), ["analyst", "manager", PUBLIC]);
    assert_eq!(expanded(&[]), [PUBLIC]);
    assert_eq!(expanded(&["nosuch"]), [PUBLIC]);
    assert_eq!(expanded(&[ACCOUNT_ADMIN]), [ACCOUNT_ADMIN, "alone", "analyst", "manager", PUBLIC]);
    // What everybody has, everybody inherits from.
    catalog.grant_role("acme", "alone", &role(PUBLIC)).await.unwrap();
    let grants = catalog.grants("acme").await.unwrap();
    assert_eq!(grants.expanded([]).into_iter().collect::<Vec<_>>(), ["alone", PUBLIC]);
}

#[tokio::test]
async fn what_is_dropped_leaves_no_grant_behind() {
    let catalog = same_names().await;
    let read = [Privilege::Read];
    let fresh = async || catalog.grants("acme").await.unwrap();

    catalog.grant_privileges("acme", &read, &lake(), &role("analyst")).await.unwrap();
    catalog.grant_privileges("acme", &[Privilege::Ownership], &lake(), &role("analyst")).await.unwrap();
    assert_eq!(fresh().await.owner(&lake()), role("analyst"));
    // Replacing keeps both, dropping neither.
    let replaced = stage("lake", StageAccess::Unsigned);
    catalog.create_stage("acme", &replaced, CreateMode::OrReplace).await.unwrap();
    assert_eq!(fresh().await.owner(&lake()), role("analyst"));
    assert!(fresh().await.has(&role("analyst"), &lake(), Privilege::Read));
    catalog.drop_stage("acme", "lake", false).await.unwrap();
    assert_eq!(fresh().await.all().count(), 0);
    assert_eq!(fresh().await.owner(&lake()), Grantee::administrator());

    catalog.create_stage("acme", &replaced, CreateMode::Create).await.unwrap();
    catalog.grant_privileges("acme", &read, &lake(), &user("ann")).await.unwrap();
    catalog.grant_privileges("acme", &[Privilege::Ownership], &lake(), &user("ann")).await.unwrap();
    catalog.grant_role("acme", "analyst", &user("ann")).await.unwrap();
    let ann = NewUser { name: "ann", ..NewUser::default() };
    assert_eq!(catalog.create_user("acme", &ann, CreateMode::OrReplace).await, Ok(Created::Replaced));
    let grants = fresh().await;
    assert_eq!((grants.all().count(), grants.memberships().count()), (0, 0));
    assert_eq!(grants.owner(&lake()), Grantee::administrator());

    catalog.grant_role("acme", "analyst", &user("ann")).await.unwrap();
    catalog.grant_privileges("acme", &read, &lake(), &role("analyst")).await.unwrap();
    catalog.drop_role("acme", "analyst", false).await.unwrap();
    let grants = fresh().await;
    assert_eq!((grants.all().count(), grants.memberships().count()), (0, 0));
}

#[tokio::test]
async fn grants_are_on_what_exists_and_to_who_exists() {
    let catalog = same_names().await;
    let read = [Privilege::Read];
    let nosuch = GrantObject::Stage("nosuch".into());
    let error = catalog.grant_privileges("acme", &read, &nosuch, &role("analyst")).await.unwrap_err();
    assert_eq!(error, CatalogError::UnknownStage { name: "nosuch".into() });
    let error = catalog.grant_privileges("acme", &read, &lake(), &role("nosuch")).await.unwrap_err();
    assert_eq!(error, CatalogError::UnknownRole { name: "nosuch".into() });
    let error = catalog.grant_privileges("acme", &read, &lake(), &user("nosuch")).await.unwrap_err();
    assert_eq!(error, CatalogError::UnknownUser { name: "nosuch".into() });
    let error = catalog.grant_role("acme", "nosuch", &user("ann")).await.unwrap_err();
    assert_eq!(error, CatalogError::UnknownRole { name: "nosuch".into() });
    for name in [ACCOUNT_ADMIN, PUBLIC] {
        assert!(matches!(catalog.drop_role("acme", name, true).await, Err(CatalogError::BuiltInRole { .. })));
        let created = catalog.create_role("acme", name, "", CreateMode::Create).await;
        assert!(matches!(created, Err(CatalogError::RoleExists { .. })));
    }
    assert_eq!(catalog.drop_role("acme", "nosuch", true).await, Ok(false));
}

#[tokio::test]
async fn keys_change_without_a_break_and_end_logins() {
    let catalog = two_organizations().await;
    let svc = NewUser { name: "svc", public_key: Some(ED25519), ..NewUser::default() };
    catalog.create_user("acme", &svc, CreateMode::Create).await.unwrap();
    let fingerprint = async || catalog.user("acme", "svc").await.unwrap().unwrap().fingerprint().to_owned();
    let first = fingerprint().await;
    catalog.add_public_key("acme", "svc", P256, "next").await.unwrap();
    assert_eq!(fingerprint().await, first, "a further key ends no login");
    let labels = async || -> Vec<String> {
        catalog.public_keys("acme", "svc").await.unwrap().into_iter().map(|key| key.label).collect()
    };
    assert_eq!(labels().await, ["", "next"]);
    catalog.remove_public_key("acme", "svc", PublicKeyChoice::Label("")).await.unwrap();
    assert_ne!(fingerprint().await, first);
    assert_eq!(labels().await, ["next"]);
    let last = catalog.public_keys("acme", "svc").await.unwrap().remove(0).fingerprint;
    let error =
        catalog.remove_public_key("acme", "svc", PublicKeyChoice::Fingerprint(&last)).await.unwrap_err();
    assert!(error.to_string().contains("it is the last"), "{error}");
    // A password takes the keys' place.
    catalog.set_password("acme", "svc", Some("a password")).await.unwrap();
    assert!(labels().await.is_empty());
    let error = catalog.add_public_key("acme", "svc", P256, "").await.unwrap_err();
    assert!(error.to_string().contains("does not log in with keys"), "{error}");
    catalog.set_public_key("acme", "svc", P256).await.unwrap();
    let stored = catalog.user("acme", "svc").await.unwrap().unwrap();
    assert!(!stored.has_password());
    assert_eq!(stored.public_keys, 1);
    let before = fingerprint().await;
    let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
    catalog.alter_user("acme", "svc", &disabled).await.unwrap();
    assert_ne!(fingerprint().await, before, "a disabled user's logins end");
}

#[tokio::test]
async fn organizations_of_the_configuration_are_not_sqls() {
    let catalog = two_organizations().await;
    let named = |name: &str| OrganizationSpec { name: name.into(), ..OrganizationSpec::default() };
    let configured = CatalogError::ConfiguredOrganization { organization: "acme".into() };
    assert_eq!(catalog.alter_organization(&named("acme")).await, Err(configured.clone()));
    assert_eq!(catalog.drop_organization("acme", false).await, Err(configured));
    assert_eq!(
        catalog.create_organization(&named("initech"), CreateMode::Create).await,
        Ok(Created::Created)
    );
    let again = catalog.create_organization(&named("initech"), CreateMode::Create).await;
    assert!(matches!(again, Err(CatalogError::OrganizationExists { .. })));
    // Taken out of the configuration, it is SQL's.
    catalog.keep_configured(&["globex".into()]).await.unwrap();
    assert!(!catalog.organization("acme").await.unwrap().unwrap().configured);
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let used = catalog.drop_organization("acme", false).await;
    assert!(matches!(used, Err(CatalogError::OrganizationInUse { .. })), "{used:?}");
    let external_id = catalog.external_id_for("acme", "sales").await.unwrap();
    catalog.drop_connection("acme", "sales", false).await.unwrap();
    assert_eq!(catalog.drop_organization("acme", false).await, Ok(true));
    assert_eq!(catalog.organization("acme").await, Ok(None));
    // Neither its name nor its ids are given again.
    let dropped = CatalogError::DroppedOrganization { organization: "acme".into() };
    assert_eq!(catalog.create_organization(&named("acme"), CreateMode::Create).await, Err(dropped.clone()));
    assert_eq!(catalog.ensure_organization(&named("acme")).await, Err(dropped));
    let stolen = crate::connection_with_id("mine", &external_id);
    let stolen = catalog.create_connection("globex", &stolen, CreateMode::Create).await;
    assert!(matches!(stolen, Err(CatalogError::ExternalIdTaken { .. })), "{stolen:?}");
}

#[tokio::test]
async fn the_allow_list_is_checked_and_kept() {
    let catalog = Catalog::open(None).await.unwrap();
    let allowed = ["987654321987", "arn:aws:iam::111122223333:role/data/*", "arn:aws-cn:iam::*:role/x"];
    let specification = OrganizationSpec {
        name: "acme".into(),
        allowed_roles: Some(allowed.iter().map(|entry| (*entry).to_owned()).collect()),
        ..OrganizationSpec::default()
    };
    catalog.ensure_organization(&specification).await.unwrap();
    let stored = catalog.organization("acme").await.unwrap().unwrap();
    assert_eq!(stored.allowed_roles, specification.allowed_roles);
    for entry in ["", "98765432198", "*", "arn:aws:iam::111122223333:user/bob", "arn:aws:s3:::bucket"] {
        let refused = OrganizationSpec { allowed_roles: Some(vec![entry.into()]), ..specification.clone() };
        let error = catalog.ensure_organization(&refused).await.unwrap_err();
        assert!(matches!(error, CatalogError::InvalidRoleArn { .. }), "{entry}: {error}");
    }
}
