use catalog::{CatalogError, CreateMode, Created, NewUser};

use crate::two_organizations;

#[tokio::test]
async fn a_password_is_verified_and_never_shown() {
    let catalog = two_organizations().await;
    let ann = NewUser { name: "ann", password: Some("correct horse"), ..NewUser::default() };
    assert_eq!(catalog.create_user("acme", &ann, CreateMode::Create).await, Ok(Created::Created));
    let stored = catalog.user("acme", "ann").await.unwrap().unwrap();
    assert!(catalog.verify_password(&stored, "correct horse").await);
    assert!(!catalog.verify_password(&stored, "correct horse ").await);
    assert!(!catalog.verify_password(&stored, &"x".repeat(2000)).await);
    let shown = format!("{stored:?}");
    assert!(!shown.contains("argon2") && !shown.contains("horse"), "{shown}");
}

#[tokio::test]
async fn setting_a_password_changes_the_fingerprint() {
    let catalog = two_organizations().await;
    catalog
        .create_user(
            "acme",
            &NewUser { name: "ann", password: None, ..NewUser::default() },
            CreateMode::Create,
        )
        .await
        .unwrap();
    let before = catalog.user("acme", "ann").await.unwrap().unwrap();
    assert!(!before.has_password());
    assert!(!catalog.verify_password(&before, "").await);
    catalog.set_password("acme", "ann", Some("")).await.unwrap();
    let after = catalog.user("acme", "ann").await.unwrap().unwrap();
    assert!(catalog.verify_password(&after, "").await);
    assert_ne!(after.fingerprint(), before.fingerprint());
    catalog.set_password("acme", "ann", Some("")).await.unwrap();
    let again = catalog.user("acme", "ann").await.unwrap().unwrap();
    assert_ne!(after.fingerprint(), again.fingerprint());
}

#[tokio::test]
async fn users_belong_to_their_organization() {
    let catalog = two_organizations().await;
    for (organization, password) in [("acme", "one"), ("globex", "two")] {
        let user = NewUser { name: "root", password: Some(password), ..NewUser::default() };
        catalog.create_user(organization, &user, CreateMode::Create).await.unwrap();
    }
    let ours = catalog.user("acme", "root").await.unwrap().unwrap();
    assert!(!catalog.verify_password(&ours, "two").await);
    assert_eq!(catalog.drop_user("acme", "root", false).await, Ok(true));
    assert_eq!(
        catalog.drop_user("acme", "root", false).await,
        Err(CatalogError::UnknownUser { name: "root".into() })
    );
    assert_eq!(
        catalog.set_password("acme", "root", None).await,
        Err(CatalogError::UnknownUser { name: "root".into() })
    );
    assert_eq!(catalog.users("globex").await.unwrap().len(), 1);
}
