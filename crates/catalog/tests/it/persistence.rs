use catalog::{Catalog, CatalogError, CreateMode, NewUser, StageAccess};

use crate::{connection, ensure, stage};

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let catalog = Catalog::open(Some(&path)).await.unwrap();
    ensure(&catalog, "acme").await;
    let user = NewUser { name: "ann", password: Some("secret") };
    catalog.create_user("acme", &user, CreateMode::Create).await.unwrap();
    catalog.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    let lake = stage("lake", StageAccess::Connection("sales".into()));
    catalog.create_stage("acme", &lake, CreateMode::Create).await.unwrap();
    let before = (
        catalog.connections("acme").await.unwrap(),
        catalog.stages("acme").await.unwrap(),
        catalog.users("acme").await.unwrap(),
    );
    // No orderly end: what was committed is on disk.
    std::mem::forget(catalog);

    let catalog = Catalog::open(Some(&path)).await.unwrap();
    let after = (
        catalog.connections("acme").await.unwrap(),
        catalog.stages("acme").await.unwrap(),
        catalog.users("acme").await.unwrap(),
    );
    assert_eq!(before, after);
    assert!(catalog.verify_password(&after.2[0], "secret").await);
}

#[tokio::test]
async fn two_processes_may_open_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let (first, second) = tokio::join!(Catalog::open(Some(&path)), Catalog::open(Some(&path)));
    let (first, second) = (first.unwrap(), second.unwrap());
    ensure(&first, "acme").await;
    second.create_connection("acme", &connection("sales"), CreateMode::Create).await.unwrap();
    assert!(first.connection("acme", "sales").await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_catalog_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    std::fs::write(&path, "this is a letter to my aunt, long enough to be read as a header").unwrap();
    let error = Catalog::open(Some(&path)).await.unwrap_err();
    assert!(matches!(error, CatalogError::CannotOpen { .. }), "{error}");
    let missing = folder.path().join("nowhere/catalog.db");
    let error = Catalog::open(Some(&missing)).await.unwrap_err();
    assert!(matches!(error, CatalogError::CannotOpen { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_catalog_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    Catalog::open(Some(&path)).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("INSERT INTO schema_versions VALUES (99)").execute(&pool).await.unwrap();
    pool.close().await;
    let error = Catalog::open(Some(&path)).await.unwrap_err();
    assert!(matches!(error, CatalogError::NewerSchema { found: 99, .. }), "{error}");
}
